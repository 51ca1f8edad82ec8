"""Maps of the intensity-based statistics (IBSI UHIW), from the ordered intensities of each box."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.families.statistics import TAGS
from samesplit.features.maps.neighbourhood import Lesion
from samesplit.features.maps.ordered_kernels import room_for, sweep_statistics
from samesplit.ordering import RELATIVE

__all__ = ["TAGS", "statistics_maps"]


def statistics_maps(
    lesion: Lesion, intensities: npt.NDArray[np.float64], places: npt.NDArray[np.intp], z: int, out: Any
) -> None:
    """Fill the statistics of the voxels of one slice.

    Args:
        lesion: Masks and the box.
        intensities: Laid out like the lesion's mask, flat.
        places: Which of `TAGS` are wanted.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    bounds, room = lesion.spans.only(z).bounds, room_for(lesion, np.float64, len(TAGS))
    sweep_statistics(intensities, lesion.mask, bounds, lesion.column, room, RELATIVE, places, out)
