"""Maps of the neighbouring dependence features (IBSI REK0): near neighbours of near levels within each box."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.families.ngldm import TAGS
from samesplit.features.maps.equality import near_neighbours
from samesplit.features.maps.list_kernels import room_for, sweep_dependences
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
    n = lesion.around.size
    sweep_dependences(
        lesion.levels, near_neighbours(lesion, alpha), lesion.spans.only(z).bounds, lesion.around,
        lesion.neighbourhood.inside, room_for(lesion.volume.n_levels, 27, n, n), places, out,
    )  # fmt: skip
