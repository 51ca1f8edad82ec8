"""The Dice coefficient of lesion types, unpaired, and of the sequences of the same lesions, paired."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.segmentation.tables import MaskTables
from samesplit.statistics.clustered_regression import clustered_regression
from samesplit.statistics.multiplicity import holm
from samesplit.statistics.patient_summaries import paired_mean
from samesplit.tasks import SegmentationTask

__all__ = ["COMPARISON_COLUMNS", "compare_types"]

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

_FEWEST = 2


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
