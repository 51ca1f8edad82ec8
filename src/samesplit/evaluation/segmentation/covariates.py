"""What the Dice coefficient depends on: regression on lesion and scanner, comparison of types and sequences."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.segmentation.tables import MaskTables
from samesplit.ordering import nearly_equal
from samesplit.statistics.clustered_regression import clustered_regression
from samesplit.statistics.multiplicity import holm
from samesplit.statistics.patient_summaries import paired_mean
from samesplit.tasks import SegmentationTask

__all__ = ["COMPARISON_COLUMNS", "REGRESSION_COLUMNS", "compare_types", "regress_dice"]

REGRESSION_COLUMNS = [
    "model",
    "term",
    "coefficient",
    "ci_low",
    "ci_high",
    "p_value",
    "n",
    "n_patients",
    "r_squared",
    "note",
]
COMPARISON_COLUMNS = [
    "model",
    "column",
    "first",
    "second",
    "design",
    "n_first",
    "n_second",
    "dice_first",
    "dice_second",
    "difference",
    "ci_low",
    "ci_high",
    "p_value",
    "p_adjusted",
    "note",
]

_BY_DEFAULT = "scanner_vendor"
_FEWEST = 2


def regress_dice(
    task: SegmentationTask, tables: MaskTables, truth: pd.DataFrame, *, confidence: float
) -> pd.DataFrame:
    """Regress the Dice of each lesion and sequence on lesion and scanner, one multiple regression a model.

    Covariates are the diameter of the lesion, the sequence where there are several, and columns of lesions.csv.
    Columns of numbers count by their unit; of words every value but the first in the alphabet counts against that
    one. Rows that lack a covariate are left out; covariates that are the same everywhere too.

    Args:
        task: Names the columns.
        tables: All models.
        truth: Indexed by lesion_id.
        confidence: Two-sided coverage.

    Returns:
        The columns of `REGRESSION_COLUMNS`, a row a term; one row with a note where it cannot be fitted.
    """
    columns = _covariates(task, truth)
    rows = [row for model in tables.models for row in _regression(tables, truth, columns, model, confidence)]
    return pd.DataFrame(rows, columns=REGRESSION_COLUMNS)


def _covariates(task: SegmentationTask, truth: pd.DataFrame) -> tuple[str, ...]:
    if task.covariates is None:
        return (_BY_DEFAULT,) if _BY_DEFAULT in truth and len(set(truth[_BY_DEFAULT].dropna())) > 1 else ()
    for column in task.covariates:
        if column not in truth:
            raise StatisticsError(
                f"lesions.csv has no column {column!r} to regress the Dice coefficient on",
                remedy="correct 'covariates' of the segmentation task in benchmark.yaml",
            )
    return task.covariates


def _regression(
    tables: MaskTables, truth: pd.DataFrame, columns: tuple[str, ...], model: str, confidence: float
) -> Iterator[dict[str, Any]]:
    rows = tables.of_model(model).overlap
    by = ["lesion_id", "sequence", "patient_id"]
    measured = ["diameter_mm"] if tables.measured("diameter_mm") else []
    lesions = rows.groupby(by, as_index=False)[["dice", *measured]].mean()
    known = lesions.join(truth[list(columns)], on="lesion_id").dropna(subset=["dice", *measured, *columns])
    design = _design(known, [*measured, "sequence", *columns])
    left_out = len(lesions) - len(known)
    note = f"{left_out} rows without a covariate left out" if left_out else ""
    try:
        found = clustered_regression(
            known["dice"],
            design.to_numpy(),
            [str(name) for name in design.columns],
            known["patient_id"],
            confidence=confidence,
        )
    except StatisticsError as error:
        yield {"model": model, "term": "", "n": len(known), "note": f"not fitted: {error.problem}"}
        return
    for term, value in found.terms.items():
        yield {
            "model": model,
            "term": term,
            "coefficient": value.estimate,
            "ci_low": value.ci_low,
            "ci_high": value.ci_high,
            "p_value": value.p_value,
            "n": found.n,
            "n_patients": found.n_patients,
            "r_squared": found.r_squared,
            "note": note,
        }


def _design(known: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return a column of numbers for each term; what is the same in all rows is none."""
    terms: dict[str, pd.Series[float]] = {}
    for column in columns:
        numbers = pd.to_numeric(known[column], errors="coerce")
        if numbers.notna().all():
            if len(numbers) and not nearly_equal(numbers.min(), numbers.max()):
                terms[column] = numbers.astype("float64")
            continue
        words = known[column].astype(str)
        values = sorted(words.unique())
        terms |= {
            f"{column}: {value} (against {values[0]})": (words == value).astype("float64")
            for value in values[1:]
        }
    return pd.DataFrame(terms, index=known.index)


