"""Intensities in ascending order, the same as numpy's, and several times as fast.

Whole numbers (Hounsfield units) and responses of filters are exact in float32. The bits of such numbers, read as a
whole number with the sign turned, are in the same order as the numbers; they are sorted by eleven bits at a time.

Others are laid into many bins of equal width, which leaves little to be moved: equal intensities are rare among
them, and none lies far from all others. Where a bin holds many all the same, numpy sorts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["ascending"]

_DIGITS, _BITS = 3, 11
_FEWEST = 2048
_MOST_BINS = 1 << 18
_CROWDED = 256


def ascending(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return finite values in ascending order.

    Args:
        values: Shape (n,).

    Example:
        >>> ascending(np.array([2.0, -1.5, 0.1])).tolist()
        [-1.5, 0.1, 2.0]
    """
    with np.errstate(over="ignore"):
        short = values.astype(np.float32)
    if not np.array_equal(short, values):
        return _by_bins(values)
    keys = short.view(np.uint32)
    room = np.empty_like(keys)
    _sort_bits(keys, room, np.zeros((_DIGITS, 1 << _BITS), dtype=np.uint32))
    return room.view(np.float32).astype(np.float64)


def _by_bins(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    bins = min(values.size, _MOST_BINS)
    scale = (bins - 1) / (high - low) if high > low else 0.0
    if values.size < _FEWEST or not 0 < scale < np.inf:
        return np.sort(values)
    places, starts = np.empty(values.size, dtype=np.uint32), np.zeros(bins + 1, dtype=np.uint32)
    if _fill(values, low, scale, places, starts) > _CROWDED:
        return np.sort(values)
    found = np.empty_like(values)
    _lay(values, places, starts, found)
    return found


@njit(cache=True, nogil=True)
def _fill(values: Any, low: float, scale: float, places: Any, starts: Any) -> int:
    """Find the bin of each value and where each bin starts; the number of values in the fullest."""
    for i in range(np.uintp(values.size)):
        places[i] = np.uint32((values[i] - low) * scale)
    for i in range(np.uintp(values.size)):
        starts[np.uintp(places[i]) + np.uintp(1)] += np.uint32(1)
    most = np.uint32(0)
    for k in range(np.uintp(1), np.uintp(starts.size)):
        most = max(most, starts[k])
        starts[k] += starts[k - np.uintp(1)]
    return int(most)


@njit(cache=True, nogil=True)
def _lay(values: Any, places: Any, starts: Any, found: Any) -> None:
    """Lay the values into their bins, then insert each where it belongs among its neighbours."""
    one = np.uintp(1)
    for i in range(np.uintp(values.size)):
        at = np.uintp(starts[np.uintp(places[i])])
        found[at] = values[i]
        starts[np.uintp(places[i])] = np.uint32(at + one)
    for i in range(np.uintp(1), np.uintp(found.size)):
        value = found[i]
        k = np.uintp(i)
        while k > 0 and found[k - one] > value:
            found[k] = found[k - one]
            k = np.uintp(k - one)
        found[k] = value


@njit(cache=True, nogil=True)
def _sort_bits(keys: Any, room: Any, counts: Any) -> None:
    """Sort the bits of float32 numbers into `room`, and use up `keys`; `counts` is zeros, shape (3, 2048)."""
    sign, eleven, digit = np.uint32(1 << 31), np.uint32(11), np.uint32(2047)
    for i in range(keys.size):
        key = keys[i]
        key = ~key if key & sign else key | sign
        keys[i] = key
        counts[0, key & digit] += 1
        counts[1, (key >> eleven) & digit] += 1
        counts[2, key >> np.uint32(22)] += 1
    for place in range(3):
        total = np.uint32(0)
        for value in range(2048):
            count = counts[place, value]
            counts[place, value] = total
            total += count
        source, target = (keys, room) if place != 1 else (room, keys)
        shift = np.uint32(11 * place)
        for i in range(source.size):
            key = source[i]
            value = (key >> shift) & digit
            target[counts[place, value]] = key
            counts[place, value] += np.uint32(1)
    for i in range(room.size):
        key = room[i]
        room[i] = key & ~sign if key & sign else ~key
