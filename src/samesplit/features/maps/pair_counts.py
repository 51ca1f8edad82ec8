"""Tables for the pairs of grey levels in a box, and for sums over them that each pair changes (`pair_kernels`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.maps.pair_kernels import UNIT

__all__ = ["N_SUMS", "Tables", "tables_for"]

N_SUMS = 18
"""Pairs; pairs of equal levels; sums of |i - j| and its square, of s = i + j and its powers up to 4; sums of
c log2 c over the counts of pairs, of differences, of sums and of levels; of squared counts of pairs; of the five
reciprocals of `Tables.inverse`."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tables:
    """Counts and sums of several matrices, all 0 at first.

    Attributes:
        logs: c log2 c by count c, in units.
        inverse: By difference k, in units: 1 / (1 + k), 1 / (1 + k / n), 1 / (1 + k^2), 1 / (1 + (k / n)^2),
            1 / k^2 (0 for 0).
        sums: See `N_SUMS`, shape (matrices, 18).
        joint: Pairs by their levels, the lower one first, shape (matrices, levels^2).
        differences: Pairs by |i - j|, shape (matrices, levels).
        totals: Pairs by i + j, shape (matrices, 2 levels).
        singles: Levels of pairs, shape (matrices, levels).
        weights: How many cells of the symmetric matrix have a weight: pairs, twice on the diagonal.
        top: The largest weight, shape (matrices,).
    """

    logs: Ints
    inverse: Ints
    sums: Ints
    joint: npt.NDArray[np.int32]
    differences: npt.NDArray[np.int32]
    totals: npt.NDArray[np.int32]
    singles: npt.NDArray[np.int32]
    weights: npt.NDArray[np.int32]
    top: Ints

    def all(self) -> tuple[Any, ...]:
        """Return them in their order, for compiled code."""
        return (
            self.logs, self.inverse, self.sums, self.joint, self.differences, self.totals, self.singles,
            self.weights, self.top,
        )  # fmt: skip


def tables_for(n_matrices: int, n_rows: int, most_pairs: int, n_grey: int) -> Tables:
    """Make empty tables.

    Args:
        n_matrices: One, or one for each direction.
        n_rows: Levels from the lesion's lowest to its highest.
        most_pairs: Pairs that one matrix may hold.
        n_grey: The number n of grey levels that normalised features divide by.
    """
    k = np.arange(n_rows, dtype=np.float64)
    inverse = np.stack(
        [
            1 / (1 + k),
            1 / (1 + k / n_grey),
            1 / (1 + k * k),
            1 / (1 + (k / n_grey) ** 2),
            1 / np.maximum(k, 1) ** 2,
        ]
    )
    inverse[4, 0] = 0.0
    width = n_rows + 1

    def zeros(size: int) -> npt.NDArray[np.int32]:
        return np.zeros((n_matrices, size), dtype=np.int32)

    return Tables(
        logs=_logs(2 * most_pairs),
        inverse=np.rint(inverse * UNIT).astype(np.int64),
        sums=np.zeros((n_matrices, N_SUMS), dtype=np.int64),
        joint=zeros(width * width),
        differences=zeros(n_rows),
        totals=zeros(2 * width),
        singles=zeros(width),
        weights=zeros(2 * most_pairs + 3),
        top=np.zeros(n_matrices, dtype=np.int64),
    )


def _logs(largest: int) -> Ints:
    """Return c log2 c by count c, in units; 2 c gets exactly twice what c gets, and 2 c units more."""
    counts = np.arange(largest + 1, dtype=np.float64)
    logs = np.rint(counts * np.log2(np.maximum(counts, 1)) * UNIT).astype(np.int64)
    for even in range(2, largest + 1, 2):
        logs[even] = 2 * logs[even // 2] + even * UNIT
    return logs
