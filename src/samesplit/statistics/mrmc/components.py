"""Mean squares and variance components of the Obuchowski-Rockette model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.statistics.checks import FloatArray
from samesplit.statistics.interval import is_degenerate

__all__ = ["Components", "MeanSquares", "estimate_components", "hillis_df", "mean_squares"]


@dataclass(frozen=True)
class MeanSquares:
    """Mean squares of the figures of readers under modalities; NaN where there is one modality or one reader.

    Attributes:
        modality: Between modalities.
        reader: Between readers.
        modality_reader: Of what neither explains.
    """

    modality: float
    reader: float
    modality_reader: float


@dataclass(frozen=True)
class Components:
    """Variance components of the Obuchowski-Rockette model. Estimates may be negative; they are not rounded up.

    Attributes:
        reader: Variance between readers that is the same under all modalities.
        modality_reader: Variance between readers that each modality has for itself; NaN for one modality.
        error: Variance of one reader's figure over samples of cases.
        cov1: Covariance over cases of one reader under two modalities; NaN for one modality.
        cov2: Of two readers under one modality; NaN for one reader.
        cov3: Of two readers under two modalities; NaN for one reader or one modality.
    """

    reader: float
    modality_reader: float
    error: float
    cov1: float
    cov2: float
    cov3: float

    @property
    def corr1(self) -> float:
        """`cov1` as a correlation."""
        return _ratio(self.cov1, self.error)

    @property
    def corr2(self) -> float:
        """`cov2` as a correlation."""
        return _ratio(self.cov2, self.error)

    @property
    def corr3(self) -> float:
        """`cov3` as a correlation."""
        return _ratio(self.cov3, self.error)


def mean_squares(values: npt.ArrayLike) -> MeanSquares:
    """Compute the two-way mean squares of figures of merit.

    Args:
        values: Shape (n modalities, n readers).

    Example:
        >>> found = mean_squares([[0.8, 0.9], [0.9, 0.94]])
        >>> round(found.modality, 4), round(found.reader, 4), round(found.modality_reader, 4)
        (0.0049, 0.0049, 0.0009)
    """
    figures = np.asarray(values, dtype=np.float64)
    i, j = figures.shape
    mean, by_modality, by_reader = figures.mean(), figures.mean(axis=1), figures.mean(axis=0)
    rest = figures - by_modality[:, np.newaxis] - by_reader + mean
    return MeanSquares(
        _ratio(j * ((by_modality - mean) ** 2).sum(), i - 1),
        _ratio(i * ((by_reader - mean) ** 2).sum(), j - 1),
        _ratio((rest**2).sum(), (i - 1) * (j - 1)),
    )


def estimate_components(values: npt.ArrayLike, covariance: npt.ArrayLike) -> Components:
    """Estimate the variance components from figures of merit and their covariance over cases.

    Args:
        values: Shape (n modalities, n readers).
        covariance: Shape (n modalities x n readers) in both directions, the readers of the first modality
            first.

    References:
        Hillis SL. Stat Med 2014;33:330-360. doi:10.1002/sim.5926.
    """
    figures = np.asarray(values, dtype=np.float64)
    i, j = figures.shape
    blocks: FloatArray = np.asarray(covariance, dtype=np.float64).reshape(i, j, i, j)
    total = float(blocks.sum())
    error = float(np.einsum("ijij->", blocks))
    same_reader = float(np.einsum("ijkj->", blocks))
    same_modality = float(np.einsum("ijik->", blocks))
    error_variance = error / (i * j)
    cov1 = _ratio(same_reader - error, i * (i - 1) * j)
    cov2 = _ratio(same_modality - error, i * j * (j - 1))
    cov3 = _ratio(total - same_reader - same_modality + error, i * (i - 1) * j * (j - 1))
    squares = mean_squares(figures)
    if i == 1:
        return Components(squares.reader - error_variance + cov2, math.nan, error_variance, cov1, cov2, cov3)
    return Components(
        (squares.reader - squares.modality_reader) / i - cov1 + cov3,
        squares.modality_reader - error_variance + cov1 + cov2 - cov3,
        error_variance,
        cov1,
        cov2,
        cov3,
    )


def hillis_df(mean_square: float, denominator: float, df: float) -> float:
    """Compute the degrees of freedom of a mean square to which a well-known variance is added.

    Args:
        mean_square: Between readers, or of modality and reader.
        denominator: The same with the part that is due to cases.
        df: Degrees of freedom of the mean square.

    Returns:
        Denominator squared over mean square squared over `df`; infinite where the mean square is 0.

    References:
        Hillis SL. Stat Med 2007;26:596-619. doi:10.1002/sim.2532.

    Example:
        >>> hillis_df(1.0, 2.0, 4.0)
        16.0
    """
    return math.inf if is_degenerate(mean_square) else (denominator / mean_square) ** 2 * df


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below else math.nan
