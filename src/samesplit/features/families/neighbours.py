"""The 26 neighbours of a voxel, and which of them have its grey level.

Run lengths, zones and neighbouring dependence all ask the same question of a discretised volume: does this
voxel's neighbour in that direction have the same level? It is answered once, as one bit for each direction.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.texture import Levels, LevelVolume

__all__ = ["DIRECTIONS", "IN_PLANE", "N_PAIRS", "directions", "equal_bits", "equal_neighbours"]


@cache
def directions(distance: int = 1, *, in_plane: bool = False) -> npt.NDArray[np.int64]:
    """One offset of each pair of opposite neighbours at a Chebyshev distance.

    Every offset lies ahead in voxel order (z, then y, then x); those within the slice come first.

    Args:
        distance: The largest of the three absolute differences of index, in voxels.
        in_plane: Only neighbours in the same slice.

    Returns:
        Offsets (dz, dy, dx), shape (n, 3), read-only: at distance 1 there are 13, 4 of them within the slice.

    Example:
        >>> directions(1, in_plane=True).tolist()
        [[0, 0, 1], [0, 1, -1], [0, 1, 0], [0, 1, 1]]
        >>> len(directions(1)), len(directions(2)), len(directions(2, in_plane=True))
        (13, 49, 8)
    """
    reach = range(-distance, distance + 1)
    ahead = [
        (dz, dy, dx)
        for dz in ((0,) if in_plane else reach)
        for dy in reach
        for dx in reach
        if (dz, dy, dx) > (0, 0, 0) and max(abs(dz), abs(dy), abs(dx)) == distance
    ]
    offsets = np.array(ahead, dtype=np.int64)
    offsets.setflags(write=False)
    return offsets


N_PAIRS = 13
"""Directions k and k + N_PAIRS are opposite."""

DIRECTIONS: npt.NDArray[np.int64] = np.concatenate([directions(), -directions()])
"""The 26 offsets (dz, dy, dx): 0 to 12 lie ahead in voxel order, 13 to 25 are their opposites, in the same order.

Directions 0 to 3 and 13 to 16 stay within the slice.
"""
DIRECTIONS.setflags(write=False)

IN_PLANE = np.uint32(0b1111 | 0b1111 << N_PAIRS)
"""The bits of `equal_neighbours` that belong to the 8 neighbours within the slice."""


_CHUNK = 2048  # voxels whose bits are collected at a time: the buffers stay in the innermost cache


@numba.njit(cache=True, nogil=True)
def _equal_bits(levels: Any, offsets: Any, first: Any, last: Any, found: Any, bits: Any) -> None:
    # `found` has room for eight directions a byte, of many voxels: many an instruction.
    for start in range(first, last, _CHUNK):
        stop = min(start + _CHUNK, last)
        size = np.uintp(stop - start)
        here = levels[start:stop]
        for byte in found:
            for i in range(size):
                byte[i] = 0
        for k in range(offsets.shape[0]):
            there = levels[start + offsets[k] : stop + offsets[k]]
            bit = np.uint8(1 << (k & 7))
            byte = found[k >> 3]
            for i in range(size):
                byte[i] |= bit if here[i] == there[i] else np.uint8(0)
        byte0, byte1, byte2, byte3 = found[0], found[1], found[2], found[3]
        words = bits[start:stop]
        for i in range(size):
            word = (
                np.uint32(byte0[i])
                | np.uint32(byte1[i]) << np.uint32(8)
                | np.uint32(byte2[i]) << np.uint32(16)
                | np.uint32(byte3[i]) << np.uint32(24)
            )
            words[i] = word if here[i] != 0 else np.uint32(0)


def equal_neighbours(levels: Levels) -> npt.NDArray[np.uint32]:
    """Which neighbours of each voxel are inside the lesion and have its grey level.

    Args:
        levels: Grey levels, 0 outside the lesion, shape (z, y, x); the outermost voxels must all be 0.

    Returns:
        Bit masks, shape (z, y, x): bit k is set where the voxel and its neighbour at `DIRECTIONS[k]` have the
        same level above 0.

    Example:
        >>> levels = np.zeros((3, 3, 4), dtype=np.uint8)
        >>> levels[1, 1, 1:3] = 5
        >>> [int(bits) for bits in equal_neighbours(levels)[1, 1, 1:3]] == [1 << 0, 1 << 13]
        True
    """
    _, ny, nx = levels.shape
    strides = np.array([ny * nx, nx, 1])
    margin = int(strides.sum())
    bits = np.zeros(levels.shape, dtype=np.uint32)
    room = np.empty((4, _CHUNK), dtype=np.uint8)
    offsets = DIRECTIONS @ strides
    _equal_bits(levels.reshape(-1), offsets, margin, levels.size - margin, room, bits.reshape(-1))
    return bits


def equal_bits(volume: LevelVolume) -> npt.NDArray[np.uint32]:
    """Return the bit masks of a volume, worked out once for all families that need them; do not write to them."""
    return volume.shared("equal_neighbours", lambda: equal_neighbours(volume.levels), passing=True)
