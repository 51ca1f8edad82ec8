"""Which slice of a lesion a view shows."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from samesplit.imaging.views.settings import InputSettings

__all__ = ["centre_slice", "chosen_slice", "largest_slice", "slice_at"]

Mask = npt.NDArray[np.bool_]


def largest_slice(mask: Mask, axis: int) -> int:
    """Return the index of the slice across `axis` that holds most of the mask; of equals, the middle one.

    Example:
        >>> mask = np.zeros((5, 4, 4), dtype=bool)
        >>> mask[1:4, 1:3, 1:3] = True
        >>> largest_slice(mask, 0)
        2
    """
    areas = mask.sum(axis=tuple(other for other in range(mask.ndim) if other != axis))
    best = np.flatnonzero(areas == areas.max())
    return int(best[(len(best) - 1) // 2])


def centre_slice(mask: Mask, axis: int) -> int:
    """Return the index of the slice across `axis` nearest to the centre of mass, of those that hold the mask.

    Source:
        The slice that the code of Xiong et al. 2025 takes.

    Example:
        >>> mask = np.zeros((6, 4, 4), dtype=bool)
        >>> mask[1:5, 1, 1] = mask[4, 1:3, 1:3] = True
        >>> largest_slice(mask, 0), centre_slice(mask, 0)
        (4, 3)
    """
    areas = mask.sum(axis=tuple(other for other in range(mask.ndim) if other != axis))
    places = np.flatnonzero(areas)
    # In whole numbers, so that a centre in the middle between two slices takes the first on every processor.
    total, count = int((places * areas[places]).sum()), int(areas.sum())
    return int(places[np.argmin(np.abs(places * count - total))])


def chosen_slice(mask: Mask, axis: int, settings: InputSettings) -> int:
    """Return the index of the slice across `axis` that the settings ask for."""
    return (centre_slice if settings.slice == "centre" else largest_slice)(mask, axis)


def slice_at(mask: Mask, axis: int, index: int) -> Mask:
    """Return one slice of a mask across an axis."""
    return cast("Mask", mask.take(index, axis=axis))
