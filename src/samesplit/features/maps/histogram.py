"""Maps of the intensity histogram (IBSI ZVCW), from the ordered grey levels of each box."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.families.histogram import TAGS
from samesplit.features.maps.neighbourhood import Lesion
from samesplit.features.maps.ordered_kernels import room_for, sweep_histogram

__all__ = ["TAGS", "histogram_maps"]


def histogram_maps(lesion: Lesion, places: npt.NDArray[np.intp], z: int, out: Any) -> None:
    """Fill the histogram features of the voxels of one slice.

    Args:
        lesion: Grey levels and the box.
        places: Which of `TAGS` are wanted.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    bounds, room = lesion.spans.only(z).bounds, room_for(lesion, np.uint16, len(TAGS))
    table = np.zeros(lesion.volume.n_levels + 2, dtype=np.int64)
    sweep_histogram(lesion.levels, lesion.mask, bounds, lesion.column, room, table, places, out)
