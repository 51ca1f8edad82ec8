"""The share without an event at a given time, such as five years, with its interval."""

from __future__ import annotations

import math

import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.interval import Interval
from samesplit.statistics.survival.kaplan_meier import kaplan_meier

__all__ = ["share_without_event"]

_METHOD = "Kaplan-Meier, log(-log)"


def share_without_event(
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    at: float,
    *,
    weights: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Estimate the share of lesions without an event at a time.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        at: The time, above 0.
        weights: Shape (n,), as how many lesions each row counts; None for 1.
        confidence: Two-sided coverage, on the scale of log(-log S).

    Returns:
        The share; NaN with a note where nobody was followed up so long. A share of 1 or 0 has no interval.

    Raises:
        StatisticsError: A time not above 0, or what `kaplan_meier` refuses.

    Example:
        >>> found = share_without_event([1, 2, 3, 4, 5, 6], [1, 0, 1, 0, 1, 0], 3.5)
        >>> round(found.estimate, 3), round(found.ci_low, 3), round(found.ci_high, 3)
        (0.625, 0.142, 0.893)
    """
    if not (at > 0 and math.isfinite(at)):
        raise StatisticsError(f"a time of {at:g} is not above 0")
    curve = kaplan_meier(times, events, weights=weights, confidence=confidence)
    last = curve.iloc[-1]
    if at > last["time"] and last["survival"] > 0:
        note = f"nobody was followed up to {at:g}"
        return Interval(math.nan, math.nan, math.nan, _METHOD, note)
    row = curve[curve["time"] <= at].iloc[-1]
    note = "" if 0 < row["survival"] < 1 else "no interval at the edge of [0, 1]"
    return Interval(float(row["survival"]), float(row["ci_low"]), float(row["ci_high"]), _METHOD, note)
