"""Boxes around a lesion: along the axes of the image, and the smallest of those that lie on a face of the hull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from samesplit.features.families.hull import Hull
from samesplit.ordering import RELATIVE, at_most

__all__ = ["Cuboid", "axis_aligned_box", "oriented_box"]

_AT_ONCE = 512
"""Directions that are looked along together: a smooth lesion has thousands, with as many corners each."""


@dataclass(frozen=True)
class Cuboid:
    """A box by its three edge lengths.

    Example:
        >>> Cuboid((1.0, 2.0, 3.0)).volume_mm3, Cuboid((1.0, 2.0, 3.0)).area_mm2
        (6.0, 22.0)
    """

    edges_mm: tuple[float, float, float]

    @property
    def volume_mm3(self) -> float:
        """The product of the edges."""
        a, b, c = self.edges_mm
        return a * b * c

    @property
    def area_mm2(self) -> float:
        """The area of the six faces."""
        a, b, c = self.edges_mm
        return 2 * (a * b + b * c + c * a)


def axis_aligned_box(hull: Hull) -> Cuboid:
    """Return the box around the mesh with edges along z, y and x (IBSI PBX1, R59B).

    Example:
        >>> from samesplit.features.families.hull import convex_hull
        >>> axis_aligned_box(convex_hull(np.pad(np.ones((1, 2, 3), np.uint8), 1), (5.0, 1.0, 1.0))).edges_mm
        (5.0, 2.0, 3.0)
    """
    z, y, x = np.ptp(hull.points_mm, axis=0)
    return Cuboid((float(z), float(y), float(x)))


def oriented_box(hull: Hull) -> Cuboid:
    """Return the smallest box by volume that has a side on a face of the convex hull (IBSI ZH1A, IQYR).

    IBSI names no method and gives no reference values for the oriented minimum bounding box. Here: for the
    plane of every hull face the hull's outline seen along the plane's normal gets its smallest rectangle, which
    has a side on an edge of the outline; the smallest box of all planes is taken. The box of least volume of all
    may touch the hull with two edges instead of a face, and is then smaller still (O'Rourke,
    doi 10.1007/BF00991005); for lesions the two hardly differ.

    Different boxes can be equally small, of small lesions above all. Of those the one with the smallest surface
    is taken: which comes first depends on how the lesion lies, and which is smaller in the last digit on the
    processor.
    """
    normals = _one_of_opposites(hull.normals)
    directions = normals[np.unique(normals.round(9), axis=0, return_index=True)[1]]
    edges = _edges(hull)
    parts = [directions[start : start + _AT_ONCE] for start in range(0, len(directions), _AT_ONCE)]
    found = np.concatenate([_boxes(hull, part, *edges) for part in parts])
    volumes = found[:, 0] * found[:, 1] * found[:, 2]
    small = found[at_most(volumes, volumes.min())]
    return min((Cuboid((a, b, c)) for a, b, c in small.tolist()), key=lambda box: box.area_mm2)


def _one_of_opposites(normals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the normals, turned such that the first coordinate that is not zero is positive."""
    first = normals[np.arange(len(normals)), (np.abs(normals) > RELATIVE).argmax(axis=1)]
    return np.asarray(normals * np.sign(first)[:, None])


