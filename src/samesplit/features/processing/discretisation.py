"""Grey levels 1, 2, ... from intensities: fixed bin number, fixed bin size, equal probability.

All functions take the flat intensities of one lesion and give levels in the same order, as uint8 where 255 levels
are enough and as uint16 beyond. What lies below the edge of a bin by no more than 1e-9 of the lesion's largest
intensity lies on the edge: interpolation and normalisation put many there but for rounding. Halving the number of
bins merges neighbours exactly (`coarser`), so that one pass serves 64, 32, 16 and 8 bins. Source of the first two:
IBSI K15C and Q3RU (doi:10.1148/radiol.2020191145).
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.ordering import RELATIVE

__all__ = [
    "MOST_LEVELS",
    "coarser",
    "equal_probability",
    "fixed_bin_number",
    "fixed_bin_size",
    "lowest_edge",
]

Floats = npt.NDArray[np.float64]
Levels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

MOST_LEVELS = 65_535

_BLOCK = 1024


def fixed_bin_number(values: Floats, n_levels: int) -> Levels:
    """Equally wide bins between the lesion's own lowest and highest value (FBN).

    Level floor(N (x - min) / (max - min)) + 1; the highest value has level N. Where all values are the same, but
    for rounding, there is no bin width, and all get level 1.

    Example:
        >>> fixed_bin_number(np.array([0.0, 1.0, 2.4, 4.0]), 4).tolist()
        [1, 2, 3, 4]
    """
    low, high = float(values.min()), float(values.max())
    width, rounding = high - low, _rounding(low, high)
    if width <= rounding:
        return _levels(np.zeros(values.shape), n_levels)
    scaled = values - low
    scaled *= n_levels
    scaled /= width
    scaled += n_levels * (rounding / width)
    np.minimum(scaled, n_levels - 1, out=scaled)
    return _levels(scaled, n_levels)


def fixed_bin_size(values: Floats, width: float, origin: float) -> Levels:
    """Bins of one width, the first starting at an origin that all lesions share (FBS).

    Level floor((x - origin) / width) + 1. IBSI takes the lower bound of the re-segmentation range for the origin.
    Values below the origin, which no range with that bound leaves, share the first bin.

    Raises:
        LesionError: More than 65,535 levels.

    Example:
        >>> fixed_bin_size(np.array([-1000.0, -975.1, -975.0, 400.0]), 25, -1000).tolist()
        [1, 1, 2, 57]
    """
    scaled = values - origin
    scaled += _rounding(float(values.min()), float(values.max()), origin)
    scaled /= width
    np.maximum(scaled, 0, out=scaled)
    n_levels = int(scaled.max()) + 1
    if n_levels > MOST_LEVELS:
        raise LesionError(
            f"bins of {width:g} from {origin:g} on make {n_levels:,} grey levels, more than {MOST_LEVELS:,}",
            remedy="take wider bins, or check the image's unit",
        )
    return _levels(scaled, n_levels)


def lowest_edge(values: Floats, width: float) -> float:
    """Return the multiple of a bin width that the lesion's lowest value lies on or above.

    Fixed bin size with this origin is how pyradiomics discretises (`imageoperations.getBinEdges`): edges are the
    same in every lesion, numbers are not.

    Example:
        >>> lowest_edge(np.array([54.0, 166.0]), 25), lowest_edge(np.array([-50.0 - 1e-12, 3.0]), 25)
        (50.0, -50.0)
    """
    low, high = float(values.min()), float(values.max())
    return float(math.floor((low + _rounding(low, high)) / width) * width)


def equal_probability(values: Floats, n_levels: int, *, ordered: Floats | None = None) -> Levels:
    """Histogram equalisation inside the lesion: as many voxels in each level as ties allow.

    Of n values let b be smaller than x and e equal to it (x itself included): x has the level
    floor(N (b + e / 2) / n) + 1, in whole numbers floor(N (2 b + e) / (2 n)) + 1. Values that are equal but for
    rounding share a level, a monotone change of the intensities changes nothing, and where all values are the same
    they get the middle one.

    Args:
        values: The lesion's intensities.
        n_levels: The number N of levels.
        ordered: The same values in ascending order, where they are at hand.

    Example:
        >>> equal_probability(np.array([5.0, 1.0, 100.0, 2.0]), 2).tolist()
        [2, 1, 2, 1]
        >>> equal_probability(np.array([7.0, 7.0, 7.0, 9.0]), 4).tolist()
        [2, 2, 2, 4]
    """
    ranked = np.sort(values) if ordered is None else ordered
    n = len(ranked)
    # Level m + 1 starts at the first value with 2 b + e >= ceil(2 n m / N) =: t. That is the value at rank t // 2
    # or, where its ties reach down too far, the next larger one.
    t = -(-2 * n * np.arange(1, n_levels, dtype=np.int64) // n_levels)
    rounding = _rounding(float(ranked[0]), float(ranked[-1]))
    candidates = ranked[np.minimum(t // 2, n - 1)]
    below = np.searchsorted(ranked, candidates - rounding, side="left")
    upto = np.searchsorted(ranked, candidates + rounding, side="right")
    ends = np.append(ranked, np.inf)
    starts = np.where(below + upto >= t, candidates, ends[upto]) - rounding
    return _levels(_passed(values, starts), n_levels)


def coarser(levels: Levels) -> Levels:
    """Return the levels of half as many bins, equal to discretising anew: level k becomes (k + 1) // 2.

    Holds for `fixed_bin_number` and `equal_probability` with an even number of levels, to the last voxel:
    multiplying by 2 is exact in floating point, so floor(2 y) // 2 = floor(y).

    Example:
        >>> coarser(np.array([1, 2, 3, 4, 255], dtype=np.uint8)).tolist()
        [1, 1, 2, 2, 128]
    """
    return (levels >> 1) + (levels & 1)


def _rounding(*sizes: float) -> float:
    """By how much intensities may differ and still be equal: 1e-9 of the largest of some numbers."""
    return RELATIVE * max(map(abs, sizes))


def _passed(values: Floats, starts: Floats) -> npt.NDArray[np.uint16]:
    """How many of the ascending starts each value has reached: numpy's searchsorted, several times faster."""
    padded = np.full((1 << len(starts).bit_length()) - 1, np.inf)
    padded[: len(starts)] = starts
    found = np.empty(len(values), dtype=np.uint16)
    _search(values, padded, np.empty(_BLOCK, dtype=np.int64), found)
    return found


@numba.njit(cache=True, nogil=True)
def _search(values: Any, starts: Any, at: Any, found: Any) -> None:
    """Binary search, step by step for a block of values; the number of starts is a power of two less one."""
    for low in range(0, len(values), _BLOCK):
        count = min(_BLOCK, len(values) - low)
        for i in range(count):
            at[i] = 0
        step = (len(starts) + 1) // 2
        while step > 0:
            for i in range(count):
                at[i] += step if starts[at[i] + step - 1] <= values[low + i] else 0
            step //= 2
        for i in range(count):
            found[low + i] = at[i]


def _levels(scaled: npt.NDArray[Any], n_levels: int) -> Levels:
    """Whole parts plus 1 of numbers from 0 on."""
    if n_levels <= np.iinfo(np.uint8).max:
        small = scaled.astype(np.uint8)
        small += 1
        return small
    levels = scaled.astype(np.uint16)
    levels += 1
    return levels
