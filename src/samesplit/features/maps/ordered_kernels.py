"""Compiled: boxes that slide along x with their values in ascending order, and what is computed from these.

The voxels of a box that share an x are a column. Each column is put in order once, when it enters; the box's
values then come from one pass over the old ones, which drops the column that leaves and merges the new one in.
All of it stands in one file, because compiled code is kept until its own file changes.

Every sweep takes:

* `values`: what is ordered, flat, and `mask`, 1 where values count;
* `bounds`: the stretches of voxels that get a value, shape (n, 2);
* `column`: steps from the middle of a column to its voxels;
* `room`: of `room_for`;
* `places`, `out`: which values are wanted, and where they go, one row a voxel.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from samesplit.features.maps.neighbourhood import Lesion

__all__ = ["room_for", "sweep_histogram", "sweep_statistics", "sweep_volumes"]


def room_for(lesion: Lesion, dtype: Any, n_features: int) -> tuple[Any, ...]:
    """Make the room that a sweep needs.

    Returns:
        Ordered columns, one row for each x and a spare one; how many values each has; the old and the new values
        of the box; the features of one box.
    """
    side, n_column = lesion.neighbourhood.shape[2], lesion.column.size
    return (
        np.empty((side + 1, n_column), dtype),
        np.zeros(side, np.int64),
        np.empty((2, lesion.around.size), dtype),
        np.empty(n_features),
    )


@numba.njit(cache=True, nogil=True)
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
def _window(values: Any, mask: Any, centre: int, column: Any, room: Any, before: int) -> int:
    """Put the values of the box around a voxel in order, into `windows[centre & 1]`; how many there are.

    `before` is how many the box around the voxel before it had; -1 starts anew.
    """
    columns, counts, windows, _ = room
    side = counts.size
    reach = side // 2
    leaving = columns[side]
    n = max(before, 0)
    for x in range(centre + (reach if before >= 0 else -reach), centre + reach + 1):
        row = x % side  # of the column that enters, and of the one that leaves
        n_leaving = 0
        if before >= 0:
            n_leaving = counts[row]
            for k in range(n_leaving):
                leaving[k] = columns[row, k]
        counts[row] = _fill_column(values, mask, x, column, columns[row])
        now = (x - reach) & 1
        n = _merge(windows[1 - now], n, leaving, n_leaving, columns[row], counts[row], windows[now])
    return n


@numba.njit(cache=True, nogil=True)
def _percentile(ordered: Any, n: int, percent: int) -> float:
    rank = percent * (n - 1) // 100
    rest = percent * (n - 1) - 100 * rank
    value = float(ordered[rank])
    if rest != 0:
        value += (float(ordered[rank + 1]) - value) * rest / 100
    return value


@numba.njit(cache=True, nogil=True)
def sweep_statistics(
    values: Any, mask: Any, bounds: Any, column: Any, room: Any, relative: float, places: Any, out: Any
) -> None:
    """Fill the statistics; what differs by no more than `relative` of the largest value is equal."""
    windows, found = room[2], room[3]
    row = 0
    for j in range(bounds.shape[0]):
        n = -1
        for p in range(bounds[j, 0], bounds[j, 1]):
            n = _window(values, mask, p, column, room, n)
            _statistics(windows[p & 1], n, relative, found)
            for k in range(places.size):
                out[row, k] = found[places[k]]
            row += 1


@numba.njit(cache=True, nogil=True)
def _statistics(ordered: Any, n: int, relative: float, out: Any) -> None:
    """Compute the 18 numbers of `statistics_of_ordered`, with its rule for what is equal."""
    low, high = ordered[0], ordered[n - 1]
    rounding = relative * max(abs(low), abs(high))
    total = energy = 0.0
    for i in range(n):
        total += ordered[i]
        energy += ordered[i] * ordered[i]
    mean = low if low == high else total / n
    p10 = _percentile(ordered, n, 10)
    p25 = _percentile(ordered, n, 25)
    median = _percentile(ordered, n, 50)
    p75 = _percentile(ordered, n, 75)
    p90 = _percentile(ordered, n, 90)
    second = third = fourth = deviation = from_median = 0.0
    for i in range(n):
        away = ordered[i] - mean
        square = away * away
        second += square
        third += square * away
        fourth += square * square
        deviation += abs(away)
        from_median += abs(ordered[i] - median)
    variance = second / n
    skewness = kurtosis = 0.0
    if high - low > rounding and variance * variance > 0.0:
        skewness = third / n / variance**1.5
        kurtosis = fourth / n / (variance * variance) - 3.0
    out[0], out[1], out[2], out[3], out[4] = mean, variance, skewness, kurtosis, median
    out[5], out[6], out[7], out[8] = low, p10, p90, high
    out[9], out[10], out[11] = p75 - p25, high - low, deviation / n
    out[12] = _robust_deviation(ordered, n, p10 - rounding, p90 + rounding)
    out[13] = from_median / n
    out[14] = math.sqrt(variance) / mean if abs(mean) > rounding else math.nan
    out[15] = (p75 - p25) / (p75 + p25) if abs(p75 + p25) > rounding else math.nan
    out[16] = energy
    out[17] = math.sqrt(energy / n)


@numba.njit(cache=True, nogil=True)
def _robust_deviation(ordered: Any, n: int, low: float, high: float) -> float:
    first, last = 0, n
    while first < n and ordered[first] < low:
        first += 1
    while last > first and ordered[last - 1] > high:
        last -= 1
    if first == last:
        return math.nan
    if ordered[first] == ordered[last - 1]:
        return 0.0
    total = deviation = 0.0
    for i in range(first, last):
        total += ordered[i]
    mean = total / (last - first)
    for i in range(first, last):
        deviation += abs(ordered[i] - mean)
    return deviation / (last - first)


@numba.njit(cache=True, nogil=True)
def sweep_histogram(
    values: Any, mask: Any, bounds: Any, column: Any, room: Any, table: Any, places: Any, out: Any
) -> None:
    """Fill the histogram features; `table` is room for the counts of all levels, 0 before and afterwards."""
    windows, found = room[2], room[3]
    row = 0
    for j in range(bounds.shape[0]):
        n = -1
        for p in range(bounds[j, 0], bounds[j, 1]):
            n = _window(values, mask, p, column, room, n)
            _histogram(windows[p & 1], n, table, found)
            for k in range(places.size):
                out[row, k] = found[places[k]]
            row += 1


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
        entropy -= share * math.log2(share)
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
    out[13] = math.nan
    if middle_n > 0:
        centre, apart = middle_sum / middle_n, 0.0
        for level in range(low, high + 1):
            if p10 <= level <= p90:
                apart += table[level] * abs(level - centre)
        out[13] = apart / middle_n
    out[14], out[15] = from_median / n, math.sqrt(variance) / mean
    out[16], out[17], out[18] = (p75 - p25) / (p75 + p25), entropy, uniformity
    _gradient(table, high, out)
    for i in range(n):
        table[ordered[i]] = 0


@numba.njit(cache=True, nogil=True)
def _gradient(table: Any, high: Any, out: Any) -> None:
    """Largest gradient and its level, smallest gradient and its level, over the levels from 1 to the highest."""
    if high < 2:
        out[19] = out[20] = out[21] = out[22] = math.nan
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


@numba.njit(cache=True, nogil=True)
def sweep_volumes(
    values: Any,
    mask: Any,
    bounds: Any,
    column: Any,
    room: Any,
    n_levels: int,
    first: float,
    step: float,
    places: Any,
    out: Any,
) -> None:
    """Fill the volume histogram features; levels start at `first` and are a `step` apart."""
    windows, found = room[2], room[3]
    row = 0
    for j in range(bounds.shape[0]):
        n = -1
        for p in range(bounds[j, 0], bounds[j, 1]):
            n = _window(values, mask, p, column, room, n)
            _volumes(windows[p & 1], n, n_levels, first, step, found)
            for k in range(places.size):
                out[row, k] = found[places[k]]
            row += 1


@numba.njit(cache=True, nogil=True)
def _volumes(ordered: Any, n: int, n_levels: int, first: float, step: float, out: Any) -> None:
    """Compute the seven numbers of `ivh_of_counts`."""
    last = n_levels - 1
    v10 = v90 = math.nan
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
