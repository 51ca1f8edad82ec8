"""The share of lesions without an event over time, and groups of lesions by predicted risk to draw it for."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.ordering import merge_equals
from samesplit.statistics.checks import (
    FloatArray,
    IntArray,
    check_confidence,
    check_labels,
    check_scores,
    codes_of,
)
from samesplit.statistics.survival.concordance import check_times

__all__ = ["kaplan_meier", "risk_groups"]


def kaplan_meier(
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the share of lesions without an event over time, with pointwise intervals.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        weights: Shape (n,), above 0: as how many lesions each row counts (a lesion that was predicted four
            times counts a quarter each time); None for 1.
        confidence: Two-sided coverage of the intervals, which come from Greenwood's variance on the scale of
            log(-log S) and lie inside [0, 1].

    Returns:
        One row a time at which the curve falls or a follow-up ends, from time 0: `time`, `survival` (from this
        time on), `ci_low`, `ci_high` (NaN where the survival is 0 or 1), `at_risk` (just before this time),
        `n_events` and `n_censored` (at this time).

    Raises:
        StatisticsError: Events other than 0 and 1, times not above 0, or weights not above 0.

    References:
        Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. doi:10.1080/01621459.1958.10501452.

    Example:
        >>> kaplan_meier([1, 2, 3, 4], [1, 0, 1, 0])[["time", "survival", "at_risk"]].values.tolist()
        [[0.0, 1.0, 4.0], [1.0, 0.75, 4.0], [2.0, 0.75, 3.0], [3.0, 0.375, 2.0], [4.0, 0.375, 1.0]]
    """
    seen = check_labels(events, both_classes=False)
    when = check_times(times, n=seen.size)
    counts = np.ones(seen.size) if weights is None else check_scores(weights, n=seen.size)
    if counts.min() <= 0:
        raise StatisticsError(f"weights must be above 0, found {counts.min():g}")
    places, codes = np.unique(when, return_inverse=True)
    n_events = np.bincount(codes, weights=counts * seen, minlength=places.size)
    n_censored = np.bincount(codes, weights=counts * (1 - seen), minlength=places.size)
    leaving = n_events + n_censored
    at_risk = np.cumsum(leaving[::-1])[::-1]
    survival = np.asarray(np.cumprod(1 - n_events / at_risk), dtype=np.float64)
    staying = at_risk - n_events
    hazards = np.divide(n_events, at_risk * staying, out=np.zeros(places.size), where=staying > 0)
    error = np.asarray(np.sqrt(np.cumsum(hazards)), dtype=np.float64)
    low, high = _log_log(survival, error, confidence=check_confidence(confidence))
    table = pd.DataFrame(
        {
            "time": places,
            "survival": survival,
            "ci_low": low,
            "ci_high": high,
            "at_risk": at_risk,
            "n_events": n_events,
            "n_censored": n_censored,
        }
    )
    start = pd.DataFrame([[0.0, 1.0, math.nan, math.nan, leaving.sum(), 0.0, 0.0]], columns=table.columns)
    return pd.concat([start, table], ignore_index=True)


def _log_log(survival: FloatArray, error: FloatArray, *, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Bounds on the scale of log(-log S), from the standard error of log S."""
    low, high = np.full(survival.shape, np.nan), np.full(survival.shape, np.nan)
    inside = (survival > 0) & (survival < 1)
    s = survival[inside]
    step = float(stats.norm.isf((1 - confidence) / 2)) * error[inside] / np.abs(np.log(s))
    low[inside], high[inside] = s ** np.exp(step), s ** np.exp(-step)
    return low, high


def risk_groups(risks: npt.ArrayLike, cells: npt.ArrayLike, *, n_groups: int = 3) -> IntArray:
    """Cut the lesions of each fold into groups of about the same size by their predicted risk.

    Risks of different folds come from different models and share no scale, so each fold is cut by itself.

    Args:
        risks: Shape (n,), higher for an earlier event; equal ones are in the same group.
        cells: Shape (n,), the fold (of a seed and repeat) of each prediction.
        n_groups: How many groups; 3 for tertiles.

    Returns:
        Shape (n,), from 0 for the lowest risks.

    Raises:
        StatisticsError: Risks that are not finite, or lengths that differ.

    Example:
        >>> risk_groups([0.1, 0.2, 0.3, 7, 8, 9], [0, 0, 0, 1, 1, 1]).tolist()
        [0, 1, 2, 0, 1, 2]
    """
    values = check_scores(risks, n=np.asarray(risks).shape[0])
    codes = codes_of(cells, n=values.size)
    found = np.zeros(values.size, np.int64)
    for cell in range(int(codes.max()) + 1):
        inside = np.flatnonzero(codes == cell)
        places = stats.rankdata(merge_equals(values[inside])) - 0.5
        found[inside] = places * n_groups // inside.size
    return found
