"""What the Dice coefficient depends on: multiple linear regression on variables of lesion and scanner."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.mask_regression import MaskRegressionSettings
from samesplit.evaluation.segmentation.tables import MaskTables
from samesplit.ordering import below, nearly_equal
from samesplit.statistics.clustered_regression import clustered_regression
from samesplit.statistics.collinearity import collinearity
from samesplit.tasks import SegmentationTask

__all__ = ["REGRESSION_COLUMNS", "regress_dice"]

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
    "inflation",
    "condition",
    "n_left_out",
    "n_missed",
    "note",
]
_BY_DEFAULT = "scanner_vendor"
_DIAMETER = "diameter_mm"


@dataclass(frozen=True)
class _Covariates:
    """What the Dice coefficient is regressed on.

    Attributes:
        measured: Columns of the table of overlaps.
        columns: Columns of lesions.csv.
        references: By column of categories: the value that the others count against.
    """

    measured: tuple[str, ...]
    columns: tuple[str, ...]
    references: Mapping[str, str]


def regress_dice(
    task: SegmentationTask,
    tables: MaskTables,
    truth: pd.DataFrame,
    *,
    confidence: float,
    declared: MaskRegressionSettings | None = None,
) -> pd.DataFrame:
    """Regress the Dice of each lesion and sequence on lesion and scanner, one multiple regression a model.

    Covariates are those that are declared, and the sequence where there are several; where none are declared,
    the diameter of the lesion and the task's `covariates`. Columns of numbers count by their unit; of words every
    value counts against the declared reference, else the first in the alphabet. Rows that lack a covariate are
    left out and counted; covariates that are the same everywhere are none. A lesion that was missed has the Dice
    of its mask, 0 where that is empty, and is one of the rows.

    Args:
        task: Names the columns where none are declared.
        tables: All models.
        truth: Indexed by lesion_id.
        confidence: Two-sided coverage.
        declared: Columns and references that the benchmark declares for its tasks of masks.

    Returns:
        The columns of `REGRESSION_COLUMNS`, a row a term: `inflation` is the variance inflation factor of the
        term, `condition` the condition number of all; one row with a note where it cannot be fitted.

    Raises:
        StatisticsError: A column is not there.
    """
    covariates = _covariates(task, tables, truth, declared)
    rows = [
        row for model in tables.models for row in _regression(tables, truth, covariates, model, confidence)
    ]
    return pd.DataFrame(rows, columns=REGRESSION_COLUMNS)


def _covariates(
    task: SegmentationTask, tables: MaskTables, truth: pd.DataFrame, declared: MaskRegressionSettings | None
) -> _Covariates:
    has_diameter = tables.measured(_DIAMETER)
    if declared is not None:
        measured = has_diameter and _DIAMETER in declared.columns and _DIAMETER not in truth
        columns = tuple(name for name in declared.columns if not (measured and name == _DIAMETER))
        _check_columns(columns, truth, "'mask_regression' under 'statistics'")
        return _Covariates((_DIAMETER,) if measured else (), columns, declared.references)
    own = (_DIAMETER,) if has_diameter else ()
    if task.covariates is None:
        several = _BY_DEFAULT in truth and len(set(truth[_BY_DEFAULT].dropna())) > 1
        return _Covariates(own, (_BY_DEFAULT,) if several else (), {})
    _check_columns(task.covariates, truth, "'covariates' of the segmentation task")
    return _Covariates(own, task.covariates, {})


def _check_columns(columns: tuple[str, ...], truth: pd.DataFrame, key: str) -> None:
    for column in columns:
        if column not in truth:
            raise StatisticsError(
                f"lesions.csv has no column {column!r} to regress the Dice coefficient on",
                remedy=f"correct {key} in benchmark.yaml",
            )


def _regression(
    tables: MaskTables, truth: pd.DataFrame, covariates: _Covariates, model: str, confidence: float
) -> Iterator[dict[str, Any]]:
    rows = tables.of_model(model).overlap
    by = ["lesion_id", "sequence", "patient_id"]
    found_too = ["detected"] if tables.measured("detected") else []
    averaged = rows.astype(dict.fromkeys(found_too, "float64"))
    lesions = averaged.groupby(by, as_index=False)[["dice", *covariates.measured, *found_too]].mean()
    named = [*covariates.measured, *covariates.columns]
    known = lesions.join(truth[list(covariates.columns)], on="lesion_id").dropna(subset=["dice", *named])
    counts = {
        "model": model,
        "n": len(known),
        "n_left_out": len(lesions) - len(known),
        "n_missed": int(below(known["detected"], 0.5).sum()) if found_too else 0,
    }
    try:
        design = _design(
            known, [*covariates.measured, "sequence", *covariates.columns], covariates.references
        )
        found = clustered_regression(
            known["dice"],
            design.to_numpy(),
            [str(name) for name in design.columns],
            known["patient_id"],
            confidence=confidence,
        )
    except StatisticsError as error:
        yield counts | {"term": "", "note": f"not fitted: {error.problem}"}
        return
    alike = collinearity(design.to_numpy())
    inflation = dict(zip(map(str, design.columns), alike.inflation, strict=True))
    notes = []
    if counts["n_left_out"]:
        notes.append(f"{counts['n_left_out']} rows without a covariate left out")
    if alike.is_high:
        notes.append(
            f"covariates say nearly the same (condition number {alike.condition:.0f}, largest variance inflation "
            f"factor {alike.inflation.max():.1f}): single coefficients are uncertain"
        )
    for term, value in found.terms.items():
        yield counts | {
            "term": term,
            "coefficient": value.estimate,
            "ci_low": value.ci_low,
            "ci_high": value.ci_high,
            "p_value": value.p_value,
            "n_patients": found.n_patients,
            "r_squared": found.r_squared,
            "inflation": inflation.get(term, math.nan),
            "condition": alike.condition,
            "note": "; ".join(notes),
        }


def _design(known: pd.DataFrame, columns: list[str], references: Mapping[str, str]) -> pd.DataFrame:
    """Return a column of numbers for each term; what is the same in all rows is none."""
    terms: dict[str, pd.Series[float]] = {}
    for column in columns:
        numbers = pd.to_numeric(known[column], errors="coerce")
        if numbers.notna().all() and column not in references:
            if len(numbers) and not nearly_equal(numbers.min(), numbers.max()):
                terms[column] = numbers.astype("float64")
            continue
        words = known[column].astype(str)
        values = sorted(words.unique())
        against = references.get(column, values[0])
        if against not in values:
            raise StatisticsError(f"no test lesion has {against!r}, the reference of {column!r}")
        terms |= {
            f"{column}: {value} (against {against})": (words == value).astype("float64")
            for value in values
            if value != against
        }
    return pd.DataFrame(terms, index=known.index)
