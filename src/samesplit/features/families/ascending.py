"""Intensities in ascending order, the same as numpy's, and several times as fast where 32 bits hold them.

Whole numbers (Hounsfield units) and responses of filters are exact in float32. The bits of such numbers, read as a
whole number with the sign turned, are in the same order as the numbers; they are sorted by eleven bits at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["ascending"]

_DIGITS, _BITS = 3, 11


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
        return np.sort(values)
    keys = short.view(np.uint32)
    room = np.empty_like(keys)
    _sort_bits(keys, room, np.zeros((_DIGITS, 1 << _BITS), dtype=np.uint32))
    return room.view(np.float32).astype(np.float64)


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
