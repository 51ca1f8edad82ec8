"""AUCs and placement values of many columns of scores of the same cases at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from samesplit.statistics.checks import FloatArray, IntArray

__all__ = ["ColumnPlacements", "column_placements"]


@dataclass(frozen=True)
class ColumnPlacements:
    """Where each case stands among the cases of the other class, in every column of scores.

    Attributes:
        aucs: Shape (k,).
        positive: Shape (k, m): for each positive case the share of negative ones that it exceeds, ties as half.
        negative: Shape (k, n): for each negative case the share of positive ones that exceed it.
    """

    aucs: FloatArray
    positive: FloatArray
    negative: FloatArray


def column_placements(truth: IntArray, scores: FloatArray) -> ColumnPlacements:
    """Compute the placement values of `auc.placements` for all columns in one pass.

    Args:
        truth: Shape (n,), 0 or 1, both present.
        scores: Shape (k, n), finite.

    Example:
        >>> column_placements(np.array([0, 0, 1, 1]), np.array([[0.1, 0.4, 0.35, 0.8]])).aucs.tolist()
        [0.75]
    """
    above, below = scores[:, truth == 1], scores[:, truth == 0]
    m, n = above.shape[1], below.shape[1]
    ranks = stats.rankdata(np.concatenate([above, below], axis=1), axis=1)
    return ColumnPlacements(
        (ranks[:, :m].sum(axis=1) - m * (m + 1) / 2) / (m * n),
        (ranks[:, :m] - stats.rankdata(above, axis=1)) / n,
        1.0 - (ranks[:, m:] - stats.rankdata(below, axis=1)) / m,
    )
