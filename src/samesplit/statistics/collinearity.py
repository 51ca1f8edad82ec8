"""How far the covariates of a regression say the same: variance inflation factors and the condition number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.ordering import above
from samesplit.statistics.checks import FloatArray

__all__ = ["HIGH_CONDITION", "HIGH_INFLATION", "Collinearity", "collinearity"]

HIGH_INFLATION = 10.0
"""A variance inflation factor above this is commonly called high."""
HIGH_CONDITION = 30.0
"""A condition number above this is called high by Belsley, Kuh and Welsch."""


@dataclass(frozen=True)
class Collinearity:
    """How far covariates say the same.

    Attributes:
        inflation: Shape (k,): by what factor the variance of each coefficient is larger than if its covariate
            were uncorrelated with the others; infinite where the others tell it completely.
        condition: Largest over smallest singular value of the design with intercept, columns scaled to length 1.
    """

    inflation: FloatArray
    condition: float

    @property
    def is_high(self) -> bool:
        """Whether a factor or the condition number is above its usual limit."""
        worst = float(self.inflation.max()) if self.inflation.size else 1.0
        return bool(above(worst, HIGH_INFLATION) or above(self.condition, HIGH_CONDITION))


def collinearity(covariates: npt.ArrayLike) -> Collinearity:
    """Measure how far the covariates of a linear regression say the same.

    Args:
        covariates: Shape (n, k), without the intercept, n > k; none of the columns is constant.

    Raises:
        StatisticsError: Not two dimensions, or a constant column.

    References:
        Marquardt DW. Technometrics 1970;12:591-612, doi 10.1080/00401706.1970.10488699 (inflation factors).
        Belsley DA, Kuh E, Welsch RE. Regression diagnostics. Wiley 1980, doi 10.1002/0471725153 (condition).

    Example:
        >>> apart = collinearity([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> apart.inflation.round(2).tolist(), apart.is_high
        ([1.0, 1.0], False)
    """
    X = np.asarray(covariates, dtype=np.float64)
    if X.ndim != 2:
        raise StatisticsError(f"covariates need two dimensions, not {X.ndim}")
    centred = X - X.mean(axis=0)
    spread = np.sqrt(np.sum(centred**2, axis=0))
    if not np.all(spread > 1e-12 * np.maximum(np.abs(X).max(axis=0, initial=0.0), 1e-300)):
        raise StatisticsError(
            "a covariate is the same in all rows, which no coefficient can be told of",
            remedy="leave it out",
        )
    scaled = centred / spread
    inflation = np.array([_inflation(scaled, place) for place in range(X.shape[1])])
    design = np.column_stack([np.ones(len(X)), X])
    singular = np.linalg.svd(design / np.linalg.norm(design, axis=0), compute_uv=False)
    smallest = float(singular[-1])
    condition = float(singular[0]) / smallest if smallest > 1e-14 else math.inf
    return Collinearity(inflation, condition)


def _inflation(scaled: FloatArray, place: int) -> float:
    """Return 1 / (1 - R squared) of one covariate on the others."""
    others = np.delete(scaled, place, axis=1)
    if not others.shape[1]:
        return 1.0
    own = scaled[:, place]
    rest = own - others @ np.linalg.lstsq(others, own, rcond=None)[0]
    unexplained = float(rest @ rest)
    return 1.0 / unexplained if unexplained > 1e-14 else math.inf
