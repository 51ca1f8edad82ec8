"""Estimates with a standard error and degrees of freedom: their interval, and the tests against any value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval, cut_off, is_degenerate

__all__ = ["StudentInterval", "student_interval"]

_SAME = 1e-12  # two figures that differ by less are the same number


@dataclass(frozen=True)
class StudentInterval(Interval):
    """An interval from Student's t distribution, with all that it was made of.

    Attributes:
        standard_error: Of the estimate; NaN where there is none.
        df: Degrees of freedom; infinite for the normal distribution.
        statistic: The estimate minus the value tested against, in standard errors; NaN where nothing was tested.
    """

    standard_error: float = math.nan
    df: float = math.inf
    statistic: float = math.nan

    def p_above(self, value: float = 0.0) -> float:
        """Test one-sided whether the true value is above `value`.

        Args:
            value: The largest value of the null hypothesis.

        Returns:
            The P value of the null hypothesis that the true value is at most `value`; NaN without a standard
            error.

        Example:
            >>> round(student_interval(0.03, 0.0004, 20.0, method="t").p_above(0.0), 4)
            0.0746
        """
        return _tail((self.estimate - value) / self.standard_error, self.df)

    def p_below(self, value: float = 0.0) -> float:
        """Test one-sided whether the true value is below `value`.

        Args:
            value: The smallest value of the null hypothesis.

        Returns:
            The P value of the null hypothesis that the true value is at least `value`; NaN without a standard
            error.
        """
        return _tail((value - self.estimate) / self.standard_error, self.df)


def student_interval(
    estimate: float,
    variance: float,
    df: float,
    *,
    method: str,
    confidence: float = 0.95,
    bounds: tuple[float, float] | None = None,
    null: float | None = None,
    note: str = "",
) -> StudentInterval:
    """Make the interval of an estimate whose standard error has its own degrees of freedom.

    Where the variance is zero, negative or undefined there is no interval, and no test unless the estimate is
    the value tested against: then P is 1. Nothing is made up in place of a variance.

    Args:
        estimate: The point estimate.
        variance: Its estimated variance.
        df: Degrees of freedom; infinite for the normal distribution.
        method: The name to report.
        confidence: Two-sided coverage.
        bounds: The smallest and the largest value that can be, where the interval is cut off with a note.
        null: The value to test against, two-sided; None for no test.
        note: What a reader must know besides.

    Returns:
        The interval, with a P value where there is a test.

    Raises:
        StatisticsError: A confidence outside (0, 1).

    Example:
        >>> found = student_interval(0.044, 0.00043, 15.26, method="Obuchowski-Rockette", null=0.0)
        >>> round(found.ci_low, 4), round(found.ci_high, 4), round(found.p_value, 4)
        (-0.0001, 0.0881, 0.0506)
    """
    alpha = 1 - check_confidence(confidence)
    if is_degenerate(variance) or math.isnan(df):
        same = null is not None and abs(estimate - null) < _SAME and not math.isnan(variance)
        why = (
            "no difference and no variance"
            if same
            else "the variance estimate is zero, negative or undefined: no interval, no test"
        )
        return StudentInterval(
            estimate, math.nan, math.nan, method, _joined(note, why), 1.0 if same else math.nan, df=df
        )
    error = math.sqrt(variance)
    found = cut_off(estimate, _quantile(alpha / 2, df) * error, method=method, bounds=bounds)
    statistic = math.nan if null is None else (estimate - null) / error
    return StudentInterval(
        estimate,
        found.ci_low,
        found.ci_high,
        method,
        _joined(note, found.note),
        2 * _tail(abs(statistic), df),
        error,
        df,
        statistic,
    )


def _tail(statistic: float, df: float) -> float:
    """Return the upper tail of Student's t; scipy.stats computes the same in a hundred times as long."""
    return float(ndtr(-statistic) if math.isinf(df) else stdtr(df, -statistic))


def _quantile(tail: float, df: float) -> float:
    return -float(ndtri(tail) if math.isinf(df) else stdtrit(df, tail))


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
