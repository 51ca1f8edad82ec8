"""The curves of the figures, as tables: ROC, precision-recall and calibration.

Where a model has several folds, the curves of the folds are averaged at equal false-positive rate (or
recall), so that the area under the averaged curve is the average of the folds' areas.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import precision_recall_curve, roc_curve

from samesplit.errors import StatisticsError
from samesplit.ordering import RELATIVE
from samesplit.statistics.calibration.binned import Binning, bin_of
from samesplit.statistics.checks import FloatArray, IntArray, check_labels, check_scores, codes_of
from samesplit.statistics.proportions import proportion_interval

__all__ = [
    "READ_RECALLS",
    "READ_SPECIFICITIES",
    "calibration_points",
    "pr_points",
    "read_pr",
    "read_roc",
    "roc_heights",
    "roc_points",
]

READ_SPECIFICITIES = (0.95, 0.9, 0.8, 0.7, 0.5)
"""Where sensitivities are read off a ROC curve."""

READ_RECALLS = (0.5, 0.7, 0.8, 0.9, 0.95)
"""Where precisions are read off a precision-recall curve."""


def _both_class_cells(truth: IntArray, cells: npt.ArrayLike | None) -> list[IntArray]:
    """Return the positions of each fold that holds both classes."""
    codes = np.zeros(truth.size, np.int64) if cells is None else codes_of(cells, n=truth.size)
    found = [np.flatnonzero(codes == cell) for cell in range(int(codes.max()) + 1)]
    both = [inside for inside in found if truth[inside].min() < truth[inside].max()]
    if not both:
        raise StatisticsError("no fold holds both classes: there is no curve")
    return both


def roc_points(
    labels: npt.ArrayLike, scores: npt.ArrayLike, cells: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Compute the points of the empirical ROC curve, joined by straight lines.

    Args:
        labels: Shape (n,), 0 or 1.
        scores: Shape (n,), more means more likely positive.
        cells: Shape (n,), the fold of each prediction; None for one test set.

    Returns:
        Columns fpr, tpr, threshold (NaN on an averaged curve) and n_folds, from (0, 0) to (1, 1). The
        trapezoidal area is the AUC, for several folds the mean of the folds' AUCs; folds lacking a class are
        left out.

    Raises:
        StatisticsError: No fold has both classes.

    Example:
        >>> curve = roc_points([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.9])
        >>> curve["fpr"].tolist(), curve["tpr"].tolist()
        ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])
    """
    truth = check_labels(labels, both_classes=False)
    values = check_scores(scores, n=truth.size)
    parts = _both_class_cells(truth, cells)
    curves = [roc_curve(truth[i], values[i], drop_intermediate=False) for i in parts]
    if len(curves) == 1:
        fpr, tpr, threshold = curves[0]
        return pd.DataFrame({"fpr": fpr, "tpr": tpr, "threshold": threshold, "n_folds": 1})
    grid = np.unique(np.concatenate([curve[0] for curve in curves]))
    low = np.mean([_at(grid, curve[0], curve[1], side="left") for curve in curves], axis=0)
    high = np.mean([_at(grid, curve[0], curve[1], side="right") for curve in curves], axis=0)
    fpr, tpr = np.repeat(grid, 2), np.column_stack([low, high]).ravel()
    keep = np.append(True, (np.diff(fpr) > 0) | (np.diff(tpr) > 0))
    table = pd.DataFrame({"fpr": fpr[keep], "tpr": tpr[keep], "threshold": math.nan})
    return table.assign(n_folds=len(curves))


def _at(grid: FloatArray, fpr: FloatArray, tpr: FloatArray, *, side: str) -> FloatArray:
    """Read a curve off at `grid`; where it climbs vertically, at the foot (left) or the top (right)."""
    first = np.append(True, np.diff(fpr) > 0)
    last = np.append(np.diff(fpr) > 0, True)
    feet, tops, places = tpr[first], tpr[last], fpr[first]
    here = np.searchsorted(places, grid, side="right") - 1
    exact = places[here] == grid
    after = np.minimum(here + 1, places.size - 1)
    width = np.where(after > here, places[after] - places[here], 1.0)
    slope = np.where(after > here, (feet[after] - tops[here]) / width, 0.0)
    between = tops[here] + slope * (grid - places[here])
    result: FloatArray = np.where(exact, feet[here] if side == "left" else tops[here], between)
    return result


def read_roc(points: pd.DataFrame, specificity: float) -> float:
    """Read the sensitivity at a specificity off a curve, to describe it.

    It is no operating point: nobody could have known the threshold before the test labels were seen.

    Args:
        points: As `roc_points` returns them.
        specificity: In [0, 1].

    Example:
        >>> round(read_roc(roc_points([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.5), 3)
        1.0
    """
    fpr, tpr = points["fpr"].to_numpy(float), points["tpr"].to_numpy(float)
    return float(roc_heights(fpr, tpr, np.array([1 - specificity]))[0])


