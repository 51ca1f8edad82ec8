"""Intervals and tests by Student's t with degrees of freedom that were estimated."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from scipy import stats

from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval, cut_off, is_degenerate

__all__ = ["DegreesRule", "one_sided_p", "t_interval"]

DegreesRule = Literal["exact", "imrmc"]
"""What a t distribution is given: the degrees of freedom as they are, or as iMRMC does their whole part below
50 and a normal distribution from 50 on."""


def t_interval(
    estimate: float,
    variance: float,
    df: float,
    *,
    method: str,
    confidence: float = 0.95,
    null: float | None = 0.0,
    bounds: tuple[float, float] | None = None,
    degrees: DegreesRule = "exact",
    note: str = "",
) -> Interval:
    """Make the t interval of an estimate and its two-sided test.

    Args:
        estimate: The point estimate.
        variance: Its estimated variance.
        df: Degrees of freedom of the variance; infinite for the normal distribution.
        method: The name to report.
        confidence: Two-sided coverage.
        null: What the estimate is tested against; None for no test.
        bounds: Where the interval is cut off, which is noted.
        degrees: See `DegreesRule`.
        note: What a reader must know besides.

    Returns:
        The interval; without a positive variance its bounds are NaN and the note says so.

    Example:
        >>> round(t_interval(0.1, 0.0025, 10.0, method="t").p_value, 4)
        0.0734
    """
    alpha = 1 - check_confidence(confidence)
    if is_degenerate(variance) or math.isnan(df):
        told = note or "the variance estimate is not positive: no interval, no test"
        same = null is not None and math.isclose(estimate, null, abs_tol=1e-12) and not math.isnan(variance)
        p = 1.0 if same else math.nan
        return Interval(estimate, math.nan, math.nan, method, told, p)
    error, used = math.sqrt(variance), _used(df, degrees)
    found = cut_off(estimate, float(stats.t.isf(alpha / 2, used)) * error, method=method, bounds=bounds)
    p = math.nan if null is None else 2 * float(stats.t.sf(abs(estimate - null) / error, used))
    notes = "; ".join(part for part in (note, found.note) if part)
    return replace(found, note=notes, p_value=p)


def one_sided_p(
    estimate: float, variance: float, df: float, *, above: float, degrees: DegreesRule = "exact"
) -> float:
    """Test one-sidedly whether an estimate lies above a value.

    Args:
        estimate: The point estimate.
        variance: Its estimated variance.
        df: Degrees of freedom.
        above: The value, such as minus the margin of a non-inferiority test.
        degrees: See `DegreesRule`.

    Returns:
        The probability of so large an estimate were the truth at `above`; NaN without a positive variance.

    Example:
        >>> round(one_sided_p(0.0, 0.0025, 10.0, above=-0.1), 4)
        0.0367
    """
    if is_degenerate(variance) or math.isnan(df):
        return math.nan
    return float(stats.t.sf((estimate - above) / math.sqrt(variance), _used(df, degrees)))


def _used(df: float, degrees: DegreesRule) -> float:
    if degrees == "exact":
        return df
    return math.inf if df >= 50 else math.floor(df)
