"""Slices put together to an image on their grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pydicom
import SimpleITK as sitk

from samesplit.imaging.dicom.files import text_of
from samesplit.imaging.dicom.resample import resample_planes
from samesplit.imaging.dicom.slices import SliceGrid
from samesplit.imaging.dicom.stack import carry_slices

__all__ = ["FRAME_KEY", "SERIES_KEY", "assemble", "identify", "volume_image"]

FRAME_KEY = "0020|0052"
"""Metadata key under which an image carries its FrameOfReferenceUID."""
SERIES_KEY = "0020|000e"
"""Metadata key under which an image carries its SeriesInstanceUID."""


def assemble(values: npt.NDArray[np.generic], grid: SliceGrid, header: pydicom.Dataset) -> sitk.Image:
    """Slices as an image, resampled where their grid says so.

    Args:
        values: Axes slice, row, column; from low to high along the normal.
        grid: Where they lie.
        header: What the image is to carry its frame of reference and series from.
    """
    size = (int(values.shape[2]), int(values.shape[1]))
    if grid.slices is not None:
        exact = np.can_cast(values.dtype, np.float32, casting="safe")
        planes: Sequence[npt.NDArray[np.generic]] = list(values)
        made = resample_planes(planes, grid.slices, fill=float(values.min()))
        values = made.astype(np.float32) if exact else made
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(grid.origin_mm)
    image.SetDirection(grid.direction.ravel().tolist())
    identify(image, header)
    if grid.slices is not None:
        carry_slices(image, grid.slices, size)
    return image


def volume_image(
    array: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    affine: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> sitk.Image:
    """Return an array with axes slice, row, column and its 4 x 4 affine (index to mm, LPS) as an image.

    Slices are put in the order in which the axes are right-handed, as `read_series` does.
    """
    steps, origin = affine[:3, 2::-1].copy(), affine[:3, 3]
    if np.linalg.det(steps) < 0:
        origin = origin + steps[:, 2] * (len(array) - 1)
        steps[:, 2] *= -1
        array = array[::-1]
    spacing = np.linalg.norm(steps, axis=0)
    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(origin.tolist())
    image.SetDirection((steps / spacing).ravel().tolist())
    return image


def identify(image: sitk.Image, header: pydicom.Dataset) -> None:
    """Let an image carry its frame of reference and series, as far as the header has them."""
    for key, keyword in ((FRAME_KEY, "FrameOfReferenceUID"), (SERIES_KEY, "SeriesInstanceUID")):
        if text_of(header, keyword):
            image.SetMetaData(key, text_of(header, keyword))
