"""The difference of two concordance indices on the same patients."""

from __future__ import annotations

from typing import Literal

import numpy.typing as npt

from samesplit.statistics.interval import Interval, z_test
from samesplit.statistics.survival.censoring import uno_weights
from samesplit.statistics.survival.concordance import concordance_influence

__all__ = ["compare_concordance"]


def compare_concordance(
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    index: Literal["harrell", "uno"] = "harrell",
    until: float | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Estimate the first index minus the second, with interval and two-sided test.

    The variance is that of the differences of the two jackknives, by patient, so that risks of the same
    lesions may be correlated in any way.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        first: Shape (n,), risks of one model, higher for an earlier event.
        second: Shape (n,), risks of the other.
        patients: Shape (n,), the patient of each lesion.
        index: Harrell's or Uno's, whose weights are taken as known.
        until: Of Uno's index: pairs whose earlier event is at or beyond it do not count.
        confidence: Two-sided coverage.

    Raises:
        StatisticsError: No two lesions can be compared, or the input is not such.

    Example:
        >>> times, events = [2, 4, 5, 9, 10, 12], [1, 0, 1, 1, 0, 1]
        >>> found = compare_concordance(times, events, [6, 5, 4, 3, 2, 1], [5, 6, 1, 4, 2, 3], list("abcdef"))
        >>> round(found.estimate, 3)
        0.4
    """
    weights = uno_weights(times, events, until=until) if index == "uno" else None
    one, two = (
        concordance_influence(times, events, risks, patients, weights=weights) for risks in (first, second)
    )
    difference = one - two
    name = "Uno" if index == "uno" else "Harrell"
    return z_test(
        difference.estimate,
        difference.variance,
        method=f"{name}, jackknife of patients",
        confidence=confidence,
    )
