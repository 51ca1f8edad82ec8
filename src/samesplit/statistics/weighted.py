"""Statistics of many weighted samples at once: what the bootstrap and the jackknife repeat.

Each function takes weights of shape (b, n), one row a sample, and returns b values; all weights 1 give the
plain statistic, and whole-number weights that of a sample with repeated rows. A sample in which the
statistic is not defined gives NaN.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from samesplit.statistics.checks import FloatArray, IntArray

__all__ = [
    "mean_over",
    "weighted_auc",
    "weighted_average_precision",
    "weighted_calibration_error",
    "weighted_multiclass_auc",
    "weighted_ratio",
]


def _divide(above: FloatArray, below: FloatArray) -> FloatArray:
    """Divide; nothing by nothing is NaN without a warning."""
    result: FloatArray = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result


def mean_over(values: Sequence[FloatArray]) -> FloatArray:
    """Average several arrays of statistics of one shape, those that are defined; NaN where none is.

    Args:
        values: One array a part, such as a fold.

    Example:
        >>> mean_over([np.array([1.0, np.nan]), np.array([2.0, np.nan])]).tolist()
        [1.5, nan]
    """
    stacked = np.stack(values)
    known = ~np.isnan(stacked)
    return _divide(np.where(known, stacked, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64))


def weighted_ratio(weights: FloatArray, numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> FloatArray:
    """Compute sum(w numerator) / sum(w denominator) for each sample.

    Args:
        weights: Shape (b, n).
        numerator: Shape (n,).
        denominator: Shape (n,).

    Returns:
        Shape (b,).

    Example:
        >>> weighted_ratio(np.array([[1.0, 1.0], [0.0, 2.0]]), [1, 0], [1, 1]).tolist()
        [0.5, 0.0]
    """
    return _divide(weights @ np.asarray(numerator, float), weights @ np.asarray(denominator, float))


def _tie_ends(sorted_scores: FloatArray) -> IntArray:
    """Return the last position of each run of equal scores."""
    return np.flatnonzero(np.append(np.diff(sorted_scores) != 0, True)).astype(np.int64)


def weighted_auc(weights: FloatArray, labels: IntArray, scores: FloatArray) -> FloatArray:
    """Compute the AUC of each weighted sample, ties as half.

    Args:
        weights: Shape (b, n).
        labels: Shape (n,), 0 or 1.
        scores: Shape (n,).

    Returns:
        Shape (b,); NaN where a class has no weight.
    """
    order = np.argsort(scores, kind="stable")
    ends = _tie_ends(scores[order])
    w, y = weights[:, order], labels[order].astype(np.float64)
    negative = np.cumsum(w * (1 - y), axis=1)[:, ends]
    positive = np.diff(np.cumsum(w * y, axis=1)[:, ends], axis=1, prepend=0.0)
    before = np.concatenate([np.zeros((len(w), 1)), negative[:, :-1]], axis=1)
    area = (positive * (before + negative) / 2).sum(axis=1)
    return _divide(area, positive.sum(axis=1) * negative[:, -1])


def weighted_multiclass_auc(weights: FloatArray, labels: IntArray, scores: FloatArray) -> FloatArray:
    """Compute the mean over the classes of the AUC of each against the others, for each weighted sample.

    Args:
        weights: Shape (b, n).
        labels: Shape (n,), class numbers from 0.
        scores: Shape (n, n classes).

    Returns:
        Shape (b,): the mean over the classes that have an AUC in the sample; NaN where none has.
    """
    classes = range(scores.shape[1])
    return mean_over(
        [weighted_auc(weights, (labels == one).astype(np.int64), scores[:, one]) for one in classes]
    )


def weighted_average_precision(weights: FloatArray, labels: IntArray, scores: FloatArray) -> FloatArray:
    """Compute the average precision of each weighted sample, ties as one step.

    Args:
        weights: Shape (b, n).
        labels: Shape (n,), 0 or 1.
        scores: Shape (n,).

    Returns:
        Shape (b,); NaN where a class has no weight.
    """
    order = np.argsort(-scores, kind="stable")
    ends = _tie_ends(scores[order])
    w, y = weights[:, order], labels[order].astype(np.float64)
    found = np.cumsum(w * y, axis=1)[:, ends]
    called = np.cumsum(w, axis=1)[:, ends]
    precision = np.nan_to_num(_divide(found, called))
    steps = np.diff(found, axis=1, prepend=0.0)
    both = (found[:, -1] > 0) & (called[:, -1] > found[:, -1])
    return _divide((steps * precision).sum(axis=1), np.where(both, found[:, -1], 0.0))


def weighted_calibration_error(
    weights: FloatArray, labels: IntArray, probabilities: FloatArray, bins: IntArray
) -> FloatArray:
    """Compute the expected calibration error of each weighted sample, the bins being given.

    Args:
        weights: Shape (b, n).
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].
        bins: Shape (n,), bin numbers from 0, as `bin_of` gives them for the original sample.

    Returns:
        Shape (b,).
    """
    member = np.eye(int(bins.max()) + 1)[bins]
    gaps = np.abs((weights * (labels - probabilities)) @ member).sum(axis=1)
    return _divide(gaps, weights.sum(axis=1))
