"""The evaluation of a benchmark: predictions, truth and readings in, tables of results out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.curves import calibration_points, pr_points, roc_points
from samesplit.statistics.inputs import (
    check_predictions,
    check_readings,
    check_truth,
    choose_rater,
    common_units,
    name_some,
)
from samesplit.statistics.operating_point import apply_thresholds, choose_thresholds
from samesplit.statistics.pairs import model_pairs, on_same_units
from samesplit.statistics.proportions import confusion
from samesplit.statistics.readers import compare_with, mean_rows, reader_name, reader_rows, reader_tables
from samesplit.statistics.rows import Draws, Row, auc_row, make_draws, probability_rows, rate_rows, result_row
from samesplit.statistics.subject import (
    COMPARED_RATES,
    auc_difference,
    has_both_classes,
    model_table,
    rate_difference,
)

__all__ = ["RESULT_COLUMNS", "Evaluation", "evaluate"]

RESULT_COLUMNS = [
    "quantity",
    "model",
    "reference",
    "subset",
    "group",
    "estimate",
    "ci_low",
    "ci_high",
    "p_value",
    "n",
    "n_positive",
    "method",
    "note",
]

_MOST_LEVELS = 20


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        results: One row an estimate: the columns of `RESULT_COLUMNS`.
        curves: `roc`, `pr` and `calibration` points of each model.
        thresholds: The operating point of each model, seed, repeat and fold.
        confusion: Counts of calls of each model and reader, summed over folds, repeats and seeds.
        decisions: The call on each test prediction.
        pairs: All pairwise differences between models.
        notes: What was left out, and why.
    """

    results: pd.DataFrame
    curves: dict[str, pd.DataFrame]
    thresholds: pd.DataFrame
    confusion: pd.DataFrame
    decisions: pd.DataFrame
    pairs: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Settings:
    confidence: float
    n_bootstrap: int
    seed: int


def evaluate(
    predictions: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    readings: pd.DataFrame | None = None,
    reference: str | None = None,
    operating_point: str | float = "youden",
    confidence: float = 0.95,
    n_bootstrap: int = 1000,
    seed: int = 0,
    primary_rater: str | None = None,
    groups: Sequence[str] = (),
    declared_thresholds: Mapping[str, float] | None = None,
) -> Evaluation:
    """Judge all models, and readers beside them, on the same test lesions.

    Args:
        predictions: Model, seed, repeat, fold, subset, rater, lesion_id, probability. Test rows are judged,
            validation rows of the primary rater choose the thresholds.
        truth: Indexed by lesion_id: patient_id, label (0 or 1) and columns to group by.
        readings: Reader_id, lesion_id, modality, decision, score; None for no readers.
        reference: The model that the others and the readers are compared with; None for no such rows.
        operating_point: `youden`, `sensitivity>=x`, `specificity>=x` or a fixed threshold.
        confidence: Two-sided coverage of all intervals.
        n_bootstrap: Bootstrap samples of patients; 0 for none.
        seed: Of the bootstrap.
        primary_rater: Whose masks the main results are of; may be left out when there is one rater. Other
            raters get rows of the group `rater=<name>`, with the primary rater's thresholds.
        groups: Columns of `truth`; each of their values gets rows of the group `<column>=<value>`.
        declared_thresholds: By model: thresholds that were fixed elsewhere, on development data that are not
            among the predictions.

    Returns:
        The tables; see `Evaluation`.

    Raises:
        PredictionsError: The predictions do not fit the truth or have no lesion in common.
        ReadingsError: The readings do not fit the truth.
        StatisticsError: The truth, the reference, the rater, a group or the operating point is not usable.
    """
    settings = _Settings(check_confidence(confidence), n_bootstrap, seed)
    known = check_truth(truth)
    table = check_predictions(predictions, known)
    rater = choose_rater(table, primary_rater)
    if reference is not None and reference not in set(table["model"]):
        raise StatisticsError(
            f"the reference model {reference!r} has no predictions",
            remedy=f"choose {name_some(table['model'])}",
        )
    own = table[table["rater"] == rater]
    thresholds = choose_thresholds(own, known, operating_point, declared_thresholds)
    test = table[table["subset"] == "test"]
    decisions = apply_thresholds(test, thresholds)
    primary = decisions[decisions["rater"] == rater]
    common, notes = common_units(primary)
    tables = _tables(common, known)
    rows: list[Row] = []
    counts: list[Row] = []
    for group, members in _groups(tables, decisions, known, rater=rater, columns=groups, notes=notes):
        _judge(members, group, rows, counts, settings)
    if reference is not None:
        rows += _model_differences(tables, reference, confidence=confidence)
    if readings is not None:
        found = _reader_part(check_readings(readings, known), known, tables, reference, settings, notes)
        rows += found[0]
        counts += found[1]
    return Evaluation(
        results=pd.DataFrame(rows, columns=RESULT_COLUMNS),
        curves=_curves(tables, confidence=confidence),
        thresholds=thresholds,
        confusion=pd.DataFrame(counts),
        decisions=decisions,
        pairs=model_pairs(_tables(primary, known), confidence=confidence),
        notes=tuple(notes),
    )


def _tables(decisions: pd.DataFrame, truth: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(model): model_table(part, truth) for model, part in decisions.groupby("model", sort=True)}


