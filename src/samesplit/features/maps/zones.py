"""Maps of the size zone (IBSI 9SAK) and distance zone (VMDZ) features: zones that lie within each box.

A zone's distance is that to the border of the part of the lesion in the box: the box's own faces are borders too.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from samesplit.features.families.glszm import TAGS as SIZE_TAGS
from samesplit.features.families.zones import joins
from samesplit.features.maps.equality import near_neighbours
from samesplit.features.maps.list_kernels import room_for, sweep_zones
from samesplit.features.maps.neighbourhood import Lesion

__all__ = ["SIZE_TAGS", "zone_maps"]


def zone_maps(
    lesion: Lesion, steps: Literal["sizes", "distances"], *, places: npt.NDArray[np.intp], z: int, out: Any
) -> None:
    """Fill the zone features of the voxels of one slice.

    Args:
        lesion: Grey levels and the box.
        steps: What zones are counted by, besides their level.
        places: Which of the features are wanted, in the order of `glszm.TAGS` and `gldzm.TAGS`.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    box = lesion.neighbourhood
    n = lesion.around.size
    sweep_zones(
        lesion.levels, near_neighbours(lesion, 0), lesion.spans.only(z).bounds, lesion.around, box.inside,
        lesion.local_steps, joins(), _drawn(lesion), box.to_edge, steps == "distances", not box.in_plane,
        room_for(lesion.volume.n_levels, n, n, n), places, out,
    )  # fmt: skip


def _drawn(lesion: Lesion) -> npt.NDArray[np.uint8]:
    """Return the morphological mask, laid out flat."""
    return lesion.laid_out(lesion.volume.geometry.morphological, np.uint8)
