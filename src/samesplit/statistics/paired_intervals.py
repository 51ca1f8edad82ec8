"""Intervals for the difference of two proportions of the same cases."""

from __future__ import annotations

import math
from typing import Literal, get_args

from scipy import optimize, stats

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval
from samesplit.statistics.proportions import proportion_interval

__all__ = ["PairedInterval", "paired_interval", "tango_interval"]

PairedInterval = Literal["Tango", "Agresti-Min", "Newcombe", "Wald"]
"""`Tango` inverts the score test and holds its coverage best in small samples; `Agresti-Min` is the Wald interval
with half a case added to each of the four cells; `Newcombe` is his method 10, from the two Wilson intervals and
their correlation; `Wald` is there to be compared with, and is a point without discordant cases."""


_STEP = 1e-10  # how near to the estimate and to -1 and 1 the bounds of Tango's interval are looked for


def paired_interval(
    both: int,
    only_first: int,
    only_second: int,
    neither: int,
    *,
    method: PairedInterval = "Tango",
    confidence: float = 0.95,
) -> Interval:
    """Estimate the difference of two proportions of the same independent cases.

    Args:
        both: Cases that both raters have right.
        only_first: Cases that only the first has right.
        only_second: Cases that only the second has right.
        neither: Cases that none of them has right.
        method: See `PairedInterval`.
        confidence: Two-sided coverage.

    Returns:
        The proportion of the first minus that of the second, within -1 and 1. No p-value: see `mcnemar_p_value`.

    Raises:
        StatisticsError: A negative count, no case at all, or an unknown method.

    References:
        Tango T. Stat Med 1998;17:891-908, doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B.
        Agresti A, Min Y. Stat Med 2005;24:729-740, doi:10.1002/sim.1781. Newcombe RG. Stat Med 1998;17:2635-2650,
        doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C.

    Example:
        >>> for method in ("Tango", "Agresti-Min", "Newcombe"):
        ...     found = paired_interval(40, 3, 10, 30, method=method)
        ...     print(method, round(found.ci_low, 3), round(found.ci_high, 3))
        Tango -0.179 0.001
        Agresti-Min -0.167 0.002
        Newcombe -0.168 0.002
    """
    if method not in get_args(PairedInterval):
        raise StatisticsError(
            f"unknown interval {method!r}", remedy=f"use one of {', '.join(get_args(PairedInterval))}"
        )
    n = both + only_first + only_second + neither
    if min(both, only_first, only_second, neither) < 0 or n < 1:
        raise StatisticsError(f"{both}, {only_first}, {only_second} and {neither} paired cases cannot be")
    z = float(stats.norm.isf((1 - check_confidence(confidence)) / 2))
    if method == "Tango":
        low, high = _tango(only_first, only_second, n, z)
    elif method == "Newcombe":
        low, high = _newcombe(both, only_first, only_second, neither, confidence)
    else:
        added = 0.5 if method == "Agresti-Min" else 0.0
        low, high = _wald(only_first + added, only_second + added, n + 4 * added, z)
    estimate = (only_first - only_second) / n
    low, high = (
        max(-1.0, min(low, estimate)),
        min(1.0, max(high, estimate)),
    )  # a low confidence could leave it out
    return Interval(estimate, low, high, method)


def tango_interval(only_first: int, only_second: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Estimate the difference of two proportions of the same independent cases with Tango's score interval.

    Args:
        only_first: Cases that only the first has right.
        only_second: Cases that only the second has right.
        n: All cases, those on which both agree included.
        confidence: Two-sided coverage.

    Returns:
        First minus second.

    Raises:
        StatisticsError: More discordant cases than cases, or none at all.

    Example:
        >>> found = tango_interval(3, 10, 83)
        >>> round(found.estimate, 3), round(found.ci_low, 3), round(found.ci_high, 3)
        (-0.084, -0.179, 0.001)
    """
    agreeing = n - only_first - only_second
    return paired_interval(agreeing, only_first, only_second, 0, method="Tango", confidence=confidence)


def _wald(b: float, c: float, n: float, z: float) -> tuple[float, float]:
    centre = (b - c) / n
    error = math.sqrt((b + c) - (b - c) ** 2 / n) / n
    return centre - z * error, centre + z * error


def _tango(b: int, c: int, n: int, z: float) -> tuple[float, float]:
    """Return the differences that a score test of size 1 - confidence does not reject."""

    def distance(delta: float) -> float:
        """How far, in squared standard errors beyond z, the observed difference is from `delta`."""
        centre = -b - c + (2 * n - b + c) * delta
        last = -c * delta * (1 - delta)
        q = (math.sqrt(max(centre**2 - 8 * n * last, 0.0)) - centre) / (4 * n)
        variance = n * (2 * q + delta * (1 - delta))
        return (b - c - n * delta) ** 2 - z**2 * max(variance, 0.0)

    estimate = (b - c) / n
    low, high = -1.0, 1.0
    if estimate > -1 + _STEP and distance(-1 + _STEP) > 0:
        low = float(optimize.brentq(distance, -1 + _STEP, estimate - _STEP, xtol=1e-13))
    if estimate < 1 - _STEP and distance(1 - _STEP) > 0:
        high = float(optimize.brentq(distance, estimate + _STEP, 1 - _STEP, xtol=1e-13))
    return low, high


def _newcombe(a: int, b: int, c: int, d: int, confidence: float) -> tuple[float, float]:
    """Return Newcombe's method 10: squared distances from two Wilson intervals, with their correlation."""
    n = a + b + c + d
    first = proportion_interval(a + b, n, confidence=confidence, method="Wilson")
    second = proportion_interval(a + c, n, confidence=confidence, method="Wilson")
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    surplus = float(a * d - b * c)
    if surplus > 0:
        surplus = max(surplus - n / 2, 0.0)  # the continuity correction that tells method 10 from method 8
    correlation = surplus / math.sqrt(margins) if margins else 0.0
    difference = (b - c) / n

    def apart(one: float, other: float) -> float:
        return math.sqrt(max(one**2 - 2 * correlation * one * other + other**2, 0.0))

    below = apart(first.estimate - first.ci_low, second.ci_high - second.estimate)
    above = apart(first.ci_high - first.estimate, second.estimate - second.ci_low)
    return difference - below, difference + above
