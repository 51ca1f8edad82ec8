"""The surface of a mask: area and volume of its marching-cubes mesh, without building the mesh.

Each cube of 2 x 2 x 2 voxel centres is one of 256 cases, and the triangles inside it depend on the case alone.
So a mesh's area is a sum over how often each case occurs, and its volume one over how often in each slice.
The triangles are scikit-image's own (Lewiner's marching cubes at 0.5, which closes every surface); all their
corners lie in the middle between two voxel centres, hence nothing is lost against the mesh itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["Surface", "mesh_surface"]


@dataclass(frozen=True)
class Surface:
    """What a mesh encloses.

    Attributes:
        volume_mm3: The volume inside.
        area_mm2: The area of its triangles.
    """

    volume_mm3: float
    area_mm2: float


def mesh_surface(mask: npt.NDArray[np.uint8], spacing_mm: tuple[float, float, float]) -> Surface:
    """Volume and area of the marching-cubes mesh (level 0.5) of a mask.

    Args:
        mask: 1 inside, shape (z, y, x), with at least one voxel of zeros on all sides.
        spacing_mm: Distance of neighbouring voxels along z, y and x.

    References:
        Lewiner et al., doi 10.1080/10867651.2003.10487582; IBSI reference manual, RNU0 and C0JK.

    Example:
        >>> one_voxel = np.pad(np.ones((1, 1, 1), np.uint8), 1)
        >>> surface = mesh_surface(one_voxel, (1.0, 1.0, 1.0))
        >>> round(surface.volume_mm3, 6), round(surface.area_mm2, 6)  # an octahedron
        (0.166667, 1.732051)
    """
    cases, normals, heights = _triangles()
    dz, dy, dx = spacing_mm
    nz, _, nx = mask.shape
    counts = np.zeros((nz - 1, 256), dtype=np.int64)
    _count_cases(np.ascontiguousarray(mask), np.empty(nx, dtype=np.uint8), counts)
    areas = np.sqrt((normals**2) @ np.array([dy * dx, dz * dx, dz * dy]) ** 2)
    area_of_case = np.bincount(cases, weights=areas, minlength=256)
    # Gauss: the volume is the flux of (z, 0, 0) through the surface, with z = slice + height inside the cube.
    flux_per_slice = np.bincount(cases, weights=normals[:, 0], minlength=256)
    flux_inside = np.bincount(cases, weights=normals[:, 0] * heights, minlength=256)
    slices = np.arange(len(counts)) - len(counts) // 2
    volume = (counts @ flux_per_slice) @ slices + counts.sum(axis=0) @ flux_inside
    return Surface(float(volume) * dz * dy * dx, float(counts.sum(axis=0) @ area_of_case))


@cache
def _triangles() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Of every triangle of every case: the case, its outward area vector (z, y, x) and its mean height z."""
    from skimage.measure import marching_cubes

    cases, normals, heights = [], [], []
    for case in range(1, 255):
        cube = ((case >> np.arange(8)) & 1).reshape(2, 2, 2).astype(np.float32)
        vertices, faces, _, _ = marching_cubes(cube, 0.5)
        corners = vertices.astype(np.float64)[faces]
        cases.append(np.full(len(faces), case))
        # scikit-image turns its triangles so that this cross product (of z, y, x) points out of the mask.
        normals.append(np.cross(corners[:, 2] - corners[:, 0], corners[:, 1] - corners[:, 0]) / 2)
        heights.append(corners[:, :, 0].mean(axis=1))
    return np.concatenate(cases), np.concatenate(normals), np.concatenate(heights)


@njit(cache=True, nogil=True)
def _count_cases(mask: Any, column: Any, counts: Any) -> None:
    """Count how often each of the 256 cases occurs between slice z and z + 1, shape (slices - 1, 256)."""
    nz, ny, nx = mask.shape
    for z in range(nz - 1):
        row_counts = counts[z]
        for y in range(ny - 1):
            for x in range(nx):
                column[x] = (
                    mask[z, y, x]
                    + 4 * mask[z, y + 1, x]
                    + 16 * mask[z + 1, y, x]
                    + 64 * mask[z + 1, y + 1, x]
                )
            for x in range(nx - 1):
                row_counts[np.uintp(column[x] + 2 * column[x + 1])] += 1
