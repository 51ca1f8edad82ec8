"""What every statistic asks of its input before it computes anything."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError

__all__ = [
    "AnyArray",
    "FloatArray",
    "IntArray",
    "check_class_probabilities",
    "check_classes",
    "check_confidence",
    "check_labels",
    "check_numbers",
    "check_scores",
    "codes_of",
]

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
AnyArray: TypeAlias = npt.NDArray[Any]

_SUM_TOLERANCE = 1e-6
"""How far the probabilities of the classes may be from 1 in sum."""


def check_labels(labels: npt.ArrayLike, *, both_classes: bool = True) -> IntArray:
    """Return `labels` as integers 0 and 1, or say what is wrong with them.

    Args:
        labels: Shape (n,), 0 for the negative and 1 for the positive class.
        both_classes: Whether a missing class is an error.

    Returns:
        Shape (n,), int64.

    Raises:
        StatisticsError: Not one-dimensional, empty, other values than 0 and 1, or a class missing.
    """
    values = np.asarray(labels)
    if values.ndim != 1 or values.size == 0:
        raise StatisticsError(f"labels must be a non-empty column of numbers, not of shape {values.shape}")
    if not np.isin(values, (0, 1)).all():
        found = ", ".join(sorted({str(v) for v in values[~np.isin(values, (0, 1))]})[:5])
        raise StatisticsError(
            f"labels must be 0 or 1, found {found}", remedy="map the two classes of the task to 0 and 1"
        )
    numbers = values.astype(np.int64)
    positives = int(numbers.sum())
    if both_classes and positives in (0, numbers.size):
        missing = "positive" if positives == 0 else "negative"
        raise StatisticsError(
            f"none of the {numbers.size} lesions is {missing}: the statistic is not defined",
            remedy="evaluate on lesions of both classes",
        )
    return numbers


def check_scores(scores: npt.ArrayLike, *, n: int, probabilities: bool = False) -> FloatArray:
    """Return `scores` as floats, or say what is wrong with them.

    Args:
        scores: Shape (n,) or (n, k), any real numbers where more means more likely positive.
        n: The number of labels.
        probabilities: Whether values outside [0, 1] are an error.

    Returns:
        The same shape, float64.

    Raises:
        StatisticsError: Text, none or a length other than `n`, values that are not finite, or not probabilities.
    """
    values = check_numbers(scores, what="scores")
    if values.ndim not in (1, 2) or values.shape[0] != n or values.size == 0:
        raise StatisticsError(f"{n} labels do not fit scores of shape {values.shape}")
    if not np.isfinite(values).all():
        raise StatisticsError(
            f"{int((~np.isfinite(values)).sum())} scores are missing or infinite",
            remedy="leave out the lesions without a score; a missing score is not a benign call",
        )
    if probabilities and (values.min() < 0 or values.max() > 1):
        raise StatisticsError(
            f"probabilities run from {values.min():g} to {values.max():g}, outside [0, 1]",
            remedy="map the scores to probabilities first",
        )
    return values


def check_numbers(values: npt.ArrayLike, *, what: str) -> FloatArray:
    """Return values as floats, or say which of them is no number.

    Args:
        values: Any shape; missing ones are NaN or None.
        what: What they are, for the message.

    Raises:
        StatisticsError: Text that is no number, or rows of different lengths.

    Example:
        >>> check_numbers(["0.5", 1, None], what="scores").tolist()
        [0.5, 1.0, nan]
    """
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as why:
        raise StatisticsError(
            f"{what} must be numbers: {why}",
            remedy="give numbers with a decimal point, and NaN for a missing one",
        ) from why


def check_classes(labels: npt.ArrayLike, *, n_classes: int) -> IntArray:
    """Return `labels` as class numbers from 0 to `n_classes` - 1, or say what is wrong with them.

    Args:
        labels: Shape (n,), the class of each lesion by number; a class may have no lesion.
        n_classes: How many classes there are, two or more.

    Returns:
        Shape (n,), int64.

    Raises:
        StatisticsError: Not one-dimensional, empty, fewer than two classes, or numbers that name no class.
    """
    values = np.asarray(labels)
    if values.ndim != 1 or values.size == 0:
        raise StatisticsError(f"labels must be a non-empty column of numbers, not of shape {values.shape}")
    if n_classes < 2:
        raise StatisticsError(f"{n_classes} class is too few: there is nothing to tell apart")
    outside = ~np.isin(values, np.arange(n_classes))
    if outside.any():
        found = ", ".join(sorted({str(v) for v in values[outside]})[:5])
        raise StatisticsError(
            f"labels must be class numbers from 0 to {n_classes - 1}, found {found}",
            remedy="number the classes of the task in their order, from 0",
        )
    return values.astype(np.int64)


def check_class_probabilities(probabilities: npt.ArrayLike, *, n: int) -> FloatArray:
    """Return probabilities of classes as floats, or say what is wrong with them.

    Args:
        probabilities: Shape (n, n classes), one column a class in the order of the class numbers.
        n: The number of labels.

    Returns:
        The same shape, float64.

    Raises:
        StatisticsError: Another shape, values outside [0, 1] or not finite, or rows that do not sum to 1 within
            1e-6.
    """
    values = check_numbers(probabilities, what="probabilities")
    if values.ndim != 2:
        raise StatisticsError(
            f"probabilities of classes are a table with a column a class, not of shape {values.shape}"
        )
    values = check_scores(values, n=n, probabilities=True)
    wrong = np.flatnonzero(np.abs(values.sum(axis=1) - 1) > _SUM_TOLERANCE)
    if wrong.size:
        raise StatisticsError(
            f"the probabilities of {wrong.size} of {n} lesions do not sum to 1, the first to "
            f"{values[wrong[0]].sum():g}",
            remedy="give one probability for each class of the task; divide them by their sum",
        )
    return values


def check_confidence(confidence: float) -> float:
    """Return `confidence` when it lies strictly between 0 and 1.

    Raises:
        StatisticsError: Otherwise.
    """
    if not 0 < confidence < 1:
        raise StatisticsError(
            f"a confidence of {confidence!r} is not between 0 and 1", remedy="use 0.95 for a 95 % interval"
        )
    return confidence


def codes_of(values: npt.ArrayLike, *, n: int) -> IntArray:
    """Replace the distinct values by 0, 1, ... in sorted order.

    Raises:
        StatisticsError: The length is not `n`.
    """
    array = np.asarray(values)
    if array.shape != (n,):
        raise StatisticsError(f"{n} labels do not fit ids of shape {array.shape}")
    return np.unique(array, return_inverse=True)[1].astype(np.int64)
