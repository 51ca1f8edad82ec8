"""Intensity-volume histogram (P88C): which fraction of the lesion has at least which intensity.

Source: IBSI reference manual, section 3.5, arXiv:1612.07003.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.ordering import RELATIVE

__all__ = ["MOST_LEVELS", "TAGS", "IvhLevels", "IvhMethod", "ivh", "ivh_levels", "ivh_of_counts"]

TAGS = (
    "ivh_v10",
    "ivh_v90",
    "ivh_i10",
    "ivh_i90",
    "ivh_diff_v10_v90",
    "ivh_diff_i10_i90",
    "ivh_auc",
)

IvhMethod = Literal["none", "FBS", "FBN"]
"""No bins, bins of a fixed size, a fixed number of bins: IBSI's cases of calibrated whole numbers, calibrated
continuous numbers, and arbitrary units."""

MOST_LEVELS = 1 << 24
"""More levels than this mean that the step does not fit the intensities."""


def ivh(
    values: npt.NDArray[np.float64],
    *,
    method: IvhMethod = "none",
    size: float = 1.0,
    lower: float | None = None,
    upper: float | None = None,
) -> npt.NDArray[np.float64]:
    """Return the seven features of the intensity-volume histogram, in the order of `TAGS`.

    Three ways to choose the levels i at which the volume is taken:

    * `none` (CT): the intensities themselves, in steps of `size` (1 HU) from `lower` to `upper`.
    * `FBS` (PET): the centres of bins of width `size` that begin at `lower`; a value on the upper end
      belongs to the last bin.
    * `FBN` (MR): the numbers 1, 2, ... of `size` bins (IBSI: 1000) between the lowest and the
      highest intensity that occur; `lower` and `upper` are not used, and I10 and I90 are bin numbers.

    Args:
        values: Intensities of the voxels of the intensity mask, shape (n,), n >= 1, finite.
        method: How levels are made.
        size: Step, bin width or number of bins.
        lower: Lower end of the range; the re-segmentation range's where there is one. None: the lowest value.
        upper: Upper end; None: the highest value.

    Raises:
        LesionError: There is no voxel, the range is empty, or it holds more than `MOST_LEVELS` levels.

    Example:
        >>> ivh(np.array([1.0, 1.0, 3.0, 4.0, 6.0])).round(3).tolist()
        [0.6, 0.2, 7.0, 2.0, 0.4, 5.0, 0.48]
    """
    levels = ivh_levels(values, method=method, size=size, lower=lower, upper=upper)
    index = levels.index if levels.index.min() >= 0 else levels.index[levels.index >= 0]
    counts = np.bincount(index, minlength=levels.n_levels)
    return ivh_of_counts(counts, first=levels.first, step=levels.step, n_voxels=values.size)


@dataclass(frozen=True)
class IvhLevels:
    """Intensities as levels of a volume histogram.

    Attributes:
        index: Level of each voxel, 0 for the lowest one; negative below the range.
        n_levels: How many levels there are.
        first: The lowest level's intensity.
        step: Distance between levels.
    """

    index: npt.NDArray[np.intp]
    n_levels: int
    first: float
    step: float


def ivh_levels(
    values: npt.NDArray[np.float64],
    *,
    method: IvhMethod = "none",
    size: float = 1.0,
    lower: float | None = None,
    upper: float | None = None,
) -> IvhLevels:
    """Return the level of each voxel, in one of the three ways of `ivh`.

    Raises:
        LesionError: There is no voxel, the range is empty, or it holds more than `MOST_LEVELS` levels.

    Example:
        >>> ivh_levels(np.array([1.0, 3.0, 6.0]), lower=2.0).index.tolist()
        [-1, 1, 4]
    """
    if values.size == 0:
        raise LesionError("there is no voxel to take a volume histogram of", remedy="check the mask")
    low, high = float(values.min()), float(values.max())
    rounding = RELATIVE * max(abs(low), abs(high))  # what lies so little below a level lies on it
    if method == "FBN":
        n_levels = _whole(size)
        position = np.subtract(values, low, dtype=np.float64)
        if high - low > rounding:
            position += rounding
            position *= n_levels
            position /= high - low
        return IvhLevels(_floored(position, n_levels), n_levels, first=1.0, step=1.0)
    begin = low if lower is None or not math.isfinite(lower) else lower
    end = high if upper is None or not math.isfinite(upper) else upper
    n_levels = _number_of_levels(begin, end, size, centres=method == "FBS")
    position = np.subtract(values, begin, dtype=np.float64)
    position += max(rounding, RELATIVE * abs(begin))
    position /= size
    first = begin + size / 2 if method == "FBS" else begin
    return IvhLevels(_floored(position, n_levels), n_levels, first=first, step=size)


def ivh_of_counts(
    counts: npt.NDArray[np.integer], *, first: float, step: float, n_voxels: int | None = None
) -> npt.NDArray[np.float64]:
    """Return the same from the number of voxels at each level.

    Fractions are compared as whole numbers, so no rounding decides which level is meant. Where more than x % of
    the voxels have the highest level, I_x is one step above it: the lowest intensity that no voxel has. With a
    single level there is no intensity fraction: V10, V90 and their difference are NaN. The area under the curve
    of volume fraction over intensity fraction (trapezoidal rule) has no reference value; it is 0 where all
    voxels have one level, as the manual says.

    Args:
        counts: Voxels at each level of the range, lowest level first, levels without voxels included.
        first: The lowest level.
        step: Distance between levels.
        n_voxels: All voxels, when some lie below the range; the sum of the counts, when None.

    Raises:
        LesionError: There is no voxel.
    """
    n = int(counts.sum()) if n_voxels is None else n_voxels
    if n == 0:
        raise LesionError("there is no voxel to take a volume histogram of", remedy="check the mask")
    at_least = np.cumsum(counts[::-1])[::-1]
    last = counts.size - 1
    v10, v90 = (_volume(at_least, -(-percent * last // 100), n) for percent in (10, 90))
    i10, i90 = (first + step * _first_at_most(at_least, percent * n) for percent in (10, 90))
    if np.count_nonzero(counts) <= 1 or last == 0:
        area = 0.0
    else:
        area = (float(at_least.sum()) - (int(at_least[0]) + int(at_least[-1])) / 2) / n / last
    return np.array([v10, v90, i10, i90, v10 - v90, i10 - i90, area])


def _volume(at_least: npt.NDArray[np.integer], level: int, n: int) -> float:
    return int(at_least[level]) / n if at_least.size > 1 else math.nan


def _first_at_most(at_least: npt.NDArray[np.integer], hundredths: int) -> int:
    """Index of the first level with at most so many hundredths of a voxel; one behind the last if none."""
    return int(np.searchsorted(-at_least * 100, -hundredths, "left"))


def _floored(position: npt.NDArray[np.float64], n_levels: int) -> npt.NDArray[np.intp]:
    """Levels; positions are in levels from the lowest and are used up. Above counts as the highest."""
    np.floor(position, out=position)
    np.minimum(position, n_levels - 1, out=position)
    return position.astype(np.intp)


def _number_of_levels(begin: float, end: float, step: float, *, centres: bool) -> int:
    if not step > 0 or end < begin:
        raise LesionError(
            f"a volume histogram from {begin:g} to {end:g} in steps of {step:g} has no levels",
            remedy="check the range and the step of the intensity-volume histogram in the profile",
        )
    steps = round((end - begin) / step, 6)
    if steps >= MOST_LEVELS:
        raise LesionError(
            f"a volume histogram from {begin:g} to {end:g} in steps of {step:g} has {steps:.3g} levels",
            remedy="give the profile's intensity-volume histogram a larger step, or a fixed number of bins",
        )
    return max(1, math.ceil(steps)) if centres else math.floor(steps) + 1


def _whole(size: float) -> int:
    n_levels = int(size)
    if n_levels != size or not 1 <= n_levels <= MOST_LEVELS:
        raise LesionError(
            f"{size:g} is no number of bins",
            remedy="give the intensity-volume histogram a whole number of bins in the profile (IBSI: 1000)",
        )
    return n_levels
