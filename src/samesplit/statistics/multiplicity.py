"""P-values of several comparisons that answer the same question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import false_discovery_control

from samesplit.errors import StatisticsError
from samesplit.ordering import merge_equals

__all__ = [
    "Adjustment",
    "adjust",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bonferroni",
    "hochberg",
    "holm",
    "hommel",
]

Adjustment = Literal["holm", "hochberg", "hommel", "bonferroni", "Benjamini-Hochberg", "Benjamini-Yekutieli"]
"""The first four keep the chance of any false claim below the level: Holm and Bonferroni whatever the dependence,
Hochberg and Hommel (never less powerful than Holm) where tests are independent or positively dependent. The
last two keep the expected share of false claims among all claims below it, Benjamini-Yekutieli whatever the
dependence."""

Floats = npt.NDArray[np.float64]


def adjust(
    p_values: pd.Series[float], *, method: Adjustment = "holm", families: pd.Series[str] | None = None
) -> pd.Series[float]:
    """Adjust p-values over declared families of comparisons.

    Missing ones stay missing and do not count; equal ones stay equal.

    Args:
        p_values: Any number of them, NaN for none.
        method: See `Adjustment`. Declare it, and the families, before the results are seen.
        families: For each p-value the family that it is adjusted within, with the same index; None for one family.

    Returns:
        The adjusted p-values with the same index.

    Raises:
        StatisticsError: An unknown method, p-values outside 0 to 1, families with another index, or a p-value
            without a family.

    References:
        Wright SP. Adjusted P-values for simultaneous inference. Biometrics 1992;48:1005-1013, doi:10.2307/2532694.

    Example:
        >>> p = pd.Series([0.01, 0.04, 0.03, 0.5])
        >>> adjust(p, method="hochberg").tolist(), adjust(p, families=pd.Series(list("aabb"))).tolist()
        ([0.04, 0.08, 0.08, 0.5], [0.02, 0.04, 0.06, 0.5])
    """
    if method not in _METHODS:
        raise StatisticsError(
            f"unknown adjustment {method!r}", remedy=f"use one of {', '.join(get_args(Adjustment))}"
        )
    known = p_values.notna()
    if ((p_values[known] < 0) | (p_values[known] > 1)).any():
        raise StatisticsError(
            "p-values must lie between 0 and 1", remedy="leave comparisons without a test empty"
        )
    if families is None:
        return _within(p_values, _METHODS[method])
    if not families.index.equals(p_values.index):
        raise StatisticsError(
            f"{len(families)} families do not fit {len(p_values)} p-values, or have another index",
            remedy="give both as columns of one table",
        )
    if (families.isna() & known).any():
        raise StatisticsError(
            f"{int((families.isna() & known).sum())} p-values belong to no family",
            remedy="name the family of each comparison",
        )
    adjusted = pd.Series(np.nan, index=p_values.index, dtype="float64")
    names = families.to_numpy()
    for name in pd.unique(names):
        rows = names == name
        adjusted[rows] = _within(p_values[rows], _METHODS[method])
    return adjusted


def holm(p_values: pd.Series[float]) -> pd.Series[float]:
    """Adjust p-values by Holm's method; missing ones stay missing and do not count, equal ones stay equal.

    Not statsmodels' `multipletests`, which collects garbage at every call: a second each in a large process, for
    dozens of families.

    Args:
        p_values: Any number of them, NaN for none.

    References:
        Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.

    Example:
        >>> holm(pd.Series([0.01, np.nan, 0.04])).tolist()
        [0.02, nan, 0.04]
    """
    return _within(p_values, _holm)


def hochberg(p_values: pd.Series[float]) -> pd.Series[float]:
    """Adjust p-values by Hochberg's method, for tests that are independent or positively dependent.

    Args:
        p_values: Any number of them, NaN for none.

    References:
        Hochberg Y. Biometrika 1988;75:800-802, doi:10.1093/biomet/75.4.800.

    Example:
        >>> hochberg(pd.Series([0.01, np.nan, 0.04, 0.03])).tolist()
        [0.03, nan, 0.04, 0.04]
    """
    return _within(p_values, _hochberg)


def hommel(p_values: pd.Series[float]) -> pd.Series[float]:
    """Adjust p-values by Hommel's method, the most powerful of those that Simes' test gives.

    Args:
        p_values: Any number of them, NaN for none.

    References:
        Hommel G. Biometrika 1988;75:383-386, doi:10.1093/biomet/75.2.383.

    Example:
        >>> hommel(pd.Series([0.01, np.nan, 0.04, 0.02])).tolist()
        [0.03, nan, 0.04, 0.04]
    """
    return _within(p_values, _hommel)


def bonferroni(p_values: pd.Series[float]) -> pd.Series[float]:
    """Multiply p-values by their number.

    Args:
        p_values: Any number of them, NaN for none.

    Example:
        >>> bonferroni(pd.Series([0.01, np.nan, 0.6])).tolist()
        [0.02, nan, 1.0]
    """
    return _within(p_values, _bonferroni)


def benjamini_hochberg(p_values: pd.Series[float]) -> pd.Series[float]:
    """Adjust p-values so that those below a level hold no more than that share of false claims, on average.

    Args:
        p_values: Any number of them, NaN for none; of independent or positively dependent tests.

    References:
        Benjamini Y, Hochberg Y. J R Stat Soc B 1995;57:289-300, doi:10.1111/j.2517-6161.1995.tb02031.x.

    Example:
        >>> benjamini_hochberg(pd.Series([0.01, np.nan, 0.04, 0.03])).tolist()
        [0.03, nan, 0.04, 0.04]
    """
    return _within(p_values, _benjamini_hochberg)


def benjamini_yekutieli(p_values: pd.Series[float]) -> pd.Series[float]:
    """Adjust p-values as `benjamini_hochberg` does, for tests of any dependence.

    Args:
        p_values: Any number of them, NaN for none.

    References:
        Benjamini Y, Yekutieli D. Ann Stat 2001;29:1165-1188, doi:10.1214/aos/1013699998.

    Example:
        >>> benjamini_yekutieli(pd.Series([0.01, np.nan, 0.04])).round(3).tolist()
        [0.03, nan, 0.06]
    """
    return _within(p_values, _benjamini_yekutieli)


def _within(p_values: pd.Series[float], method: Callable[[Floats], Floats]) -> pd.Series[float]:
    """Adjust the p-values that there are."""
    adjusted = pd.Series(np.nan, index=p_values.index, dtype="float64")
    known = p_values.notna()
    if known.any():
        adjusted[known] = np.minimum(method(merge_equals(p_values[known])), 1.0)
    return adjusted


def _holm(values: Floats) -> Floats:
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1))
    return np.asarray(steps[np.argsort(order, kind="stable")])


def _hochberg(values: Floats) -> Floats:
    order = np.argsort(-values, kind="stable")
    steps = np.minimum.accumulate(values[order] * np.arange(1, values.size + 1))
    return np.asarray(steps[np.argsort(order, kind="stable")])


def _hommel(values: Floats) -> Floats:
    """Close Simes' test: an adjusted p-value is the largest over the numbers of hypotheses that could be true."""
    order = np.argsort(values, kind="stable")
    p, n = values[order], values.size
    adjusted = np.full(n, (n * p / np.arange(1, n + 1)).min())
    for m in range(n - 1, 1, -1):
        last = slice(n - m + 1, n)
        simes = (m * p[last] / np.arange(2, m + 1)).min()
        first = np.minimum(m * p[: n - m + 1], simes)
        adjusted[: n - m + 1] = np.maximum(adjusted[: n - m + 1], first)
        adjusted[last] = np.maximum(adjusted[last], adjusted[n - m])
    return np.asarray(np.maximum(adjusted, p)[np.argsort(order, kind="stable")])


def _bonferroni(values: Floats) -> Floats:
    return values * values.size


def _benjamini_hochberg(values: Floats) -> Floats:
    return np.asarray(false_discovery_control(values, method="bh"))


def _benjamini_yekutieli(values: Floats) -> Floats:
    return np.asarray(false_discovery_control(values, method="by"))


_METHODS: dict[str, Callable[[Floats], Floats]] = {
    "holm": _holm,
    "hochberg": _hochberg,
    "hommel": _hommel,
    "bonferroni": _bonferroni,
    "Benjamini-Hochberg": _benjamini_hochberg,
    "Benjamini-Yekutieli": _benjamini_yekutieli,
}
