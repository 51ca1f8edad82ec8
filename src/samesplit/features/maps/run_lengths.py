"""Maps of the run length features (IBSI TP0I): runs of one grey level that lie within each box."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.glrlm import TAGS
from samesplit.features.families.neighbours import N_PAIRS
from samesplit.features.maps.emphases import list_emphases, scratch_for
from samesplit.features.maps.equality import near_neighbours
from samesplit.features.maps.neighbourhood import Lesion

__all__ = ["TAGS", "run_length_maps"]


def run_length_maps(lesion: Lesion, *, merged: bool, places: npt.NDArray[np.intp], z: int, out: Any) -> None:
    """Fill the run length features of the voxels of one slice.

    Args:
        lesion: Grey levels and the box.
        merged: One matrix of all directions; else the mean over the directions.
        places: Which of `TAGS` are wanted.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    box = lesion.neighbourhood
    n_directions = 4 if box.in_plane else N_PAIRS
    n = lesion.around.size
    _sweep(
        lesion.levels, near_neighbours(lesion, 0), lesion.spans.only(z).bounds, lesion.around, box.inside,
        lesion.local_steps[:n_directions], merged,
        scratch_for(lesion.volume.n_levels, max(box.shape), n * n_directions), places, out,
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _sweep(
    levels: Any, bits: Any, bounds: Any, around: Any, inside: Any, local: Any, merged: bool,
    scratch: Any, places: Any, out: Any,
) -> None:  # fmt: skip
    n_directions = local.size
    room = around.size * n_directions
    run_levels, run_lengths = np.empty(room, np.uint16), np.empty(room, np.uint16)
    equal = np.empty(around.size, np.uint32)  # neighbours of the same level within the box
    values = np.empty(17)
    mean = np.empty(17)
    row = 0
    for j in range(bounds.shape[0]):
        for p in range(bounds[j, 0], bounds[j, 1]):
            n_voxels = 0
            for k in range(around.size):
                q = p + around[k]
                equal[k] = bits[q] & inside[k]
                n_voxels += levels[q] != 0
            mean[:] = 0.0
            n = 0
            for d in range(n_directions):
                if not merged:
                    n = 0
                one, back = np.uint32(1) << np.uint32(d), np.uint32(1) << np.uint32(d + 13)
                for k in range(around.size):
                    level = levels[p + around[k]]
                    if level == 0 or equal[k] & back:
                        continue
                    length, place = 1, k
                    while equal[place] & one:
                        place += local[d]
                        length += 1
                    run_levels[n] = level
                    run_lengths[n] = length
                    n += 1
                if not merged:
                    list_emphases(run_levels, run_lengths, n, n_voxels, scratch, values)
                    mean += values
            if merged:
                list_emphases(run_levels, run_lengths, n, n_voxels * n_directions, scratch, mean)
            else:
                mean /= n_directions
            for k in range(places.size):
                out[row, k] = mean[places[k]]
            row += 1