def roc_heights(fpr: FloatArray, tpr: FloatArray, places: FloatArray) -> FloatArray:
    """Read a ROC curve off at some places, at the upper end where it climbs vertically.

    Args:
        fpr: Shape (n,), the false-positive rates rising from 0 to 1; equal ones make a vertical climb.
        tpr: Shape (n,), their sensitivities, rising.
        places: Shape (k,), false-positive rates in [0, 1].

    Returns:
        Shape (k,), the sensitivities.

    Example:
        >>> curve = np.array([0.0, 0.0, 0.5, 0.5, 1.0]), np.array([0.0, 0.4, 0.4, 1.0, 1.0])
        >>> roc_heights(*curve, np.array([0.0, 0.25, 0.5])).tolist()
        [0.4, 0.4, 1.0]
    """
    here = np.searchsorted(fpr, places + RELATIVE, side="right") - 1
    after = np.minimum(here + 1, fpr.size - 1)
    width = fpr[after] - fpr[here]
    way = np.divide(places - fpr[here], width, out=np.zeros(places.size), where=width > 0)
    result: FloatArray = tpr[here] + np.clip(way, 0.0, 1.0) * (tpr[after] - tpr[here])
    return result


def read_pr(points: pd.DataFrame, recall: float) -> float:
    """Read the precision at a recall off a curve, to describe it.

    Args:
        points: As `pr_points` returns them.
        recall: In [0, 1].

    Example:
        >>> round(read_pr(pr_points([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.9), 3)
        0.667
    """
    recalls, precision = points["recall"].to_numpy(float), points["precision"].to_numpy(float)
    place = int(np.searchsorted(recalls, recall - RELATIVE * recall, side="left"))
    return float(precision[min(place, precision.size - 1)])


def pr_points(
    labels: npt.ArrayLike, scores: npt.ArrayLike, cells: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Compute the points of the precision-recall curve, a staircase.

    Args:
        labels: Shape (n,), 0 or 1.
        scores: Shape (n,), more means more likely positive.
        cells: Shape (n,), the fold of each prediction; None for one test set.

    Returns:
        Columns recall, precision, threshold (NaN on an averaged curve) and n_folds, by rising recall. The
        precision of a row holds from the recall of the row before up to its own: the sum of precision times
        step is the average precision, for several folds the mean of theirs.

    Raises:
        StatisticsError: No fold has both classes.
    """
    truth = check_labels(labels, both_classes=False)
    values = check_scores(scores, n=truth.size)
    parts = _both_class_cells(truth, cells)
    stairs = [_staircase(truth[i], values[i]) for i in parts]
    if len(stairs) == 1:
        recall, precision, threshold = stairs[0]
        return pd.DataFrame({"recall": recall, "precision": precision, "threshold": threshold, "n_folds": 1})
    grid = np.unique(np.concatenate([stair[0] for stair in stairs]))
    levels = [p[np.minimum(np.searchsorted(r, grid, side="left"), r.size - 1)] for r, p, _ in stairs]
    table = pd.DataFrame({"recall": grid, "precision": np.mean(levels, axis=0), "threshold": math.nan})
    return table.assign(n_folds=len(stairs))


def _staircase(truth: IntArray, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return recall, precision and threshold where recall rises, in rising order."""
    precision, recall, threshold = precision_recall_curve(truth, values)
    precision, recall, threshold = precision[-2::-1], recall[-2::-1], threshold[::-1]
    rises = np.append(recall[0] > 0, np.diff(recall) > 0)
    return recall[rises], precision[rises], threshold[rises]


def calibration_points(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    lesions: npt.ArrayLike | None = None,
    n_bins: int = 10,
    binning: Binning = "width",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compute the points of the calibration curve.

    Args:
        labels: Shape (n,), 0 or 1, one a prediction.
        probabilities: Shape (n,), in [0, 1].
        lesions: Shape (n,), the lesion of each prediction. A lesion predicted several times (repeats, seeds)
            counts as one lesion in all, so that the intervals do not shrink by repetition.
        n_bins: How many bins.
        binning: See `bin_of`.
        confidence: Two-sided coverage of the Wilson interval.

    Returns:
        One row for each bin that is not empty: bin, mean_probability, observed (share of positives), ci_low,
        ci_high, n (in lesions; fractions where the predictions of a lesion fall into several bins).

    Raises:
        StatisticsError: Probabilities outside [0, 1], or labels other than 0 and 1.
    """
    truth = check_labels(labels, both_classes=False)
    values = check_scores(probabilities, n=truth.size, probabilities=True)
    weights = np.ones(truth.size)
    if lesions is not None:
        codes = codes_of(lesions, n=truth.size)
        weights = 1 / np.bincount(codes)[codes]
    bins = bin_of(values, n_bins=n_bins, binning=binning)
    rows = []
    for number in np.unique(bins):
        inside = bins == number
        n = float(weights[inside].sum())
        count = float((weights * truth)[inside].sum())
        found = proportion_interval(min(count, n), n, confidence=confidence, method="Wilson")
        mean = float((weights * values)[inside].sum()) / n
        rows.append((int(number), mean, found.estimate, found.ci_low, found.ci_high, n))
    return pd.DataFrame(rows, columns=["bin", "mean_probability", "observed", "ci_low", "ci_high", "n"])
