"""Maps of the intensity-based statistics (IBSI UHIW), from the ordered intensities of each box."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.statistics import TAGS
from samesplit.features.maps.neighbourhood import Lesion
from samesplit.features.maps.sliding import first_window, next_window
from samesplit.ordering import RELATIVE

__all__ = ["TAGS", "statistics_maps"]


def statistics_maps(
    lesion: Lesion, intensities: npt.NDArray[np.float64], places: npt.NDArray[np.intp], z: int, out: Any
) -> None:
    """Fill the statistics of the voxels of one slice.

    Args:
        lesion: Masks and the box.
        intensities: Laid out like the lesion's mask, flat.
        places: Which of `TAGS` are wanted.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    column = lesion.column
    side = lesion.neighbourhood.shape[2]
    _sweep(
        intensities, lesion.mask, lesion.spans.only(z).bounds, column,
        np.empty((side + 1, column.size)), np.zeros(side, dtype=np.int64),
        np.empty((2, lesion.around.size)), RELATIVE, places, out,
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _sweep(
    values: Any, mask: Any, bounds: Any, column: Any, columns: Any, counts: Any, windows: Any, relative: float,
    places: Any, out: Any,
) -> None:  # fmt: skip
    found = np.empty(18)
    row = 0
    for j in range(bounds.shape[0]):
        n = 0
        for p in range(bounds[j, 0], bounds[j, 1]):
            if p == bounds[j, 0]:
                n = first_window(values, mask, p, column, columns, counts, windows)
            else:
                n = next_window(values, mask, p, column, columns, counts, windows, n)
            _statistics(windows[p & 1], n, relative, found)
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
    out[14] = np.sqrt(variance) / mean if abs(mean) > rounding else np.nan
    out[15] = (p75 - p25) / (p75 + p25) if abs(p75 + p25) > rounding else np.nan
    out[16] = energy
    out[17] = np.sqrt(energy / n)


@numba.njit(cache=True, nogil=True)
def _robust_deviation(ordered: Any, n: int, low: float, high: float) -> float:
    first, last = 0, n
    while first < n and ordered[first] < low:
        first += 1
    while last > first and ordered[last - 1] > high:
        last -= 1
    if first == last:
        return np.nan
    if ordered[first] == ordered[last - 1]:
        return 0.0
    total = deviation = 0.0
    for i in range(first, last):
        total += ordered[i]
    mean = total / (last - first)
    for i in range(first, last):
        deviation += abs(ordered[i] - mean)
    return deviation / (last - first)
