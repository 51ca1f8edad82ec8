"""Two raters of the same independent lesions: the difference of their proportions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.interval import Interval
from samesplit.statistics.mcnemar import mcnemar_p_value
from samesplit.statistics.paired_intervals import paired_interval

__all__ = ["paired_difference", "paired_proportions"]


def paired_difference(only_first: int, only_second: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Compare two proportions of the same independent lesions.

    The interval is the adjusted Wald one for matched pairs (Agresti and Min 2005: half a lesion added to each
    of the four cells); the p-value is McNemar's, exact and two-sided.

    Args:
        only_first: Lesions that only the first has right.
        only_second: Lesions that only the second has right.
        n: All lesions, those on which both agree included.
        confidence: Two-sided coverage.

    Returns:
        First minus second with interval, cut off at -1 and 1, and p-value.

    Raises:
        StatisticsError: More discordant lesions than lesions, or none at all.

    References:
        Agresti A, Min Y. Stat Med 2005;24:729-740. doi:10.1002/sim.1781.

    Example:
        >>> found = paired_difference(3, 10, 83)
        >>> round(found.estimate, 3), round(found.p_value, 3)
        (-0.084, 0.092)
    """
    if min(only_first, only_second) < 0 or n < 1 or only_first + only_second > n:
        raise StatisticsError(f"{only_first} + {only_second} discordant of {n} lesions cannot be")
    agreeing = n - only_first - only_second
    found = paired_interval(agreeing, only_first, only_second, 0, method="Agresti-Min", confidence=confidence)
    p = mcnemar_p_value(only_first, only_second)
    return replace(found, method="Agresti-Min; exact McNemar", p_value=p)


def paired_proportions(first: npt.ArrayLike, second: npt.ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Compare two columns of right (1) and wrong (0) calls on the same independent lesions.

    Args:
        first: Shape (n,), 1 where the first is right.
        second: Shape (n,), 1 where the second is right.
        confidence: Two-sided coverage.

    Returns:
        The share of right calls of `first` minus that of `second`.

    Raises:
        StatisticsError: Lengths that differ, or no lesions.

    Example:
        >>> found = paired_proportions([1, 1, 1, 1, 0, 1, 1, 0], [1, 0, 1, 0, 0, 1, 0, 0])
        >>> round(found.estimate, 3), round(found.p_value, 3)
        (0.375, 0.25)
    """
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if a.shape != b.shape:
        raise StatisticsError(f"{a.size} calls cannot be paired with {b.size}")
    return paired_difference(int((a & ~b).sum()), int((b & ~a).sum()), a.size, confidence=confidence)
