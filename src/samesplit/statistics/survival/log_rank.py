"""Tests of whether survival curves of several groups differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.duration.survfunc import survdiff

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import check_labels, codes_of
from samesplit.statistics.survival.concordance import check_times

__all__ = ["LogRank", "LogRankWeights", "log_rank"]

LogRankWeights = Literal["log-rank", "Gehan-Wilcoxon", "Tarone-Ware", "Fleming-Harrington"]
"""What a time counts: 1, the number at risk, its square root, or the survival just before it."""

_STATSMODELS: dict[str, str | None] = {
    "log-rank": None,
    "Gehan-Wilcoxon": "gb",
    "Tarone-Ware": "tw",
    "Fleming-Harrington": "fh",
}


@dataclass(frozen=True)
class LogRank:
    """A test of equal survival.

    Attributes:
        statistic: Chi-square.
        df: One less than there are groups.
        p_value: From the survival function of chi-square.
        method: The name of the weights.
    """

    statistic: float
    df: int
    p_value: float
    method: str


def log_rank(
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    weights: LogRankWeights = "log-rank",
    strata: npt.ArrayLike | None = None,
) -> LogRank:
    """Test whether groups have the same survival.

    It assumes that lesions are independent and that censoring has nothing to do with the event. The log-rank
    test has most power where hazards are proportional; the weighted ones where curves part early and meet
    again.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        groups: Shape (n,), two values or more.
        weights: What a time counts; Fleming-Harrington with an exponent of 1.
        strata: Shape (n,), within which groups are compared; None for one.

    Raises:
        StatisticsError: One group, no event, a group with nobody at risk when others had events, unknown weights,
            or events and times that are none.

    References:
        Mantel N. Cancer Chemother Rep 1966;50:163-170.
        Fleming TR, Harrington DP. Counting processes and survival analysis. Wiley 1991.
        doi:10.1002/9781118150672.

    Example:
        >>> found = log_rank([6, 7, 10, 15, 1, 2, 3, 4], [1, 0, 1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 1, 1, 1, 1])
        >>> round(found.statistic, 3), found.df
        (4.213, 1)
    """
    seen = check_labels(events, both_classes=False)
    when = check_times(times, n=seen.size)
    codes = codes_of(groups, n=seen.size)
    if weights not in _STATSMODELS:
        raise StatisticsError(f"unknown weights {weights!r}", remedy=f"use one of {', '.join(_STATSMODELS)}")
    n_groups = int(codes.max()) + 1
    if n_groups < 2 or not seen.any():
        raise StatisticsError(
            f"{n_groups} group and {int(seen.sum())} events: there is nothing to compare"
            if n_groups < 2
            else "nobody was seen to have the event: there is nothing to compare",
            remedy="compare two groups or more in which events were seen",
        )
    options = {} if weights != "Fleming-Harrington" else {"fh_p": 1}
    within = None if strata is None else codes_of(strata, n=seen.size)
    try:
        with np.errstate(divide="ignore"):  # the survival after the last event may be 0
            chi_square, _ = survdiff(
                when, seen, codes, weight_type=_STATSMODELS[weights], strata=within, **options
            )
    except np.linalg.LinAlgError as why:
        raise StatisticsError(
            "some group had nobody at risk beside another when events were seen: there is nothing to compare",
            remedy="compare groups that were followed over the same time, or leave the short one out",
        ) from why
    value, df = float(np.squeeze(chi_square)), n_groups - 1
    return LogRank(value, df, float(stats.chi2.sf(value, df)), weights)
