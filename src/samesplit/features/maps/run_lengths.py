"""Maps of the run length features (IBSI TP0I): runs of one grey level that lie within each box."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.families.glrlm import TAGS
from samesplit.features.families.neighbours import N_PAIRS
from samesplit.features.maps.equality import near_neighbours
from samesplit.features.maps.list_kernels import room_for, sweep_runs
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
    sweep_runs(
        lesion.levels, near_neighbours(lesion, 0), lesion.spans.only(z).bounds, lesion.around, box.inside,
        lesion.local_steps[:n_directions], merged,
        room_for(lesion.volume.n_levels, max(box.shape), n * n_directions, n), places, out,
    )  # fmt: skip
