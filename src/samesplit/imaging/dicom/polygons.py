"""Contours of one slice as voxels.

A voxel belongs to the region when its centre lies inside an odd number of contours (so that an inner contour is a
hole and an island in a hole is inside again), or on one of the lines. Lines count on either side, so a mask whose
border voxels were written as contour points comes back as it was, holes included. Points are rounded to
0.0001 voxel, which makes "on the line" independent of how many digits a file has, and all that follows is whole
numbers, hence exact.

The rows of a contour are filled from where its edges cross them. That gives the voxels of scikit-image's
`grid_points_in_poly`, with which the tests compare it, but for two things: scikit-image's time is voxels times
points (a second for one slice of a large organ), and it loses voxels on a line that a contour passes twice, as
keyholes do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Filled", "fill", "polygon_area"]

_UNIT = 10_000
"""Contour points are whole numbers of this part of a voxel."""

Points = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]
Plane = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Filled:
    """Result of filling contours.

    Attributes:
        plane: True where a voxel belongs to the region.
        blank: Places of contours that hold no voxel centre.
        equal: Pairs of places of contours that are the same.
        crossing: Pairs of places of contours that overlap without one lying in the other.
    """

    plane: Plane
    blank: tuple[int, ...]
    equal: tuple[tuple[int, int], ...]
    crossing: tuple[tuple[int, int], ...]


def fill(contours: Sequence[Points], shape: tuple[int, int]) -> Filled:
    """Fill the closed contours of one slice.

    Args:
        contours: Each an array of (column, row) points in voxels; voxel centres are whole numbers. The last point
            is joined to the first.
        shape: Rows and columns of the slice.

    Example:
        >>> square = np.array([[1, 1], [4, 1], [4, 4], [1, 4]], dtype=float)
        >>> hole = np.array([[1.5, 1.5], [3.5, 1.5], [3.5, 3.5], [1.5, 3.5]])
        >>> fill([square, hole], (6, 6)).plane.sum()
        np.int64(12)
    """
    rounded = [np.round(contour * _UNIT).astype(np.int64) for contour in contours]
    parts = [_inside_and_line(contour, shape) for contour in rounded]
    odd, lines = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for inside, line in parts:
        odd ^= inside
        lines |= line
    pairs = [(i, j) for j in range(len(parts)) for i in range(j)]
    equal = tuple((i, j) for i, j in pairs if _same(rounded[i], rounded[j]))
    return Filled(
        plane=odd | lines,
        blank=tuple(place for place, (inside, line) in enumerate(parts) if not (inside | line).any()),
        equal=equal,
        crossing=tuple(pair for pair in pairs if pair not in equal and _cross(*(parts[i] for i in pair))),
    )


def polygon_area(contour: Points) -> float:
    """Return the area that a closed contour encloses, in the square of its unit."""
    x, y = contour.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _inside_and_line(contour: Steps, shape: tuple[int, int]) -> tuple[Plane, Plane]:
    """Return the voxels whose centres lie strictly inside a contour, and those on its line."""
    row, numerator, denominator = _crossings(contour, shape[0])
    before, rest = np.divmod(numerator, denominator)
    line = _touched(contour, shape)
    on_line = (rest == 0) & (before >= 0) & (before < shape[1])
    line[row[on_line], before[on_line]] = True
    first = np.clip(before + (rest > 0), 0, shape[1])  # the first centre that is not left of the crossing
    width = shape[1] + 1
    turns = np.bincount(row * width + first, minlength=shape[0] * width).reshape(shape[0], width)
    inside = np.cumsum(turns, axis=1)[:, :-1] % 2 == 1
    return inside & ~line, line


def _crossings(contour: Steps, n_rows: int) -> tuple[Steps, Steps, Steps]:
    """Where edges cross rows: the row, and the column as a fraction.

    An edge crosses the rows from its lower end up to, but not with, its upper end, so that a corner on a row
    counts once where the contour passes through and twice or not at all where it turns back.
    """
    x0, y0 = contour.T
    x1, y1 = np.roll(contour, -1, axis=0).T
    down = y0 > y1
    x0, x1 = np.where(down, x1, x0), np.where(down, x0, x1)
    y0, y1 = np.where(down, y1, y0), np.where(down, y0, y1)
    first = np.maximum(-(-y0 // _UNIT), 0)
    count = np.maximum(np.minimum(-(-y1 // _UNIT), n_rows) - first, 0)
    edge = np.repeat(np.arange(len(contour)), count)
    row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    rise = (y1 - y0)[edge]
    numerator = x0[edge] * rise + (row * _UNIT - y0[edge]) * (x1 - x0)[edge]
    return row, numerator, rise * _UNIT


def _touched(contour: Steps, shape: tuple[int, int]) -> Plane:
    """Voxels whose centres are corners of a contour or lie on an edge along a row."""
    line = np.zeros(shape, dtype=bool)
    following = np.roll(contour, -1, axis=0)
    along = (contour[:, 1] == following[:, 1]) & (contour[:, 1] % _UNIT == 0)
    for (x0, y), (x1, _) in zip(contour[along], following[along], strict=True):
        left, right = max(-(-min(x0, x1) // _UNIT), 0), max(x0, x1) // _UNIT
        if 0 <= y // _UNIT < shape[0]:
            line[y // _UNIT, left : right + 1] = True
    corners = contour[(contour % _UNIT == 0).all(axis=1)] // _UNIT
    corners = corners[((corners >= 0) & (corners < shape[::-1])).all(axis=1)]
    line[corners[:, 1], corners[:, 0]] = True
    return line


def _same(one: Steps, other: Steps) -> bool:
    if one.shape != other.shape:
        return False
    return bool(np.array_equal(one[np.lexsort(one.T)], other[np.lexsort(other.T)]))


def _cross(one: tuple[Plane, Plane], other: tuple[Plane, Plane]) -> bool:
    """Whether two contours overlap and each has voxels outside the other."""
    (inside, line), (theirs, their_line) = one, other
    if not (inside & theirs).any():
        return False
    return bool((inside & ~theirs & ~their_line).any() and (theirs & ~inside & ~line).any())
