"""Maps of the neighbouring dependence features (IBSI REK0): near neighbours of near levels within each box."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.ngldm import TAGS
from samesplit.features.maps.emphases import list_emphases, scratch_for
from samesplit.features.maps.equality import near_neighbours
from samesplit.features.maps.neighbourhood import Lesion

__all__ = ["TAGS", "dependence_maps"]


def dependence_maps(lesion: Lesion, *, alpha: int, places: npt.NDArray[np.intp], z: int, out: Any) -> None:
    """Fill the dependence features of the voxels of one slice.

    Args:
        lesion: Grey levels and the box.
        alpha: The largest difference of level at which a neighbour depends on a voxel.
        places: Which of `TAGS` are wanted.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    _sweep(
        lesion.levels, near_neighbours(lesion, alpha), lesion.spans.only(z).bounds, lesion.around,
        lesion.neighbourhood.inside, scratch_for(lesion.volume.n_levels, 27, lesion.around.size), places, out,
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _sweep(
    levels: Any, bits: Any, bounds: Any, around: Any, inside: Any, scratch: Any, places: Any, out: Any
) -> None:
    of_voxel, dependence = np.empty(around.size, np.uint16), np.empty(around.size, np.uint16)
    values = np.empty(17)
    row = 0
    for j in range(bounds.shape[0]):
        for p in range(bounds[j, 0], bounds[j, 1]):
            n = 0
            for k in range(around.size):
                q = p + around[k]
                if levels[q] == 0:
                    continue
                of_voxel[n] = levels[q]
                dependence[n] = _count_bits(bits[q] & inside[k]) + np.uint32(1)
                n += 1
            list_emphases(of_voxel, dependence, n, n, scratch, values)
            for k in range(places.size):
                out[row, k] = values[places[k]]
            row += 1


@numba.njit(cache=True, nogil=True, inline="always")
def _count_bits(b: Any) -> Any:
    b -= (b >> np.uint32(1)) & np.uint32(0x55555555)
    b = (b & np.uint32(0x33333333)) + ((b >> np.uint32(2)) & np.uint32(0x33333333))
    b = (b + (b >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
    return np.uint32(b * np.uint32(0x01010101)) >> np.uint32(24)
