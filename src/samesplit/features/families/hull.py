"""The convex hull of a mask's mesh, from the few mesh corners that can lie on it.

A mesh corner lies half a voxel from the centre of an inside voxel towards an outside neighbour. It can only be
a corner of the hull when that voxel is a corner of the convex hull of its own slice, in each of the three
directions of slicing. This leaves some hundred points of a lesion of any size, and the same hull.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.spatial import ConvexHull

__all__ = ["Hull", "convex_hull", "slice_corners"]


@dataclass(frozen=True)
class Hull:
    """A convex polyhedron with triangular faces.

    Attributes:
        points_mm: Its corners, shape (n, 3), axes z, y, x.
        faces: Indices into `points_mm`, shape (m, 3).
        normals: Unit normals of the faces, outwards, shape (m, 3).
        neighbours: The faces next to each face, opposite to each of its corners, shape (m, 3).
        volume_mm3: The volume inside.
        area_mm2: The area of all faces.
    """

    points_mm: npt.NDArray[np.float64]
    faces: npt.NDArray[np.intp]
    normals: npt.NDArray[np.float64]
    neighbours: npt.NDArray[np.intp]
    volume_mm3: float
    area_mm2: float

    def largest_distance_mm(self) -> float:
        """Return the distance of the two corners that are farthest apart.

        Example:
            >>> hull = convex_hull(np.pad(np.ones((1, 1, 4), np.uint8), 1), (1.0, 1.0, 1.0))
            >>> hull.largest_distance_mm()
            4.0
        """
        return float(_largest_distance(self.points_mm))


def convex_hull(mask: npt.NDArray[np.uint8], spacing_mm: tuple[float, float, float]) -> Hull:
    """Return the convex hull of the marching-cubes mesh of a mask, exact.

    Args:
        mask: 1 inside, at least one voxel inside, shape (z, y, x), with at least one voxel of zeros on all sides.
        spacing_mm: Distance of neighbouring voxels along z, y and x.

    References:
        Barber et al., doi 10.1145/235815.235821 (Qhull); IBSI reference manual, R3ER and 7T7F.

    Example:
        >>> hull = convex_hull(np.pad(np.ones((1, 1, 1), np.uint8), 1), (1.0, 1.0, 1.0))
        >>> len(hull.points_mm), round(hull.volume_mm3, 6)  # an octahedron
        (6, 0.166667)
    """
    candidates = _mesh_corners(mask)
    hull = ConvexHull((candidates - candidates.mean(axis=0)) * np.asarray(spacing_mm))
    renumbered = np.zeros(len(candidates), dtype=np.intp)
    renumbered[hull.vertices] = np.arange(len(hull.vertices))
    return Hull(
        points_mm=hull.points[hull.vertices],
        faces=renumbered[hull.simplices],
        normals=np.ascontiguousarray(hull.equations[:, :3]),
        neighbours=hull.neighbors.astype(np.intp),
        volume_mm3=float(hull.volume),
        area_mm2=float(hull.area),
    )


def _mesh_corners(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the mesh corners that can lie on the hull, in voxels, axes z, y, x."""
    ends = np.empty((2 * mask.shape[0] * mask.shape[1], 3), dtype=np.int64)
    voxels = ends[: _row_ends(np.ascontiguousarray(mask), ends)].copy()
    for _ in range(3):
        voxels = voxels[slice_corners(voxels)]
        # Turn the axes for the next direction of slicing; after three turns they stand where they stood.
        voxels = np.roll(voxels, -1, axis=1)
        voxels = voxels[np.lexsort(voxels.T[::-1])]
    corners = []
    for axis in range(3):
        for side in (-1, 1):
            step = np.zeros(3, dtype=np.intp)
            step[axis] = side
            outside = mask[tuple((voxels + step).T)] == 0
            corners.append(voxels[outside] + step / 2)
    return np.concatenate(corners)


@njit(cache=True, nogil=True)
def _row_ends(mask: Any, ends: Any) -> int:
    """Write down the first and last voxel inside of each row along x, in voxel order; how many there are."""
    nz, ny, nx = mask.shape
    n = 0
    for z in range(nz):
        for y in range(ny):
            row = mask[z, y]
            first = 0
            while first < nx and row[first] == 0:
                first += 1
            if first == nx:
                continue
            last = nx - 1
            while row[last] == 0:
                last -= 1
            for x in range(first, last + 1, max(last - first, 1)):
                ends[n, 0] = z
                ends[n, 1] = y
                ends[n, 2] = x
                n += 1
    return n


def slice_corners(voxels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which voxels, sorted, are corners of the convex hull of those with the same first index."""
    kept = np.zeros(len(voxels), dtype=np.bool_)
    _slice_corners(voxels, np.empty(len(voxels), dtype=np.int64), kept)
    return kept


@njit(cache=True, nogil=True)
def _slice_corners(voxels: Any, chain: Any, kept: Any) -> None:
    """Mark these voxels.

    Andrew's monotone chains, over the rows (second index): one along the first voxels, one along the last.
    """
    n = len(voxels)
    for side in (1, -1):
        start = length = 0  # the chain of the present slice is chain[start:length]
        for k in range(n):
            i = k if side == 1 else n - 1 - k
            if length > start and voxels[chain[length - 1], 0] != voxels[i, 0]:
                start = length
            if length > start and voxels[chain[length - 1], 1] == voxels[i, 1]:
                continue  # not the first of its row, seen from this side
            while length >= start + 2:
                a, b = chain[length - 2], chain[length - 1]
                here = (voxels[b, 1] - voxels[a, 1]) * (voxels[i, 2] - voxels[a, 2])
                if here > (voxels[i, 1] - voxels[a, 1]) * (voxels[b, 2] - voxels[a, 2]):
                    break
                length -= 1
            chain[length] = i
            length += 1
        for k in range(length):
            kept[chain[k]] = True


@njit(cache=True, nogil=True)
def _largest_distance(points: Any) -> Any:
    largest = 0.0
    for i in range(points.shape[0]):
        for j in range(i):
            a = points[i, 0] - points[j, 0]
            b = points[i, 1] - points[j, 1]
            c = points[i, 2] - points[j, 2]
            largest = max(largest, a * a + b * b + c * c)
    return np.sqrt(largest)
