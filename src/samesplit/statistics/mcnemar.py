"""McNemar's test: whether two raters of the same cases are right equally often."""

from __future__ import annotations

import math
from typing import Literal, get_args

from scipy import stats

from samesplit.errors import StatisticsError

__all__ = ["McNemarMethod", "mcnemar_p_value", "mcnemar_statistic"]

McNemarMethod = Literal["exact", "mid-p", "asymptotic", "continuity-corrected"]
"""`exact` is the two-sided sign test of the discordant cases; `mid-p` counts half of the probability of what was
observed, and rejects nearly as often as it should where `exact` is too careful (Fagerland 2013); the other two are
chi-square with one degree of freedom."""


def mcnemar_p_value(
    only_first: int,
    only_second: int,
    *,
    method: McNemarMethod = "exact",
    equal_counts: Literal["R", "formula"] = "R",
) -> float:
    """Test whether two raters of the same independent cases are right equally often, two-sided.

    Only the cases on which one of the two is right say anything.

    Args:
        only_first: Cases that only the first has right.
        only_second: Cases that only the second has right.
        method: See `McNemarMethod`.
        equal_counts: What `continuity-corrected` does where both counts are the same: `R` takes no correction
            beyond 0, so that p is 1 (R's mcnemar.test); `formula` takes (|b - c| - 1)^2 / (b + c) as it stands
            (statsmodels, mlxtend), which gives p < 1 for no difference at all.

    Returns:
        The p-value. Without any discordant case it is 1, by the exact tests, or NaN by the other two.

    Raises:
        StatisticsError: A negative count, or an unknown method.

    References:
        McNemar Q. Psychometrika 1947;12:153-157, doi:10.1007/BF02295996. Fagerland MW, Lydersen S, Laake P. BMC
        Med Res Methodol 2013;13:91, doi:10.1186/1471-2288-13-91.

    Example:
        >>> [round(mcnemar_p_value(3, 10, method=m), 3) for m in ("exact", "mid-p", "asymptotic")]
        [0.092, 0.057, 0.052]
    """
    if method in ("asymptotic", "continuity-corrected"):
        statistic = mcnemar_statistic(
            only_first, only_second, corrected=method == "continuity-corrected", equal_counts=equal_counts
        )
        return float(stats.chi2.sf(statistic, 1))
    if method not in get_args(McNemarMethod):
        raise StatisticsError(
            f"unknown method {method!r}", remedy=f"use one of {', '.join(get_args(McNemarMethod))}"
        )
    _check(only_first, only_second)
    n, least = only_first + only_second, min(only_first, only_second)
    if n == 0 or (method == "mid-p" and only_first == only_second):
        return 1.0
    p = 2 * float(stats.binom.cdf(least, n, 0.5))
    if method == "mid-p":
        p -= float(stats.binom.pmf(least, n, 0.5))
    return min(p, 1.0)


def mcnemar_statistic(
    only_first: int,
    only_second: int,
    *,
    corrected: bool = False,
    equal_counts: Literal["R", "formula"] = "R",
) -> float:
    """Compute McNemar's chi-square, (b - c)^2 / (b + c), with or without continuity correction.

    Args:
        only_first: Cases that only the first has right.
        only_second: Cases that only the second has right.
        corrected: Whether 1 is taken off |b - c|.
        equal_counts: See `mcnemar_p_value`.

    Returns:
        The statistic; NaN without any discordant case.

    Raises:
        StatisticsError: A negative count.

    Example:
        >>> round(mcnemar_statistic(3, 10), 3), round(mcnemar_statistic(3, 10, corrected=True), 3)
        (3.769, 2.769)
    """
    _check(only_first, only_second)
    n, apart = only_first + only_second, float(abs(only_first - only_second))
    if n == 0:
        return math.nan
    if corrected:
        apart = 0.0 if apart == 0 and equal_counts == "R" else abs(apart - 1)
    return apart**2 / n


def _check(only_first: int, only_second: int) -> None:
    if min(only_first, only_second) < 0:
        raise StatisticsError(f"{only_first} and {only_second} discordant cases cannot be")
