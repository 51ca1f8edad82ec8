"""The power of a test of one difference, and the smallest true difference that a study can detect.

Two kinds of test: two-sided against no difference, and one-sided non-inferiority against a margin. Both take
the standard error and, where it is itself estimated from few readers, the denominator degrees of freedom.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, check_confidence

__all__ = ["check_power", "detectable_difference", "power_of_difference", "powers"]

_NO_SHIFT = 1e-12  # (difference / standard error) squared
_MOST = 1e3
"""No search goes beyond so many standard errors."""


def power_of_difference(
    difference: float,
    standard_error: float,
    *,
    margin: float | None = None,
    confidence: float = 0.95,
    df: float | None = None,
) -> float:
    """Compute the probability that a test finds a true difference.

    Without a margin the test is two-sided against no difference, so that the power of a difference of 0 is
    1 - confidence. With a margin it is the one-sided test of non-inferiority at (1 - confidence) / 2, which is
    passed when the two-sided interval lies above -margin.

    Args:
        difference: The true difference; in favour of what is tested when above 0.
        standard_error: Of the estimated difference, above 0.
        margin: By how much what is tested may be worse and still count as not inferior, 0 or more; None tests
            two-sided against no difference.
        confidence: Of the two-sided interval.
        df: Denominator degrees of freedom; None for a normal estimate.

    Returns:
        Between 0 and 1.

    Raises:
        StatisticsError: A difference that is no number, a standard error or degrees of freedom not above 0, a
            margin below 0, or a confidence outside (0, 1).

    Example:
        >>> round(power_of_difference(0.05, 0.02), 3)
        0.705
        >>> round(power_of_difference(0.0, 0.02, margin=0.05), 3)
        0.705
    """
    _check(standard_error, df)
    if not math.isfinite(difference):
        raise StatisticsError(
            f"a difference of {difference:g} is no number", remedy="give the true difference"
        )
    if margin is not None and not margin >= 0:
        raise StatisticsError(
            f"a margin of {margin!r} is below 0",
            remedy="give the loss that is still accepted as a number above 0",
        )
    shift = (difference + (margin or 0.0)) / standard_error
    return float(powers(shift, df=df, one_sided=margin is not None, confidence=confidence))


def powers(
    shifts: npt.ArrayLike,
    *,
    df: npt.ArrayLike | None = None,
    one_sided: bool = False,
    confidence: float = 0.95,
) -> FloatArray:
    """Compute the power of many tests at once.

    Args:
        shifts: Any shape, (difference + margin) / standard error.
        df: A shape that goes with it; None, or infinite, for a normal estimate.
        one_sided: Whether the test is of (1 - confidence) / 2 in the upper tail alone.
        confidence: Of the two-sided interval.

    Returns:
        The common shape.
    """
    shift, level = np.asarray(shifts, dtype=np.float64), 1 - check_confidence(confidence)
    squared = shift**2
    if one_sided:
        normal = stats.norm.sf(stats.norm.isf(level / 2) - shift)
    else:
        normal = stats.ncx2.sf(stats.chi2.isf(level, 1), 1, squared)
    if df is None:
        return np.asarray(normal, dtype=np.float64)
    degrees = np.asarray(df, dtype=np.float64)
    finite = np.isfinite(degrees)
    own = np.where(finite, degrees, 1.0)
    if one_sided:
        found = stats.nct.sf(stats.t.isf(level / 2, own), own, shift)
    else:  # without noncentrality scipy's F comes out negative
        found = stats.ncf.sf(stats.f.isf(level, 1, own), 1, own, np.maximum(squared, _NO_SHIFT))
        found = np.where(squared <= _NO_SHIFT, level, found)
    return np.asarray(np.where(finite, found, normal), dtype=np.float64)


def detectable_difference(
    standard_error: float,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    df: float | None = None,
    margin: float | None = None,
) -> float:
    """Compute the smallest true difference that a study finds with a given power.

    A study whose detectable difference is larger than what would matter is underpowered: that it "shows no
    difference" says little.

    Args:
        standard_error: Of the estimated difference, above 0.
        power: The probability of finding it, above 1 - confidence (above half of that with a margin).
        confidence: Of the two-sided interval.
        df: Denominator degrees of freedom; None for a normal estimate.
        margin: Of a test of non-inferiority; None tests two-sided against no difference.

    Returns:
        Without a margin the difference, above 0, in either direction. With a margin the true difference from
        which on the study shows non-inferiority with that power; it may be below 0.

    Raises:
        StatisticsError: A standard error or degrees of freedom not above 0, or a power that no difference has.

    Example:
        >>> round(detectable_difference(0.02), 4)
        0.056
        >>> round(detectable_difference(0.02, df=5), 4)
        0.0703
    """
    _check(standard_error, df)
    least = 1 - check_confidence(confidence)
    check_power(power, above=least if margin is None else least / 2)
    tested = None if margin is None else 0.0

    def lacking(shift: float) -> float:
        return power_of_difference(shift, 1.0, margin=tested, confidence=confidence, df=df) - power

    high = 1.0
    while lacking(high) < 0:
        high *= 2
        if high > _MOST:
            raise StatisticsError(
                f"with {df:g} degrees of freedom no difference is found with a power of {power:g}",
                remedy="plan with more readers",
            )
    shift = float(optimize.brentq(lacking, 0.0, high, xtol=1e-13, rtol=1e-13))
    return shift * standard_error - (margin or 0.0)


def check_power(power: float, *, above: float = 0.0) -> float:
    """Return a power that a test can have.

    Raises:
        StatisticsError: It is not between `above`, which the test has without any difference, and 1.
    """
    if not above < power < 1:
        raise StatisticsError(
            f"a power of {power!r} is not between {above:g} and 1",
            remedy="use 0.8 for a study that finds the difference four times in five",
        )
    return power


def _check(standard_error: float, df: float | None) -> None:
    if not (standard_error > 0 and math.isfinite(standard_error)):
        raise StatisticsError(
            f"a standard error of {standard_error!r} is not a number above 0",
            remedy="give the standard error of the estimated difference",
        )
    if df is not None and not df > 0:
        raise StatisticsError(
            f"{df!r} degrees of freedom are not above 0", remedy="leave them out for a normal estimate"
        )
