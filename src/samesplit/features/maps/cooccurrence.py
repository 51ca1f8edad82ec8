"""Maps of the co-occurrence features (IBSI LFYI): pairs of neighbours that both lie within each box.

While the box slides along x, the pairs of the column that leaves go and those of the column that enters come; all
25 features follow from sums that each pair changes (`pair_counts`).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.features.families.glcm import TAGS
from samesplit.features.families.neighbours import directions
from samesplit.features.maps.neighbourhood import Lesion
from samesplit.features.maps.pair_counts import UNIT, change, tables_for

__all__ = ["MOST_LEVELS", "TAGS", "CooccurrenceMaps"]

MOST_LEVELS = 1024
"""More levels than that between the lowest and the highest of a lesion, and the matrices would not stay in the
processor's caches."""


class CooccurrenceMaps:
    """Pairs of a box, ready for the slices of a lesion.

    Args:
        lesion: Grey levels and the box.
        merged: One matrix of all directions; else the mean over the directions in which a feature is defined.
        distance: Chebyshev distance of the voxels of a pair.

    Raises:
        LesionError: There are too many levels, or the box is too small for the distance.
    """

    def __init__(self, lesion: Lesion, *, merged: bool, distance: int) -> None:
        box = lesion.neighbourhood
        self.lesion, self.merged = lesion, merged
        steps = directions(distance, in_plane=box.in_plane)
        pairs = [box.pairs(step) for step in steps]
        if not any(len(here) for here, _ in pairs):
            raise LesionError(
                f"no two voxels of a box of radius {box.radius} are {distance} voxels apart",
                remedy="choose a larger radius, or a smaller `distance` in the profile",
            )
        inside = lesion.levels[lesion.levels > 0]
        self.lowest, highest = int(inside.min()), int(inside.max())
        self.n_rows = highest - self.lowest + 1
        if self.n_rows > MOST_LEVELS:
            raise LesionError(
                f"the lesion's grey levels go from {self.lowest} to {highest}: co-occurrence maps take at most "
                f"{MOST_LEVELS}",
                remedy="choose a wider bin, or a fixed number of bins",
            )
        self.rows = np.where(lesion.levels > 0, lesion.levels - (self.lowest - 1), 0).astype(np.uint16)
        self.n_matrices = 1 if merged else len(steps)
        owner = [0 if merged else d for d in range(len(steps))]
        self.all = self._listed(pairs, owner, None)
        self.entering = self._listed(pairs, owner, box.radius)
        self.leaving = self._listed(pairs, owner, -box.radius)
        self.most = int(np.bincount(self.all[:, 0]).max())

    def _listed(
        self,
        pairs: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]],
        owner: list[int],
        x: int | None,
    ) -> npt.NDArray[np.int64]:
        """Rows (matrix, step to one voxel, step to the other): of all pairs, or of those that touch a column."""
        strides = self.lesion.strides
        rows = []
        for (here, there), matrix in zip(pairs, owner, strict=True):
            touching = np.ones(len(here), dtype=bool) if x is None else (here[:, 2] == x) | (there[:, 2] == x)
            one, other = here[touching] @ strides, there[touching] @ strides
            rows.append(np.stack([np.full(len(one), matrix), one, other], axis=1))
        return np.concatenate(rows)

    def fill(self, *, places: npt.NDArray[np.intp], z: int, out: Any) -> None:
        """Fill the co-occurrence features of the voxels of one slice.

        Args:
            places: Which of `TAGS` are wanted.
            z: The slice, counted with the margin.
            out: Shape (voxels of the slice, wanted).
        """
        n_grey = self.lesion.volume.n_levels
        tables = tables_for(self.n_matrices, self.n_rows, self.most, n_grey).all()
        _sweep(
            self.rows, self.lesion.spans.only(z).bounds, self.all, self.entering, self.leaving,
            float(self.lowest - 1), tables, places, out,
        )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _move(rows: Any, p: int, pairs: Any, sign: int, tables: Any) -> None:
    for k in range(pairs.shape[0]):
        one, other = rows[p + pairs[k, 1]], rows[p + pairs[k, 2]]
        if one != 0 and other != 0:
            change(pairs[k, 0], one, other, sign, tables)


