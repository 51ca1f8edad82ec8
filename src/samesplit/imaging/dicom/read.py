"""What a DICOM reference names, read: an image, or a mask for an image; and the hash of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.dicom.file_warnings import pydicom_warnings
from samesplit.imaging.dicom.files import read_dataset, sound, text_of
from samesplit.imaging.dicom.multiframe import read_multiframe
from samesplit.imaging.dicom.series import find_series, read_series
from samesplit.imaging.file_hashes import file_hash
from samesplit.imaging.repairs import RepairName

__all__ = ["dicom_hash", "read_dicom_image", "read_dicom_mask"]

DICOM_READER = 3
"""Raise this when reading DICOM changes voxels: kept results of another reader are not used."""


def read_dicom_image(
    path: Path, selector: str | None, repairs: Sequence[RepairName] = ()
) -> tuple[sitk.Image, list[str]]:
    """Read a folder's series, or a multi-frame file, as an image.

    Args:
        path: A folder or a file.
        selector: Which series of the folder; see `find_series`.
        repairs: The repairs that may be made; see `read_series`.

    Returns:
        The image and notes for the case ledger.

    Raises:
        LesionError: See `find_series`, `read_series` and `read_multiframe`.
    """
    if path.is_dir():
        with sound(path):
            return read_series(find_series(path, selector), repairs)
    with sound(path):
        image = read_multiframe(path, repairs)
    if selector is not None:
        raise LesionError(
            f"a multi-frame file has no parts to name, but {selector!r} is asked for",
            where=path,
            remedy="leave out what follows '::'",
        )
    return image


def read_dicom_mask(
    path: Path, selector: str | None, image: sitk.Image, repairs: Sequence[RepairName] = ()
) -> tuple[sitk.Image, list[str]]:
    """Read an RTSTRUCT's ROI, a SEG's segment, or a series of labels, as a mask for an image.

    Args:
        path: A file, or the folder of a series whose voxels are labels.
        selector: Which ROI, segment or series.
        image: The image; contours are filled on its grid.
        repairs: The repairs that may be made; see `rtstruct_mask`. A series of labels is never resampled.

    Returns:
        The mask and notes for the case ledger.

    Raises:
        LesionError: See `rtstruct_mask` and `segment_mask`.
    """
    if path.is_dir():
        return read_dicom_image(path, selector)
    dataset = read_dataset(path)
    with sound(path):
        kind = text_of(dataset, "Modality")
    if kind == "RTSTRUCT":
        from samesplit.imaging.dicom.rtstruct import rtstruct_mask

        with sound(path):
            return rtstruct_mask(dataset, selector, image, where=path, repairs=repairs)
    if kind == "SEG":
        from samesplit.imaging.dicom.segmentation import segment_mask

        with sound(path):
            return segment_mask(path, dataset, selector, image)
    return read_dicom_image(path, selector)


def dicom_hash(path: Path, selector: str | None) -> str:
    """SHA-256 of the content that a DICOM reference names.

    Of a folder only the chosen series' files count, neither their names nor their order; of a file the whole file
    and the selector.

    Raises:
        LesionError: See `find_series`; or the file is missing.
    """
    if path.is_dir():
        with sound(path), pydicom_warnings():  # which reading the image puts into the ledger
            parts = sorted(file_hash(file) for file in find_series(path, selector).files)
    elif path.is_file():
        parts = [file_hash(path), selector or ""]
    else:
        raise LesionError("the file does not exist", where=path, remedy="correct the path, or fetch the data")
    return hashlib.sha256("\n".join(["dicom", str(DICOM_READER), *parts]).encode()).hexdigest()
