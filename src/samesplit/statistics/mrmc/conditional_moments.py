"""Moments of a figure of single cases as nested means, where each reader weighs by the readings there are.

The same variance as that of `u_statistic_analysis` where the study is crossed. In other designs it estimates
the moments from conditional means, which uses sparse pairs of readers better.

A pair of readers without a common case says nothing of that moment and is left out. The function
`uStat11.conditionalD` of iMRMC 2.1.2 counts it as 0 instead, which makes the moment, and with it the
variance, of a split-plot study too small; `unshared="as zero"` does the same, for comparison with it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray

__all__ = ["ConditionalMoments", "conditional_moments"]


@dataclass(frozen=True, eq=False)
class ConditionalMoments:
    """Moments of the product of two averages of single readings.

    Attributes:
        moments: Shape (4,): reader and case shared; reader shared; case shared; nothing shared.
        coefficients: Their weights in the covariance.
        means: The two averages.
    """

    moments: FloatArray
    coefficients: FloatArray
    means: tuple[float, float]

    @property
    def covariance(self) -> float:
        """Unbiased covariance of the two averages."""
        return float(self.coefficients @ self.moments)

    @property
    def one_reading(self) -> float:
        """Covariance of single readings of one reader and case."""
        return float(self.moments[0] - self.moments[3])


def conditional_moments(
    first: FloatArray, second: FloatArray, *, unshared: Literal["left out", "as zero"] = "left out"
) -> ConditionalMoments:
    """Estimate the moments of two averages of single readings.

    Args:
        first: Shape (n readers, n cases), scores or correctness under one modality; NaN where not read.
        second: The same of another modality, or the same array for the variance of one.
        unshared: What becomes of pairs of readers without a common case; `as zero` repeats an error of iMRMC.

    Raises:
        StatisticsError: No reader read two cases, or no two readers read different cases.

    References:
        Gallas BD, Pennello GA, Myers KJ. Multireader multicase variance analysis for binary data.
        doi:10.1364/JOSAA.24.000B70.

    Example:
        >>> scores = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
        >>> conditional_moments(scores, scores).means
        (0.6666666666666666, 0.6666666666666666)
    """
    a, b = (np.where(np.isnan(x), 0.0, x) for x in (first, second))
    design_a, design_b = ((~np.isnan(x)).astype(np.float64) for x in (first, second))
    n_a, n_b = design_a.sum(axis=1), design_b.sum(axis=1)
    weights_a, weights_b = n_a / n_a.sum(), n_b / n_b.sum()
    same, shared = a @ b.T, design_a @ design_b.T  # by reader and reader, over cases of both
    possible = np.outer(n_a, n_b)
    pair_weights = np.outer(weights_a, weights_b)
    own = np.sqrt(weights_a * weights_b)
    apart = ~np.eye(len(a), dtype=bool)
    # Mean over the cases of the first reader of the mean over the other cases of the second.
    others, n_others = b.sum(axis=1)[:, None] - b, n_b[:, None] - design_b
    with np.errstate(invalid="ignore", divide="ignore"):
        different = (a / n_a[:, None]) @ np.where(n_others > 0, others / n_others, 0.0).T
        together = same / shared
    common = shared > 0 if unshared == "left out" else np.ones_like(shared, dtype=bool)
    together = np.where(shared > 0, together, 0.0)
    found = (
        _weighted(np.diagonal(together), own, np.diagonal(common)),
        _weighted(np.diagonal(different), own, np.diagonal(possible) > 1),
        _weighted(together[apart], pair_weights[apart], common[apart]),
        _weighted(different[apart], pair_weights[apart], (possible - shared)[apart] > 0),
    )
    if np.isnan(found[3]):
        raise StatisticsError(
            "no two readers read different cases: readers cannot be taken as random",
            remedy="read with at least two readers",
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(possible > 0, shared / possible, 0.0)
    among = pair_weights * (possible > 0)
    coefficients = np.array(
        [
            np.trace(among * share),
            np.trace(among * (1 - share)),
            np.sum((among * share)[apart]),
            np.sum((among * (1 - share))[apart]) - 1.0,
        ]
    )
    means = float(a.sum() / n_a.sum()), float(b.sum() / n_b.sum())
    return ConditionalMoments(np.nan_to_num(found), coefficients, means)


def _weighted(values: FloatArray, weights: FloatArray, known: npt.NDArray[np.bool_]) -> float:
    total = weights[known].sum()
    return float(weights[known] @ values[known] / total) if total > 0 else np.nan
