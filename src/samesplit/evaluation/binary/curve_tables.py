"""The curves of all models as tables, and what is read off them as rows of results."""

from __future__ import annotations

import math

import pandas as pd

from samesplit.evaluation.binary.estimates import Row, result_row
from samesplit.evaluation.binary.scores import has_both_classes
from samesplit.statistics.curves import (
    READ_RECALLS,
    READ_SPECIFICITIES,
    calibration_points,
    pr_points,
    read_pr,
    read_roc,
    roc_points,
)
from samesplit.statistics.interval import Interval

__all__ = ["curve_tables", "read_off_rows"]


def curve_tables(tables: dict[str, pd.DataFrame], *, confidence: float) -> dict[str, pd.DataFrame]:
    """Compute the curves of every model.

    Args:
        tables: The table of each model, see `subject`.
        confidence: Two-sided coverage of the intervals of the calibration curve.

    Returns:
        `roc`, `pr` and `calibration` points with a column `model`; a model without both classes in any fold has
        no ROC and precision-recall curve.
    """
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


def read_off_rows(curves: dict[str, pd.DataFrame], tables: dict[str, pd.DataFrame]) -> list[Row]:
    """Read sensitivities at fixed specificities and precisions at fixed recalls off the curves.

    They describe the curve and are no operating points, so they have no interval.

    Args:
        curves: As `curve_tables` returns them.
        tables: The table of each model, for the counts of lesions.

    Returns:
        Rows of `sensitivity_at_specificity_0.95`, ... and `precision_at_recall_0.50`, ...
    """
    rows: list[Row] = []
    readings = (
        ("roc", READ_SPECIFICITIES, read_roc, "sensitivity_at_specificity"),
        ("pr", READ_RECALLS, read_pr, "precision_at_recall"),
    )
    for name, places, read, quantity in readings:
        for model, points in curves[name].groupby("model", sort=False):
            for place in places:
                found = Interval(read(points, place), math.nan, math.nan, "read off the test curve")
                row = result_row(f"{quantity}_{place:.2f}", found, tables[str(model)], model=str(model))
                rows.append(row)
    return rows
