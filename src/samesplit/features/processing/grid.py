"""The grid that an image is interpolated onto.

Its centre lies where the image's centre lies (IBSI 3WE3) or, as in pyradiomics, its corner where the image's is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Grid", "Slices", "Spacing", "aligned_grid", "corner_grid", "input_box", "mask_box"]

Spacing = tuple[float | None, float | None, float | None]
"""Wanted distance of neighbouring voxels in mm along z, y, x; None keeps an axis as it is."""

Slices = tuple[slice, slice, slice]
"""A box of voxels along z, y, x, with start and stop."""

T = TypeVar("T")

_SAME = 1e-5  # pyradiomics takes spacings that differ by less for the same

_DIGITS = 6  # float32 headers hold 0.9769999980926514 mm for 0.977: a size of 100.0000002 voxels means 100


@dataclass(frozen=True)
class Grid:
    """Equally spaced points, told in the indices of the image they are interpolated from; axes z, y, x.

    Attributes:
        size: Points along each axis.
        spacing_mm: Their distance.
        offset: The first point's place in input index units (0 is the first input voxel's centre).
        step: Distance of neighbouring points in input index units.
    """

    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    offset: tuple[float, float, float]
    step: tuple[float, float, float]

    @property
    def kept(self) -> tuple[bool, bool, bool]:
        """For each axis whether its points are the input's own."""
        z, y, x = (step == 1 and offset == 0 for step, offset in zip(self.step, self.offset, strict=True))
        return z, y, x

    @property
    def whole(self) -> Slices:
        """The box that holds the whole grid."""
        z, y, x = (slice(0, n) for n in self.size)
        return z, y, x

    def coordinates(self, axis: int, part: slice) -> npt.NDArray[np.float64]:
        """Places of some points along one axis, in input index units; a part has the full grid's bits."""
        return self.offset[axis] + np.arange(part.start, part.stop, dtype=np.float64) * self.step[axis]


def aligned_grid(size: Sequence[int], spacing_mm: Sequence[float], new_spacing_mm: Spacing | None) -> Grid:
    """Return the grid of a new spacing whose centre is the image's centre ("align grid centres").

    Along each axis of n points with spacing s, for the new spacing t: `ceil(n s / t)` points (rounded to 6
    digits before the ceiling), the first at `((n - 1) - (t / s) (m - 1)) / 2`, steps of `t / s`.
    Source: IBSI reference manual, code 3WE3 (doi:10.1148/radiol.2020191145).

    Args:
        size: Voxels of the image along z, y, x.
        spacing_mm: Its spacing along z, y, x.
        new_spacing_mm: The spacing to reach along z, y, x; None or 0 keeps an axis, None keeps them all.

    Example:
        >>> grid = aligned_grid((60, 201, 204), (3.0, 0.977, 0.977), (2.0, 2.0, 2.0))
        >>> grid.size
        (90, 99, 100)
        >>> aligned_grid((60, 201, 204), (3.0, 0.977, 0.977), (None, 2.0, 2.0)).kept
        (True, False, False)
    """
    wanted = (None, None, None) if new_spacing_mm is None else new_spacing_mm
    sizes, spacings, offsets, steps = [], [], [], []
    for n, old, target in zip(size, spacing_mm, wanted, strict=True):
        new = float(target) if target else float(old)
        points = math.ceil(round(n * old / new, _DIGITS)) if target else n
        points = max(points, 1)
        step = new / old if target else 1.0
        sizes.append(points)
        spacings.append(new)
        steps.append(step)
        offsets.append(0.5 * (n - 1 - step * (points - 1)))
    return Grid(_three(sizes), _three(spacings), _three(offsets), _three(steps))


def corner_grid(size: Sequence[int], spacing_mm: Sequence[float], new_spacing_mm: Spacing) -> Grid:
    """Return the grid of a new spacing whose corner is the image's corner, as pyradiomics lays it.

    Along each axis the first point lies half the new spacing inside the image, and the last is the last one
    inside. Where the new spacing is the image's to 1 in 100,000 on all axes, all voxels stay as they are.
    Source: pyradiomics' `imageoperations.resampleImage` (doi:10.1158/0008-5472.CAN-17-0339).

    Args:
        size: Voxels of the image along z, y, x.
        spacing_mm: Its spacing along z, y, x.
        new_spacing_mm: The spacing to reach along z, y, x; None or 0 keeps an axis.

    Example:
        >>> grid = corner_grid((10, 8, 8), (3.0, 1.0, 1.0), (2.0, 2.0, None))
        >>> grid.size, [round(offset, 3) for offset in grid.offset]
        ((15, 4, 8), [-0.167, 0.5, 0.0])
    """
    old = np.asarray(spacing_mm, dtype=np.float64)
    new = np.array([target or given for target, given in zip(new_spacing_mm, old, strict=True)])
    same = np.allclose(old, new, rtol=_SAME, atol=0)
    steps = [
        1.0 if same or not target else float(t / s)
        for target, t, s in zip(new_spacing_mm, new, old, strict=True)
    ]
    points = [max(math.ceil(round(n / step - 0.5, _DIGITS)), 1) for n, step in zip(size, steps, strict=True)]
    return Grid(
        _three(points),
        _three([float(s if same else t) for s, t in zip(old, new, strict=True)]),
        _three([0.5 * (step - 1) for step in steps]),
        _three(steps),
    )


def mask_box(grid: Grid, low: Sequence[int], high: Sequence[int]) -> Slices:
    """Return the smallest box of the new grid outside which linear interpolation of a mask gives 0.

    Args:
        grid: The new grid.
        low: First input index with mask voxels, along z, y, x.
        high: Last input index with mask voxels.
    """
    parts = []
    for axis in range(3):
        first = math.ceil((low[axis] - 1 - grid.offset[axis]) / grid.step[axis])
        last = math.floor((high[axis] + 1 - grid.offset[axis]) / grid.step[axis])
        start = min(max(first, 0), grid.size[axis] - 1)
        parts.append(slice(start, max(min(last + 1, grid.size[axis]), start + 1)))
    return parts[0], parts[1], parts[2]


def input_box(grid: Grid, part: Slices, size: Sequence[int]) -> Slices:
    """Return the box of input voxels that lie around a box of grid points.

    Args:
        grid: The grid.
        part: A box of it.
        size: Voxels of the input image along z, y, x.

    Example:
        >>> grid = aligned_grid((1, 1, 8), (1, 1, 1), (None, None, 2.0))
        >>> input_box(grid, (slice(0, 1), slice(0, 1), slice(1, 3)), (1, 1, 8))[2]
        slice(2, 6, None)
    """
    parts = []
    for axis, n in enumerate(size):
        ends = grid.coordinates(axis, part[axis])[[0, -1]]
        start, stop = math.floor(ends[0]), math.ceil(ends[1]) + 1
        parts.append(slice(min(max(start, 0), n - 1), max(min(stop, n), 1)))
    return parts[0], parts[1], parts[2]


def _three(values: Sequence[T]) -> tuple[T, T, T]:
    first, second, third = values
    return first, second, third
