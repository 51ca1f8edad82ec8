"""Intervals where the usual variance is zero or cannot be estimated: perfect separation, ties, one patient.

They are used only there. Patients are what is counted: several lesions or predictions of a patient are as good
as one, which is the least that they can be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import optimize, stats

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval
from samesplit.statistics.proportions import proportion_interval

__all__ = ["NEWCOMBE", "apart", "exact_interval", "newcombe_interval"]

NEWCOMBE = "Newcombe method 5"

Sizes = Sequence[Sequence[tuple[int, int]]]
"""Of each run (a seed's repeat) and fold: patients with a positive lesion, and with a negative one."""

_STEP = 1e-9  # how near to the estimate and to 0 and 1 the bounds are looked for


def newcombe_interval(estimate: float, sizes: Sizes, *, confidence: float = 0.95) -> Interval:
    """Make the score interval of an AUC from its value and the numbers of patients alone.

    The bounds are the areas from which the estimate lies z standard errors away, the variance being that of
    Hanley and McNeil at the bound, with both class sizes in its numerator replaced by their mean minus 1: A (1
    - A) (1 + s (1 - A) / (2 - A) + s A / (1 + A)) / (m n) with s = (m + n) / 2 - 1. It needs no variance of the
    sample, so it holds for an AUC of 0 or 1. Folds are independent parts of their run; repeats and seeds add no
    patients, so their variance is the mean of the runs'.

    Args:
        estimate: The AUC, the mean over folds if there are several.
        sizes: See `Sizes`.
        confidence: Two-sided coverage.

    Returns:
        The interval, within [0, 1].

    Raises:
        StatisticsError: The estimate is no AUC, or a fold lacks a class.

    References:
        Newcombe RG. Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part 2:
        asymptotic methods and evaluation. Stat Med 2006;25:559-573. doi:10.1002/sim.2324.

    Example:
        >>> found = newcombe_interval(1.0, [[(10, 10)]])
        >>> round(found.ci_low, 3), found.ci_high
        (0.8, 1.0)
    """
    if not 0 <= estimate <= 1 or not sizes or any(min(pair) < 1 for run in sizes for pair in run):
        raise StatisticsError(f"an AUC of {estimate!r} of folds with {sizes!r} patients cannot be")
    z = float(stats.norm.isf((1 - check_confidence(confidence)) / 2))

    def distance(area: float) -> float:
        return (area - estimate) ** 2 - z**2 * _variance(area, sizes)

    low, high = 0.0, 1.0
    if estimate > 2 * _STEP:
        low = float(optimize.brentq(distance, _STEP**2, estimate - _STEP))
    if estimate < 1 - 2 * _STEP:
        high = float(optimize.brentq(distance, estimate + _STEP, 1 - _STEP**2))
    return Interval(estimate, low, high, NEWCOMBE)


def _variance(area: float, sizes: Sizes) -> float:
    """Return the variance of the mean over folds, averaged over runs."""
    runs = [sum(_of_one(area, m, n) for m, n in run) / len(run) ** 2 for run in sizes]
    return sum(runs) / len(runs)


def _of_one(area: float, m: int, n: int) -> float:
    s = (m + n) / 2 - 1
    return area * (1 - area) * (1 + s * (1 - area) / (2 - area) + s * area / (1 + area)) / (m * n)


def exact_interval(share: float, n_patients: int, *, confidence: float = 0.95) -> Interval:
    """Make the Clopper-Pearson interval of a share of 0 or 1, each patient counting once.

    Args:
        share: 0 or 1.
        n_patients: Patients that count below the line.
        confidence: Two-sided coverage.

    Example:
        >>> round(exact_interval(1.0, 10).ci_low, 3)
        0.692
    """
    found = proportion_interval(
        share * n_patients, n_patients, confidence=confidence, method="Clopper-Pearson"
    )
    return Interval(share, found.ci_low, found.ci_high, "Clopper-Pearson, patients counted once")


def apart(first: Interval, second: Interval, *, confidence: float = 0.95) -> Interval:
    """Subtract two estimates of which at least one stands at its bound, from their intervals alone.

    The distances of the two estimates from their bounds are squared and added, as if the two were independent,
    which for two subjects of the same lesions is too careful rather than not careful enough. The p-value is
    that of the normal distribution for the distance to 0 that this gives.

    Args:
        first: One estimate with its interval.
        second: The other.
        confidence: Of both intervals.

    References:
        Newcombe RG. Interval estimation for the difference between independent proportions. Stat Med
        1998;17:873-890. doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.

    Example:
        >>> a, b = exact_interval(1.0, 10), exact_interval(0.0, 10)
        >>> found = apart(a, b)
        >>> round(found.ci_low, 3), found.ci_high
        (0.564, 1.0)
    """
    difference = first.estimate - second.estimate
    below = math.hypot(first.estimate - first.ci_low, second.ci_high - second.estimate)
    above = math.hypot(first.ci_high - first.estimate, second.estimate - second.ci_low)
    z = float(stats.norm.isf((1 - check_confidence(confidence)) / 2))
    towards_zero = below if difference > 0 else above
    p = 2 * float(stats.norm.sf(z * abs(difference) / towards_zero)) if towards_zero > 0 else math.nan
    method = "squared distances of " + " and ".join(dict.fromkeys((first.method, second.method)))
    return Interval(difference, difference - below, difference + above, method, "", p)
