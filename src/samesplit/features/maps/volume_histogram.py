"""Maps of the intensity-volume histogram (IBSI P88C), from the ordered levels of each box.

The levels are those of the whole lesion: they start where its histogram starts and end where it ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.families.ivh import TAGS, IvhLevels
from samesplit.features.maps.neighbourhood import Lesion
from samesplit.features.maps.ordered_kernels import room_for, sweep_volumes

__all__ = ["TAGS", "volume_histogram_maps"]


def volume_histogram_maps(
    lesion: Lesion,
    index: npt.NDArray[np.int64],
    levels: IvhLevels,
    places: npt.NDArray[np.intp],
    z: int,
    out: Any,
) -> None:
    """Fill the volume histogram features of the voxels of one slice.

    Args:
        lesion: Masks and the box.
        index: Level of each voxel, laid out like the lesion's mask, flat.
        levels: What the levels mean.
        places: Which of `TAGS` are wanted.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    bounds, room = lesion.spans.only(z).bounds, room_for(lesion, np.int64, len(TAGS))
    of_levels = (levels.n_levels, levels.first, levels.step)
    sweep_volumes(index, lesion.mask, bounds, lesion.column, room, *of_levels, places, out)
