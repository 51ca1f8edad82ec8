"""Zones: connected voxels of one grey level. Size zones and distance zones are counted from one labelling."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.distance import border_distance
from samesplit.features.families.emphases import zone_emphases
from samesplit.features.families.neighbours import DIRECTIONS, IN_PLANE, N_PAIRS, equal_bits
from samesplit.features.families.slices import mean_over_slices
from samesplit.features.families.spans import spans_of
from samesplit.features.families.texture import LevelVolume

__all__ = ["Zones", "zone_features", "zones"]


@dataclass(frozen=True)
class Zones:
    """The zones of a volume, in the order of their first voxels.

    Attributes:
        levels: Grey level, shape (zones,).
        sizes: Number of voxels, shape (zones,).
        distances: Distance to the border of the morphological mask of the zone's nearest voxel, shape (zones,).
        starts: Where each slice's zones start, shape (slices + 1,): zones that lie within slices can be told
            apart by it.
    """

    levels: npt.NDArray[np.uint16]
    sizes: npt.NDArray[np.uint32]
    distances: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.int64]


def zones(volume: LevelVolume, *, in_plane: bool) -> Zones:
    """Return the zones of a volume, worked out once.

    Args:
        volume: Grey levels.
        in_plane: Zones within slices (8-connected), distances within slices; else 26-connected.

    Returns:
        The zones.

    Example:
        >>> from samesplit.features.families.texture import MaskGeometry
        >>> mask = np.ones((1, 1, 3), dtype=np.uint8)
        >>> geometry = MaskGeometry(mask, mask)
        >>> found = zones(LevelVolume(geometry, geometry.place(np.array([2, 2, 1]))), in_plane=True)
        >>> found.levels.tolist(), found.sizes.tolist(), found.distances.tolist()
        ([2, 1], [2, 1], [1, 1])
    """
    name = f"zones_{'in_plane' if in_plane else '3d'}"
    return volume.shared(name, lambda: _zones(volume, in_plane), passing=True)


def zone_features(
    volume: LevelVolume, aggregation: str, steps: Literal["sizes", "distances"]
) -> npt.NDArray[np.float64]:
    """Return the sixteen features of a volume's size zones or distance zones.

    Args:
        volume: Grey levels.
        aggregation: "2D", "2_5D" or "3D".
        steps: What zones are counted by, besides their level.

    Returns:
        The features in the order of `glszm.TAGS` and `gldzm.TAGS`, shape (16,).

    Raises:
        ValueError: The aggregation is none of the three.
    """
    if aggregation not in ("2D", "2_5D", "3D"):
        raise ValueError(f"zones are aggregated as 2D, 2_5D or 3D, not as {aggregation!r}")
    found = zones(volume, in_plane=aggregation != "3D")
    of_zones = found.sizes if steps == "sizes" else found.distances
    if aggregation != "2D":
        return zone_emphases(found.levels, of_zones, volume.n_levels, volume.geometry.n_voxels)[:16]
    n_voxels = volume.geometry.n_voxels_per_slice
    parts = [(slice(*found.starts[z : z + 2]), int(n_voxels[z])) for z in np.flatnonzero(n_voxels)]
    features = [zone_emphases(found.levels[part], of_zones[part], volume.n_levels, n) for part, n in parts]
    return mean_over_slices(np.stack(features))[:16]


_BEHIND = np.uint32((1 << N_PAIRS) - 1)
_BEHIND_IN_PLANE = np.uint32(int(IN_PLANE) >> N_PAIRS)


def _steps(ny: int, nx: int) -> npt.NDArray[np.uintp]:
    return np.asarray(DIRECTIONS[:N_PAIRS] @ np.array([ny * nx, nx, 1]), dtype=np.uintp)


def _zones(volume: LevelVolume, in_plane: bool) -> Zones:
    nz, ny, nx = volume.levels.shape
    behind = volume.geometry.shared("steps_behind", lambda: _steps(ny, nx))
    keep = _BEHIND_IN_PLANE if in_plane else _BEHIND
    distance = border_distance(volume.geometry, in_plane=in_plane)
    spans = spans_of(volume.geometry)
    parents, sizes, distances = np.empty((3, volume.geometry.n_voxels + 1), dtype=np.uint32)
    levels = np.empty(volume.geometry.n_voxels + 1, dtype=np.uint16)
    starts = np.zeros(nz + 1, dtype=np.int64)
    n = _label(
        volume.levels.reshape(-1),
        equal_bits(volume).reshape(-1),
        distance.reshape(-1),
        (spans.bounds, spans.starts),
        (behind, joins(), keep),
        np.empty(volume.levels.size, dtype=np.uint32),
        (parents, levels, sizes, distances, starts),
    )
    n = _gather(parents, levels, sizes, distances, starts, n)
    return Zones(levels[:n].copy(), sizes[:n].copy(), distances[:n].copy(), starts)


@cache
def joins() -> npt.NDArray[np.uint16]:
    """For each set of equal neighbours among the 13 that lie behind: which of them a voxel must be joined to.

    Neighbours that touch one another are of one zone already, so one of each connected group is enough: at most
    four. They are packed as numbers (1 to 13) of four bits each, the first in the lowest bits.
    """
    behind = -DIRECTIONS[:N_PAIRS]
    touching = np.abs(behind[:, None] - behind[None]).max(axis=2) <= 1
    near = touching @ (1 << np.arange(N_PAIRS))
    sets = np.arange(1 << N_PAIRS)
    left = sets.copy()
    packed = np.zeros(sets.size, dtype=np.uint16)
    for shift in range(0, 16, 4):
        group = left & -left
        first = np.bitwise_count(np.maximum(group, 1) - 1).astype(np.int64)
        packed |= np.where(left > 0, (first + 1) << shift, 0).astype(np.uint16)
        grown = np.zeros_like(group)
        while (grown != group).any():  # take in neighbours of members until the group is complete
            grown = group
            for k in range(N_PAIRS):
                group = np.where(group >> k & 1, group | (near[k] & left), group)
        left &= ~group
    return packed


@numba.njit(cache=True, nogil=True)
def _root(parents: Any, label: Any) -> Any:
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = np.uintp(parents[label])
    return label


@numba.njit(cache=True, nogil=True)
def _label(levels: Any, equal: Any, distance: Any, spans: Any, near: Any, labels: Any, found: Any) -> int:
    # One pass: each voxel takes the label of an equal neighbour behind it, and joins labels that it connects.
    # Sizes and distances are gathered by label at once; labels that were joined are added up afterwards.
    behind, joins, keep = near
    parents, zone_levels, sizes, distances, starts = found
    bounds, first = spans
    one, four, lowest, shift = np.uintp(1), np.uint16(4), np.uint16(15), np.uint32(13)
    n = np.uintp(0)
    for z in range(first.size - 1):
        starts[z] = n
        for j in range(first[z], first[z + 1]):
            for p in range(np.uintp(bounds[j, 0]), np.uintp(bounds[j, 1])):
                near_border = distance[p]
                join = joins[equal[p] >> shift & keep]
                if join == 0:
                    labels[p] = parents[n] = n
                    zone_levels[n] = levels[p]
                    sizes[n] = 1
                    distances[n] = near_border
                    n += one
                    continue
                label = np.uintp(labels[p - behind[np.uintp(join & lowest) - one]])
                join >>= four
                while join != 0:
                    other = _root(parents, np.uintp(labels[p - behind[np.uintp(join & lowest) - one]]))
                    label = _root(parents, label)
                    if other < label:
                        label, other = other, label
                    parents[other] = label
                    join >>= four
                labels[p] = label
                sizes[label] += np.uint32(1)
                if near_border < distances[label]:
                    distances[label] = near_border
    starts[first.size - 1] = n
    return int(n)


@numba.njit(cache=True, nogil=True)
def _gather(parents: Any, levels: Any, sizes: Any, distances: Any, starts: Any, n: int) -> int:
    # A label's parent is smaller than itself, so going down every label is complete before it is passed on.
    for k in range(n - 1, -1, -1):
        parent = np.uintp(parents[k])
        if parent != np.uintp(k):
            sizes[parent] += sizes[k]
            if distances[k] < distances[parent]:
                distances[parent] = distances[k]
    kept = np.uintp(0)
    z = 0
    for k in range(n):
        while starts[z] == k:
            starts[z] = kept
            z += 1
        if parents[k] == k:
            levels[kept] = levels[k]
            sizes[kept] = sizes[k]
            distances[kept] = distances[k]
            kept += np.uintp(1)
    for last in range(z, starts.size):
        starts[last] = kept
    return int(kept)
