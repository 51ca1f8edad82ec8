"""Where the voxels of a lesion are: the stretches of them along x, and levels counted without gaps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.features.families.texture import Levels, LevelVolume, MaskGeometry

__all__ = ["MAX_DISTINCT_LEVELS", "Ranked", "Spans", "ranked", "spans_of", "spans_of_mask"]

MAX_DISTINCT_LEVELS = 4096
"""More distinct levels than that in one lesion, and a co-occurrence matrix would not fit into memory."""


@dataclass(frozen=True)
class Spans:
    """The stretches of neighbouring lesion voxels along x, as positions in the flattened volume.

    Attributes:
        bounds: First voxel of each stretch and the one after its last, in voxel order, shape (n, 2).
        starts: Stretches `starts[z]` to `starts[z + 1]` belong to slice z, shape (nz + 1,).
    """

    bounds: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    def only(self, z: int) -> Spans:
        """Return the stretches of one slice."""
        starts = np.clip(self.starts, self.starts[z], self.starts[z + 1]) - self.starts[z]
        return Spans(self.bounds[self.starts[z] : self.starts[z + 1]], starts)

    def occupied_slices(self) -> list[int]:
        """Return the slices that have lesion voxels."""
        return self._occupied

    @cached_property
    def _occupied(self) -> list[int]:
        return np.flatnonzero(self.starts[1:] != self.starts[:-1]).tolist()


def spans_of_mask(mask: npt.NDArray[Any]) -> Spans:
    """Return the stretches of a mask whose outermost voxels are all 0.

    Example:
        >>> mask = np.zeros((3, 3, 6), dtype=np.uint8)
        >>> mask[1, 1, [1, 2, 4]] = 1
        >>> spans_of_mask(mask).bounds.tolist()
        [[25, 27], [28, 29]]
    """
    inside = (mask.reshape(-1) > 0).view(np.int8)
    bounds = (np.flatnonzero(inside[1:] != inside[:-1]) + 1).reshape(-1, 2).astype(np.int64)
    nz, ny, nx = mask.shape
    starts = np.searchsorted(bounds[:, 0], np.arange(nz + 1) * (ny * nx))
    return Spans(bounds, np.asarray(starts, dtype=np.int64))


def spans_of(geometry: MaskGeometry) -> Spans:
    """Return the stretches of the intensity mask, worked out once for all discretisations."""
    return geometry.shared("spans", lambda: spans_of_mask(geometry.intensity))


@dataclass(frozen=True)
class Ranked:
    """Levels as rows of a matrix.

    Attributes:
        rows: 1 to `len(greys)` inside the lesion, 0 outside, same shape as the levels.
        greys: The level that each row stands for, ascending.
    """

    rows: Levels
    greys: npt.NDArray[np.int64]


def ranked(volume: LevelVolume) -> Ranked:
    """One row for each level up to 255 of them; with more, one row for each level that occurs.

    Narrow bins give thousands of levels of which a lesion has few: a matrix of all would be mostly empty.

    Raises:
        LesionError: More than `MAX_DISTINCT_LEVELS` levels occur.
    """
    return volume.shared("ranked", lambda: _ranked(volume))


def _ranked(volume: LevelVolume) -> Ranked:
    if volume.n_levels <= np.iinfo(np.uint8).max:
        return Ranked(volume.levels, np.arange(1, volume.n_levels + 1))
    counts = np.bincount(volume.levels.reshape(-1), minlength=2)
    counts[0] = 0
    greys = np.flatnonzero(counts)
    if len(greys) > MAX_DISTINCT_LEVELS:
        raise LesionError(
            f"{len(greys)} different grey levels, more than a texture matrix can hold ({MAX_DISTINCT_LEVELS})",
            remedy="choose a wider bin, or a fixed number of bins",
        )
    dtype = np.uint8 if len(greys) <= np.iinfo(np.uint8).max else np.uint16
    rows: npt.NDArray[Any] = np.zeros(len(counts), dtype=dtype)
    rows[greys] = np.arange(1, len(greys) + 1)
    return Ranked(rows[volume.levels], greys.astype(np.int64))