def _groups(
    tables: dict[str, pd.DataFrame],
    decisions: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    rater: str,
    columns: Sequence[str],
    notes: list[str],
) -> Iterator[tuple[str, dict[str, pd.DataFrame]]]:
    """Yield all lesions, then the other raters, then each value of each column."""
    yield "all", tables
    for other in sorted(set(decisions["rater"]) - {rater}):
        common, lacking = common_units(decisions[decisions["rater"] == other])
        notes += [f"rater {other}: {note}" for note in lacking]
        yield f"rater={other}", _tables(common, truth)
    for column in columns:
        if column not in truth.columns:
            raise StatisticsError(f"the truth has no column {column!r} to group by")
        values = truth.loc[truth.index.isin(next(iter(tables.values()))["lesion_id"]), column]
        if values.nunique() > _MOST_LEVELS:
            raise StatisticsError(
                f"{column!r} has {values.nunique()} different values, too many to group by",
                remedy="cut it into a few classes first",
            )
        if values.isna().any():
            notes.append(f"{int(values.isna().sum())} lesions have no {column}; they are in no such group")
        for value in sorted(values.dropna().unique(), key=str):
            inside = values.index[values == value]
            members = {model: t[t["lesion_id"].isin(inside)] for model, t in tables.items()}
            yield f"{column}={value}", members


def _judge(
    tables: dict[str, pd.DataFrame],
    group: str,
    rows: list[Row],
    counts: list[Row],
    settings: _Settings,
) -> None:
    """Add the rows of every model on the lesions of one group."""
    first = next(iter(tables.values()))
    draws = make_draws(first, n_bootstrap=settings.n_bootstrap, seed=settings.seed)
    for model, table in tables.items():
        called = table[table["decision"].notna()]
        rates = rate_rows(table, draws, confidence=settings.confidence)
        rest = probability_rows(table, draws, confidence=settings.confidence)
        area = auc_row(table, confidence=settings.confidence)
        rows.append(result_row("auc", area, table, model=model, group=group))
        rows += [result_row(name, item, called, model=model, group=group) for name, item in rates]
        rows += [result_row(name, item, table, model=model, group=group) for name, item in rest]
        counts.append(_counts(table, model, group))


def _counts(table: pd.DataFrame, model: str, group: str) -> Row:
    called = table[table["decision"].notna()]
    lesions = {"n_lesions": int(called["lesion_id"].nunique()), "n_calls": len(called)}
    head: Row = {"model": model, "subset": "test", "group": group}
    if called.empty:
        return head | {"tp": 0, "fn": 0, "tn": 0, "fp": 0} | lesions
    found = confusion(called["label"], called["decision"])
    return head | {"tp": found.tp, "fn": found.fn, "tn": found.tn, "fp": found.fp} | lesions


def _model_differences(tables: dict[str, pd.DataFrame], reference: str, *, confidence: float) -> list[Row]:
    """Compare every other model with the reference on the lesions common to all models."""
    rows: list[Row] = []
    for model, table in tables.items():
        if model == reference:
            continue
        first, second = on_same_units(table, tables[reference])
        if has_both_classes(first):
            found = auc_difference(first, second, confidence=confidence)
            rows.append(result_row("auc_difference", found, first, model=model, reference=reference))
        a, b = (t[t["decision"].notna()] for t in (first, second))
        a, b = on_same_units(a, b)
        for rate in COMPARED_RATES:
            if a["label"].nunique() == 2:
                found = rate_difference(a, b, rate, confidence=confidence)
                rows.append(result_row(f"{rate}_difference", found, a, model=model, reference=reference))
    return rows


def _reader_part(
    readings: pd.DataFrame,
    truth: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    reference: str | None,
    settings: _Settings,
    notes: list[str],
) -> tuple[list[Row], list[Row]]:
    """Report the readers on the lesions that the models are judged on."""
    first = next(iter(tables.values()))
    inside = readings["lesion_id"].isin(first["lesion_id"])
    if not inside.all():
        notes.append(f"{int((~inside).sum())} readings are of lesions outside the test lesions; left out")
    readers = reader_tables(readings[inside], truth)
    for modality, members in readers.items():
        for reader, table in members.items():
            missing = int(table["decision"].isna().sum())
            if missing:
                notes.append(f"{reader_name(reader, modality)}: {missing} of {len(table)} calls are missing")
    draws: Draws = make_draws(first, n_bootstrap=settings.n_bootstrap, seed=settings.seed)
    confidence = settings.confidence
    rows = reader_rows(readers, draws, confidence=confidence)
    rows += mean_rows(readers, draws, confidence=confidence)
    if reference is not None:
        rows += compare_with(readers, tables[reference], reference_name=reference, confidence=confidence)
    counts = [
        _counts(table, reader_name(reader, modality), "all")
        for modality, members in readers.items()
        for reader, table in members.items()
    ]
    return rows, counts


def _curves(tables: dict[str, pd.DataFrame], *, confidence: float) -> dict[str, pd.DataFrame]:
    """Compute the curves of every model that has both classes in a fold."""
    parts: dict[str, list[pd.DataFrame]] = {"roc": [], "pr": [], "calibration": []}
    for model, table in tables.items():
        y, p = table["label"], table["score"]
        if has_both_classes(table):
            parts["roc"].append(roc_points(y, p, table["cell"]).assign(model=model))
            parts["pr"].append(pr_points(y, p, table["cell"]).assign(model=model))
        points = calibration_points(y, p, lesions=table["lesion_id"], confidence=confidence)
        parts["calibration"].append(points.assign(model=model))
    return {
        name: pd.concat(found, ignore_index=True) if found else pd.DataFrame({"model": []})
        for name, found in parts.items()
    }
