"""Do estimates differ between groups? Wald's test of several estimates with their covariance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.interval import is_degenerate

__all__ = ["Heterogeneity", "heterogeneity"]


@dataclass(frozen=True)
class Heterogeneity:
    """The test that several estimates are one.

    Attributes:
        statistic: Chi-squared; NaN where it cannot be computed.
        df: Degrees of freedom: one less than there are estimates.
        p_value: NaN where it cannot be computed.
        note: Why there is no test; empty otherwise.
    """

    statistic: float
    df: int
    p_value: float
    note: str = ""


def heterogeneity(estimates: npt.ArrayLike, covariance: npt.ArrayLike) -> Heterogeneity:
    """Test whether several estimates differ: the interaction of what is estimated with the group.

    The contrasts of each estimate with the last one are tested together (Wald), so that estimates of groups that
    share patients count with their covariance. With two groups it is the two-sided z test of their difference.

    Args:
        estimates: Shape (k,), two or more.
        covariance: Shape (k, k).

    Raises:
        StatisticsError: Fewer than two estimates, or shapes that do not fit.

    Example:
        >>> found = heterogeneity([0.9, 0.7], [[0.0025, 0.0], [0.0, 0.0064]])
        >>> round(found.statistic, 3), found.df, round(found.p_value, 4)
        (4.494, 1, 0.034)
    """
    values = np.asarray(estimates, dtype=np.float64)
    matrix = np.asarray(covariance, dtype=np.float64)
    if values.ndim != 1 or values.size < 2 or matrix.shape != (values.size, values.size):
        raise StatisticsError(
            f"{values.size} estimates with a covariance of shape {matrix.shape} cannot be compared",
            remedy="give two or more estimates and their square matrix of covariances",
        )
    contrast = np.hstack([np.eye(values.size - 1), -np.ones((values.size - 1, 1))])
    spread = contrast @ matrix @ contrast.T
    df = values.size - 1
    if not np.isfinite(values).all():
        return Heterogeneity(math.nan, df, math.nan, "an estimate is missing: no test")
    if not np.isfinite(spread).all() or any(is_degenerate(float(v)) for v in np.linalg.eigvalsh(spread)):
        return Heterogeneity(
            math.nan, df, math.nan, "the variance of the differences is zero or undefined: no test"
        )
    apart = contrast @ values
    statistic = float(apart @ np.linalg.solve(spread, apart))
    return Heterogeneity(statistic, df, float(stats.chi2.sf(statistic, df)))
