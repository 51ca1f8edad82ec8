"""How far each voxel of the morphological mask lies from its border, walking along the axes."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.texture import MaskGeometry

__all__ = ["border_distance", "city_block_distance"]


def border_distance(geometry: MaskGeometry, *, in_plane: bool) -> npt.NDArray[np.uint16]:
    """Return the distance map of a geometry's morphological mask, worked out once; do not write to it.

    Re-segmentation takes voxels from the intensity mask, not from this one: a hole that it leaves is no border
    (IBSI manual, section 3.9).
    """
    name = f"border_distance_{'in_plane' if in_plane else '3d'}"
    return geometry.shared(name, lambda: city_block_distance(geometry.morphological, in_plane=in_plane))


def city_block_distance(mask: npt.NDArray[np.uint8], *, in_plane: bool) -> npt.NDArray[np.uint16]:
    """Count the steps along the axes from each voxel of a mask to the nearest voxel outside it.

    Args:
        mask: 1 inside, shape (z, y, x); the outermost voxels must all be 0.
        in_plane: Walk within slices only.

    Returns:
        Distances in voxels, shape (z, y, x): 1 for voxels at the border, 0 outside.

    Example:
        >>> mask = np.zeros((3, 5, 5), dtype=np.uint8)
        >>> mask[1, 1:4, 1:4] = 1
        >>> city_block_distance(mask, in_plane=True)[1, 2].tolist()
        [0, 1, 2, 1, 0]
        >>> city_block_distance(mask, in_plane=False)[1, 2].tolist()
        [0, 1, 1, 1, 0]
    """
    distance = np.zeros(mask.shape, dtype=np.uint16)
    _, ny, nx = mask.shape
    _sweep(mask.reshape(-1), distance.reshape(-1), mask.shape, nx if in_plane else ny * nx)
    return distance


@numba.njit(cache=True, nogil=True)
def _sweep(mask: Any, distance: Any, shape: tuple[int, int, int], step: int) -> None:
    # Two sweeps, there and back, are exact for this metric. `step` leads to the neighbour in the next slice;
    # within slices it is the length of a row, which leads to the next row once more.
    nz, ny, nx = shape
    one = np.uint16(1)
    for z in range(1, nz - 1):
        for y in range(1, ny - 1):
            row = np.uintp((z * ny + y) * nx)
            steps = np.uint16(0)
            for x in range(np.uintp(nx)):
                p = row + np.uintp(x)
                steps = min(steps, min(distance[p - np.uintp(nx)], distance[p - np.uintp(step)]))
                steps = np.uint16(steps + one) if mask[p] != 0 else np.uint16(0)
                distance[p] = steps
    for z in range(nz - 2, 0, -1):
        for y in range(ny - 2, 0, -1):
            row = np.uintp((z * ny + y) * nx)
            steps = np.uint16(0)
            for back in range(np.uintp(1), np.uintp(nx + 1)):
                p = row + np.uintp(nx) - back
                steps = min(steps, min(distance[p + np.uintp(nx)], distance[p + np.uintp(step)]))
                steps = min(distance[p], np.uint16(steps + one))
                distance[p] = steps
