"""The test that all modalities do equally well."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from samesplit.statistics.interval import is_degenerate

__all__ = ["GlobalTest", "chi_square_test", "f_test"]


@dataclass(frozen=True)
class GlobalTest:
    """A test of several modalities at once.

    Attributes:
        distribution: Of the statistic under the null hypothesis.
        statistic: F, or chi-square.
        df1: Degrees of freedom of the numerator, or of the chi-square.
        df2: Of the denominator; infinite for a chi-square.
        p_value: NaN where the denominator is no variance.
        denominator: The mean square that the modalities' is divided by.
        note: What a reader must know besides.
    """

    distribution: Literal["F", "chi-square"]
    statistic: float
    df1: float
    df2: float
    p_value: float
    denominator: float
    note: str = ""


def f_test(mean_square: float, denominator: float, df1: float, df2: float) -> GlobalTest:
    """Test a mean square against its denominator; with infinite `df2` by the chi-square that F becomes.

    Example:
        >>> round(f_test(0.0048, 0.00108, 1, 15.26).p_value, 4)
        0.0519
    """
    if is_degenerate(denominator):
        return _no_test("F", mean_square, denominator, df1, df2)
    f = mean_square / denominator
    p = stats.f.sf(f, df1, df2) if math.isfinite(df2) else stats.chi2.sf(f * df1, df1)
    return GlobalTest("F", f, df1, df2, float(p), denominator)


def chi_square_test(mean_square: float, denominator: float, df: float) -> GlobalTest:
    """Test a mean square against a variance that counts as known.

    Example:
        >>> round(chi_square_test(0.0048, 0.000876, 1).p_value, 4)
        0.0192
    """
    if is_degenerate(denominator):
        return _no_test("chi-square", mean_square, denominator, df, math.inf)
    statistic = df * mean_square / denominator
    return GlobalTest("chi-square", statistic, df, math.inf, float(stats.chi2.sf(statistic, df)), denominator)


def _no_test(
    distribution: Literal["F", "chi-square"], mean_square: float, denominator: float, df1: float, df2: float
) -> GlobalTest:
    same = is_degenerate(mean_square) and abs(denominator) <= abs(mean_square) + 1e-20
    note = "no difference and no variance" if same else "the variance estimate is zero or negative: no test"
    return GlobalTest(distribution, math.nan, df1, df2, 1.0 if same else math.nan, denominator, note)
