"""Maps of the co-occurrence features (IBSI LFYI): pairs of neighbours that both lie within each box.

While the box slides along x, the pairs of the column that leaves go and those of the column that enters come; all
25 features follow from sums that each pair changes (`pair_counts`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.features.families.glcm import TAGS
from samesplit.features.families.neighbours import directions
from samesplit.features.maps.neighbourhood import Lesion
from samesplit.features.maps.pair_counts import tables_for
from samesplit.features.maps.pair_kernels import sweep_pairs

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
        sweep_pairs(
            self.rows, self.lesion.spans.only(z).bounds, self.all, self.entering, self.leaving,
            float(self.lowest - 1), tables, np.empty((3, len(TAGS))), places, out,
        )  # fmt: skip
