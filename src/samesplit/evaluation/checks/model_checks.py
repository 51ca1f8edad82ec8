"""Checks of how models were made: predictors, search, thresholds and seeds."""

from __future__ import annotations

import pandas as pd

from samesplit.evaluation.checks.check import Finding, not_applicable, passed, tip
from samesplit.evaluation.checks.check import issue as raise_issue
from samesplit.evaluation.checks.checked_run import CheckedRun
from samesplit.evaluation.validation import name_some
from samesplit.ordering import above, below

__all__ = ["candidates_tried", "events_per_predictor", "seeds", "thresholds"]

_FIT = ["model", "seed", "repeat", "fold"]
_CELL = ["selector", "classifier", "size"]
_STOCHASTIC = ("network", "torch-module", "segmentation-network")
"""Kinds of model whose result depends on their seed to an extent that the literature warns of."""
_MOST_GAP = 0.05


def events_per_predictor(run: CheckedRun) -> Finding:
    """Divide the events of the smallest training part by the predictors that each model ends up with."""
    if run.kind not in ("binary", "survival"):
        return not_applicable("events are counted for tasks with two classes or a time to an event")
    used = _predictors(run)
    if used.empty:
        return not_applicable("no model tells how many predictors it ended up with")
    events = min(_events(run, part) for part in run.parts("train"))
    ratio = events / used
    lowest = str(ratio[ratio == ratio.min()].index[0])
    expected = "at least 10 events of the training part for each predictor of a fitted model"
    found = (
        f"{ratio[lowest]:.1f} at the lowest ({run.title(lowest)}: {used[lowest]} predictors, {events} events)"
    )
    evidence = ", ".join(f"{run.title(str(name))} {value:.1f}" for name, value in ratio.items())
    if below(ratio[lowest], 5):
        return raise_issue(expected, found, evidence)
    return tip(expected, found, evidence) if below(ratio[lowest], 10) else passed(expected, found, evidence)


def _predictors(run: CheckedRun) -> pd.Series[int]:
    """Return the most predictors of any fit, by model: terms with a coefficient, or chosen features."""
    counts = []
    for name in ("coefficients", "chosen_features"):
        table = run.details.get(name, pd.DataFrame())
        if set(_FIT) <= set(table.columns) and len(table):
            counts.append(table.groupby(_FIT).size().groupby(level="model").max())
    known = {model.name for model in run.models}
    found = pd.concat(counts) if counts else pd.Series(dtype="int64")
    found = found[found.index.isin(known)]
    return found.groupby(level=0).max() if len(found) else found


def _events(run: CheckedRun, part: pd.DataFrame) -> int:
    counts = part["label"].value_counts()
    return int(counts.get(1, 0)) if run.kind == "survival" else int(min(counts.get(0, 0), counts.get(1, 0)))


def candidates_tried(run: CheckedRun) -> Finding:
    """Count what each search looked at, and compare the score that chose with the score in the test part."""
    grid = run.details.get("grid", pd.DataFrame())
    trials = run.details.get("trials", pd.DataFrame())
    tried = pd.concat([_per_fit(grid, _CELL), _per_fit(trials, ["trial"])])
    if tried.empty:
        return not_applicable("no model chose among candidates")
    expected = (
        "candidates compared within the training and validation parts, and a score that chose them at most "
        f"{_MOST_GAP:.2f} above the score in the test part"
    )
    counts = ", ".join(f"{run.title(str(name))} {count}" for name, count in tried.items())
    found = f"up to {int(tried.max())} candidates a fit, none of them compared on test lesions"
    gaps = run.estimates("choosing_gap").set_index("model")["estimate"].dropna()
    if gaps.empty:
        return passed(expected, found, f"candidates: {counts}")
    worst = str(gaps[gaps == gaps.max()].index[0])
    gap = f"the score that chose minus the one in the test part is {gaps[worst]:+.3f}"
    told = f"{found}; {gap} ({run.title(worst)})"
    if above(gaps[worst], _MOST_GAP):
        return tip(expected, told, f"candidates: {counts}")
    return passed(expected, told, f"candidates: {counts}")


def _per_fit(table: pd.DataFrame, cell: list[str]) -> pd.Series[int]:
    """Return the largest number of different candidates of any fit, by model."""
    there = [column for column in cell if column in table.columns]
    if table.empty or not there or not set(_FIT) <= set(table.columns):
        return pd.Series(dtype="int64")
    each = table.drop_duplicates([*_FIT, *there]).groupby(_FIT).size().groupby(level="model").max()
    return each[each > 1]


def thresholds(run: CheckedRun) -> Finding:
    """Ask where the operating points come from."""
    if run.kind != "binary":
        return not_applicable("the task has no operating point")
    expected = "thresholds chosen on validation data, or fixed before the test part was seen"
    policy = run.operating_point
    unknown = sorted(set(run.thresholds.loc[run.thresholds["threshold"].isna(), "model"]))
    if run.declared_thresholds:
        names = name_some(run.title(name) for name in run.declared_thresholds)
        found = (
            f"handed in with the predictions of {names}, which nobody can check here; others by '{policy}'"
        )
        return tip(expected, found)
    if unknown:
        names = name_some(run.title(name) for name in unknown)
        return tip(expected, f"no threshold for {names}, which have no validation predictions")
    where = "fixed beforehand" if policy.startswith("fixed") or policy[:1].isdigit() else "on validation data"
    fits = len(run.thresholds)
    return passed(expected, f"chosen {where} ('{policy}') in each of {fits} fits")


def seeds(run: CheckedRun) -> Finding:
    """Count the seeds of models whose training is random."""
    networks = [model for model in run.models if model.kind in _STOCHASTIC]
    if not networks:
        return not_applicable("no network was trained")
    expected = "at least 3 seeds of each network, whose spread the intervals include"
    fewest = min(len(set(model.seeds)) for model in networks)
    evidence = ", ".join(f"{model.title}: {len(set(model.seeds))}" for model in networks)
    found = f"{fewest} at the fewest"
    if fewest < 2:
        return raise_issue(expected, f"{found}, so how far the seed matters is not known", evidence)
    return tip(expected, found, evidence) if fewest < 3 else passed(expected, found, evidence)
