"""Readers' ratings of the same cases, and what every coefficient of agreement needs of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, check_numbers
from samesplit.statistics.interval import Interval

__all__ = ["Agreement", "CategoryWeights", "check_ratings", "count_categories", "weight_matrix"]

CategoryWeights = Literal["none", "linear", "quadratic"]
"""How much two different categories agree: not at all, or the less the further apart they are."""


@dataclass(frozen=True)
class Agreement(Interval):
    """A coefficient of agreement with its interval.

    Attributes:
        standard_error: The standard error that the interval is made of; NaN when there is none.
        statistic: What the p-value was read from (z or t); NaN when nothing was tested.
        n_cases: Cases that went into it.
        n_readers: Readers of whom at least one rating did.
    """

    standard_error: float = float("nan")
    statistic: float = float("nan")
    n_cases: int = 0
    n_readers: int = 0


def check_ratings(ratings: npt.ArrayLike) -> FloatArray:
    """Return ratings as floats, or say what is wrong with them.

    Args:
        ratings: Shape (n cases, n readers), NaN where a reader did not rate a case.

    Returns:
        The same, float64.

    Raises:
        StatisticsError: Fewer than two readers, an infinite rating, or no case that two readers rated.
    """
    table = check_numbers(ratings, what="ratings")
    if table.ndim != 2 or table.shape[1] < 2:
        raise StatisticsError(
            f"agreement needs the ratings of two or more readers; the shape is {table.shape}",
            remedy="give an array of shape (cases, readers), NaN where a reader did not rate a case",
        )
    if np.isinf(table).any():
        raise StatisticsError("ratings must be finite", remedy="leave the rating of an unread case empty")
    if not (np.isfinite(table).sum(axis=1) >= 2).any():
        raise StatisticsError(
            "no case was rated by two readers", remedy="give readings in which readers share cases"
        )
    return table


def count_categories(
    ratings: FloatArray, categories: Sequence[float] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Count, for each case, how many readers chose each category.

    Args:
        ratings: Shape (n cases, n readers), NaN for none.
        categories: All categories of the scale in their order; None takes those that were used, sorted.

    Returns:
        The categories, shape (q,), and the counts, shape (n cases, q).

    Raises:
        StatisticsError: A rating that is no category, or a category twice.

    Example:
        >>> values, counts = count_categories(np.array([[1.0, 3.0], [3.0, np.nan]]))
        >>> values.tolist(), counts.tolist()
        ([1.0, 3.0], [[1.0, 1.0], [0.0, 1.0]])
    """
    known = ratings[~np.isnan(ratings)]
    used = np.unique(known)
    values = used if categories is None else np.asarray(categories, dtype=np.float64)
    if np.unique(values).size != values.size:
        raise StatisticsError("a category of the scale is named twice", remedy="name each category once")
    unknown = used[~np.isin(used, values)]
    if unknown.size:
        raise StatisticsError(
            f"the rating {unknown[0]:g} is no category of the scale",
            remedy=f"the categories are: {', '.join(f'{value:g}' for value in values)}",
        )
    return values, (ratings[:, :, np.newaxis] == values).sum(axis=1).astype(np.float64)


def weight_matrix(weights: CategoryWeights, values: FloatArray) -> FloatArray:
    """Return how much each pair of categories agrees, 1 on the diagonal.

    Args:
        weights: `none`, `linear` (1 - distance over the longest distance) or `quadratic` (1 - its square).
        values: Shape (q,), the categories or their places on the scale.

    Returns:
        Shape (q, q), from 0 to 1.

    Raises:
        StatisticsError: Unknown weights.

    Example:
        >>> weight_matrix("linear", np.array([1.0, 2.0, 3.0]))[0].tolist()
        [1.0, 0.5, 0.0]
    """
    if weights not in get_args(CategoryWeights):
        raise StatisticsError(
            f"unknown weights {weights!r}", remedy=f"use one of {', '.join(get_args(CategoryWeights))}"
        )
    if weights == "none" or values.size < 2:
        return np.eye(values.size)
    distance = np.abs(values[:, np.newaxis] - values) / np.ptp(values)
    return np.asarray(1 - (distance if weights == "linear" else distance**2))
