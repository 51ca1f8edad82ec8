"""Maps of the size zone (IBSI 9SAK) and distance zone (VMDZ) features: zones that lie within each box.

A zone's distance is that to the border of the part of the lesion in the box: the box's own faces are borders too.
"""

from __future__ import annotations

from typing import Any, Literal

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.glszm import TAGS as SIZE_TAGS
from samesplit.features.families.zones import joins
from samesplit.features.maps.emphases import list_emphases, scratch_for
from samesplit.features.maps.equality import near_neighbours
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
    _sweep(
        lesion.levels, near_neighbours(lesion, 0), lesion.spans.only(z).bounds, lesion.around, box.inside,
        lesion.local_steps, joins(), _drawn(lesion), box.to_edge, steps == "distances", not box.in_plane,
        scratch_for(lesion.volume.n_levels, n, n), places, out,
    )  # fmt: skip


def _drawn(lesion: Lesion) -> npt.NDArray[np.uint8]:
    """Return the morphological mask, laid out flat."""
    return lesion.laid_out(lesion.volume.geometry.morphological, np.uint8)


@numba.njit(cache=True, nogil=True, inline="always")
def _root(parents: Any, label: Any) -> Any:
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = np.uintp(parents[label])
    return label


@numba.njit(cache=True, nogil=True)
def _distances(
    drawn: Any, p: int, around: Any, local: Any, inside: Any, to_edge: Any, up: bool, out: Any
) -> None:
    """Count steps along the axes from each voxel of a box to the next one outside the box or the lesion."""
    whole = True
    for k in range(around.size):
        within = drawn[p + around[k]] != 0
        out[k] = to_edge[k] if within else np.uint16(0)
        whole = whole and within
    if whole:
        return
    # Directions 0 and 2 lead along x and y, 8 along z; what lies outside is 0 already, so two sweeps are exact.
    for k in range(around.size):
        if out[k] != 0:
            for d in (0, 2, 8):
                if (d != 8 or up) and inside[k] & (np.uint32(1) << np.uint32(d + 13)):
                    out[k] = min(out[k], out[k - local[d]] + np.uint16(1))
    for k in range(around.size - 1, -1, -1):
        if out[k] != 0:
            for d in (0, 2, 8):
                if (d != 8 or up) and inside[k] & (np.uint32(1) << np.uint32(d)):
                    out[k] = min(out[k], out[k + local[d]] + np.uint16(1))


@numba.njit(cache=True, nogil=True)
def _sweep(
    levels: Any, bits: Any, bounds: Any, around: Any, inside: Any, local: Any, joined: Any, drawn: Any,
    to_edge: Any, by_distance: bool, up: bool, scratch: Any, places: Any, out: Any,
) -> None:  # fmt: skip
    n_box = around.size
    labels = np.empty(n_box, np.uint16)
    parents, sizes = np.empty(n_box, np.uint16), np.empty(n_box, np.uint16)
    zone_levels, nearest = np.empty(n_box, np.uint16), np.empty(n_box, np.uint16)
    distance = np.empty(n_box, np.uint16)
    values = np.empty(17)
    four, lowest = np.uint16(4), np.uint16(15)
    row = 0
    for j in range(bounds.shape[0]):
        for p in range(bounds[j, 0], bounds[j, 1]):
            if by_distance:
                _distances(drawn, p, around, local, inside, to_edge, up, distance)
            n, n_voxels = 0, 0
            for k in range(n_box):
                q = p + around[k]
                if levels[q] == 0:
                    continue
                n_voxels += 1
                join = joined[(bits[q] & inside[k]) >> np.uint32(13)]
                if join == 0:
                    labels[k] = parents[n] = n
                    sizes[n], zone_levels[n], nearest[n] = 1, levels[q], distance[k]
                    n += 1
                    continue
                label = _root(parents, np.uintp(labels[k - local[np.uintp(join & lowest) - 1]]))
                join >>= four
                while join != 0:
                    other = _root(parents, np.uintp(labels[k - local[np.uintp(join & lowest) - 1]]))
                    if other < label:
                        label, other = other, label
                    if other != label:
                        parents[other] = label
                        sizes[label] += sizes[other]
                        nearest[label] = min(nearest[label], nearest[other])
                    join >>= four
                labels[k] = label
                sizes[label] += 1
                nearest[label] = min(nearest[label], distance[k])
            n_zones = 0
            for k in range(n):
                if parents[k] == k:
                    zone_levels[n_zones] = zone_levels[k]
                    sizes[n_zones] = nearest[k] if by_distance else sizes[k]
                    n_zones += 1
            list_emphases(zone_levels, sizes, n_zones, n_voxels, scratch, values)
            for k in range(places.size):
                out[row, k] = values[places[k]]
            row += 1
