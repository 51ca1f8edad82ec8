"""An estimate with its interval, and the normal-theory intervals that several statistics share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import check_confidence

__all__ = ["Interval", "Scale", "cut_off", "is_degenerate", "normal_interval", "stricter", "z_test"]

Scale = Literal["plain", "logit"]

_ZERO_VARIANCE = 1e-20  # far below 1/(m n)^2 of any real study, far above rounding error squared


@dataclass(frozen=True)
class Interval:
    """An estimate, its interval and where they come from.

    Attributes:
        estimate: The point estimate; NaN when it is not defined.
        ci_low: Lower bound; NaN when there is none.
        ci_high: Upper bound; NaN when there is none.
        method: The name of the interval or test.
        note: What a reader must know besides; empty when all is well.
        p_value: Two-sided; NaN when nothing was tested.
    """

    estimate: float
    ci_low: float
    ci_high: float
    method: str
    note: str = ""
    p_value: float = math.nan


def is_degenerate(variance: float) -> bool:
    """Whether a variance carries no information: zero, negative or not a number."""
    return not variance > _ZERO_VARIANCE


def normal_interval(
    estimate: float,
    variance: float,
    *,
    method: str,
    confidence: float = 0.95,
    scale: Scale = "plain",
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """Make the interval of an asymptotically normal estimate.

    Args:
        estimate: The point estimate.
        variance: Its estimated variance.
        method: The name to report.
        confidence: Two-sided coverage.
        scale: `plain` is estimate +- z SE; `logit` builds it for log(e / (1 - e)) and maps it back, so that
            it stays inside (0, 1).
        bounds: Where a plain interval is cut off, as pROC does for an AUC; the cut is noted.

    Returns:
        The interval; without variance its bounds are NaN and the note says why.

    Raises:
        StatisticsError: An unknown scale or a confidence outside (0, 1).

    Example:
        >>> found = normal_interval(0.75, 0.0025, method="DeLong")
        >>> round(found.ci_low, 3), round(found.ci_high, 3)
        (0.652, 0.848)
    """
    if scale not in ("plain", "logit"):
        raise StatisticsError(f"unknown scale {scale!r}", remedy="use 'plain' or 'logit'")
    z = float(stats.norm.isf((1 - check_confidence(confidence)) / 2))
    name = method if scale == "plain" else f"{method}, logit"
    if is_degenerate(variance):
        note = "the variance estimate is zero or undefined: no interval"
        return Interval(estimate, math.nan, math.nan, name, note)
    error = math.sqrt(variance)
    if scale == "logit":
        if not 0 < estimate < 1:
            note = "the estimate is at the edge of (0, 1): no interval on the logit scale"
            return Interval(estimate, math.nan, math.nan, name, note)
        centre, step = math.log(estimate / (1 - estimate)), z * error / (estimate * (1 - estimate))
        low, high = (float(stats.logistic.cdf(centre + s)) for s in (-step, step))
        return Interval(estimate, low, high, name)
    return cut_off(estimate, z * error, method=name, bounds=bounds)


def cut_off(
    estimate: float, half_width: float, *, method: str, bounds: tuple[float, float] | None = None
) -> Interval:
    """Return the interval of an estimate plus and minus something, cut off at bounds with a note that says so.

    Args:
        estimate: The point estimate.
        half_width: What is added and subtracted.
        method: The name to report.
        bounds: The smallest and the largest value that can be; None for no such.

    Example:
        >>> cut_off(0.9, 0.2, method="t", bounds=(0.0, 1.0)).note
        'interval cut off at [0, 1]'
    """
    low, high, note = estimate - half_width, estimate + half_width, ""
    if bounds is not None and (low < bounds[0] or high > bounds[1]):
        low, high = max(low, bounds[0]), min(high, bounds[1])
        note = f"interval cut off at [{bounds[0]:g}, {bounds[1]:g}]"
    return Interval(estimate, low, high, method, note)


def z_test(difference: float, variance: float, *, method: str, confidence: float = 0.95) -> Interval:
    """Test a difference against zero, two-sided, and give its interval.

    The p-value comes from the survival function, so that it does not vanish for large z. When the variance
    is zero there is no interval: p is 1 for a difference of exactly zero and NaN otherwise, with a note.

    Args:
        difference: The estimated difference.
        variance: The variance of the difference, covariance included.
        method: The name to report.
        confidence: Two-sided coverage.

    Returns:
        The difference with interval and p-value.

    Example:
        >>> round(z_test(0.1, 0.0025, method="DeLong").p_value, 4)
        0.0455
    """
    if is_degenerate(variance):
        check_confidence(confidence)
        same = abs(difference) < 1e-12
        note = (
            "no difference and no variance: the two rank the lesions alike"
            if same
            else "the variance of the difference is zero or undefined: no interval, no test"
        )
        p = 1.0 if same and not math.isnan(variance) else math.nan
        return Interval(difference, math.nan, math.nan, method, note, p)
    found = normal_interval(difference, variance, method=method, confidence=confidence)
    p = 2 * float(stats.norm.sf(abs(difference) / math.sqrt(variance)))
    return Interval(found.estimate, found.ci_low, found.ci_high, method, "", p)


def stricter(first: Interval, second: Interval) -> Interval:
    """Let a difference pass two tests: the interval is the wider of the two, the p-value the larger.

    So the interval leaves 0 out exactly when the p-value is small.

    Args:
        first: The difference by one method; its estimate is kept.
        second: By another; without an interval it changes nothing but the note.

    Example:
        >>> found = stricter(z_test(0.1, 0.0025, method="A"), z_test(0.1, 0.0016, method="B"))
        >>> round(found.p_value, 4), found.method
        (0.0455, 'stricter of A and B')
    """
    note = "; ".join(dict.fromkeys(part for part in (first.note, second.note) if part))
    if math.isnan(second.ci_low) or math.isnan(first.ci_low):
        return replace(first, note=note)
    below = max(found.estimate - found.ci_low for found in (first, second))
    above = max(found.ci_high - found.estimate for found in (first, second))
    return Interval(
        first.estimate,
        first.estimate - below,
        first.estimate + above,
        f"stricter of {first.method} and {second.method}",
        note,
        max(first.p_value, second.p_value),
    )
