"""Contours of one slice as voxels.

A voxel belongs to the region when its centre lies inside an odd number of contours (so that an inner contour is a
hole and an island in a hole is inside again), or on one of the lines. Lines count on either side, so a mask whose
border voxels were written as contour points comes back as it was, holes included. Points are rounded to
0.0001 voxel, which makes "on the line" independent of how many digits a file has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from skimage.measure import grid_points_in_poly

__all__ = ["Filled", "fill", "polygon_area"]

_DIGITS = 4
_INSIDE = 1

Points = npt.NDArray[np.float64]
Plane = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Filled:
    """What came of filling.

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
    rounded = [np.round(contour, _DIGITS) for contour in contours]
    labels = [_labels(contour, shape) for contour in rounded]
    odd, lines = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for plane in labels:
        odd ^= plane == _INSIDE
        lines |= plane > _INSIDE
    pairs = [(i, j) for j in range(len(labels)) for i in range(j)]
    equal = tuple((i, j) for i, j in pairs if _same(rounded[i], rounded[j]))
    return Filled(
        plane=odd | lines,
        blank=tuple(place for place, plane in enumerate(labels) if not plane.any()),
        equal=equal,
        crossing=tuple(pair for pair in pairs if pair not in equal and _cross(*(labels[i] for i in pair))),
    )


def polygon_area(contour: Points) -> float:
    """The area that a closed contour encloses, in the square of its unit."""
    x, y = contour.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _labels(contour: Points, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """0 outside, 1 inside, 2 and 3 on the line; worked out within the contour's bounding box only."""
    plane = np.zeros(shape, dtype=np.uint8)
    low = np.maximum(np.floor(contour.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(contour.max(axis=0)).astype(int) + 1, shape[::-1])
    if (high <= low).any():
        return plane
    (left, top), (right, bottom) = low, high
    inside = grid_points_in_poly((bottom - top, right - left), (contour - low)[:, ::-1], binarize=False)
    plane[top:bottom, left:right] = inside
    return plane


def _same(one: Points, other: Points) -> bool:
    if one.shape != other.shape:
        return False
    return bool(np.array_equal(one[np.lexsort(one.T)], other[np.lexsort(other.T)]))


def _cross(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> bool:
    both = (one == _INSIDE) & (other == _INSIDE)
    if not both.any():
        return False
    return bool(((one == _INSIDE) & (other == 0)).any() and ((other == _INSIDE) & (one == 0)).any())
