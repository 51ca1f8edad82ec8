"""Equivalence and non-inferiority: a difference tested against margins that were declared beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.ordering import at_most
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = ["Equivalence", "equivalence_of_interval", "tost"]

Verdict = Literal["equivalent", "not shown to be equivalent"]


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of a difference against a lower and an upper margin.

    Attributes:
        interval: The difference with the interval of twice the level, 90 % for tests at 5 %: both tests reject
            exactly when it lies within the margins.
        low: The lower margin.
        high: The upper margin.
        p_low: Of the null hypothesis that the difference is at or below the lower margin (non-inferiority).
        p_high: Of the null hypothesis that the difference is at or above the upper margin (non-superiority).
        p_value: The larger of the two: that of equivalence.
        level: The one-sided level.
    """

    interval: StudentInterval
    low: float
    high: float
    p_low: float
    p_high: float
    p_value: float
    level: float

    @property
    def verdict(self) -> Verdict:
        """What may be said at the level; a missing test shows nothing."""
        return "equivalent" if at_most(self.p_value, self.level) else "not shown to be equivalent"


def tost(
    difference: float,
    standard_error: float,
    *,
    low: float,
    high: float,
    df: float = math.inf,
    level: float = 0.05,
    method: str = "TOST",
) -> Equivalence:
    """Test whether a difference lies within margins, by two one-sided tests.

    A p-value above 0.05 of the usual test is no proof of equality: this test is, when the margins were fixed
    before the results were seen.

    Args:
        difference: The estimated difference.
        standard_error: Its standard error.
        low: The lower margin, as -0.05.
        high: The upper margin, as 0.05.
        df: Degrees of freedom of the standard error; infinite for the normal distribution.
        level: One-sided, of both tests.
        method: The name to report.

    Returns:
        Both tests and the interval that goes with them. Without a standard error there is no test.

    Raises:
        StatisticsError: Margins that do not hold 0 between them, or a level outside (0, 0.5).

    References:
        Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680, doi:10.1007/BF01068419.

    Example:
        >>> found = tost(0.01, 0.02, low=-0.05, high=0.05, df=30)
        >>> round(found.p_low, 4), round(found.p_high, 4), found.verdict
        (0.0027, 0.0273, 'equivalent')
    """
    if not low < 0 < high:
        raise StatisticsError(
            f"margins of {low:g} and {high:g} do not hold 0 between them",
            remedy="give a negative lower and a positive upper margin, declared before the results were seen",
        )
    if not 0 < level < 0.5:
        raise StatisticsError(f"a level of {level!r} is not between 0 and 0.5", remedy="use 0.05")
    variance = standard_error**2 if standard_error > 0 else math.nan
    interval = student_interval(difference, variance, df, method=method, confidence=1 - 2 * level, null=0.0)
    p_low, p_high = interval.p_above(low), interval.p_below(high)
    worse = math.nan if math.isnan(p_low) or math.isnan(p_high) else max(p_low, p_high)
    return Equivalence(interval, low, high, p_low, p_high, worse, level)


def equivalence_of_interval(
    interval: Interval,
    *,
    low: float,
    high: float,
    confidence: float = 0.95,
    df: float | None = None,
    level: float = 0.05,
) -> Equivalence:
    """Test whether the difference of an interval lies within margins.

    Args:
        interval: A difference with a symmetric two-sided interval, by the normal or Student's t distribution.
        low: The lower margin.
        high: The upper margin.
        confidence: Of the interval given.
        df: Its degrees of freedom; None takes those of a `StudentInterval`, else the normal distribution.
        level: One-sided, of both tests.

    Returns:
        See `tost`.

    Raises:
        StatisticsError: An interval that is not symmetric (cut off, or of a score test), whose standard error
            cannot be had from it; or what `tost` refuses.

    Example:
        >>> found = equivalence_of_interval(Interval(0.01, -0.03, 0.05, "z"), low=-0.1, high=0.1)
        >>> found.verdict, f"{found.p_value:.1e}"
        ('equivalent', '5.2e-06')
    """
    check_confidence(confidence)
    degrees = df if df is not None else getattr(interval, "df", math.inf)
    if isinstance(interval, StudentInterval):
        error = interval.standard_error
    else:
        below, above = interval.estimate - interval.ci_low, interval.ci_high - interval.estimate
        if abs(above - below) > 1e-6 * max(abs(above), abs(below)):
            raise StatisticsError(
                f"the interval from {interval.ci_low:g} to {interval.ci_high:g} is not symmetric about "
                f"{interval.estimate:g}: it has no one standard error",
                remedy="see whether an interval of level 1 - 2 x 0.05 by its own method lies within the margins",
            )
        error = (above + below) / 2 / float(stats.t.isf((1 - confidence) / 2, degrees))
    name = f"TOST, {interval.method}"
    return tost(interval.estimate, error, low=low, high=high, df=degrees, level=level, method=name)
