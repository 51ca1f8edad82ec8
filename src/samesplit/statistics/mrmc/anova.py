"""Analysis of variance of crossed readings: mean squares and components of readers, cases and modalities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray

__all__ = ["AnovaRow", "three_way_anova", "two_way_anova"]


@dataclass(frozen=True)
class AnovaRow:
    """One line of an analysis of variance.

    Attributes:
        df: Degrees of freedom.
        sum_of_squares: Of the effect.
        component: Variance of the random effect; may be negative, NaN for a fixed one.
    """

    df: int
    sum_of_squares: float
    component: float

    @property
    def mean_square(self) -> float:
        """Sum of squares by degrees of freedom."""
        return self.sum_of_squares / self.df


def two_way_anova(values: FloatArray) -> dict[str, AnovaRow]:
    """Analyse readings of crossed random readers and cases, one a cell.

    Args:
        values: Shape (n readers, n cases), complete.

    Returns:
        Lines `reader`, `case` and `error`.

    Raises:
        StatisticsError: A reading is missing, or fewer than two readers or cases.

    Example:
        >>> rows = two_way_anova(np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]))
        >>> rows["reader"].sum_of_squares, rows["error"].sum_of_squares
        (1.5, 0.0)
    """
    _check(values)
    n_readers, n_cases = values.shape
    squares = _sums_of_squares(values)
    df = {(0,): n_readers - 1, (1,): n_cases - 1, (0, 1): (n_readers - 1) * (n_cases - 1)}
    mean = {effect: squares[effect] / df[effect] for effect in df}
    error = mean[0, 1]
    return {
        "reader": AnovaRow(df[0,], squares[0,], (mean[0,] - error) / n_cases),
        "case": AnovaRow(df[1,], squares[1,], (mean[1,] - error) / n_readers),
        "error": AnovaRow(df[0, 1], squares[0, 1], error),
    }


def three_way_anova(values: FloatArray) -> dict[str, AnovaRow]:
    """Analyse readings of crossed random readers and cases under fixed modalities, one a cell.

    Args:
        values: Shape (n modalities, n readers, n cases), complete.

    Returns:
        Lines `modality`, `reader`, `case`, their pairs joined by ` x `, and `error`.

    Raises:
        StatisticsError: A reading is missing, or fewer than two modalities, readers or cases.

    Example:
        >>> rows = three_way_anova(np.arange(8.0).reshape(2, 2, 2))
        >>> rows["modality"].sum_of_squares, rows["modality x case"].df
        (32.0, 1)
    """
    _check(values)
    squares = _sums_of_squares(values)
    less = np.array(values.shape) - 1
    df = {effect: int(np.prod(less[list(effect)])) for effect in squares}
    mean = {effect: squares[effect] / df[effect] for effect in squares}
    n_modalities, n_readers, n_cases = values.shape
    error = mean[0, 1, 2]
    components = {
        (0,): np.nan,
        (1,): (mean[1,] + error - mean[1, 2] - mean[0, 1]) / (n_cases * n_modalities),
        (2,): (mean[2,] + error - mean[1, 2] - mean[0, 2]) / (n_readers * n_modalities),
        (0, 1): (mean[0, 1] - error) / n_cases,
        (0, 2): (mean[0, 2] - error) / n_readers,
        (1, 2): (mean[1, 2] - error) / n_modalities,
        (0, 1, 2): error,
    }
    axes = ("modality", "reader", "case")
    return {
        "error" if len(effect) == 3 else " x ".join(axes[axis] for axis in effect): AnovaRow(
            df[effect], squares[effect], component
        )
        for effect, component in components.items()
    }


def _check(values: FloatArray) -> None:
    if np.isnan(values).any():
        raise StatisticsError(
            "an analysis of variance needs every reading, and some are missing",
            remedy="use the moments of any design, as limits_of_agreement does",
        )
    if min(values.shape) < 2:
        raise StatisticsError(f"an analysis of variance needs two of each factor, not {values.shape}")


def _sums_of_squares(values: FloatArray) -> dict[tuple[int, ...], float]:
    """Return the sum of squares of every effect: of the cell means, less what lower effects explain."""
    subsets = [
        tuple(axis for axis in range(values.ndim) if chosen >> axis & 1)
        for chosen in range(1, 2**values.ndim)
    ]
    left = values - values.mean()
    found = {}
    for effect in sorted(subsets, key=len):
        others = tuple(axis for axis in range(values.ndim) if axis not in effect)
        means = left.mean(axis=others, keepdims=True) if others else left
        found[effect] = float(np.sum(means**2) * values.size / means.size)
        left = left - means
    return found
