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
    """The zones of a volume, worked out once.

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
    return volume.shared(f"zones_{'in_plane' if in_plane else '3d'}", lambda: _zones(volume, in_plane))


def zone_features(
    volume: LevelVolume, aggregation: str, steps: Literal["sizes", "distances"]
) -> npt.NDArray[np.float64]:
    """The sixteen features of a volume's size zones or distance zones.

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


def _zones(volume: LevelVolume, in_plane: bool) -> Zones:
    _, ny, nx = volume.levels.shape
    back = (DIRECTIONS[:N_PAIRS] @ np.array([ny * nx, nx, 1])).astype(np.uintp)
    keep = np.uint32((IN_PLANE if in_plane else (1 << 2 * N_PAIRS) - 1) >> N_PAIRS)
    distance = border_distance(volume.geometry, in_plane=in_plane)
    return Zones(
        *_label(volume.levels, equal_bits(volume), distance, back, _joins(), keep, volume.geometry.n_voxels)
    )


@cache
def _joins() -> npt.NDArray[np.uint16]:
    """For each set of equal neighbours among the 13 that lie behind: which of them a voxel must be joined to.

    Neighbours that touch one another are of one zone already, so one of each connected group is enough: at most
    four. They are packed as numbers (1 to 13) of four bits each, the first in the lowest bits.
    """
    behind = -DIRECTIONS[:N_PAIRS]
    touching = np.abs(behind[:, None] - behind[None]).max(axis=2) <= 1
    sets = np.arange(1 << N_PAIRS)
    left = sets.copy()
    packed = np.zeros(sets.size, dtype=np.uint16)
    for shift in range(0, 16, 4):
        group = left & -left
        first = np.bitwise_count(np.maximum(group, 1) - 1)
        packed |= np.where(left > 0, (first + 1) << shift, 0).astype(np.uint16)
        for _ in range(N_PAIRS):  # grow the group by neighbours of its members until it is complete
            for k in range(N_PAIRS):
                near = int((touching[k] << np.arange(N_PAIRS)).sum())
                group = np.where(group >> k & 1, group | (near & left), group)
        left &= ~group
    return packed


@numba.njit(cache=True, nogil=True)
def _root(parents: Any, label: Any) -> Any:
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = np.uintp(parents[label])
    return label


@numba.njit(cache=True, nogil=True)
def _label(
    levels: Any, equal: Any, distance: Any, back: Any, joins: Any, keep: Any, n_voxels: int
) -> tuple[Any, Any, Any, Any]:
    # One pass: each voxel takes the label of an equal neighbour behind it, and joins labels that it connects.
    # Sizes and distances are gathered by label at once; labels that were joined are added up afterwards.
    nz, ny, nx = levels.shape
    flat_levels, flat_equal, flat_distance = levels.reshape(-1), equal.reshape(-1), distance.reshape(-1)
    labels = np.empty(levels.size, dtype=np.uint32)
    parents = np.empty(n_voxels + 1, dtype=np.uint32)
    zone_levels = np.empty(n_voxels + 1, dtype=np.uint16)
    sizes = np.empty(n_voxels + 1, dtype=np.uint32)
    distances = np.empty(n_voxels + 1, dtype=np.uint32)
    starts = np.zeros(nz + 1, dtype=np.int64)
    four, mask, shift = np.uint16(4), np.uint16(15), np.uint32(13)
    n = np.uintp(0)
    for z in range(1, nz - 1):
        starts[z] = n + np.uintp(1)
        for y in range(1, ny - 1):
            row = np.uintp((z * ny + y) * nx)
            for p in range(row + np.uintp(1), row + np.uintp(nx - 1)):
                level = flat_levels[p]
                if level == 0:
                    continue
                join = joins[flat_equal[p] >> shift & keep]
                if join == 0:
                    n += np.uintp(1)
                    labels[p] = n
                    parents[n] = n
                    zone_levels[n] = level
                    sizes[n] = 1
                    distances[n] = flat_distance[p]
                    continue
                label = np.uintp(labels[p - back[np.uintp(join & mask) - np.uintp(1)]])
                join >>= four
                while join != 0:
                    other = _root(parents, np.uintp(labels[p - back[np.uintp(join & mask) - np.uintp(1)]]))
                    label = _root(parents, label)
                    if other < label:
                        label, other = other, label
                    parents[other] = label
                    join >>= four
                labels[p] = label
                sizes[label] += np.uint32(1)
                distances[label] = min(distances[label], np.uint32(flat_distance[p]))
    starts[nz - 1] = starts[nz] = n + np.uintp(1)
    kept = _gather(parents, zone_levels, sizes, distances, np.int64(n), starts)
    return zone_levels[1 : kept + 1].copy(), sizes[1 : kept + 1].copy(), distances[1 : kept + 1].copy(), starts


@numba.njit(cache=True, nogil=True)
def _gather(parents: Any, levels: Any, sizes: Any, distances: Any, n: int, starts: Any) -> int:
    # A label's parent is smaller than itself, so going down every label is complete before it is passed on.
    for k in range(n, 0, -1):
        parent = parents[k]
        if parent != k:
            sizes[parent] += sizes[k]
            distances[parent] = min(distances[parent], distances[k])
    kept, z = 0, 1
    for k in range(1, n + 1):
        while starts[z] == k and z < starts.size - 1:
            starts[z] = kept
            z += 1
        if parents[k] == k:
            kept += 1
            levels[kept] = levels[k]
            sizes[kept] = sizes[k]
            distances[kept] = distances[k]
    starts[z:] = kept
    return kept
