"""A multi-frame (enhanced) DICOM file as one image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.dicom.assemble import assemble, identify, volume_image
from samesplit.imaging.dicom.files import read_dataset, text_of
from samesplit.imaging.dicom.slices import slice_grid
from samesplit.imaging.repairs import RepairName, how_to_allow

__all__ = ["NO_IMAGES", "read_multiframe"]

NO_IMAGES = ("SEG", "RTDOSE")
"""Modalities whose files have rows and columns and are no images."""

_AS_STORED: dict[str, Any] = {"apply_real_world_transform": False, "apply_presentation_lut": False}
_PLANES = (
    ("PlanePositionSequence", "ImagePositionPatient"),
    ("PlaneOrientationSequence", "ImageOrientationPatient"),
    ("PixelMeasuresSequence", "PixelSpacing"),
)


def read_multiframe(path: Path, repairs: Sequence[RepairName] = ()) -> tuple[sitk.Image, list[str]]:
    """Read a multi-frame (enhanced) DICOM file as one volume, by highdicom: frames ordered by their positions.

    Args:
        path: The file.
        repairs: With `resample_slices` uneven and sideways shifted frames are resampled, as slices are.

    Returns:
        The image and notes, as `read_series`.

    Raises:
        LesionError: The file is no multi-frame image, or its frames form no regular volume.
    """
    import highdicom

    header = read_dataset(path)
    if "Rows" not in header or text_of(header, "Modality") in NO_IMAGES:
        raise LesionError(
            f"the file holds no image ({text_of(header, 'Modality') or 'no modality'})",
            where=path,
            remedy="give the folder of the image's slices, or a multi-frame file",
        )
    if int(header.get("NumberOfFrames") or 1) == 1:
        raise LesionError(
            "the file holds one slice, a volume is needed",
            where=path,
            remedy="give the folder that holds all slices of the series",
        )
    if text_of(header, "Modality") == "PT":
        raise LesionError(
            "multi-frame PET is not read, because its unit is not converted to SUV",
            where=path,
            remedy="export it as single slices, or convert it to SUV before",
        )
    try:
        frames = highdicom.imread(path)
        volume = frames.get_volume(dtype=np.float64, **_AS_STORED)
    except Exception as error:  # highdicom and the decoders raise many kinds
        if "resample_slices" in repairs and "PerFrameFunctionalGroupsSequence" in header:
            return _resampled(path, header, repairs)
        raise LesionError(
            f"the frames form no volume that can be read ({error})",
            where=path,
            remedy="export one volume of evenly spaced frames: one echo, one time point, one b-value; where the "
            "frames are uneven or tilted, " + how_to_allow("resample_slices"),
        ) from error
    image = volume_image(volume.array, volume.affine)
    identify(image, header)
    return image, []


def _resampled(
    path: Path, header: pydicom.Dataset, repairs: Sequence[RepairName]
) -> tuple[sitk.Image, list[str]]:
    """Frames that form no regular volume, brought onto a grid like the slices of a series."""
    import highdicom

    headers = [_frame_header(own, header, path) for own in header.PerFrameFunctionalGroupsSequence]
    grid = slice_grid(headers, where=path, repairs=repairs)
    try:
        values = highdicom.imread(path).get_frames(dtype=np.float64, **_AS_STORED)
    except Exception as error:  # highdicom and the decoders raise many kinds
        raise LesionError(
            f"the frames cannot be read ({error})", where=path, remedy="fetch or export the file again"
        ) from error
    return assemble(np.asarray(values)[list(grid.order)], grid, header), list(grid.notes)


def _frame_header(own: pydicom.Dataset, header: pydicom.Dataset, path: Path) -> pydicom.Dataset:
    """Return what a single slice would say of itself."""
    shared = (header.get("SharedFunctionalGroupsSequence") or [pydicom.Dataset()])[0]
    told = pydicom.Dataset()
    told.filename = str(path)
    told.Rows, told.Columns = header.Rows, header.Columns
    for sequence, keyword in _PLANES:
        group = own if sequence in own else shared
        if sequence in group and group[sequence].value:
            setattr(told, keyword, group[sequence][0].get(keyword))
    return told
