"""How much each factor of a factorial benchmark explains: sums of squares of AUCs by fold and combination.

The table has a row a fold and a column a combination of levels. Its total sum of squares is taken apart into
the folds, each factor, what the factors do together (interactions), and the rest (folds by combinations). What a
factor explains is the part that an additive model of all factors loses when the factor is taken out of it; where
every level stands with every other equally often, this is the sum of squares of its main effect. Where it does
not, a part may belong to several factors and is kept by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, IntArray

__all__ = ["Decomposition", "decompose", "level_means"]


@dataclass(frozen=True)
class Decomposition:
    """Shares of the total sum of squares, each of shape (b,); NaN where nothing varies or an AUC is missing.

    Attributes:
        factors: Shape (b, n factors): what each factor explains by itself.
        shared: What several factors explain and none by itself; 0 in a balanced table.
        interactions: What the combinations differ by beyond the sum of their levels.
        folds: What the folds differ by for all combinations alike.
        residual: The rest: folds by combinations.
        corrected: Shape (b, n factors): the factors' shares without what chance alone would have given them
            (omega squared), not below 0; NaN with one fold.
    """

    factors: FloatArray
    shared: FloatArray
    interactions: FloatArray
    folds: FloatArray
    residual: FloatArray
    corrected: FloatArray


def decompose(values: npt.ArrayLike, levels: npt.ArrayLike) -> Decomposition:
    """Take the variance of tables of AUCs apart.

    Args:
        values: Shape (b, n folds, n combinations).
        levels: Shape (n combinations, n factors), the level of each factor by number.

    Returns:
        The shares of each of the b tables.

    Raises:
        StatisticsError: The shapes do not fit, or there are fewer than two combinations.

    Example:
        >>> table = [[[0.6, 0.7, 0.8, 0.9], [0.6, 0.7, 0.8, 0.9]]]
        >>> decompose(table, [[0, 0], [0, 1], [1, 0], [1, 1]]).factors.round(3).tolist()
        [[0.8, 0.2]]

    References:
        Hays WL. Statistics for Psychologists. Holt, Rinehart and Winston, 1963 (omega squared).
    """
    table = np.asarray(values, dtype=np.float64)
    codes = np.asarray(levels, dtype=np.int64)
    if table.ndim != 3 or codes.ndim != 2 or table.shape[2] != len(codes) or len(codes) < 2:
        raise StatisticsError(
            f"a table of shape {table.shape} does not fit {codes.shape} levels of two combinations or more"
        )
    n_folds, n_cells = table.shape[1:]
    centred = table - table.mean(axis=(1, 2), keepdims=True)
    total = (centred**2).sum(axis=(1, 2))
    by_fold = n_cells * (centred.mean(axis=2) ** 2).sum(axis=1)
    cells = centred.mean(axis=1)
    between = n_folds * (cells**2).sum(axis=1)
    whole = _design(codes, range(codes.shape[1]))
    additive = n_folds * _explained(cells, whole)
    without = [
        n_folds * _explained(cells, _design(codes, _others(codes, factor)))
        for factor in range(codes.shape[1])
    ]
    alone = additive[:, None] - np.stack(without, axis=1)
    residual = total - by_fold - between
    mean_square = residual / max(1, (n_folds - 1) * (n_cells - 1))
    freedom = np.array(
        [
            np.linalg.matrix_rank(whole) - np.linalg.matrix_rank(_design(codes, _others(codes, factor)))
            for factor in range(codes.shape[1])
        ]
    )
    chance = mean_square[:, None] * freedom if n_folds > 1 else np.full(alone.shape, np.nan)
    return Decomposition(
        factors=_share(alone, total[:, None]),
        shared=_share(additive - alone.sum(axis=1), total),
        interactions=_share(between - additive, total),
        folds=_share(by_fold, total),
        residual=_share(residual, total),
        corrected=np.maximum(
            _share(alone - chance, total[:, None] + np.nan_to_num(mean_square)[:, None]), 0.0
        ),
    )


def level_means(cells: npt.ArrayLike, levels: npt.ArrayLike) -> list[FloatArray]:
    """Average combinations by level, as if each level of a factor stood equally often with those of the others.

    The means are those of an additive model (least squares), so that a level is not judged by what else it happens
    to stand with. Where all combinations are there they are plain means, and so they are where two factors change
    together throughout, which no model can tell apart.

    Args:
        cells: Shape (b, n combinations).
        levels: Shape (n combinations, n factors), the level of each factor by number.

    Returns:
        For each factor an array of shape (b, n levels).

    References:
        Searle SR, Speed FM, Milliken GA. doi:10.1080/00031305.1980.10483031 (population marginal means).

    Example:
        >>> only_lesion, lesion, box = [0, 0], [1, 0], [1, 1]
        >>> [each.round(2).tolist() for each in level_means([[0.5, 0.9, 0.8]], [only_lesion, lesion, box])]
        [[[0.45, 0.85]], [[0.7, 0.6]]]
    """
    table, codes = np.asarray(cells, dtype=np.float64), np.asarray(levels, dtype=np.int64)
    counts = codes.max(axis=0) + 1
    whole = _design(codes, range(codes.shape[1]))
    if np.linalg.matrix_rank(whole) < 1 + (counts - 1).sum():
        own = [np.eye(count)[codes[:, factor]] for factor, count in enumerate(counts)]
        return [table @ (each / each.sum(axis=0)) for each in own]
    fitted = table @ np.linalg.pinv(whole).T
    effects = np.split(fitted[:, 1:], np.cumsum(counts)[:-1], axis=1)
    centre = fitted[:, :1] + sum(each.mean(axis=1, keepdims=True) for each in effects)
    return [centre + each - each.mean(axis=1, keepdims=True) for each in effects]


def _others(codes: IntArray, factor: int) -> list[int]:
    return [other for other in range(codes.shape[1]) if other != factor]


def _design(codes: IntArray, factors: Sequence[int]) -> FloatArray:
    """Return the columns of an additive model: a constant, and one for each level of each factor."""
    columns = [np.ones((len(codes), 1))]
    columns += [np.eye(int(codes[:, factor].max()) + 1)[codes[:, factor]] for factor in factors]
    return np.hstack(columns)


def _explained(cells: FloatArray, design: FloatArray) -> FloatArray:
    """Return the sum of squares of what a model explains of centred values, shape (b, n) to (b,)."""
    onto = design @ np.linalg.pinv(design)
    found: FloatArray = ((cells @ onto) ** 2).sum(axis=1)
    return found


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide; a table in which nothing varies has no shares, and rounding makes none negative."""
    found: FloatArray = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=found, where=whole > 1e-20)
    return np.where(np.abs(found) < 1e-12, 0.0, found)
