"""Compiled: what runs, zones and dependences of a box have in common, the sixteen numbers of `families.emphases`.

They are gathered from a list of things, each with a grey level and a step, in one pass. Entropies are sums of
c log2 c over the counts of equal things, looked up in a table.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["Scratch", "list_emphases", "scratch_for"]

Scratch = tuple[Any, Any, Any, Any, Any]


def scratch_for(n_levels: int, most_steps: int, most_things: int) -> Scratch:
    """Make the tables that `list_emphases` needs, for lists of so many things at most.

    Returns:
        c log2 c by count; 1 / k^2 by level or step; counts by level, by step, and by both, all 0.
    """
    counts = np.arange(most_things + 1, dtype=np.float64)
    logs = counts * np.log2(np.maximum(counts, 1))
    with np.errstate(divide="ignore"):
        inverse: npt.NDArray[np.float64] = 1 / np.arange(max(n_levels, most_steps) + 1, dtype=np.float64) ** 2
    by_both = np.zeros((n_levels + 1, most_steps + 1), dtype=np.int32)
    return logs, inverse, np.zeros(n_levels + 1, np.int64), np.zeros(most_steps + 1, np.int64), by_both


@numba.njit(cache=True, nogil=True)
def list_emphases(levels: Any, steps: Any, n: int, n_voxels: int, scratch: Any, out: Any) -> None:
    """Fill the values in the order of `families.emphases.N_EMPHASES`.

    Args:
        levels: Grey level of each thing.
        steps: Its length, size, distance or dependence.
        n: How many there are, at least one.
        n_voxels: Voxels that the percentage refers to.
        scratch: Of `scratch_for`; its counts are 0 before and afterwards.
        out: Room for 17 values.
    """
    logs, inverse, by_level, by_step, by_both = scratch
    e0 = e2 = e4 = e5 = e6 = 0.0
    square_step = square_level = square_both = sum_level = sum_step = np.int64(0)
    of_level = of_step = of_both = np.int64(0)  # sums of squared counts
    entropy = 0.0
    for k in range(n):
        i, j = np.uintp(levels[k]), np.uintp(steps[k])
        ii, jj = np.int64(i * i), np.int64(j * j)
        sum_level += np.int64(i)
        sum_step += np.int64(j)
        square_level += ii
        square_step += jj
        square_both += ii * jj
        e0 += inverse[j]
        e2 += inverse[i]
        e4 += inverse[i] * inverse[j]
        e5 += ii * inverse[j]
        e6 += jj * inverse[i]
        of_level += 2 * by_level[i] + 1
        by_level[i] += 1
        of_step += 2 * by_step[j] + 1
        by_step[j] += 1
        count = by_both[i, j]
        of_both += 2 * count + 1
        entropy += logs[count + 1] - logs[count]
        by_both[i, j] = count + 1
    for k in range(n):
        i, j = np.uintp(levels[k]), np.uintp(steps[k])
        by_level[i] = 0
        by_step[j] = 0
        by_both[i, j] = 0
    out[0], out[1], out[2], out[3] = e0 / n, square_step / n, e2 / n, square_level / n
    out[4], out[5], out[6], out[7] = e4 / n, e5 / n, e6 / n, square_both / n
    out[8], out[10] = of_level / n, of_step / n
    out[9], out[11] = out[8] / n, out[10] / n
    out[12] = n / n_voxels
    out[13] = (n * square_level - sum_level * sum_level) / (n * n)
    out[14] = (n * square_step - sum_step * sum_step) / (n * n)
    out[15] = (logs[n] - entropy) / n
    out[16] = of_both / (n * n)
