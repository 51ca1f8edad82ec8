"""Maps of the grey tone difference features (IBSI IPET): voxels of each box against their neighbours in it."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.ngtdm import LARGEST_COARSENESS, TAGS
from samesplit.features.maps.neighbourhood import Lesion

__all__ = ["TAGS", "tone_difference_maps"]


def tone_difference_maps(lesion: Lesion, *, places: npt.NDArray[np.intp], z: int, out: Any) -> None:
    """Fill the grey tone difference features of the voxels of one slice.

    Args:
        lesion: Grey levels and the box.
        places: Which of `TAGS` are wanted.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    n_levels, n = lesion.volume.n_levels, lesion.around.size
    _sweep(
        lesion.levels, lesion.spans.only(z).bounds, lesion.around, _beside(lesion),
        not lesion.neighbourhood.in_plane,
        np.zeros(n_levels + 1, dtype=np.int64), np.zeros(n_levels + 1), np.empty((4, n), dtype=np.int64),
        np.empty((3, n)), np.empty(len(TAGS)), LARGEST_COARSENESS, places, out,
    )  # fmt: skip


def _beside(lesion: Lesion) -> npt.NDArray[np.int64]:
    """For z, y, x: steps to the voxels before and after each one of the box, 0 where it ends, (3, 2, n)."""
    box = lesion.neighbourhood
    _, ny, nx = box.shape
    steps = np.array([ny * nx, nx, 1])
    sides = [-steps[:, None] * (-np.array(box.reach)[:, None] < box.offsets.T)]
    sides.append(steps[:, None] * (np.array(box.reach)[:, None] > box.offsets.T))
    return np.stack(sides, axis=1)


@numba.njit(cache=True, nogil=True)
def _sweep(
    levels: Any, bounds: Any, around: Any, beside: Any, up: bool, numbers: Any, sums: Any, sums_room: Any,
    found: Any, values: Any, coarsest: float, places: Any, out: Any,
) -> None:  # fmt: skip
    own, box, spare, occurring = sums_room[0], sums_room[1], sums_room[2], sums_room[3]
    row = 0
    for j in range(bounds.shape[0]):
        for p in range(bounds[j, 0], bounds[j, 1]):
            for k in range(around.size):
                level = np.int64(levels[p + around[k]])
                own[k] = level << 5 | (level != 0)  # levels and voxels are added up together
            _threes(own, beside[2], spare)
            _threes(spare, beside[1], box)
            if up:
                _threes(box, beside[0], spare)
                box, spare = spare, box
            n = 0
            for k in range(around.size):
                level = own[k] >> 5
                neighbours = (box[k] & 31) - 1
                if level == 0 or neighbours == 0:
                    continue
                # |i - S / c| = |(c + 1) i - (S + i)| / c, in whole numbers before the division
                difference = abs((neighbours + 1) * level - (box[k] >> 5))
                if numbers[level] == 0:
                    occurring[n] = level
                    n += 1
                numbers[level] += 1
                sums[level] += difference / neighbours
            for a in range(n):
                level = occurring[a]
                found[0, a], found[1, a], found[2, a] = level, numbers[level], sums[level]
                numbers[level] = 0
                sums[level] = 0.0
            if n > 0:
                _features(found, n, coarsest, values)
            else:
                for k in range(values.size):
                    values[k] = np.nan
            for k in range(places.size):
                out[row, k] = values[places[k]]
            row += 1


@numba.njit(cache=True, nogil=True)
def _threes(values: Any, beside: Any, out: Any) -> None:
    """Add to each value those before and after it along one axis of the box."""
    for k in range(values.size):
        total = values[k]
        if beside[0, k] != 0:
            total += values[k + beside[0, k]]
        if beside[1, k] != 0:
            total += values[k + beside[1, k]]
        out[k] = total


@numba.njit(cache=True, nogil=True)
def _features(found: Any, n: int, coarsest: float, out: Any) -> None:
    level, p, s = found[0], found[1], found[2]
    n_voxels = weighted = total = 0.0
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
    contrast = complexity = strength = 0.0
    for a in range(n):
        for b in range(a):
            apart = abs(level[a] - level[b])
            both = p[a] + p[b]
            contrast += 2 * p[a] * p[b] * apart * apart
            complexity += 2 * apart * (p[a] * s[a] + p[b] * s[b]) / both
            strength += 2 * both * apart * apart
    out[0] = 1 / weighted if weighted * coarsest > 1 else coarsest
    out[1] = contrast / (n * (n - 1)) * total / n_voxels if n > 1 else 0.0
    out[2] = weighted / busyness if busyness > 0 else 0.0
    out[3] = complexity / n_voxels
    out[4] = strength / total if total > 0 else 0.0
