"""How good the calls and the probabilities of several classes are.

What depends on calls is computed from the matrix of true against called classes, and takes many such matrices at
once, one for each bootstrap sample. For two classes every quantity is that of `metrics` and `proportions`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.ordering import merge_equals
from samesplit.statistics.calibration.binned import bin_of
from samesplit.statistics.calibration.scoring import PROBABILITY_FLOOR
from samesplit.statistics.checks import (
    FloatArray,
    IntArray,
    check_class_probabilities,
    check_classes,
)

__all__ = [
    "accuracy",
    "balanced_accuracy",
    "brier_terms",
    "calibration_gaps",
    "call_classes",
    "class_confusion",
    "classwise_calibration_error",
    "cohen_kappa",
    "f1_macro",
    "log_loss_terms",
    "multiclass_brier",
    "multiclass_log_loss",
]


def call_classes(probabilities: npt.ArrayLike) -> IntArray:
    """Call each lesion by its class of highest probability; of equals the class that is declared first.

    Probabilities that differ by no more than a relative 1e-9 are equal, see `samesplit.ordering`.

    Args:
        probabilities: Shape (n, n classes), rows that sum to 1.

    Returns:
        Shape (n,), class numbers.

    Raises:
        StatisticsError: They are no probabilities of classes.

    Example:
        >>> call_classes([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]]).tolist()
        [1, 0]
    """
    values = np.asarray(probabilities, dtype=np.float64)
    values = check_class_probabilities(values, n=len(values) if values.ndim else 0)
    calls: IntArray = np.argmax(merge_equals(values, axis=1), axis=1).astype(np.int64)
    return calls


def class_confusion(labels: npt.ArrayLike, calls: npt.ArrayLike, *, n_classes: int) -> FloatArray:
    """Count true classes against called ones.

    Args:
        labels: Shape (n,), class numbers from 0.
        calls: Shape (n,), class numbers from 0.
        n_classes: How many classes there are.

    Returns:
        Shape (n classes, n classes): true classes in rows, called ones in columns.

    Raises:
        StatisticsError: Numbers that name no class.

    Example:
        >>> class_confusion([0, 0, 1, 2], [0, 1, 1, 2], n_classes=3).tolist()
        [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    truth = check_classes(labels, n_classes=n_classes)
    called = check_classes(calls, n_classes=n_classes)
    counts = np.bincount(truth * n_classes + called, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes).astype(np.float64)


def accuracy(counts: FloatArray) -> FloatArray:
    """Compute the share of lesions that are called by their true class.

    Args:
        counts: Shape (..., n classes, n classes), see `class_confusion`.

    Returns:
        Shape (...); NaN without lesions.

    Example:
        >>> float(accuracy(np.array([[3.0, 1.0], [0.0, 4.0]])))
        0.875
    """
    return _share(_diagonal(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def balanced_accuracy(counts: FloatArray) -> FloatArray:
    """Compute the mean over the classes of their sensitivity, so that a rare class counts as much as a common one.

    Args:
        counts: Shape (..., n classes, n classes), see `class_confusion`.

    Returns:
        Shape (...): the mean over the classes that have lesions; 1 / n classes for calls by chance.

    References:
        Brodersen KH, et al. The balanced accuracy and its posterior distribution. ICPR 2010:3121-3124.
        doi:10.1109/ICPR.2010.764.

    Example:
        >>> float(balanced_accuracy(np.array([[3.0, 1.0], [0.0, 4.0]])))
        0.875
    """
    return _mean_of_known(_share(_diagonal(counts), counts.sum(axis=-1)))


def f1_macro(counts: FloatArray) -> FloatArray:
    """Compute the mean over the classes of their F1 score, 2 TP / (2 TP + FP + FN).

    Args:
        counts: Shape (..., n classes, n classes), see `class_confusion`.

    Returns:
        Shape (...): the mean over the classes that have lesions or calls.

    Example:
        >>> round(float(f1_macro(np.array([[3.0, 1.0], [0.0, 4.0]]))), 4)
        0.873
    """
    return _mean_of_known(_share(2 * _diagonal(counts), counts.sum(axis=-1) + counts.sum(axis=-2)))


def cohen_kappa(counts: FloatArray) -> FloatArray:
    """Compute Cohen's kappa of calls and truth: agreement beyond what the frequencies alone would give.

    Args:
        counts: Shape (..., n classes, n classes), see `class_confusion`.

    Returns:
        Shape (...): 1 for perfect agreement, 0 for agreement by chance; NaN where all lesions are, and are called,
        one class.

    References:
        Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas 1960;20:37-46.
        doi:10.1177/001316446002000104.

    Example:
        >>> float(cohen_kappa(np.array([[3.0, 1.0], [0.0, 4.0]])))
        0.75
    """
    n = counts.sum(axis=(-2, -1))
    by_chance = _share((counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1), n**2)
    return _share(accuracy(counts) - by_chance, 1 - by_chance)


def multiclass_brier(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Compute the Brier score of several classes: half the mean sum of squared distances, from 0 (best) to 1.

    Brier (1950) adds the squares of all classes; half of it is the usual Brier score where there are two.

    Args:
        labels: Shape (n,), class numbers from 0.
        probabilities: Shape (n, n classes), rows that sum to 1.

    Raises:
        StatisticsError: Labels or probabilities are not such.

    References:
        Brier GW. Verification of forecasts expressed in terms of probability. Mon Weather Rev 1950;78:1-3.
        doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.

    Example:
        >>> round(multiclass_brier([0, 2], [[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]]), 3)
        0.095
    """
    return float(brier_terms(*_both(labels, probabilities)).mean())


def multiclass_log_loss(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Compute the mean negative logarithm of the true class's probability, in nats.

    Probabilities are kept 1e-6 away from 0 and 1.

    Args:
        labels: Shape (n,), class numbers from 0.
        probabilities: Shape (n, n classes), rows that sum to 1.

    Raises:
        StatisticsError: Labels or probabilities are not such.

    Example:
        >>> round(multiclass_log_loss([0, 2], [[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]]), 3)
        0.347
    """
    return float(log_loss_terms(*_both(labels, probabilities)).mean())


def classwise_calibration_error(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, *, n_bins: int = 10
) -> float:
    """Compute the mean over the classes of the expected calibration error of each against the rest.

    Args:
        labels: Shape (n,), class numbers from 0.
        probabilities: Shape (n, n classes), rows that sum to 1.
        n_bins: How many bins of equal width each class has.

    Returns:
        Between 0 (calibrated in every bin of every class) and 1. It grows with the number of bins and is biased
        upwards in small samples, so it compares models on the same lesions alone.

    Raises:
        StatisticsError: Labels or probabilities are not such.

    References:
        Kull M, et al. Beyond temperature scaling. NeurIPS 2019. arXiv:1910.12656.

    Example:
        >>> round(classwise_calibration_error([0, 1, 2], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.4, 0.6]]), 4)
        0.0889
    """
    gaps, member = calibration_gaps(*_both(labels, probabilities), n_bins=n_bins)
    return float(np.abs((gaps[:, :, np.newaxis] * member).sum(axis=0)).sum()) / gaps.size


def brier_terms(truth: IntArray, values: FloatArray) -> FloatArray:
    """Return each lesion's part of the Brier score.

    Args:
        truth: Shape (n,), class numbers, checked.
        values: Shape (n, n classes), probabilities, checked.
    """
    result: FloatArray = ((values - np.eye(values.shape[1])[truth]) ** 2).sum(axis=1) / 2
    return result


def log_loss_terms(truth: IntArray, values: FloatArray) -> FloatArray:
    """Return each lesion's part of the log loss.

    Args:
        truth: Shape (n,), class numbers, checked.
        values: Shape (n, n classes), probabilities, checked.
    """
    own = values[np.arange(truth.size), truth]
    result: FloatArray = -np.log(np.clip(own, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR))
    return result


def calibration_gaps(
    truth: IntArray, values: FloatArray, *, n_bins: int = 10
) -> tuple[FloatArray, FloatArray]:
    """Return what the calibration error of each class sums up.

    Args:
        truth: Shape (n,), class numbers, checked.
        values: Shape (n, n classes), probabilities, checked.
        n_bins: How many bins of equal width each class has.

    Returns:
        Truth (0 or 1) minus probability, shape (n, n classes), and which bin each probability is in as 0 and 1,
        shape (n, n classes, n bins).
    """
    bins = bin_of(values.ravel(), n_bins=n_bins).reshape(values.shape)
    return np.eye(values.shape[1])[truth] - values, np.eye(n_bins)[bins]


def _both(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> tuple[IntArray, FloatArray]:
    values = np.asarray(probabilities, dtype=np.float64)
    truth = check_classes(labels, n_classes=values.shape[1] if values.ndim == 2 else 2)
    return truth, check_class_probabilities(values, n=truth.size)


def _diagonal(counts: FloatArray) -> FloatArray:
    result: FloatArray = np.diagonal(counts, axis1=-2, axis2=-1)
    return result


def _share(above: npt.ArrayLike, below: npt.ArrayLike) -> FloatArray:
    """Divide; what is divided by 0 is NaN without a warning."""
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    result: FloatArray = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result


def _mean_of_known(shares: FloatArray) -> FloatArray:
    """Average over the classes that have a share; NaN where none has."""
    known = ~np.isnan(shares)
    return _share(np.where(known, shares, 0.0).sum(axis=-1), known.sum(axis=-1))
