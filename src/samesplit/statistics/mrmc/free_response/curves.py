"""Operating characteristics of free response: the FROC, AFROC and weighted AFROC curves of one reader."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.free_response.study import FreeResponseStudy

__all__ = ["FreeResponseCurve", "free_response_curve"]

FreeResponseCurve = Literal["FROC", "AFROC", "wAFROC", "AFROC1", "wAFROC1"]


def free_response_curve(
    study: FreeResponseStudy, modality: str, reader: str, curve: FreeResponseCurve = "wAFROC"
) -> pd.DataFrame:
    """Return the points of a curve, from the highest threshold on.

    Args:
        study: Marks and lesions; cases that the reader did not read are left out.
        modality: Its name.
        reader: The reader's name.
        curve: `FROC` has false marks per case on its x axis and ends where the marks end; the others have the
            share of cases with a false mark (`1`: of all cases, else of those without lesions) and go on in a
            straight line to (1, 1), for a case without any mark is an answer. On the y axis is the share of
            lesions found, weighted within cases for `w`.

    Returns:
        Columns `threshold`, `x`, `y`; the area under all but the FROC curve is the figure of merit of its name.

    Raises:
        StatisticsError: An unknown curve, modality or reader, or no case of a kind that the reader read.

    References:
        Chakraborty DP. Phys Med Biol 2013;58:2365, doi:10.1088/0031-9155/58/7/2365 (wAFROC in Chakraborty and Zhai
        2016, doi:10.1118/1.4947125).

    Example:
        >>> from samesplit.statistics.mrmc.free_response import HitRule
        >>> marks = pd.DataFrame({"reader": ["a"] * 4, "case": list("pqmn"), "rating": [4.0, 1.0, 2.0, np.nan],
        ...     "x_mm": [1.0, 2.0, 9.0, np.nan], "y_mm": [0.0, 0.0, 0.0, np.nan]})
        >>> lesions = pd.DataFrame({"lesion": ["l1", "l2"], "case": ["p", "q"], "x_mm": [0.0, 0.0], "y_mm": 0.0})
        >>> study = FreeResponseStudy.from_marks(marks, lesions, list("pqmn"), HitRule(5))
        >>> free_response_curve(study, "reading", "a")[["x", "y"]].to_numpy().tolist()
        [[0.0, 0.0], [0.0, 0.5], [0.5, 0.5], [0.5, 1.0], [1.0, 1.0]]
    """
    if curve not in get_args(FreeResponseCurve):
        raise StatisticsError(
            f"unknown curve {curve!r}", remedy=f"use one of {', '.join(get_args(FreeResponseCurve))}"
        )
    for what, name, known in (("modality", modality, study.modalities), ("reader", reader, study.readers)):
        if name not in known:
            raise StatisticsError(f"the study has no {what} {name!r}", remedy=f"it has: {', '.join(known)}")
    i, j = study.modalities.index(modality), study.readers.index(reader)
    read = study.is_read[i, j]
    lesions = study.lesion_ratings[i, j]
    found = ~np.isnan(lesions)
    weights = study.lesion_weights[found] if curve.startswith("w") else np.ones(int(found.sum()))
    false = study.false_ratings[i, j]
    n_below = int(read.sum())
    if curve != "FROC":
        counted = read if curve.endswith("1") else read & (study.truth == 0)
        false, n_below = study.highest_false(i, j)[counted], int(counted.sum())
    if not found.any() or not n_below:
        raise StatisticsError(
            f"reader {reader!r} read no case with, or none without, lesions ({modality})",
            remedy="give readings of both kinds of cases",
        )
    thresholds = np.unique(np.concatenate([lesions[found], false]))[::-1]
    thresholds = thresholds[np.isfinite(thresholds)]
    x = np.array([(false >= threshold).sum() / n_below for threshold in thresholds])
    y = np.array([weights[lesions[found] >= threshold].sum() / weights.sum() for threshold in thresholds])
    points = np.column_stack([np.r_[np.inf, thresholds], np.r_[0.0, x], np.r_[0.0, y]])
    if curve != "FROC":
        points = np.vstack([points, [-np.inf, 1.0, 1.0]])
    return pd.DataFrame(points, columns=["threshold", "x", "y"])
