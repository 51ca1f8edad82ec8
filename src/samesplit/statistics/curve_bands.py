"""Pointwise bands of ROC and precision-recall curves: how the curve moves when other patients are drawn.

A band covers the curve at each single place with the stated confidence; it makes no statement about the whole
curve at once, which would need a wider, simultaneous band.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.ordering import RELATIVE
from samesplit.statistics.bootstrap import PatientBootstrap
from samesplit.statistics.checks import (
    FloatArray,
    IntArray,
    check_confidence,
    check_labels,
    check_scores,
    codes_of,
)
from samesplit.statistics.curves import roc_heights
from samesplit.statistics.weighted import mean_over

__all__ = ["pr_band", "roc_band"]

_PLACES = 101
"""How many places a band is computed at, from 0 to 1 in equal steps."""

_Curve = Callable[[FloatArray, IntArray, FloatArray, FloatArray], FloatArray]
"""From weights (b, n), labels, scores and places (k,) to the heights of b curves, shape (b, k)."""


def roc_band(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    cells: npt.ArrayLike,
    patients: npt.ArrayLike,
    samples: PatientBootstrap,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compute the pointwise band of a ROC curve by the bootstrap over patients.

    The sensitivity at a false-positive rate is averaged over folds, as in `roc_points`; where a curve climbs
    vertically its upper end counts.

    Args:
        labels: Shape (n,), 0 or 1.
        scores: Shape (n,), more means more likely positive.
        cells: Shape (n,), the fold of each prediction.
        patients: Shape (n,), the column of the samples' weights that each prediction belongs to.
        samples: The drawn samples, as `draw_patients` returns them.
        confidence: Two-sided coverage at each place.

    Returns:
        Columns fpr, tpr, ci_low and ci_high at 101 equal steps from 0 to 1; `tpr` is read off the curve itself.
        Percentile bounds, widened to the curve where it lies outside them.

    Raises:
        StatisticsError: Labels other than 0 and 1, or lengths that differ.

    References:
        Fawcett T. An introduction to ROC analysis. Pattern Recognit Lett 2006;27:861-874 (vertical averaging).
        doi:10.1016/j.patrec.2005.10.010.

    Example:
        >>> from samesplit.statistics.bootstrap import draw_patients
        >>> y, s = [0, 0, 0, 1, 1, 1], [0.1, 0.3, 0.6, 0.4, 0.7, 0.9]
        >>> drawn = draw_patients(y, range(6), n_resamples=200)
        >>> band = roc_band(y, s, [0] * 6, range(6), drawn)
        >>> bool((band["ci_low"] <= band["tpr"]).all() and (band["tpr"] <= band["ci_high"]).all())
        True
    """
    band = _band(_roc_of_samples, labels, scores, cells, patients, samples, confidence=confidence)
    return band.rename(columns={"place": "fpr", "height": "tpr"})


def pr_band(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    cells: npt.ArrayLike,
    patients: npt.ArrayLike,
    samples: PatientBootstrap,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compute the pointwise band of a precision-recall curve by the bootstrap over patients.

    The precision at a recall is that of the step which reaches it, averaged over folds, as in `pr_points`.

    Args:
        labels: Shape (n,), 0 or 1.
        scores: Shape (n,), more means more likely positive.
        cells: Shape (n,), the fold of each prediction.
        patients: Shape (n,), the column of the samples' weights that each prediction belongs to.
        samples: The drawn samples, as `draw_patients` returns them.
        confidence: Two-sided coverage at each place.

    Returns:
        Columns recall, precision, ci_low and ci_high at 101 equal steps from 0 to 1, as `roc_band` has them.

    Raises:
        StatisticsError: Labels other than 0 and 1, or lengths that differ.

    Example:
        >>> from samesplit.statistics.bootstrap import draw_patients
        >>> y, s = [0, 0, 0, 1, 1, 1], [0.1, 0.3, 0.6, 0.4, 0.7, 0.9]
        >>> band = pr_band(y, s, [0] * 6, range(6), draw_patients(y, range(6), n_resamples=200))
        >>> float(band.loc[100, "precision"])  # all three positives are called with one false positive
        0.75
    """
    band = _band(_pr_of_samples, labels, scores, cells, patients, samples, confidence=confidence)
    return band.rename(columns={"place": "recall", "height": "precision"})


def _band(
    curve: _Curve,
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    cells: npt.ArrayLike,
    patients: npt.ArrayLike,
    samples: PatientBootstrap,
    *,
    confidence: float,
) -> pd.DataFrame:
    truth = check_labels(labels, both_classes=False)
    values = check_scores(scores, n=truth.size)
    codes, columns = codes_of(cells, n=truth.size), np.asarray(patients, dtype=np.int64)
    alpha = (1 - check_confidence(confidence)) / 2
    places = np.linspace(0.0, 1.0, _PLACES)
    parts = [np.flatnonzero(codes == cell) for cell in range(int(codes.max()) + 1)]

    def heights(weights: FloatArray) -> FloatArray:
        found = [curve(weights[:, columns[rows]], truth[rows], values[rows], places) for rows in parts]
        return mean_over(found)

    height = heights(np.ones((1, samples.n_patients)))[0]
    drawn = samples.replicate(heights)
    low, high = np.full(_PLACES, math.nan), np.full(_PLACES, math.nan)
    if not np.isnan(drawn).all():  # a sample has both classes, and a curve at every place, or it has none
        low, high = np.nanquantile(drawn, (alpha, 1 - alpha), axis=0)
    return pd.DataFrame(
        {
            "place": places,
            "height": height,
            "ci_low": np.minimum(low, height),
            "ci_high": np.maximum(high, height),
        }
    )


def _counts(weights: FloatArray, labels: IntArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Count positives and negatives called at each threshold, from the highest score down, ties as one step."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    w, y = weights[:, order], labels[order].astype(np.float64)
    return np.cumsum(w * y, axis=1)[:, ends], np.cumsum(w * (1 - y), axis=1)[:, ends]


def _roc_of_samples(
    weights: FloatArray, labels: IntArray, scores: FloatArray, places: FloatArray
) -> FloatArray:
    positive, negative = _counts(weights, labels, scores)
    result: FloatArray = np.full((len(weights), places.size), math.nan)
    for row, (tp, fp) in enumerate(zip(positive, negative, strict=True)):
        if tp[-1] > 0 and fp[-1] > 0:
            tpr, fpr = np.append(0.0, tp / tp[-1]), np.append(0.0, fp / fp[-1])
            result[row] = roc_heights(fpr, tpr, places)
    return result


def _pr_of_samples(
    weights: FloatArray, labels: IntArray, scores: FloatArray, places: FloatArray
) -> FloatArray:
    positive, negative = _counts(weights, labels, scores)
    result: FloatArray = np.full((len(weights), places.size), math.nan)
    for row, (tp, fp) in enumerate(zip(positive, negative, strict=True)):
        if tp[-1] > 0 and fp[-1] > 0:
            recall = tp / tp[-1]
            reached = np.searchsorted(recall, np.maximum(places - RELATIVE, RELATIVE), side="left")
            result[row] = tp[reached] / (tp[reached] + fp[reached])
    return result
