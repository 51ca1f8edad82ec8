"""Neighbourhood grey tone difference matrix (IBSI IPET): how much voxels differ from their neighbours' mean.

Formulas: IBSI reference manual, section 3.10 (https://doi.org/10.1148/radiol.2020191145), after Amadasun and King
(https://doi.org/10.1109/21.44046). Voxels without a neighbour inside the lesion do not take part.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.slices import mean_over_slices
from samesplit.features.families.texture import LevelVolume, MaskGeometry

__all__ = ["AGGREGATIONS", "LARGEST_COARSENESS", "TAGS", "neighbour_counts", "ngtdm"]

AGGREGATIONS = ("2D", "2_5D", "3D")

TAGS = ("ngt_coarseness", "ngt_contrast", "ngt_busyness", "ngt_complexity", "ngt_strength")

_Table = npt.NDArray[np.int64]

LARGEST_COARSENESS = 1e6
"""Coarseness where no voxel differs from its neighbours: a convention of the IBSI manual."""


def ngtdm(volume: LevelVolume, aggregation: str) -> npt.NDArray[np.float64]:
    """Return the grey tone difference features of a volume, at distance 1.

    With one grey level coarseness is `LARGEST_COARSENESS` and the others are 0, as the manual sets them; busyness
    is 0 as well where its denominator is. Where no voxel has a neighbour inside the lesion nothing is defined.

    Args:
        volume: Grey levels.
        aggregation: "2D" (neighbours within slices, mean of the features of those slices that define them),
            "2_5D" (neighbours within slices, one matrix) or "3D".

    Returns:
        The features in the order of `TAGS`, shape (5,); NaN where undefined.

    Raises:
        ValueError: The aggregation is none of the three.

    Example:
        >>> from samesplit.features.families.texture import MaskGeometry
        >>> mask = np.ones((1, 1, 3), dtype=np.uint8)
        >>> geometry = MaskGeometry(mask, mask)
        >>> volume = LevelVolume(geometry, geometry.place(np.array([1, 1, 3])))
        >>> ngtdm(volume, "3D").round(3).tolist()  # differences: 0 and 1 at level 1, 2 at level 3
        [0.75, 0.889, 2.0, 1.778, 2.667]
    """
    if aggregation not in AGGREGATIONS:
        raise ValueError(f"grey tone differences are aggregated as 2D, 2_5D or 3D, not as {aggregation!r}")
    if aggregation == "3D":
        return _features_3d(volume)
    both = volume.shared("ngtdm_in_plane", lambda: _by_slice(volume))
    return both[AGGREGATIONS.index(aggregation)]


def neighbour_counts(geometry: MaskGeometry, *, in_plane: bool) -> npt.NDArray[np.uint8]:
    """How many of a voxel's 26 (or 8) neighbours are inside the intensity mask, worked out once.

    Args:
        geometry: The masks.
        in_plane: Only neighbours within the slice.

    Returns:
        Counts, shape (z, y, x), 0 outside the mask; do not write to them.
    """
    return geometry.shared(
        f"neighbour_counts_{'in_plane' if in_plane else '3d'}",
        lambda: _neighbour_counts(geometry.intensity, in_plane),
    )


def _neighbour_counts(mask: npt.NDArray[np.uint8], in_plane: bool) -> npt.NDArray[np.uint8]:
    # Sums of three along each axis in turn. On flat arrays, because the margin keeps rows and slices apart.
    _, ny, nx = mask.shape
    counts = mask.reshape(-1)
    for step in (1, nx) if in_plane else (1, nx, ny * nx):
        sums = counts.copy()
        sums[step:] += counts[:-step]
        sums[:-step] += counts[step:]
        counts = sums
    return (counts.reshape(mask.shape) - mask) * mask


def _features_3d(volume: LevelVolume) -> npt.NDArray[np.float64]:
    counts = neighbour_counts(volume.geometry, in_plane=False)
    sums, numbers = _tables(volume, 27)
    nz, _, nx = volume.levels.shape
    levels, counts = volume.levels.reshape(nz, -1), counts.reshape(nz, -1)
    _add_differences(levels, counts, nx, (1, nz - 1, 1), _room(levels), sums, numbers)
    return _features_of(sums, numbers)


def _by_slice(volume: LevelVolume) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    counts = neighbour_counts(volume.geometry, in_plane=True)
    merged_sums, merged_numbers = _tables(volume, 9)
    nz, _, nx = volume.levels.shape
    levels, counts = volume.levels.reshape(nz, -1), counts.reshape(nz, -1)
    room = _room(levels)
    features = []
    for z in np.flatnonzero(volume.geometry.n_voxels_per_slice):
        sums, numbers = _tables(volume, 9)
        _add_differences(levels, counts, nx, (int(z), int(z) + 1, 0), room, sums, numbers)
        features.append(_features_of(sums, numbers))
        merged_sums += sums
        merged_numbers += numbers
    return mean_over_slices(np.stack(features)), _features_of(merged_sums, merged_numbers)


def _tables(volume: LevelVolume, n_counts: int) -> tuple[_Table, _Table]:
    shape = (n_counts, volume.n_levels + 1)
    return np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)


def _room(levels: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Room for the sums of one slice: of its voxels, and along columns."""
    return np.zeros((2, levels.shape[1]), dtype=np.int32)


