"""Neighbouring grey level dependence matrix (IBSI REK0): how many neighbours depend on each voxel.

A neighbour depends on a voxel when their grey levels differ by no more than the coarseness parameter alpha. The
voxel itself counts as well, so that the smallest dependence is 1 (IBSI reference manual, section 3.11,
https://doi.org/10.1148/radiol.2020191145).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.emphases import table_emphases
from samesplit.features.families.neighbours import IN_PLANE, N_PAIRS, equal_bits
from samesplit.features.families.slices import mean_over_slices
from samesplit.features.families.spans import spans_of
from samesplit.features.families.texture import LevelVolume

__all__ = ["AGGREGATIONS", "TAGS", "ngldm"]

AGGREGATIONS = ("2D", "2_5D", "3D")

TAGS = (
    "ngl_lde",
    "ngl_hde",
    "ngl_lgce",
    "ngl_hgce",
    "ngl_ldlge",
    "ngl_ldhge",
    "ngl_hdlge",
    "ngl_hdhge",
    "ngl_glnu",
    "ngl_glnu_norm",
    "ngl_dcnu",
    "ngl_dcnu_norm",
    "ngl_dc_perc",
    "ngl_gl_var",
    "ngl_dc_var",
    "ngl_dc_entr",
    "ngl_dc_energy",
)

_Table = npt.NDArray[np.int64]


def ngldm(
    volume: LevelVolume, aggregation: str, *, alpha: int = 0, distance: int = 1
) -> npt.NDArray[np.float64]:
    """Return the neighbouring dependence features of a volume; they are defined for every lesion.

    Args:
        volume: Grey levels.
        aggregation: "2D" (neighbours within slices, mean of the slices' features), "2_5D" (neighbours within
            slices, one matrix) or "3D".
        alpha: Coarseness: the largest difference of level at which a neighbour depends on a voxel.
        distance: The largest Chebyshev distance of a neighbour, in voxels.

    Returns:
        The features in the order of `TAGS`, shape (17,).

    Raises:
        ValueError: The aggregation is none of the three, alpha is negative or distance less than 1.

    Example:
        >>> from samesplit.features.families.texture import MaskGeometry
        >>> mask = np.ones((1, 1, 3), dtype=np.uint8)
        >>> geometry = MaskGeometry(mask, mask)
        >>> volume = LevelVolume(geometry, geometry.place(np.array([1, 1, 2])))
        >>> dict(zip(TAGS, ngldm(volume, "3D").tolist()))["ngl_hde"]
        3.0
    """
    if aggregation not in AGGREGATIONS:
        raise ValueError(f"dependence is aggregated as 2D, 2_5D or 3D, not as {aggregation!r}")
    if alpha < 0 or distance < 1:
        raise ValueError(f"alpha must be at least 0 and distance at least 1, not {alpha} and {distance}")
    fill = _filler(volume, aggregation != "3D", alpha, distance)
    if aggregation == "3D":
        return table_emphases(fill(0, volume.levels.shape[0]), volume.geometry.n_voxels)
    both = volume.shared(f"ngldm_in_plane_{alpha}_{distance}", lambda: _by_slice(volume, fill))
    return both[AGGREGATIONS.index(aggregation)]


def _by_slice(
    volume: LevelVolume, fill: Callable[[int, int], _Table]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    n_voxels = volume.geometry.n_voxels_per_slice
    features = []
    merged = None
    for z in np.flatnonzero(n_voxels):
        table = fill(int(z), int(z) + 1)
        features.append(table_emphases(table, int(n_voxels[z])))
        merged = table if merged is None else merged + table
    assert merged is not None
    return mean_over_slices(np.stack(features)), table_emphases(merged, volume.geometry.n_voxels)


def _filler(volume: LevelVolume, in_plane: bool, alpha: int, distance: int) -> Callable[[int, int], _Table]:
    """Return what counts voxels of a range of slices by dependence and level, shape (dependences, levels + 1)."""
    side = 2 * distance + 1
    shape = (side**2 if in_plane else side**3, volume.n_levels + 1)
    keep = IN_PLANE if in_plane else np.uint32((1 << 2 * N_PAIRS) - 1)

    def fill(first: int, last: int) -> _Table:
        table = np.zeros(shape, dtype=np.int64)
        if alpha == 0 and distance == 1:
            spans = spans_of(volume.geometry)
            bounds = spans.bounds[spans.starts[first] : spans.starts[last]]
            longest = volume.levels.shape[2]
            levels, equal = volume.levels.reshape(-1), equal_bits(volume).reshape(-1)
            _count_equal(levels, equal, keep, bounds, np.empty(longest, dtype=np.uint32), table)
        else:
            _count_near(volume.levels, alpha, 0 if in_plane else distance, distance, first, last, table)
        return table

    return fill


@numba.njit(cache=True, nogil=True)
def _count_equal(levels: Any, equal: Any, keep: Any, bounds: Any, dependence: Any, table: Any) -> None:
    for j in range(bounds.shape[0]):
        first, last = bounds[j, 0], bounds[j, 1]
        bits, stretch = equal[first:last], levels[first:last]
        width = np.uintp(last - first)
        for x in range(width):
            b = bits[x] & keep
            b -= (b >> np.uint32(1)) & np.uint32(0x55555555)
            b = (b & np.uint32(0x33333333)) + ((b >> np.uint32(2)) & np.uint32(0x33333333))
            b = (b + (b >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
            dependence[x] = np.uint32(b * np.uint32(0x01010101)) >> np.uint32(24)
        for x in range(width):
            table[np.uintp(dependence[x]), np.uintp(stretch[x])] += 1


@numba.njit(cache=True, nogil=True)
def _count_near(levels: Any, alpha: int, reach_z: int, reach: int, first: int, last: int, table: Any) -> None:
    nz, ny, nx = levels.shape
    for z in range(first, last):
        for y in range(ny):
            for x in range(nx):
                level = np.int64(levels[z, y, x])
                if level == 0:
                    continue
                dependence = -1  # the voxel itself is met on the way
                for v in range(max(0, z - reach_z), min(nz, z + reach_z + 1)):
                    for u in range(max(0, y - reach), min(ny, y + reach + 1)):
                        for t in range(max(0, x - reach), min(nx, x + reach + 1)):
                            other = np.int64(levels[v, u, t])
                            if other != 0 and abs(other - level) <= alpha:
                                dependence += 1
                table[dependence, level] += 1
