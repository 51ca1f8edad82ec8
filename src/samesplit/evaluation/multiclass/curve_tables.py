"""The curves of models of several classes, each class against the rest."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from samesplit.evaluation.binary.scores import has_both_classes
from samesplit.evaluation.multiclass.scores import class_table
from samesplit.statistics.curves import calibration_points, roc_points

__all__ = ["class_curve_tables"]


def class_curve_tables(
    tables: dict[str, pd.DataFrame], classes: Sequence[str], *, confidence: float
) -> dict[str, pd.DataFrame]:
    """Compute the curves of every model and class.

    Args:
        tables: The table of each model, see `scores`.
        classes: The names of the classes by number.
        confidence: Two-sided coverage of the intervals of the calibration curves.

    Returns:
        `roc` and `calibration` points with the columns `model` and `class`; a class that is in no fold with
        another one has no ROC curve.
    """
    parts: dict[str, list[pd.DataFrame]] = {"roc": [], "calibration": []}
    for model, table in tables.items():
        for number, name in enumerate(classes):
            one = class_table(table, number)
            told = {"model": model, "class": name}
            if has_both_classes(one):
                parts["roc"].append(roc_points(one["label"], one["score"], one["cell"]).assign(**told))
            points = calibration_points(
                one["label"], one["score"], lesions=one["lesion_id"], confidence=confidence
            )
            parts["calibration"].append(points.assign(**told))
    return {
        name: pd.concat(found, ignore_index=True) if found else pd.DataFrame({"model": [], "class": []})
        for name, found in parts.items()
    }
