"""Predicted masks in each named test set and group, for each sequence, and the differences between the groups.

Two named test sets of the same centres and different scanner vendors differ by the vendor, two of the same vendor
and different centres by the centre.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.groups import values_of_columns
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.segmentation.tables import MaskTables, declared_groups
from samesplit.statistics.clustered_regression import clustered_regression
from samesplit.statistics.group_differences import difference_of_groups
from samesplit.statistics.interval import Interval
from samesplit.statistics.multiplicity import holm
from samesplit.statistics.patient_summaries import ratio_of_counts, summary_of_lesions
from samesplit.tasks import SegmentationTask

__all__ = ["DIFFERENCE_COLUMNS", "GROUP_COLUMNS", "compare_groups", "summarise_groups"]

GROUP_COLUMNS = [
    "model",
    "column",
    "value",
    "sequence",
    "n",
    "n_patients",
    "dice_median",
    "dice_median_low",
    "dice_median_high",
    "dice",
    "dice_low",
    "dice_high",
    "found",
    "found_low",
    "found_high",
]
DIFFERENCE_COLUMNS = [
    "model",
    "column",
    "first",
    "second",
    "sequence",
    "n_first",
    "n_second",
    "median_first",
    "median_second",
    "median_difference",
    "median_low",
    "median_high",
    "mean_difference",
    "mean_low",
    "mean_high",
    "p_value",
    "p_adjusted",
    "note",
]
ANY_SEQUENCE = ""
"""Of a row on all sequences together: a lesion's Dice is their mean; it is found where any of them finds it."""

_MOST_VALUES = 6
"""A column with more values is not compared value by value."""
_FITTED = ["seed", "repeat", "fold"]


@dataclass(frozen=True)
class _Slice:
    """One model's lesions of a group, in one sequence or in all.

    Attributes:
        lesions: Indexed by lesion_id: patient_id, dice, found (NaN where detection was not measured).
        sequence: Which; empty for all together.
    """

    lesions: pd.DataFrame
    sequence: str


def summarise_groups(
    task: SegmentationTask,
    tables: MaskTables,
    truth: pd.DataFrame,
    options: EvaluationOptions,
    *,
    confidence: float,
) -> pd.DataFrame:
    """Sum up each model in all lesions, each named test set and each group, in all sequences and in each.

    Args:
        task: Names the columns of groups.
        tables: All models.
        truth: Indexed by lesion_id.
        options: May name more columns; bootstrap samples and their seed.
        confidence: Two-sided coverage.

    Returns:
        The columns of `GROUP_COLUMNS`; `column` and `value` are empty for all lesions, `sequence` for all
        sequences together. `found` is the share of lesions that were found, in any of the sequences where they are
        together.
    """
    settings = {"n_resamples": options.n_bootstrap, "seed": options.seed, "confidence": confidence}
    groups = [("", "", None), *_groups(task, tables, truth, options)]
    rows = []
    for model in tables.models:
        for part in _slices(tables.of_model(model)):
            for column, value, members in groups:
                lesions = part.lesions if members is None else part.lesions[part.lesions.index.isin(members)]
                if len(lesions):
                    named = {"model": model, "column": column, "value": value, "sequence": part.sequence}
                    rows.append(named | _summary(lesions, settings))
    return pd.DataFrame(rows, columns=GROUP_COLUMNS)


def compare_groups(
    task: SegmentationTask,
    tables: MaskTables,
    truth: pd.DataFrame,
    options: EvaluationOptions,
    *,
    confidence: float,
) -> pd.DataFrame:
    """Compare the Dice of every two named test sets, and of every two values of each column, unpaired.

    The difference of medians has the interval of a bootstrap over patients, that of means a test with patients as
    clusters. P values are adjusted by Holm's method within a model and column, over all pairs and sequences.

    Args:
        task: Names the columns of groups.
        tables: All models.
        truth: Indexed by lesion_id.
        options: May name more columns; bootstrap samples and their seed.
        confidence: Two-sided coverage.

    Returns:
        The columns of `DIFFERENCE_COLUMNS`, first minus second; columns with more than six values are left out.
    """
    settings = {"n_resamples": options.n_bootstrap, "seed": options.seed, "confidence": confidence}
    of_column: dict[str, list[tuple[str, pd.Index[str]]]] = {}
    for column, value, members in _groups(task, tables, truth, options):
        of_column.setdefault(column, []).append((value, members))
    rows: list[dict[str, Any]] = []
    for model in tables.models:
        slices = _slices(tables.of_model(model))
        for column, values in of_column.items():
            if len(values) <= _MOST_VALUES:
                found = [
                    {"model": model, "column": column, "sequence": part.sequence} | row
                    for first, second in itertools.combinations(values, 2)
                    for part in slices
                    for row in _difference(part, first, second, settings)
                ]
                adjusted = holm(pd.Series([row["p_value"] for row in found], dtype="float64"))
                rows += [row | {"p_adjusted": p} for row, p in zip(found, adjusted, strict=True)]
    return pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS)


