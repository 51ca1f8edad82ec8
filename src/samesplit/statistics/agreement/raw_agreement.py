"""Agreement as it is counted, and whether readers differ in how high they rate."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.stats.contingency_tables import cochrans_q

from samesplit.errors import StatisticsError
from samesplit.statistics.agreement.ratings import Agreement, check_ratings
from samesplit.statistics.checks import FloatArray, check_confidence
from samesplit.statistics.interval import Interval

__all__ = ["cochran_q", "friedman", "percent_agreement"]


def percent_agreement(ratings: npt.ArrayLike, *, confidence: float = 0.95) -> Agreement:
    """Estimate the chance that two readers, drawn at random, give a case the same rating.

    It is not corrected for chance: with 95 % of cases benign, two readers who call all of them benign agree fully.

    Args:
        ratings: Shape (n cases, n readers), NaN where a reader did not rate a case; a case counts from two ratings
            on, each case with the same weight.
        confidence: Two-sided coverage.

    Returns:
        The share of agreeing pairs, with an interval by Student's t over cases, cut off at 0 and 1.

    Raises:
        StatisticsError: Fewer than two readers, or no case with two ratings.

    Example:
        >>> round(percent_agreement([[1, 1, 1], [0, 0, 1], [1, 1, np.nan]]).estimate, 3)
        0.778
    """
    alpha = 1 - check_confidence(confidence)
    table = check_ratings(ratings)
    n_ratings = (~np.isnan(table)).sum(axis=1)
    table, n_ratings = table[n_ratings >= 2], n_ratings[n_ratings >= 2]
    same = (table[:, :, np.newaxis] == table[:, np.newaxis]).sum(axis=(1, 2)) - n_ratings
    shares = same / (n_ratings * (n_ratings - 1))
    estimate, n = float(shares.mean()), len(table)
    if n < 2:
        nan = math.nan
        return Agreement(
            estimate,
            nan,
            nan,
            "percent agreement",
            "one case: no interval",
            n_cases=n,
            n_readers=table.shape[1],
        )
    error = float(shares.std(ddof=1)) / math.sqrt(n)
    half = float(stats.t.isf(alpha / 2, n - 1)) * error
    note = "" if error > 0 else "no variance: the interval is a point"
    low, high = max(0.0, estimate - half), min(1.0, estimate + half)
    nan = math.nan
    return Agreement(
        estimate, low, high, "percent agreement", note, nan, error, nan, n_cases=n, n_readers=table.shape[1]
    )


def cochran_q(calls: npt.ArrayLike) -> Interval:
    """Test whether readers call the same share of cases positive (or right).

    Args:
        calls: Shape (n cases, n readers), 0 or 1; cases that not all readers called are left out.

    Returns:
        Cochran's Q as the estimate, without interval, and the p-value of the chi-square distribution with one
        degree of freedom less than readers. NaN when all readers agree on every case.

    Raises:
        StatisticsError: Values other than 0 and 1, fewer than two readers, or no complete case.

    References:
        Cochran WG. Biometrika 1950;37:256-266, doi:10.1093/biomet/37.3-4.256.

    Example:
        >>> found = cochran_q([[1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0], [0, 0, 0]])
        >>> round(found.estimate, 2), round(found.p_value, 3)
        (4.67, 0.097)
    """
    table, note = _complete(calls)
    if not np.isin(table, (0, 1)).all():
        raise StatisticsError("calls must be 0 or 1", remedy="cut the ratings at a threshold first")
    if (table.sum(axis=1) % table.shape[1] == 0).all():
        return _untested("Cochran's Q", note)
    found = cochrans_q(table)
    return Interval(
        float(found.statistic), math.nan, math.nan, "Cochran's Q", note, p_value=float(found.pvalue)
    )


def friedman(ratings: npt.ArrayLike) -> Interval:
    """Test whether some readers rate higher than others, on ordered ratings.

    Args:
        ratings: Shape (n cases, n readers), three readers or more; cases that not all readers rated are left out.

    Returns:
        Friedman's chi-square (with ties) as the estimate, without interval, and its p-value. NaN when every case
        has the same rating by all readers.

    Raises:
        StatisticsError: Fewer than three readers, or no complete case.

    References:
        Friedman M. J Am Stat Assoc 1937;32:675-701, doi:10.1080/01621459.1937.10503522.

    Example:
        >>> found = friedman([[1, 2, 3], [2, 2, 4], [1, 3, 3], [4, 5, 5]])
        >>> round(found.estimate, 2), round(found.p_value, 3)
        (6.62, 0.037)
    """
    table, note = _complete(ratings)
    if table.shape[1] < 3:
        raise StatisticsError(
            f"{table.shape[1]} readers are too few for Friedman's test", remedy="use the signed-rank test"
        )
    if (np.ptp(table, axis=1) == 0).all():
        return _untested("Friedman", note)
    found = stats.friedmanchisquare(*table.T)
    return Interval(float(found.statistic), math.nan, math.nan, "Friedman", note, p_value=float(found.pvalue))


def _complete(ratings: npt.ArrayLike) -> tuple[FloatArray, str]:
    table = check_ratings(ratings)
    complete = ~np.isnan(table).any(axis=1)
    if not complete.any():
        raise StatisticsError(
            "no case was rated by all readers", remedy="leave out the readers who rated few cases"
        )
    n_left_out = int((~complete).sum())
    return table[complete], f"left out for not being rated by all readers: {n_left_out}" if n_left_out else ""


def _untested(method: str, note: str) -> Interval:
    why = "all readers rate every case alike: nothing to test"
    return Interval(math.nan, math.nan, math.nan, method, "; ".join(part for part in (note, why) if part))
