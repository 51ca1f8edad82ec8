"""Which of a voxel's 26 neighbours have its grey level, or nearly: one bit for each direction."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.neighbours import DIRECTIONS
from samesplit.features.maps.neighbourhood import Lesion

__all__ = ["near_neighbours"]


def near_neighbours(lesion: Lesion, alpha: int) -> npt.NDArray[np.uint32]:
    """Return the bits of all voxels, worked out once for a volume; do not write to them.

    Args:
        lesion: Grey levels.
        alpha: The largest difference of level that counts as near.

    Returns:
        Flat; bit k is set where the voxel and its neighbour at `DIRECTIONS[k]` are near, both inside the lesion.
    """

    def make() -> npt.NDArray[np.uint32]:
        bits = np.zeros(lesion.levels.size, dtype=np.uint32)
        _near(lesion.levels, lesion.spans.bounds, DIRECTIONS @ lesion.strides, alpha, bits)
        return bits

    return lesion.volume.shared(f"near_neighbours_{alpha}_{lesion.margin}", make)


@numba.njit(cache=True, nogil=True)
def _near(levels: Any, bounds: Any, offsets: Any, alpha: int, bits: Any) -> None:
    for j in range(bounds.shape[0]):
        for p in range(bounds[j, 0], bounds[j, 1]):
            level = np.int64(levels[p])
            word = np.uint32(0)
            for k in range(offsets.size):
                other = np.int64(levels[p + offsets[k]])
                if other != 0 and abs(other - level) <= alpha:
                    word |= np.uint32(1) << np.uint32(k)
            bits[p] = word