def _right_angles(
    directions: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Two unit vectors at right angles to each direction and to one another, each of shape (n, 3)."""
    least = np.eye(3)[np.abs(directions).argmin(axis=1)]
    first = np.cross(directions, least)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return first, np.cross(directions, first)


def _edges(hull: Hull) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Every edge once: its two corners and its two faces, each of shape (n, 2)."""
    faces = np.repeat(np.arange(len(hull.faces)), 3)
    beyond = hull.neighbours.ravel()
    corners = np.stack([hull.faces[:, [1, 2, 0]].ravel(), hull.faces[:, [2, 0, 1]].ravel()], axis=1)
    once = faces < beyond
    return corners[once], np.stack([faces, beyond], axis=1)[once]


def _boxes(
    hull: Hull,
    directions: npt.NDArray[np.float64],
    edges: npt.NDArray[np.intp],
    sides: npt.NDArray[np.intp],
) -> npt.NDArray[np.float64]:
    """Return the edge lengths of the smallest box with one edge along each direction, shape (directions, 3)."""
    heights = np.ptp(directions @ hull.points_mm.T, axis=1)
    first, second = _right_angles(directions)
    facing = directions @ hull.normals.T > 0
    u, v = first @ hull.points_mm.T, second @ hull.points_mm.T
    boxes = np.zeros((len(heights), 3))
    corners = np.empty((2, u.shape[1]))
    outline, met = np.empty(len(edges), np.int64), np.zeros(u.shape[1], np.int64)
    along = np.empty((6, len(edges)))
    _smallest_boxes(heights, u, v, facing, edges, sides, RELATIVE, outline, corners, met, along, boxes)
    return boxes


@njit(cache=True, nogil=True)
def _smallest_boxes(
    heights: Any, u: Any, v: Any, facing: Any, edges: Any, sides: Any, relative: float,
    outline: Any, corners: Any, met: Any, along: Any, boxes: Any,
) -> None:  # fmt: skip
    """Find the smallest box along each direction; of equally small ones that with the smallest surface.

    The outline seen along a direction consists of the edges between a face that faces it and one that does not.

    Args:
        heights: The extent of the hull along each direction.
        u: The place of each corner across each direction, shape (directions, corners).
        v: The same at right angles to it.
        facing: Whether each face looks along each direction, shape (directions, faces).
        edges: The two corners of each edge.
        sides: The two faces of each edge.
        relative: The share by which two areas may differ and still be equal.
        outline: Room for the edges of one outline, shape (edges,).
        corners: Room for its corners, each once, shape (2, corners).
        met: Zeros, shape (corners,); afterwards the last outline that each corner was on.
        along: Room for what is found along each edge of an outline, shape (6, edges).
        boxes: Zeros, shape (directions, 3), for the edge lengths.
    """
    for d in range(len(heights)):
        smallest = around = np.inf  # the area across and half its outline
        n_outline = n_corners = 0
        looks = facing[d]
        for i in range(np.uintp(len(edges))):
            if looks[np.uintp(sides[i, 0])] != looks[np.uintp(sides[i, 1])]:
                outline[n_outline] = i
                n_outline += 1
        for i in range(n_outline):
            for k in range(2):
                corner = edges[outline[i], k]
                if met[corner] != d + 1:
                    met[corner] = d + 1
                    corners[0, n_corners] = u[d, corner]
                    corners[1, n_corners] = v[d, corner]
                    n_corners += 1
        n_sides = 0
        for i in range(n_outline):
            start, end = edges[outline[i], 0], edges[outline[i], 1]
            g, h = u[d, end] - u[d, start], v[d, end] - v[d, start]
            length = np.sqrt(g * g + h * h)
            if length >= 1e-9 * heights[d]:  # else the edge is seen end on
                along[0, n_sides], along[1, n_sides] = g / length, h / length
                n_sides += 1
        gs, hs, low, high = along[0, :n_sides], along[1, :n_sides], along[2, :n_sides], along[3, :n_sides]
        low_across, high_across = along[4, :n_sides], along[5, :n_sides]
        for i in range(n_sides):
            low[i] = low_across[i] = np.inf
            high[i] = high_across[i] = -np.inf
        for k in range(n_corners):  # all sides at once: many an instruction
            a, b = corners[0, k], corners[1, k]
            for i in range(n_sides):
                place = gs[i] * a + hs[i] * b
                low[i], high[i] = min(low[i], place), max(high[i], place)
            for i in range(n_sides):
                place = gs[i] * b - hs[i] * a
                low_across[i], high_across[i] = min(low_across[i], place), max(high_across[i], place)
        for i in range(n_sides):
            width, depth = high[i] - low[i], high_across[i] - low_across[i]
            smaller = width * depth < smallest * (1 - relative)
            if smaller or (width * depth <= smallest * (1 + relative) and width + depth < around):
                smallest, around = width * depth, width + depth
                boxes[d, 0], boxes[d, 1], boxes[d, 2] = heights[d], width, depth
