"""Intervals of an AUC that is known as a number only, without the scores behind it."""

from __future__ import annotations

from samesplit.errors import StatisticsError
from samesplit.statistics.interval import Interval, normal_interval

__all__ = ["hanley_mcneil", "hanley_mcneil_variance"]


def hanley_mcneil(auc: float, positives: float, negatives: float, *, confidence: float = 0.95) -> Interval:
    """Estimate the interval of an AUC from its value and the numbers of both classes alone.

    It is for AUCs that were published without interval. Where scores are at hand, use DeLong's interval
    (`samesplit.statistics.auc_interval`), which makes no assumption on their distribution.

    Args:
        auc: Between 0 and 1.
        positives: How many cases of the positive class.
        negatives: How many of the negative class.
        confidence: Two-sided coverage.

    Returns:
        The AUC with an interval that is cut off at 0 and 1; NaN bounds with a note where the AUC is 0 or 1.

    Raises:
        StatisticsError: An AUC outside [0, 1], or fewer than one case of a class.

    References:
        Hanley JA, McNeil BJ. Radiology 1982;143:29-36. doi:10.1148/radiology.143.1.7063747.

    Example:
        >>> found = hanley_mcneil(0.73, 63, 49)
        >>> round(found.ci_low, 3), round(found.ci_high, 3)
        (0.638, 0.822)
    """
    variance = hanley_mcneil_variance(auc, positives, negatives)
    return normal_interval(auc, variance, method="Hanley-McNeil", confidence=confidence, bounds=(0.0, 1.0))


def hanley_mcneil_variance(auc: float, positives: float, negatives: float) -> float:
    """Compute the variance of an AUC from its value and the numbers of both classes alone.

    Args:
        auc: Between 0 and 1.
        positives: How many cases of the positive class.
        negatives: How many of the negative class.

    Raises:
        StatisticsError: An AUC outside [0, 1], or fewer than one case of a class.

    References:
        Hanley JA, McNeil BJ. Radiology 1982;143:29-36. doi:10.1148/radiology.143.1.7063747.

    Example:
        >>> round(hanley_mcneil_variance(0.893, 51, 58) ** 0.5, 4)
        0.0325
    """
    if not 0 <= auc <= 1:
        raise StatisticsError(f"{auc!r} is no AUC: it must lie between 0 and 1")
    if positives < 1 or negatives < 1:
        raise StatisticsError(f"{positives:g} positive and {negatives:g} negative cases have no AUC")
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (positives - 1) * (first - auc**2) + (negatives - 1) * (second - auc**2)
    return spread / (positives * negatives)
