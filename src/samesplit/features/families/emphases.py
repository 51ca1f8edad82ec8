"""The formulas that size zones, distance zones and neighbouring dependence have in common.

Each of these matrices counts things by grey level i and by a step j: a zone's size, its distance to the border,
or a voxel's number of dependent neighbours. The same sixteen numbers are drawn from all three (IBSI manual,
sections 3.7, 3.8 and 3.10, https://doi.org/10.1148/radiol.2020191145), and an energy for the third.

Matrices can be huge and nearly empty (a zone may be as large as the lesion), so the formulas walk over a list of
occupied cells, ordered by step and then by level, and never over a whole matrix.
"""

from __future__ import annotations

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
    """The values of a matrix given as a table.

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
    values: npt.NDArray[np.float64] = _emphases(table, _NO_KEYS, n_voxels)
    return values


def zone_emphases(
    levels: npt.NDArray[np.uint16], steps: npt.NDArray[np.uint32], n_levels: int, n_voxels: int
) -> npt.NDArray[np.float64]:
    """The values of a matrix given as a list of zones.

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
    n_steps = min(_TABLE_STEPS, max(1, _TABLE_CELLS // (n_levels + 1)))
    values: npt.NDArray[np.float64] = _zone_emphases(levels, steps, n_levels, n_steps, n_voxels)
    return values


@numba.njit(cache=True, nogil=True)
def _zone_emphases(levels: Any, steps: Any, n_levels: int, n_steps: int, n_voxels: int) -> Any:
    # Small steps are counted in a table; the few large ones are sorted.
    table = np.zeros((n_steps, n_levels + 1), dtype=np.int64)
    n_keys = 0
    for k in range(levels.size):
        if steps[k] > n_steps:
            n_keys += 1
    keys = np.empty(n_keys, dtype=np.uint64)
    n_keys = 0
    for k in range(levels.size):
        if steps[k] > n_steps:
            keys[n_keys] = np.uint64(steps[k]) << np.uint64(16) | np.uint64(levels[k])
            n_keys += 1
        else:
            table[np.uintp(steps[k]) - np.uintp(1), np.uintp(levels[k])] += 1
    _shell_sort(keys)
    return _emphases(table, keys, n_voxels)


@numba.njit(cache=True, nogil=True)
def _shell_sort(keys: Any) -> None:
    gap = 1
    while gap < keys.size // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for start in range(gap, keys.size):
            key = keys[start]
            k = start
            while k >= gap and keys[k - gap] > key:
                keys[k] = keys[k - gap]
                k -= gap
            keys[k] = key
        gap //= 3


@numba.njit(cache=True, nogil=True)
def _cells(table: Any, keys: Any, cells: Any) -> int:
    """Fill rows (step, level, count) from a table and the sorted keys of larger steps; how many there are."""
    n = 0
    for j in range(table.shape[0]):
        for i in range(1, table.shape[1]):
            if table[j, i] > 0:
                cells[n, 0] = j + 1
                cells[n, 1] = i
                cells[n, 2] = table[j, i]
                n += 1
    for k in range(keys.size):
        if k > 0 and keys[k] == keys[k - 1]:
            cells[n - 1, 2] += 1
        else:
            cells[n, 0] = np.int64(keys[k] >> np.uint64(16))
            cells[n, 1] = np.int64(keys[k] & np.uint64(0xFFFF))
            cells[n, 2] = 1
            n += 1
    return n


@numba.njit(cache=True, nogil=True)
def _emphases(table: Any, keys: Any, n_voxels: int) -> Any:
    n_filled = 0
    for j in range(table.shape[0]):
        for i in range(1, table.shape[1]):
            n_filled += table[j, i] > 0
    cells = np.empty((n_filled + keys.size, 3), dtype=np.int64)
    n_cells = _cells(table, keys, cells)
    of_level = np.zeros(table.shape[1], dtype=np.float64)
    out = np.zeros(17, dtype=np.float64)
    total = 0.0
    of_step = 0.0  # counts of the step that the walk is at
    for k in range(n_cells):
        j, i, count = float(cells[k, 0]), float(cells[k, 1]), float(cells[k, 2])
        jj, ii = j * j, i * i
        total += count
        of_level[cells[k, 1]] += count
        of_step += count
        out[0] += count / jj
        out[1] += count * jj
        out[2] += count / ii
        out[3] += count * ii
        out[4] += count / (jj * ii)
        out[5] += count * ii / jj
        out[6] += count * jj / ii
        out[7] += count * jj * ii
        out[13] += count * i  # mean level and step for now
        out[14] += count * j
        if k + 1 == n_cells or cells[k + 1, 0] != cells[k, 0]:
            out[10] += of_step * of_step
            of_step = 0.0
    if total == 0.0:
        out[:] = np.nan
        return out
    for i in range(of_level.size):
        out[8] += of_level[i] * of_level[i]
    for k in range(15):
        out[k] /= total
    out[9] = out[8] / total
    out[11] = out[10] / total
    out[12] = total / n_voxels
    _spread(cells[:n_cells], total, out)
    return out


@numba.njit(cache=True, nogil=True)
def _spread(cells: Any, total: float, out: Any) -> None:
    mean_level, mean_step = out[13], out[14]
    level_variance, step_variance, entropy, energy = 0.0, 0.0, 0.0, 0.0
    for k in range(cells.shape[0]):
        p = cells[k, 2] / total
        level_variance += p * (cells[k, 1] - mean_level) ** 2
        step_variance += p * (cells[k, 0] - mean_step) ** 2
        entropy -= p * np.log2(p)
        energy += p * p
    out[13], out[14], out[15], out[16] = level_variance, step_variance, entropy, energy
