"""Numpy arrays as images: their axes, their voxel size, and the numbers that they may hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import LesionError

__all__ = ["image_of_array"]


def image_of_array(
    array: npt.NDArray[Any],
    what: str,
    spacing_mm: Sequence[float] | None,
    *,
    where: Path | None = None,
    spacing_remedy: str = "give spacing in mm: one number, or three along z, y, x",
    item_remedy: str = "give one volume with the axes z, y, x",
) -> sitk.Image:
    """Make an image of a volume.

    Args:
        array: Shape (z, y, x); bool, whole numbers or floats.
        what: What it shows, for messages: "image" or "mask".
        spacing_mm: The voxel size along z, y, x.
        where: The file that it came from.
        spacing_remedy: What to do where the voxel size is missing.
        item_remedy: What to do where the array is not 3D.

    Returns:
        The image; its first voxel is the origin and its axes are those of the patient.

    Raises:
        LesionError: The array is not 3D, has no voxel size, or holds no numbers.

    Example:
        >>> image_of_array(np.zeros((2, 3, 4)), "image", (5.0, 1.0, 0.5)).GetSpacing()
        (0.5, 1.0, 5.0)
    """
    if array.ndim != 3:
        raise LesionError(
            f"the {what} is {array.ndim}D (shape {array.shape}), a 3D volume is needed",
            where=where,
            remedy=item_remedy,
        )
    if spacing_mm is None:
        raise LesionError(
            f"the {what} is an array, which has no voxel size", where=where, remedy=spacing_remedy
        )
    if array.dtype == bool:
        array = array.astype(np.uint8)
    if array.dtype.kind not in "iuf":
        raise LesionError(
            f"the {what} holds no numbers ({array.dtype})",
            where=where,
            remedy="save it as whole numbers or float32",
        )
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    image.SetSpacing([float(step) for step in reversed(spacing_mm)])
    return image
