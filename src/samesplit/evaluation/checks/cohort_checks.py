"""Checks of the cohort and of its split: who is in it, on which side, with which outcome."""

from __future__ import annotations

import pandas as pd
from scipy import stats

from samesplit.evaluation.checks.check import Finding, issue, not_applicable, passed, tip
from samesplit.evaluation.checks.checked_run import CheckedRun
from samesplit.evaluation.validation import name_some
from samesplit.ordering import above, at_least, below

__all__ = [
    "class_balance",
    "clustered_lesions",
    "duplicate_images",
    "label_provenance",
    "left_out",
    "patient_overlap",
    "site_confounding",
    "small_groups",
    "test_set_size",
]

_FEWEST, _ENOUGH = 10, 100
"""Lesions of a class below which an estimate says little, and from which on validation is called sufficient."""
_SHIFT = 0.1
_FOLD = ["repeat", "fold"]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def patient_overlap(run: CheckedRun) -> Finding:
    """Look for patients in two subsets of a fold."""
    expected = "no patient in more than one of training, validation and test of a fold"
    doubled = run.splits[run.splits.duplicated([*_FOLD, "patient_id"])]
    patients, folds = run.splits["patient_id"].nunique(), len(run.splits[_FOLD].drop_duplicates())
    where = f"{_count(patients, 'patient')} in {_count(folds, 'fold')}"
    if len(doubled):
        names = set(doubled["patient_id"])
        return issue(expected, f"{len(names)} of {where} on two sides", name_some(names))
    return passed(expected, f"none among {where}")


def duplicate_images(run: CheckedRun) -> Finding:
    """Look for the same image under several patients, and whether a fold has it on two sides."""
    known = run.images[run.images["content"] != ""] if len(run.images) else run.images
    if known.empty:
        return not_applicable("the run has no image files")
    expected = "no image file with the same content under two patients"
    images = known.assign(patient_id=known["lesion_id"].map(run.cohort["patient_id"]))
    owners = images.groupby("content")["patient_id"].unique()
    doubled = owners[owners.map(len) > 1]
    if doubled.empty:
        return passed(expected, f"none among {_count(images['content'].nunique(), 'image')}")
    crossing = sum(_on_two_sides(run.splits, set(patients)) for patients in doubled)
    names = name_some(patient for patients in doubled for patient in patients)
    found = (
        f"{_count(len(doubled), 'image')} under several patients, {crossing} of them on two sides of a fold"
    )
    return issue(expected, found, f"patients {names}")


def _on_two_sides(splits: pd.DataFrame, patients: set[str]) -> bool:
    sides = splits[splits["patient_id"].isin(patients)].groupby(_FOLD)["subset"].nunique()
    return bool((sides > 1).any())


def clustered_lesions(run: CheckedRun) -> Finding:
    """Look whether patients have several lesions, and whether intervals count them as one."""
    expected = "one lesion a patient, or intervals that count patients and not lesions"
    lesions = run.evaluated.groupby("patient_id").size()
    several = int((lesions > 1).sum())
    if not several:
        return passed(expected, f"one lesion for each of {_count(len(lesions), 'patient')}")
    judged = {model.name for model in run.models if model.kind != "zero-rule"}
    rows = run.estimates(run.main)
    methods = set(rows.loc[rows["model"].isin(judged), "method"])
    words = ("cluster", "patient", "obuchowski", "influence")
    blind = {method for method in methods if not any(word in method.lower() for word in words)}
    found = f"{several} of {_count(len(lesions), 'patient')} have several lesions"
    if blind:
        return issue(expected, f"{found}, and the method '{name_some(blind)}' takes them as independent")
    return passed(expected, f"{found}, which the intervals take into account", "; ".join(sorted(methods)))


def left_out(run: CheckedRun) -> Finding:
    """Count tested lesions that were not evaluated, and lesions without an outcome."""
    expected = "every lesion of the test part with an outcome and a prediction of every model"
    tested, evaluated = len(run.tested), len(run.evaluated)
    missing, unknown = tested - evaluated, len(run.cohort) - len(run.truth)
    if not missing and not unknown:
        return passed(expected, f"all {tested} evaluated")
    found = f"{missing} of {_count(tested, 'lesion')} left out for all models, since one gave no prediction"
    if unknown:
        found += f"; {_count(unknown, 'lesion')} of the cohort without an outcome"
    names = name_some(set(run.tested.index) - set(run.evaluated.index)) if missing else ""
    if above(missing, 0.05 * tested):
        return issue(expected, f"{found} (by intention to diagnose they would count)", names)
    return tip(expected, found, names)


def class_balance(run: CheckedRun) -> Finding:
    """Look at the share of the rarest class in the test part."""
    if run.kind not in ("binary", "multiclass"):
        return not_applicable("the task has no classes")
    shares = run.evaluated["label"].value_counts(normalize=True)
    rarest = float(shares.reindex(range(len(run.classes)), fill_value=0.0).min())
    least = 0.2 if run.kind == "binary" else 0.1
    expected = f"at least {_percent(least)} of the test lesions in the rarest class"
    found = f"{_percent(rarest)} of {len(run.evaluated)}"
    if below(rarest, least):
        return tip(expected, f"{found}; read the PR AUC and the predictive values beside the ROC AUC")
    return passed(expected, found)


