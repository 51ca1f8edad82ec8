"""Maps of the intensity histogram (IBSI ZVCW), from the ordered grey levels of each box."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.histogram import TAGS
from samesplit.features.maps.neighbourhood import Lesion
from samesplit.features.maps.sliding import first_window, next_window

__all__ = ["TAGS", "histogram_maps"]


def histogram_maps(lesion: Lesion, places: npt.NDArray[np.intp], z: int, out: Any) -> None:
    """Fill the histogram features of the voxels of one slice.

    Args:
        lesion: Grey levels and the box.
        places: Which of `TAGS` are wanted.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    column = lesion.column
    side = lesion.neighbourhood.shape[2]
    _sweep(
        lesion.levels, lesion.mask, lesion.spans.only(z).bounds, column,
        np.empty((side + 1, column.size), dtype=np.uint16), np.zeros(side, dtype=np.int64),
        np.empty((2, lesion.around.size), dtype=np.uint16),
        np.zeros(lesion.volume.n_levels + 2, dtype=np.int64), places, out,
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _sweep(
    levels: Any, mask: Any, bounds: Any, column: Any, columns: Any, counts: Any, windows: Any, table: Any,
    places: Any, out: Any,
) -> None:  # fmt: skip
    found = np.empty(23)
    row = 0
    for j in range(bounds.shape[0]):
        n = 0
        for p in range(bounds[j, 0], bounds[j, 1]):
            if p == bounds[j, 0]:
                n = first_window(levels, mask, p, column, columns, counts, windows)
            else:
                n = next_window(levels, mask, p, column, columns, counts, windows, n)
            _histogram(windows[p & 1], n, table, found)
            for k in range(places.size):
                out[row, k] = found[places[k]]
            row += 1


@numba.njit(cache=True, nogil=True, inline="always")
def _percentile(ordered: Any, n: int, percent: int) -> float:
    rank, rest = divmod(percent * (n - 1), 100)
    value = float(ordered[rank])
    if rest != 0:
        value += (float(ordered[rank + 1]) - value) * rest / 100
    return value


@numba.njit(cache=True, nogil=True)
def _histogram(ordered: Any, n: Any, table: Any, out: Any) -> None:
    """Compute the 23 numbers of `histogram_of_counts`; `table` is room for the counts, all 0."""
    low: Any = np.int64(ordered[0])
    high: Any = np.int64(ordered[n - 1])
    total: Any = np.int64(0)
    for i in range(n):
        total += np.int64(ordered[i])
        table[ordered[i]] += 1
    mean = total / n
    median = _percentile(ordered, n, 50)
    p25, p75 = _percentile(ordered, n, 25), _percentile(ordered, n, 75)
    p10, p90 = _percentile(ordered, n, 10), _percentile(ordered, n, 90)
    second = third = fourth = deviation = from_median = entropy = uniformity = 0.0
    middle_sum = middle_n = 0.0
    mode: Any = low
    most: Any = np.int64(0)
    for level in range(low, high + 1):
        count = table[level]
        if count == 0:
            continue
        away = level - mean
        square = away * away
        second += count * square
        third += count * square * away
        fourth += count * square * square
        deviation += count * abs(away)
        from_median += count * abs(level - median)
        share = count / n
        uniformity += share * share
        entropy -= share * np.log2(share)
        if p10 <= level <= p90:
            middle_sum += count * level
            middle_n += count
        if count > most or (count == most and abs(n * level - total) < abs(n * mode - total)):
            mode, most = level, count
    variance = second / n
    out[0], out[1], out[2], out[3], out[4] = mean, variance, 0.0, 0.0, median
    if high > low:
        out[2] = third / n / variance**1.5
        out[3] = fourth / n / (variance * variance) - 3.0
    else:
        entropy = 0.0
    out[5], out[6], out[7], out[8], out[9] = low, p10, p90, high, mode
    out[10], out[11], out[12] = p75 - p25, high - low, deviation / n
    out[13] = np.nan
    if middle_n > 0:
        centre, apart = middle_sum / middle_n, 0.0
        for level in range(low, high + 1):
            if p10 <= level <= p90:
                apart += table[level] * abs(level - centre)
        out[13] = apart / middle_n
    out[14], out[15] = from_median / n, np.sqrt(variance) / mean
    out[16], out[17], out[18] = (p75 - p25) / (p75 + p25), entropy, uniformity
    _gradient(table, high, out)
    for i in range(n):
        table[ordered[i]] = 0


@numba.njit(cache=True, nogil=True)
def _gradient(table: Any, high: Any, out: Any) -> None:
    """Largest gradient and its level, smallest gradient and its level, over the levels from 1 to the highest."""
    if high < 2:
        out[19] = out[20] = out[21] = out[22] = np.nan
        return
    up = down = 1
    most = least = 2 * (table[2] - table[1])  # twice the gradient, in whole numbers
    for level in range(2, high + 1):
        slope = table[level + 1] - table[level - 1] if level < high else 2 * (table[high] - table[high - 1])
        if slope > most:
            up, most = level, slope
        if slope < least:
            down, least = level, slope
    out[19], out[20] = most / 2, up
    out[21], out[22] = least / 2, down