def compare_types(
    task: SegmentationTask, tables: MaskTables, truth: pd.DataFrame, *, confidence: float
) -> pd.DataFrame:
    """Compare the Dice of lesions of different types, and of the sequences of the same lesions.

    Types are compared unpaired (difference of means with patients as clusters), sequences paired on the lesions
    that have both. P values are adjusted by Holm's method within a model and column.

    Args:
        task: Names the column of types.
        tables: All models.
        truth: Indexed by lesion_id.
        confidence: Two-sided coverage.

    Returns:
        The columns of `COMPARISON_COLUMNS`, a row a pair.
    """
    rows: list[dict[str, Any]] = []
    for model in tables.models:
        mine = tables.of_model(model).overlap
        if task.lesion_type is not None:
            rows += _adjusted(_unpaired(mine, truth, task.lesion_type, confidence), model, task.lesion_type)
        rows += _adjusted(_paired(mine, confidence), model, "sequence")
    return pd.DataFrame(rows, columns=COMPARISON_COLUMNS)


def _unpaired(
    mine: pd.DataFrame, truth: pd.DataFrame, column: str, confidence: float
) -> Iterator[dict[str, Any]]:
    if column not in truth:
        raise StatisticsError(
            f"lesions.csv has no column {column!r} to compare lesion types by",
            remedy="correct 'lesion_type' of the segmentation task in benchmark.yaml",
        )
    lesions = mine.groupby(["lesion_id", "patient_id"], as_index=False)["dice"].mean()
    lesions = lesions.assign(kind=lesions["lesion_id"].map(truth[column])).dropna(subset=["kind"])
    lesions["kind"] = lesions["kind"].astype(str)
    for first, second in itertools.combinations(sorted(lesions["kind"].unique()), 2):
        both = lesions[lesions["kind"].isin([first, second])]
        is_first = (both["kind"] == first).to_numpy(float)
        means = both.groupby("kind")["dice"].mean()
        row = {
            "first": first,
            "second": second,
            "design": "unpaired",
            "n_first": int(is_first.sum()),
            "n_second": int((1 - is_first).sum()),
            "dice_first": float(means[first]),
            "dice_second": float(means[second]),
            "difference": float(means[first] - means[second]),
            "note": "",
        }
        try:
            term = clustered_regression(
                both["dice"], is_first, ["first"], both["patient_id"], confidence=confidence
            ).terms["first"]
        except StatisticsError as error:
            yield row | {"note": f"not tested: {error.problem}"}
            continue
        yield row | {"ci_low": term.ci_low, "ci_high": term.ci_high, "p_value": term.p_value}


def _paired(mine: pd.DataFrame, confidence: float) -> Iterator[dict[str, Any]]:
    table = mine.pivot_table(index=["lesion_id", "patient_id"], columns="sequence", values="dice")
    for first, second in itertools.combinations(map(str, table.columns), 2):
        both = table[[first, second]].dropna()
        if len(both) < _FEWEST:
            continue
        found = paired_mean(
            (both[first] - both[second]).to_numpy(),
            both.index.get_level_values("patient_id").to_numpy(),
            confidence=confidence,
        )
        yield {
            "first": first,
            "second": second,
            "design": "paired",
            "n_first": len(both),
            "n_second": len(both),
            "dice_first": float(both[first].mean()),
            "dice_second": float(both[second].mean()),
            "difference": found.estimate,
            "ci_low": found.ci_low,
            "ci_high": found.ci_high,
            "p_value": found.p_value,
            "note": found.note,
        }


def _adjusted(found: Iterator[dict[str, Any]], model: str, column: str) -> list[dict[str, Any]]:
    rows = list(found)
    p_values = holm(pd.Series([row.get("p_value", math.nan) for row in rows], dtype="float64"))
    return [
        row | {"model": model, "column": column, "p_adjusted": p}
        for row, p in zip(rows, p_values, strict=True)
    ]