def _groups(
    task: SegmentationTask, tables: MaskTables, truth: pd.DataFrame, options: EvaluationOptions
) -> Iterator[tuple[str, str, pd.Index[str]]]:
    lesions = pd.Series(tables.overlap["lesion_id"].unique(), dtype="str")
    for group, members in values_of_columns(truth, lesions, declared_groups(task, truth, options), notes=[]):
        yield group.column, group.value, members


def _slices(tables: MaskTables) -> list[_Slice]:
    """Return a model's lesions in all sequences together, and in each where there are several."""
    rows = tables.overlap
    rows = rows.assign(found=rows["detected"].astype("float64") if tables.measured("detected") else math.nan)
    sequences = sorted(map(str, rows["sequence"].unique()))
    together = _Slice(_of_lesions(rows), ANY_SEQUENCE)
    if len(sequences) == 1:
        return [together]
    return [together, *(_Slice(_of_lesions(rows[rows["sequence"] == name]), name) for name in sequences)]


def _of_lesions(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a lesion: its mean Dice, and in which share of the fits any of its sequences found it."""
    anywhere = rows.groupby(["lesion_id", *_FITTED])["found"].max().groupby("lesion_id").mean()
    lesions = rows.groupby("lesion_id").agg(patient_id=("patient_id", "first"), dice=("dice", "mean"))
    return lesions.assign(found=anywhere)


def _summary(lesions: pd.DataFrame, settings: dict[str, Any]) -> dict[str, Any]:
    patients = lesions["patient_id"].to_numpy()
    middle, mean = (
        summary_of_lesions(lesions["dice"].to_numpy(), patients, statistic=name, **settings)
        for name in ("median", "mean")
    )
    found = Interval(math.nan, math.nan, math.nan, "")
    if lesions["found"].notna().all():
        by_patient = lesions.groupby("patient_id")["found"]
        found = ratio_of_counts(by_patient.sum().to_numpy(), by_patient.size().to_numpy(), **settings)
    return {
        "n": len(lesions),
        "n_patients": len(np.unique(patients)),
        "dice_median": middle.estimate,
        "dice_median_low": middle.ci_low,
        "dice_median_high": middle.ci_high,
        "dice": mean.estimate,
        "dice_low": mean.ci_low,
        "dice_high": mean.ci_high,
        "found": found.estimate,
        "found_low": found.ci_low,
        "found_high": found.ci_high,
    }


def _difference(
    part: _Slice,
    first: tuple[str, pd.Index[str]],
    second: tuple[str, pd.Index[str]],
    settings: dict[str, Any],
) -> Iterator[dict[str, Any]]:
    """Yield the difference of two groups, or nothing where one of them has no lesion in the sequence."""
    lesions = part.lesions[part.lesions.index.isin(first[1].union(second[1]))]
    is_first = lesions.index.isin(first[1])
    if is_first.all() or not is_first.any():
        return
    patients, values = lesions["patient_id"].to_numpy(), lesions["dice"].to_numpy()
    medians = difference_of_groups(values, is_first, patients, statistic="median", **settings)
    means, note = _tested(values, is_first, patients, float(settings["confidence"]))
    one, other = (
        summary_of_lesions(values[side], patients[side], statistic="median", n_resamples=0).estimate
        for side in (is_first, ~is_first)
    )
    yield {
        "first": first[0],
        "second": second[0],
        "n_first": int(is_first.sum()),
        "n_second": int((~is_first).sum()),
        "median_first": one,
        "median_second": other,
        "median_difference": medians.estimate,
        "median_low": medians.ci_low,
        "median_high": medians.ci_high,
        "mean_difference": means.estimate,
        "mean_low": means.ci_low,
        "mean_high": means.ci_high,
        "p_value": means.p_value,
        "note": "; ".join(dict.fromkeys(text for text in (medians.note, note) if text)),
    }


def _tested(values: Any, is_first: Any, patients: Any, confidence: float) -> tuple[Interval, str]:
    difference = float(values[is_first].mean() - values[~is_first].mean())
    try:
        term = clustered_regression(
            values, is_first.astype("float64"), ["first"], patients, confidence=confidence
        ).terms["first"]
    except StatisticsError as error:
        return Interval(difference, math.nan, math.nan, ""), f"not tested: {error.problem}"
    return term, ""