def test_set_size(run: CheckedRun) -> Finding:
    """Count the test lesions of the rarest class, or the events."""
    if run.kind == "segmentation":
        return not_applicable("the task has neither classes nor events")
    counts = run.evaluated["label"].value_counts()
    if run.kind == "survival":
        rarest, what = int(counts.get(1, 0)), "events"
    else:
        rarest = int(counts.reindex(range(len(run.classes)), fill_value=0).min())
        what = "test lesions of the rarest class"
    expected = f"at least {_ENOUGH} {what} for a validation, and never fewer than {_FEWEST}"
    found = f"{rarest} {what}"
    if rarest < _FEWEST:
        return issue(expected, found)
    return tip(expected, found) if rarest < _ENOUGH else passed(expected, found)


test_set_size.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test


def small_groups(run: CheckedRun) -> Finding:
    """Look for groups of lesions that are judged by themselves and have too few of a class."""
    rows = run.results[(run.results["quantity"] == run.main) & (run.results["reference"] == "")]
    own = ~rows["group"].str.startswith(("class=", "rater=")) & (rows["group"] != "all")
    groups = rows[own & (rows["subset"] == "test")].drop_duplicates("group")
    if groups.empty:
        return not_applicable("no group of lesions is judged by itself")
    events, others = groups["n_positive"], groups["n"] - groups["n_positive"]
    few = {"binary": (events < _FEWEST) | (others < _FEWEST), "survival": events < _FEWEST}
    small = groups[few.get(run.kind, groups["n"] < _FEWEST)]
    expected = f"at least {_FEWEST} lesions of each class, or events, in each group"
    if small.empty:
        return passed(expected, f"so in all {_count(len(groups), 'group')}")
    return tip(
        expected, f"fewer in {len(small)} of {_count(len(groups), 'group')}", name_some(small["group"])
    )


def label_provenance(run: CheckedRun) -> Finding:
    """Compare how labels were proven in the training and the test part, and in the classes."""
    if "label_provenance" not in run.truth or run.truth["label_provenance"].isna().all():
        return not_applicable("lesions.csv does not say how labels were proven (label_provenance)")
    proven = run.truth.assign(proven=(run.truth["label_provenance"] == "pathology").astype(float))
    means = {}
    for subset in ("train", "test"):
        parts = [proven.loc[part.index, "proven"].mean() for part in run.parts(subset) if len(part)]
        means[subset] = float(pd.Series(parts, dtype="float64").mean())
    expected = (
        f"labels proven by pathology to the same extent (within {_percent(_SHIFT)}) in training and test"
    )
    found = f"{_percent(means['train'])} in training and {_percent(means['test'])} in test"
    shift = abs(means["train"] - means["test"])
    by_class = (
        proven.groupby("label")["proven"].mean() if run.kind == "binary" else pd.Series(dtype="float64")
    )
    evidence = ", ".join(f"{run.classes[int(str(k))]} {_percent(v)}" for k, v in by_class.items())
    if above(shift, _SHIFT):
        found += ": models learn from another spectrum of lesions than they are judged on"
        return (issue if above(shift, 2 * _SHIFT) else tip)(expected, found, evidence)
    if len(by_class) == 2 and above(by_class.max() - by_class.min(), 2 * _SHIFT):
        return tip(
            f"{expected}, and in both classes", f"{found}, but unlike in the classes ({evidence})", evidence
        )
    return passed(expected, found, evidence)


def site_confounding(run: CheckedRun) -> Finding:
    """Look whether the site alone tells the class."""
    if run.kind not in ("binary", "multiclass"):
        return not_applicable("the task has no classes")
    if "site" not in run.truth or run.truth["site"].nunique() < 2:
        return not_applicable("lesions.csv names no sites, or one")
    table = pd.crosstab(run.truth["site"], run.truth["label"])
    if table.shape[1] < 2:
        return not_applicable("only one class is there")
    chi2, p, _, _ = stats.chi2_contingency(table, correction=False)
    strength = float((chi2 / (table.to_numpy().sum() * (min(table.shape) - 1))) ** 0.5)
    expected = "the classes mixed alike at all sites (Cramér's V below 0.2)"
    test = f"chi-squared test, p = {p:.2g}, n = {table.to_numpy().sum()}"
    found = f"V {strength:.2f} over {_count(table.shape[0], 'site')} ({test})"
    shares = table.div(table.sum(axis=1), axis=0)[table.columns[-1]]
    evidence = ", ".join(f"{site} {_percent(share)}" for site, share in shares.items())
    if at_least(strength, 0.5):
        return issue(expected, f"{found}: a model that knows the site knows much of the class", evidence)
    if at_least(strength, 0.2) and below(p, 1 - run.confidence):
        return tip(expected, found, evidence)
    return passed(expected, found, evidence)
