"""The deferral curve: the error on the lesions that a model keeps when it defers those it is least sure of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.ordering import ranked
from samesplit.statistics.checks import FloatArray, check_labels, check_scores

__all__ = ["DeferralCurve", "deferral_curve"]


@dataclass(frozen=True)
class DeferralCurve:
    """Errors by the share of lesions that are deferred.

    Attributes:
        deferred: Shape (n,), the share deferred: 0, 1/n, ... (n-1)/n.
        error: Shape (n,), the share of wrong calls among the lesions that are kept.
        ideal: Shape (n,), the error if all wrong calls were deferred first, which nothing can beat.
        overall: The error without deferral, which deferring at random keeps on average.
        area: The mean of `error` over the shares: the area under the curve (El-Yaniv and Wiener 2010).
        gain: How much of the way from random to ideal deferral the measure of uncertainty goes: 1 is ideal, 0 is
            random, below 0 is worse than random; NaN where nothing is wrong or everything.
    """

    deferred: FloatArray
    error: FloatArray
    ideal: FloatArray
    overall: float
    area: float
    gain: float


def deferral_curve(
    labels: npt.ArrayLike, decisions: npt.ArrayLike, certainty: npt.ArrayLike
) -> DeferralCurve:
    """Compute the error on the lesions that a model keeps.

    The least certain lesions are deferred first; lesions of equal certainty (within a relative 1e-9) are deferred
    in the order in which they are given, with their mean error, so that the order decides nothing.

    Args:
        labels: Shape (n,), 0 or 1.
        decisions: Shape (n,), 0 or 1.
        certainty: Shape (n,), higher is more certain: for a probability p and a threshold t the distance of their
            log odds.

    Raises:
        StatisticsError: Other values, missing ones, or shapes that do not fit.

    Example:
        >>> curve = deferral_curve([1, 0, 1, 0], [1, 0, 0, 0], [0.9, 0.8, 0.1, 0.5])
        >>> curve.error.tolist(), curve.gain
        ([0.25, 0.0, 0.0, 0.0], 1.0)
    """
    truth = check_labels(labels, both_classes=False)
    calls = check_labels(decisions, both_classes=False)
    if calls.size != truth.size:
        raise StatisticsError(
            f"{truth.size} labels do not fit {calls.size} decisions", remedy="give one decision a lesion"
        )
    sure = check_scores(certainty, n=truth.size)
    wrong = (truth != calls).astype(np.float64)
    order = np.array(ranked(sure, descending=True))  # the most certain first: kept to the end
    of_order = sure[order]
    tied = np.r_[0, np.cumsum(~np.isclose(of_order[1:], of_order[:-1], rtol=1e-9, atol=0.0))]
    mean_of_tie = np.bincount(tied, weights=wrong[order]) / np.bincount(tied)
    n = truth.size
    kept = np.arange(n, 0, -1)
    error = (np.cumsum(mean_of_tie[tied]) / np.arange(1, n + 1))[::-1]
    total = float(wrong.sum())
    ideal = np.clip(total - np.arange(n), 0, None) / kept
    overall, area = total / n, float(error.mean())
    room = overall - float(ideal.mean())
    gain = (overall - area) / room if room > 1e-12 else float("nan")
    return DeferralCurve(np.arange(n) / n, error, ideal, overall, area, gain)
