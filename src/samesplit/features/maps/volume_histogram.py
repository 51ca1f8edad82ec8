"""Maps of the intensity-volume histogram (IBSI P88C), from the ordered levels of each box.

The levels are those of the whole lesion: they start where its histogram starts and end where it ends.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.ivh import TAGS, IvhLevels
from samesplit.features.maps.neighbourhood import Lesion
from samesplit.features.maps.sliding import first_window, next_window

__all__ = ["TAGS", "volume_histogram_maps"]


def volume_histogram_maps(
    lesion: Lesion,
    index: npt.NDArray[np.int64],
    levels: IvhLevels,
    places: npt.NDArray[np.intp],
    z: int,
    out: Any,
) -> None:
    """Fill the volume histogram features of the voxels of one slice.

    Args:
        lesion: Masks and the box.
        index: Level of each voxel, laid out like the lesion's mask, flat.
        levels: What the levels mean.
        places: Which of `TAGS` are wanted.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    column = lesion.column
    side = lesion.neighbourhood.shape[2]
    _sweep(
        index, lesion.mask, lesion.spans.only(z).bounds, column,
        np.empty((side + 1, column.size), dtype=np.int64), np.zeros(side, dtype=np.int64),
        np.empty((2, lesion.around.size), dtype=np.int64), levels.n_levels, levels.first, levels.step, places, out,
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _sweep(
    index: Any, mask: Any, bounds: Any, column: Any, columns: Any, counts: Any, windows: Any, n_levels: int,
    first: float, step: float, places: Any, out: Any,
) -> None:  # fmt: skip
    found = np.empty(7)
    row = 0
    for j in range(bounds.shape[0]):
        n = 0
        for p in range(bounds[j, 0], bounds[j, 1]):
            if p == bounds[j, 0]:
                n = first_window(index, mask, p, column, columns, counts, windows)
            else:
                n = next_window(index, mask, p, column, columns, counts, windows, n)
            _volumes(windows[p & 1], n, n_levels, first, step, found)
            for k in range(places.size):
                out[row, k] = found[places[k]]
            row += 1


@numba.njit(cache=True, nogil=True)
def _volumes(ordered: Any, n: int, n_levels: int, first: float, step: float, out: Any) -> None:
    """Compute the seven numbers of `ivh_of_counts`."""
    last = n_levels - 1
    v10 = v90 = np.nan
    if n_levels > 1:
        v10 = _at_least(ordered, n, -(-10 * last // 100)) / n
        v90 = _at_least(ordered, n, -(-90 * last // 100)) / n
    i10 = first + step * _first_at_most(ordered, n, 10)
    i90 = first + step * _first_at_most(ordered, n, 90)
    distinct, total = 0, np.int64(0)
    for i in range(n):
        if ordered[i] >= 0:
            total += ordered[i] + 1
            if i == 0 or ordered[i] != ordered[i - 1]:
                distinct += 1
    area = 0.0
    if distinct > 1 and last > 0:
        ends = _at_least(ordered, n, 0) + _at_least(ordered, n, last)
        area = (total - ends / 2) / n / last
    out[0], out[1], out[2], out[3] = v10, v90, i10, i90
    out[4], out[5], out[6] = v10 - v90, i10 - i90, area


@numba.njit(cache=True, nogil=True)
def _at_least(ordered: Any, n: int, level: int) -> int:
    below = 0
    while below < n and ordered[below] < level:
        below += 1
    return int(n - below)


@numba.njit(cache=True, nogil=True)
def _first_at_most(ordered: Any, n: int, percent: int) -> int:
    """Return the first level that at most so many hundredths of the voxels reach."""
    few = percent * n // 100  # less than n
    return int(max(ordered[n - 1 - few] + 1, 0))