@numba.njit(cache=True, nogil=True)
def _sweep(
    rows: Any, bounds: Any, pairs: Any, entering: Any, leaving: Any, below: float, tables: Any, places: Any,
    out: Any,
) -> None:  # fmt: skip
    n_matrices = tables[2].shape[0]
    values, mean = np.empty(25), np.empty(25)
    defined = np.empty(25, np.int64)
    row = 0
    for j in range(bounds.shape[0]):
        first, last = bounds[j, 0], bounds[j, 1]
        for p in range(first, last):
            if p == first:
                _move(rows, p, pairs, 1, tables)
            else:
                _move(rows, p - 1, leaving, -1, tables)
                _move(rows, p, entering, 1, tables)
            mean[:] = 0.0
            defined[:] = 0
            for t in range(n_matrices):
                if tables[2][t, 0] > 0:
                    _features(tables[2][t], tables[8][t], tables[0], below, values)
                    for k in range(25):
                        if not np.isnan(values[k]):
                            mean[k] += values[k]
                            defined[k] += 1
            for k in range(places.size):
                place = places[k]
                out[row, k] = mean[place] / defined[place] if defined[place] > 0 else np.nan
            row += 1
        _move(rows, last - 1, pairs, -1, tables)  # leaves the tables empty


@numba.njit(cache=True, nogil=True)
def _features(of: Any, top: int, logs: Any, below: float, out: Any) -> None:
    """Compute the 25 features of the symmetric matrix of n pairs; `below` is added to both levels of each."""
    n = of[0]
    twice = 2 * n
    unit = float(UNIT)
    first, second = of[4], of[5]
    spread_sum = n * second - first * first  # n^2 times the variance of i + j
    spread = spread_sum + n * of[3]  # 4 n^2 times the variance of i
    mean = first / twice
    joint_entropy = logs[twice] - 2 * of[8] - 2 * of[1] * UNIT  # each entropy here 2 n times, in units
    level_entropy = logs[twice] - of[11]
    out[0] = top / twice
    out[1] = mean + below
    out[2] = spread / (4.0 * n * n)
    out[3] = joint_entropy / (twice * unit)
    out[4] = out[12] = of[2] / n
    out[5] = (n * of[3] - of[2] * of[2]) / (n * n)
    out[6] = (logs[n] - of[9]) / (n * unit)
    out[7] = first / n + 2.0 * below
    out[8] = out[20] = spread_sum / (n * n)
    out[9] = (logs[n] - of[10]) / (n * unit)
    out[10] = of[12] / (2.0 * n * n)
    out[11] = of[3] / n
    for m in range(5):
        out[13 + m] = of[13 + m] / (n * unit)
    out[18] = (spread_sum - n * of[3]) / spread if spread > 0 else np.nan
    out[19] = (second - of[3]) / (2.0 * twice) + 2.0 * below * mean + below * below
    # Third and fourth moments of i + j about a whole number near the mean, exactly; then about the mean.
    c = first // n
    m2 = (second - 2 * c * first + c * c * n) / n
    m3 = (of[6] - 3 * c * second + 3 * c * c * first - c * c * c * n) / n
    m4 = (of[7] - 4 * c * of[6] + 6 * c * c * second - 4 * c * c * c * first + c * c * c * c * n) / n
    rest = first / n - c
    out[21] = m3 - 3.0 * rest * m2 + 2.0 * rest**3
    out[22] = m4 - 4.0 * rest * m3 + 6.0 * rest * rest * m2 - 3.0 * rest**4
    out[23] = (joint_entropy - 2 * level_entropy) / level_entropy if level_entropy > 0 else np.nan
    shared = (2 * level_entropy - joint_entropy) / (twice * unit)
    out[24] = np.sqrt(1.0 - np.exp(-2.0 * shared)) if shared > 1e-11 else 0.0
