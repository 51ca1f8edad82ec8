"""Compiled: pairs of grey levels that come and go while a box slides, and the co-occurrence features.

All sums are whole numbers (logarithms and reciprocals as multiples of 2^-40), so that what goes takes away exactly
what it brought when it came, and no error gathers along a row. All of it stands in one file, because compiled code
is kept until its own file changes.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

__all__ = ["UNIT", "sweep_pairs"]

UNIT = 1 << 40
"""What stands for 1 in logarithms and reciprocals."""


@numba.njit(cache=True, nogil=True, inline="always")
def _change(t: int, first: Any, second: Any, sign: int, tables: Any) -> None:
    """Let a pair of levels (1 for the lowest) come (sign 1) or go (-1) in matrix t."""
    logs, inverse, sums, joint, differences, totals, singles, weights, top = tables
    low, high = np.int64(min(first, second)), np.int64(max(first, second))
    k, s = high - low, high + low
    of = sums[t]
    of[0] += sign
    of[2] += sign * k
    of[3] += sign * k * k
    power = sign * s
    of[4] += power
    power *= s
    of[5] += power
    power *= s
    of[6] += power
    of[7] += power * s
    cell = low * np.int64(singles.shape[1]) + high
    old = np.int64(joint[t, cell])
    new = old + sign
    joint[t, cell] = new
    of[8] += logs[new] - logs[old]
    count = np.int64(differences[t, k])
    of[9] += logs[count + sign] - logs[count]
    differences[t, k] = count + sign
    count = np.int64(totals[t, s])
    of[10] += logs[count + sign] - logs[count]
    totals[t, s] = count + sign
    count = np.int64(singles[t, low])
    of[11] += logs[count + sign] - logs[count]
    singles[t, low] = count + sign
    count = np.int64(singles[t, high])
    of[11] += logs[count + sign] - logs[count]
    singles[t, high] = count + sign
    times = 1 if k != 0 else 2
    if k == 0:
        of[1] += sign
    of[12] += times * (new * new - old * old)
    for m in range(5):
        of[13 + m] += sign * inverse[m, k]
    weights[t, times * old] -= 1
    weights[t, times * new] += 1
    if times * new > top[t]:
        top[t] = times * new
    else:
        while top[t] > 0 and weights[t, top[t]] == 0:
            top[t] -= 1


@numba.njit(cache=True, nogil=True)
def _move(rows: Any, p: int, pairs: Any, sign: int, tables: Any) -> None:
    for k in range(pairs.shape[0]):
        one, other = rows[p + pairs[k, 1]], rows[p + pairs[k, 2]]
        if one != 0 and other != 0:
            _change(pairs[k, 0], one, other, sign, tables)


@numba.njit(cache=True, nogil=True)
def sweep_pairs(
    rows: Any, bounds: Any, pairs: Any, entering: Any, leaving: Any, below: float, tables: Any, room: Any,
    places: Any, out: Any,
) -> None:  # fmt: skip
    """Fill the co-occurrence features.

    Args:
        rows: Levels less `below`, flat, 0 outside.
        bounds: The stretches of voxels that get a value, shape (n, 2).
        pairs: Rows (matrix, step to one voxel, step to the other) for all pairs of a box.
        entering: Those that touch the box's last column along x.
        leaving: Those that touch its first.
        below: What all levels were lessened by.
        tables: Of `pair_counts.tables_for`, all 0 before and afterwards.
        room: For three rows of 25 numbers.
        places: Which features are wanted.
        out: One row a voxel.
    """
    n_matrices = tables[2].shape[0]
    values, mean, defined = room[0], room[1], room[2]
    row = 0
    for j in range(bounds.shape[0]):
        first, last = bounds[j, 0], bounds[j, 1]
        for p in range(first, last):
            if p == first:
                _move(rows, p, pairs, 1, tables)
            else:
                _move(rows, p - 1, leaving, -1, tables)
                _move(rows, p, entering, 1, tables)
            for k in range(25):
                mean[k] = defined[k] = 0.0
            for t in range(n_matrices):
                if tables[2][t, 0] > 0:
                    _features(tables[2][t], tables[8][t], tables[0], below, values)
                    for k in range(25):
                        if not math.isnan(values[k]):
                            mean[k] += values[k]
                            defined[k] += 1.0
            for k in range(places.size):
                place = places[k]
                out[row, k] = mean[place] / defined[place] if defined[place] > 0.0 else math.nan
            row += 1
        _move(rows, last - 1, pairs, -1, tables)  # leaves the tables empty


@numba.njit(cache=True, nogil=True)
def _features(of: Any, top: int, logs: Any, below: float, out: Any) -> None:
    """Compute the 25 features of the symmetric matrix of n pairs; `below` is added to both levels of each."""
    n = of[0]
    twice = 2 * n
    unit = float(UNIT)
    first, second = of[4], of[5]
    spread_sum = n * second - first * first  # n^2 times the variance of i + j
    spread = spread_sum + n * of[3]  # 4 n^2 times the variance of i
    mean = first / twice
    joint_entropy = logs[twice] - 2 * of[8] - 2 * of[1] * UNIT  # each entropy here 2 n times, in units
    level_entropy = logs[twice] - of[11]
    out[0] = top / twice
    out[1] = mean + below
    out[2] = spread / (4.0 * n * n)
    out[3] = joint_entropy / (twice * unit)
    out[4] = out[12] = of[2] / n
    out[5] = (n * of[3] - of[2] * of[2]) / (n * n)
    out[6] = (logs[n] - of[9]) / (n * unit)
    out[7] = first / n + 2.0 * below
    out[8] = out[20] = spread_sum / (n * n)
    out[9] = (logs[n] - of[10]) / (n * unit)
    out[10] = of[12] / (2.0 * n * n)
    out[11] = of[3] / n
    for m in range(5):
        out[13 + m] = of[13 + m] / (n * unit)
    out[18] = (spread_sum - n * of[3]) / spread if spread > 0 else math.nan
    out[19] = (second - of[3]) / (2.0 * twice) + 2.0 * below * mean + below * below
    # Third and fourth moments of i + j about a whole number near the mean, exactly; then about the mean.
    c = first // n
    m2 = (second - 2 * c * first + c * c * n) / n
    m3 = (of[6] - 3 * c * second + 3 * c * c * first - c * c * c * n) / n
    m4 = (of[7] - 4 * c * of[6] + 6 * c * c * second - 4 * c * c * c * first + c * c * c * c * n) / n
    rest = first / n - c
    out[21] = m3 - 3.0 * rest * m2 + 2.0 * rest**3
    out[22] = m4 - 4.0 * rest * m3 + 6.0 * rest * rest * m2 - 3.0 * rest**4
    out[23] = (joint_entropy - 2 * level_entropy) / level_entropy if level_entropy > 0 else math.nan
    shared = (2 * level_entropy - joint_entropy) / (twice * unit)
    out[24] = math.sqrt(1.0 - math.exp(-2.0 * shared)) if shared > 1e-11 else 0.0
