"""Where a mask lies in its image: the first and last voxel along each axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["mask_extent"]


def mask_extent(mask: npt.NDArray[Any]) -> tuple[list[int], list[int]]:
    """First and last index along z, y and x with a voxel that is not 0.

    The slices that hold some are looked for first; rows and columns among those alone.

    Args:
        mask: Shape (z, y, x).

    Raises:
        ValueError: The mask is empty.

    Example:
        >>> mask = np.zeros((4, 5, 6), np.uint8)
        >>> mask[1, 2:4, 5] = 1
        >>> mask_extent(mask)
        ([1, 2, 5], [1, 3, 5])
    """
    slices = np.flatnonzero(mask.any(axis=(1, 2)))
    if len(slices) == 0:
        raise ValueError("the mask is empty")
    seen = (mask[slices[0] : slices[-1] + 1] != 0).view(np.uint8)
    plane = np.bitwise_or.reduce(seen, axis=0)
    found = (slices, np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0)))
    return [int(places[0]) for places in found], [int(places[-1]) for places in found]
