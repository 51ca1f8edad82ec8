"""The formulas that size zones, distance zones and neighbouring dependence have in common.

Each of these matrices counts things by grey level i and by a step j: a zone's size, its distance to the border,
or a voxel's number of dependent neighbours. The same sixteen numbers are drawn from all three (IBSI manual,
sections 3.7, 3.8 and 3.10, https://doi.org/10.1148/radiol.2020191145), and an energy for the third.

Matrices can be huge and nearly empty (a zone may be as large as the lesion), so the formulas walk over a list of
occupied cells, ordered by step and then by level, and never over a whole matrix.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["N_EMPHASES", "table_emphases", "zone_emphases"]

N_EMPHASES = 17
"""Values of one matrix: low and high step, low and high level, their four combinations; non-uniformity of level
and step, each also normalised; percentage; variance of level and of step; entropy; energy."""

_TABLE_CELLS = 1 << 18
_TABLE_STEPS = 64
_NO_KEYS: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)


def table_emphases(table: npt.NDArray[np.int64], n_voxels: int) -> npt.NDArray[np.float64]:
    """Return the values of a matrix given as a table.

    Args:
        table: Counts by step (row 0 is step 1) and level (column 0 is not looked at), shape (steps, levels + 1).
        n_voxels: Voxels that the percentage refers to.

    Returns:
        The values in the order described at `N_EMPHASES`; all NaN where the table is empty.

    Example:
        >>> table = np.zeros((2, 3), dtype=np.int64)
        >>> table[0, 1] = table[1, 2] = 1  # level 1 at step 1, level 2 at step 2
        >>> table_emphases(table, 4)[[0, 1, 2, 3, 12, 15]]
        array([0.625, 2.5  , 0.625, 2.5  , 0.5  , 1.   ])
    """
    return _emphases_of(table, _NO_KEYS, n_voxels)


def zone_emphases(
    levels: npt.NDArray[np.uint16], steps: npt.NDArray[np.uint32], n_levels: int, n_voxels: int
) -> npt.NDArray[np.float64]:
    """Return the values of a matrix given as a list of zones.

    Args:
        levels: Grey level of each zone, shape (zones,).
        steps: Size of each zone, or its distance to the border, at least 1, shape (zones,).
        n_levels: The largest level that may occur.
        n_voxels: Voxels that the percentage refers to.

    Returns:
        The values in the order described at `N_EMPHASES`; all NaN without any zone.

    Example:
        >>> zone_emphases(np.array([1, 2], np.uint16), np.array([1, 9], np.uint32), 2, 10)[[1, 12]]
        array([41. ,  0.2])
    """
    # Small steps are counted in a table; the few large ones are sorted.
    n_steps = min(_TABLE_STEPS, max(1, _TABLE_CELLS // (n_levels + 1)))
    table = np.zeros((n_steps, n_levels + 1), dtype=np.int64)
    largest = _count(levels, steps, table)
    table = table[:largest]
    keys = _NO_KEYS
    if largest > n_steps:
        large = steps > n_steps
        keys = np.sort(steps[large].astype(np.uint64) << np.uint64(16) | levels[large])
    return _emphases_of(table, keys, n_voxels)


def _emphases_of(
    table: npt.NDArray[np.int64], keys: npt.NDArray[np.uint64], n_voxels: int
) -> npt.NDArray[np.float64]:
    values = np.zeros(N_EMPHASES)
    cells = np.empty((table.size + keys.size, 3), dtype=np.int64)
    _fill(table, keys, n_voxels, cells, np.zeros(table.shape[1]), values)
    return values


@numba.njit(cache=True, nogil=True)
def _fill(table: Any, keys: Any, n_voxels: int, cells: Any, of_level: Any, values: Any) -> None:
    """Fill in the values: one call, because most matrices are small and there are many of them."""
    if not _emphases(cells, _cells(table, keys, cells), of_level, n_voxels, values):
        for k in range(values.size):
            values[k] = np.nan


@numba.njit(cache=True, nogil=True)
def _count(levels: Any, steps: Any, table: Any) -> int:
    """Count zones whose step has a row in the table; the largest step of all, at least 1."""
    last = np.uintp(0)
    for k in range(np.uintp(levels.size)):
        row = np.uintp(steps[k]) - np.uintp(1)
        last = max(last, row)
        if row < np.uintp(table.shape[0]):
            table[row, np.uintp(levels[k])] += 1
    return int(last + np.uintp(1))


@numba.njit(cache=True, nogil=True)
def _cells(table: Any, keys: Any, cells: Any) -> int:
    """Fill rows (step, level, count) from a table and the sorted keys of larger steps; how many there are."""
    n = np.uintp(0)
    last = np.uint64(0)
    for j in range(np.uintp(table.shape[0])):
        for i in range(np.uintp(1), np.uintp(table.shape[1])):
            if table[j, i] > 0:
                cells[n, 0] = j + np.uintp(1)
                cells[n, 1] = i
                cells[n, 2] = table[j, i]
                n += np.uintp(1)
    for k in range(np.uintp(keys.size)):
        if keys[k] == last:
            cells[n - np.uintp(1), 2] += 1
        else:
            last = keys[k]
            cells[n, 0] = last >> np.uint64(16)
            cells[n, 1] = last & np.uint64(0xFFFF)
            cells[n, 2] = 1
            n += np.uintp(1)
    return int(n)


@numba.njit(cache=True, nogil=True)
def _emphases(cells: Any, n_cells: Any, of_level: Any, n_voxels: int, out: Any) -> bool:
    total = 0.0
    of_step = 0.0  # counts of the step that the walk is at
    step = np.int64(0)
    for k in range(n_cells):
        if cells[k, 0] != step:
            out[10] += of_step * of_step
            of_step = 0.0
            step = cells[k, 0]
        j, i, count = np.float64(step), np.float64(cells[k, 1]), np.float64(cells[k, 2])
        jj, ii = j * j, i * i
        total += count
        of_step += count
        of_level[cells[k, 1]] += count
        out[0] += count / jj
        out[1] += count * jj
        out[2] += count / ii
        out[3] += count * ii
        out[4] += count / (jj * ii)
        out[5] += count * ii / jj
        out[6] += count * jj / ii
        out[7] += count * jj * ii
        out[13] += count * i  # sums for the means, for now
        out[14] += count * j
    if total == 0.0:
        return False
    out[10] += of_step * of_step
    for level in range(of_level.size):
        out[8] += of_level[level] * of_level[level]
    mean_level, mean_step = out[13] / total, out[14] / total
    out[13] = out[14] = 0.0
    for k in range(12):
        out[k] /= total
    out[9] = out[8] / total
    out[11] = out[10] / total
    out[12] = total / n_voxels
    for k in range(n_cells):
        p = cells[k, 2] / total
        away_level, away_step = cells[k, 1] - mean_level, cells[k, 0] - mean_step
        out[13] += p * away_level * away_level
        out[14] += p * away_step * away_step
        out[15] -= p * math.log2(p)
        out[16] += p * p
    return True
