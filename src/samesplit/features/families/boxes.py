"""Boxes around a lesion: along the axes of the image, and the smallest of those that lie on a face of the hull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from samesplit.features.families.hull import Hull

__all__ = ["Cuboid", "axis_aligned_box", "oriented_box"]


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
    """The box around the mesh with edges along z, y and x (IBSI PBX1, R59B).

    Example:
        >>> from samesplit.features.families.hull import convex_hull
        >>> axis_aligned_box(convex_hull(np.pad(np.ones((1, 2, 3), np.uint8), 1), (5.0, 1.0, 1.0))).edges_mm
        (5.0, 2.0, 3.0)
    """
    z, y, x = np.ptp(hull.points_mm, axis=0)
    return Cuboid((float(z), float(y), float(x)))


def oriented_box(hull: Hull) -> Cuboid:
    """The smallest box by volume that has a side on a face of the convex hull (IBSI ZH1A, IQYR).

    IBSI names no method and gives no reference values for the oriented minimum bounding box. Here: for the
    plane of every hull face the hull's outline seen along the plane's normal gets its smallest rectangle, which
    has a side on an edge of the outline; the smallest box of all planes is taken. The box of least volume of all
    may touch the hull with two edges instead of a face, and is then smaller still (O'Rourke,
    doi 10.1007/BF00991005); for lesions the two hardly differ.
    """
    directions = np.unique(_one_of_opposites(hull.normals.round(9)), axis=0)
    edges, sides = _edges(hull)
    best = _smallest_box(hull.points_mm, hull.normals, edges, sides, directions, hull.volume_mm3)
    return Cuboid((float(best[0]), float(best[1]), float(best[2])))


def _one_of_opposites(normals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The normals, turned such that the first coordinate that is not zero is positive."""
    first = normals[np.arange(len(normals)), (normals != 0).argmax(axis=1)]
    return np.asarray(normals * np.sign(first)[:, None])


def _edges(hull: Hull) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Every edge once: its two corners and its two faces, each of shape (n, 2)."""
    faces = np.repeat(np.arange(len(hull.faces)), 3)
    beyond = hull.neighbours.ravel()
    corners = np.stack([hull.faces[:, [1, 2, 0]].ravel(), hull.faces[:, [2, 0, 1]].ravel()], axis=1)
    once = faces < beyond
    return corners[once], np.stack([faces, beyond], axis=1)[once]


@njit(cache=True, nogil=True)
def _smallest_box(points: Any, normals: Any, edges: Any, sides: Any, directions: Any, volume: float) -> Any:
    """The edge lengths of the smallest box with one edge along one of the directions."""
    best = np.zeros(3)
    smallest = np.inf
    facing = np.empty(len(normals), np.bool_)
    outline = np.empty(len(edges), np.int64)
    u = np.empty(len(points))
    v = np.empty(len(points))
    seen = np.empty(len(points), np.int64)
    corner_u = np.empty(len(points))
    corner_v = np.empty(len(points))
    seen[:] = -1
    for d in range(len(directions)):
        a, b, c = directions[d, 0], directions[d, 1], directions[d, 2]
        # Two axes at right angles to the direction: e from the coordinate axis that lies least along it.
        if abs(a) <= abs(b) and abs(a) <= abs(c):
            e0, e1, e2 = 0.0, c, -b
        elif abs(b) <= abs(c):
            e0, e1, e2 = -c, 0.0, a
        else:
            e0, e1, e2 = b, -a, 0.0
        length = np.sqrt(e0 * e0 + e1 * e1 + e2 * e2)
        e0, e1, e2 = e0 / length, e1 / length, e2 / length
        f0, f1, f2 = b * e2 - c * e1, c * e0 - a * e2, a * e1 - b * e0
        low = np.inf
        high = -np.inf
        for i in range(len(points)):
            w = a * points[i, 0] + b * points[i, 1] + c * points[i, 2]
            low, high = min(low, w), max(high, w)
            u[i] = e0 * points[i, 0] + e1 * points[i, 1] + e2 * points[i, 2]
            v[i] = f0 * points[i, 0] + f1 * points[i, 1] + f2 * points[i, 2]
        for i in range(len(normals)):
            facing[i] = a * normals[i, 0] + b * normals[i, 1] + c * normals[i, 2] > 0
        n_outline = n_corners = 0
        for i in range(len(edges)):
            if facing[sides[i, 0]] != facing[sides[i, 1]]:
                outline[n_outline] = i
                n_outline += 1
                for k in range(2):
                    corner = edges[i, k]
                    if seen[corner] != d:
                        seen[corner] = d
                        corner_u[n_corners] = u[corner]
                        corner_v[n_corners] = v[corner]
                        n_corners += 1
        for i in range(n_outline):
            start, end = edges[outline[i], 0], edges[outline[i], 1]
            g, h = u[end] - u[start], v[end] - v[start]
            length = np.sqrt(g * g + h * h)
            if length < 1e-9 * (high - low):
                continue  # an edge seen end on
            g, h = g / length, h / length
            low_g = low_h = np.inf
            high_g = high_h = -np.inf
            for k in range(n_corners):
                along = g * corner_u[k] + h * corner_v[k]
                across = g * corner_v[k] - h * corner_u[k]
                low_g, high_g = min(low_g, along), max(high_g, along)
                low_h, high_h = min(low_h, across), max(high_h, across)
            box = (high - low) * (high_g - low_g) * (high_h - low_h)
            if box < smallest:
                smallest = box
                best[0], best[1], best[2] = high - low, high_g - low_g, high_h - low_h
    return best