@numba.njit(cache=True, nogil=True)
def _add_differences(
    levels: Any, counts: Any, nx: int, slices: tuple[int, int, int], room: Any, sums: Any, numbers: Any
) -> None:
    # With c neighbours of sum S a voxel of level i differs by |i - S / c| = |(c + 1) i - (S + i)| / c: whole
    # numbers are gathered for each c, and divided at the end. S + i is a sum over a box of voxels.
    first, last, reach = slices
    n, width, one = np.uintp(levels.shape[1]), np.uintp(nx), np.uintp(1)
    plane, column = room[0], room[1]
    for z in range(first, last):
        if reach == 0:
            for p in range(n):
                plane[p] = levels[z, p]
        else:
            for p in range(n):
                plane[p] = np.int32(levels[z - 1, p]) + np.int32(levels[z, p]) + np.int32(levels[z + 1, p])
        for p in range(width, n - width):
            column[p] = plane[p - width] + plane[p] + plane[p + width]
        for p in range(width, n - width):
            box = column[p - one] + column[p] + column[p + one]
            plane[p] = abs(np.int32(levels[z, p]) * (np.int32(counts[z, p]) + np.int32(1)) - box)
        for p in range(width, n - width):
            if counts[z, p] != 0:
                sums[np.uintp(counts[z, p]), np.uintp(levels[z, p])] += plane[p]
                numbers[np.uintp(counts[z, p]), np.uintp(levels[z, p])] += 1


def _features_of(sums: _Table, numbers: _Table) -> npt.NDArray[np.float64]:
    out = np.full(len(TAGS), np.nan)
    scratch = np.empty((3, sums.shape[1]))
    n_levels = _by_level(sums, numbers, scratch)
    if n_levels > 0:
        _features(scratch, n_levels, out)
    return out


@numba.njit(cache=True, nogil=True)
def _by_level(sums: Any, numbers: Any, found: Any) -> int:
    """Fill columns (level, number of voxels, sum of differences) for the levels that occur; how many there are."""
    n = np.uintp(0)
    for i in range(np.uintp(1), np.uintp(sums.shape[1])):
        count, total = 0.0, 0.0
        for c in range(np.uintp(1), np.uintp(sums.shape[0])):
            if numbers[c, i] > 0:
                count += numbers[c, i]
                total += sums[c, i] / np.float64(c)
        if count > 0:
            found[0, n], found[1, n], found[2, n] = i, count, total
            n += np.uintp(1)
    return int(n)


@numba.njit(cache=True, nogil=True)
def _features(found: Any, n: int, out: Any) -> None:
    level, p, s = found[0], found[1], found[2]
    n_voxels, weighted, total = 0.0, 0.0, 0.0
    apart_by_count = 0.0  # in whole numbers, of which a difference of 0 is exact
    for a in range(n):
        n_voxels += p[a]
        for b in range(a):
            apart_by_count += 2 * abs(level[a] * p[a] - level[b] * p[b])
    for a in range(n):
        p[a] /= n_voxels
        weighted += p[a] * s[a]
        total += s[a]
    busyness = apart_by_count / n_voxels
    contrast, complexity, strength = 0.0, 0.0, 0.0
    for a in range(n):
        for b in range(a):  # each pair once: all sums are symmetric
            apart = level[a] - level[b]
            contrast += 2 * p[a] * p[b] * apart * apart
            complexity += 2 * apart * (p[a] * s[a] + p[b] * s[b]) / (p[a] + p[b])
            strength += 2 * (p[a] + p[b]) * apart * apart
    out[0] = 1 / weighted if weighted * LARGEST_COARSENESS > 1 else LARGEST_COARSENESS
    out[1] = contrast / (n * (n - 1)) * total / n_voxels if n > 1 else 0.0
    out[2] = weighted / busyness if busyness > 0 else 0.0
    out[3] = complexity / n_voxels
    out[4] = strength / total if total > 0 else 0.0
