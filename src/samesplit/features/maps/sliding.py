"""Compiled: the values of a box in ascending order, kept in order while the box slides along x.

The voxels of a box that share an x are a column. Each column is put in order once, when it enters; the box's
values then come from one pass over the old ones, which drops the column that leaves and merges the new one in.
"""

from __future__ import annotations

from typing import Any

import numba

__all__ = ["first_window", "next_window"]


@numba.njit(cache=True, nogil=True, inline="always")
def _fill_column(values: Any, mask: Any, middle: int, column: Any, out: Any) -> int:
    n = 0
    for k in range(column.size):
        p = middle + column[k]
        if mask[p] != 0:
            value = values[p]
            i = n
            while i > 0 and out[i - 1] > value:
                out[i] = out[i - 1]
                i -= 1
            out[i] = value
            n += 1
    return n


@numba.njit(cache=True, nogil=True)
def _merge(
    old: Any, n_old: int, leaving: Any, n_leaving: int, entering: Any, n_entering: int, out: Any
) -> int:
    n, gone, come = 0, 0, 0
    for i in range(n_old):
        value = old[i]
        if gone < n_leaving and leaving[gone] == value:
            gone += 1
            continue
        while come < n_entering and entering[come] <= value:
            out[n] = entering[come]
            n += 1
            come += 1
        out[n] = value
        n += 1
    while come < n_entering:
        out[n] = entering[come]
        n += 1
        come += 1
    return n


@numba.njit(cache=True, nogil=True)
def first_window(
    values: Any, mask: Any, centre: int, column: Any, columns: Any, counts: Any, windows: Any
) -> int:
    """Put the values of the box around a voxel in order; they stand in `windows[centre & 1]`.

    Args:
        values: Flat.
        mask: 1 where values count, flat.
        centre: The voxel.
        column: Steps from the middle of a column to its voxels.
        columns: The ordered columns, shape (side + 1, voxels of a column); column x stands in row x modulo side,
            and the last row is spare.
        counts: How many values each has, shape (side,).
        windows: Room for the old and the new values, shape (2, voxels of the box).

    Returns:
        How many values there are.
    """
    side = counts.size
    reach = side // 2
    n = 0
    for x in range(centre - reach, centre + reach + 1):
        row = x % side
        counts[row] = _fill_column(values, mask, x, column, columns[row])
        now = (x - reach) & 1  # so that the last one fills windows[centre & 1]
        n = _merge(windows[1 - now], n, columns[row], 0, columns[row], counts[row], windows[now])
    return n


@numba.njit(cache=True, nogil=True)
def next_window(
    values: Any, mask: Any, centre: int, column: Any, columns: Any, counts: Any, windows: Any, n: int
) -> int:
    """Do the same for a voxel when the box was around the one before it and had n values."""
    side = counts.size
    reach = side // 2
    row = (centre + reach) % side  # of the column that enters, and of the one that leaves
    now = centre & 1
    leaving = columns[side]
    n_leaving = counts[row]
    leaving[:n_leaving] = columns[row, :n_leaving]
    counts[row] = _fill_column(values, mask, centre + reach, column, columns[row])
    return int(_merge(windows[1 - now], n, leaving, n_leaving, columns[row], counts[row], windows[now]))
