"""Uneven or sideways shifted slices brought onto a regular upright grid: the repair `resample_slices`.

The slices stay in their planes. Where the grid has a plane that a slice lies in, the slice is taken; planes
between two slices are interpolated linearly. Slices that are shifted sideways, as a tilted gantry gives them, are
shifted back within their planes, linearly where the shift is no whole number of voxels, on a canvas that holds
them all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError

__all__ = ["GAP_SHARE", "MAXIMUM_GAP", "SliceMap", "map_slices", "resample_planes"]

MAXIMUM_GAP = 3
"""Gaps wider than this many slice distances are not bridged: too much of the lesion would be made up."""

GAP_SHARE = 0.1
"""The slice distance of the new grid is the smallest that this share of the gaps have."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SliceMap:
    """How acquired slices become planes of a regular grid.

    Attributes:
        heights_mm: Where the slices lie along their normal, rising, from 0.
        offsets: How far each slice lies sideways, in voxels along a row and along a column; (slices, 2).
        step_mm: The distance of the new planes; the first one is the first slice.
        lower: For each new plane the slice below it.
        weight: And how much of it is that of the slice above: 0 where a slice is taken as it is.
        corner: The canvas' first voxel in voxels of the first slice (column, row), not above 0.
        canvas: Columns and rows of the canvas.
    """

    heights_mm: Floats
    offsets: Floats
    step_mm: float
    lower: npt.NDArray[np.int64]
    weight: Floats
    corner: tuple[int, int]
    canvas: tuple[int, int]

    @property
    def between(self) -> list[int]:
        """The new planes that lie between two slices, counted from 0."""
        return [int(place) for place in np.flatnonzero(self.weight > 0)]


def map_slices(
    heights_mm: Floats, offsets: Floats, size: tuple[int, int], *, near: float, where: object
) -> SliceMap:
    """Find the regular grid for slices.

    Args:
        heights_mm: Rising places along the normal, no two the same.
        offsets: See `SliceMap`; an offset smaller than `near` counts as none.
        size: Columns and rows of a slice.
        near: A plane this share of the distance from a slice, or less, is that slice.
        where: The folder, for messages.

    Raises:
        LesionError: A gap is wider than `MAXIMUM_GAP` slice distances.
    """
    heights_mm = heights_mm - heights_mm[0]
    gaps = np.diff(heights_mm)
    step = _usual(gaps, near)
    widest = float(gaps.max())
    if widest > (MAXIMUM_GAP + near) * step:
        raise LesionError(
            f"resample_slices bridges gaps of up to {MAXIMUM_GAP} slice distances, and there is one of "
            f"{widest:g} mm between slices {step:g} mm apart",
            where=str(where),
            remedy="fetch the whole series: a gap this wide is a missing part",
        )
    planes = step * np.arange(math.floor(heights_mm[-1] / step + near) + 1)
    lower = np.clip(np.searchsorted(heights_mm, planes, side="right") - 1, 0, len(gaps) - 1)
    weight = (planes - heights_mm[lower]) / gaps[lower]
    below = np.abs(planes - heights_mm[lower]) <= near * step
    above = np.abs(planes - heights_mm[lower + 1]) <= near * step
    lower = np.where(above & ~below, np.minimum(lower + 1, len(gaps)), lower)
    weight = np.where(below | above, 0.0, weight)
    offsets = np.where(np.abs(offsets).max() <= near, 0.0, offsets)
    low, high = np.floor(offsets.min(axis=0)).astype(int), np.ceil(offsets.max(axis=0)).astype(int)
    return SliceMap(
        heights_mm=heights_mm,
        offsets=offsets,
        step_mm=step,
        lower=lower.astype(np.int64),
        weight=weight,
        corner=(int(low[0]), int(low[1])),
        canvas=(int(size[0] + high[0] - low[0]), int(size[1] + high[1] - low[1])),
    )


def _usual(gaps: Floats, near: float) -> float:
    """Return the smallest distance that enough gaps have, as their mean."""
    for gap in np.sort(gaps):
        alike = gaps[np.abs(gaps - gap) <= near * gap]
        if len(alike) >= GAP_SHARE * len(gaps):
            return float(alike.mean())
    return float(np.median(gaps))


def resample_planes(planes: Sequence[npt.NDArray[np.generic]], slices: SliceMap, *, fill: float) -> Floats:
    """Slices on the new grid.

    Args:
        planes: One array (rows, columns) a slice, from low to high.
        slices: From `map_slices`.
        fill: What voxels get that no slice covers.

    Returns:
        float64 values, axes z, y, x.
    """
    columns, rows = slices.canvas
    made = np.empty((len(slices.lower), rows, columns))
    for place, (lower, weight) in enumerate(zip(slices.lower, slices.weight, strict=True)):
        plane = _on_canvas(planes[lower], slices, int(lower))
        if weight > 0:
            above = _on_canvas(planes[lower + 1], slices, int(lower) + 1)
            mixed = (1 - weight) * plane + weight * above
            plane = np.where(np.isnan(mixed), np.where(np.isnan(plane), above, plane), mixed)
        made[place] = np.where(np.isnan(plane), fill, plane)
    return made


def _on_canvas(plane: npt.NDArray[np.generic], slices: SliceMap, place: int) -> Floats:
    """One slice at its sideways place, NaN where it does not reach."""
    values = np.asarray(plane, dtype=np.float64)
    for axis, which in ((0, 1), (1, 0)):
        places = np.arange(slices.canvas[which]) + slices.corner[which] - slices.offsets[place, which]
        values = _along(values, np.round(places, 6), axis)
    return values


def _along(values: Floats, places: Floats, axis: int) -> Floats:
    """Values at fractional places along an axis, linearly between neighbours; NaN outside."""
    last = values.shape[axis] - 1
    below = np.clip(np.floor(places).astype(np.int64), 0, last)
    part = places - below
    shape = (-1, 1) if axis == 0 else (1, -1)
    found = np.take(values, below, axis=axis)
    if np.any(part != 0):
        above = np.take(values, np.minimum(below + 1, last), axis=axis)
        mixed = (1 - part.reshape(shape)) * found + part.reshape(shape) * above
        found = np.where(part.reshape(shape) == 0, found, mixed)
    outside = ((places < 0) | (places > last)).reshape(shape)
    return np.where(outside, np.nan, found)
