"""A folder's DICOM series, or a multi-frame DICOM file, as one image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag

from samesplit.errors import LesionError
from samesplit.imaging.dicom.assemble import FRAME_KEY, SERIES_KEY, assemble
from samesplit.imaging.dicom.choice import Entry, choose
from samesplit.imaging.dicom.files import text_of
from samesplit.imaging.dicom.multiframe import NO_IMAGES, read_multiframe
from samesplit.imaging.dicom.slices import slice_grid
from samesplit.imaging.dicom.suv import suv_factor
from samesplit.imaging.itk_warnings import as_notes, itk_warnings
from samesplit.imaging.repairs import RepairName

__all__ = ["FRAME_KEY", "SERIES_KEY", "Series", "find_series", "read_multiframe", "read_series"]

_SAME_PLACE = 1e-3
_OF_THE_PLANE = ("Rows", "Columns", "PixelSpacing", "ImageOrientationPatient", "FrameOfReferenceUID")
_SHOWN = 6
_TAGS = [Tag(name) for name in (
    "SOPClassUID", "SOPInstanceUID", "Modality", "SeriesInstanceUID", "SeriesDescription", "NumberOfFrames",
    "SamplesPerPixel", "Rows", "Columns", "PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient",
    "SpacingBetweenSlices", "FrameOfReferenceUID", "ModalityLUTSequence", "Units", "SUVType", "CorrectedImage",
    "DecayCorrection", "SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime", "PatientWeight",
    "RadiopharmaceuticalInformationSequence", "TimezoneOffsetFromUTC", 0x70530010, 0x70531000,
)]  # fmt: skip


@dataclass(frozen=True)
class Series:
    """The slices of one series in a folder.

    Attributes:
        folder: The folder.
        uid: SeriesInstanceUID.
        headers: One a file, without pixels; `filename` says which file.
    """

    folder: Path
    uid: str
    headers: tuple[pydicom.Dataset, ...]

    @property
    def files(self) -> list[Path]:
        """The files, in the order of the headers."""
        return [Path(str(header.filename)) for header in self.headers]


def find_series(folder: Path, selector: str | None) -> Series:
    """Return the one image series of a folder that a selector names.

    Files that are no DICOM images (RTSTRUCT, SEG, DICOMDIR, text) are passed over; folders within are not entered.

    Args:
        folder: The folder.
        selector: SeriesInstanceUID, the exact series description, a pattern between slashes that matches one
            description; None when the folder holds one series.

    Raises:
        LesionError: There is no image, or not exactly one series is meant; the message lists them.
    """
    found: dict[str, list[pydicom.Dataset]] = defaultdict(list)
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    for path in files:
        header = _header(path)
        if header is not None:
            found[text_of(header, "SeriesInstanceUID")].append(header)
    if not found:
        raise LesionError(
            f"the folder holds no DICOM image ({len(files)} files were looked at)",
            where=folder,
            remedy="name the folder that holds the slices, or the RTSTRUCT or SEG file itself",
        )
    uids = sorted(found)
    entries = [_entry(uid, found[uid]) for uid in uids]
    uid = uids[choose(entries, selector, what="series", where=folder)]
    return Series(folder, uid, tuple(found[uid]))


def _header(path: Path) -> pydicom.Dataset | None:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS)
    except InvalidDicomError:
        return None
    except Exception as error:  # pydicom raises many kinds for a damaged file
        raise LesionError(
            f"is not a readable DICOM file ({error})", where=path, remedy="fetch or export it again"
        ) from error
    return header if "Rows" in header and text_of(header, "Modality") not in NO_IMAGES else None


def _entry(uid: str, headers: list[pydicom.Dataset]) -> Entry:
    description = text_of(headers[0], "SeriesDescription")
    kind = text_of(headers[0], "Modality") or "no modality"
    told = (
        f"{uid}  {kind}  {description or '(no description)'}  {len(headers)} file{'s' * (len(headers) != 1)}"
    )
    return Entry((uid, description) if description else (uid,), None, told)


def read_series(series: Series, repairs: Sequence[RepairName] = ()) -> tuple[sitk.Image, list[str]]:
    """Read a series as one volume: rescaled values, PET as SUV by body weight, its grid from slice positions.

    Pixels are decoded and rescaled slice by slice, since slope and intercept may differ between slices. A slice
    that is there twice with the same pixels is taken once.

    Args:
        series: The slices.
        repairs: The repairs that may be made; `resample_slices` is meant for series.

    Returns:
        The image, which carries its frame of reference and series under `FRAME_KEY` and `SERIES_KEY` (and the
        slices that it was resampled from, see `stack`); and notes for the case ledger.

    Raises:
        LesionError: The slices form no regular volume (see `slice_grid`), are in colour, cannot be decoded, or
            are PET whose unit cannot become SUV.
    """
    where = series.folder
    if any(int(header.get("NumberOfFrames") or 1) > 1 for header in series.headers):
        if len(series.headers) > 1:
            raise LesionError(
                f"the series has {len(series.headers)} multi-frame files, one volume is needed",
                where=where,
                remedy="name one of the files",
            )
        return read_multiframe(series.files[0], repairs)
    _check_plain(series.headers, where)
    headers, copies = _without_copies(series.headers)
    grid = slice_grid(headers, where=where, repairs=repairs)
    ordered = [headers[place] for place in grid.order]
    with itk_warnings() as warnings:
        planes = [_decode(Path(str(header.filename))) for header in ordered]
    factor, note = suv_factor(ordered, where=where)
    values = np.stack(planes)
    if factor is not None:
        values = values.astype(np.float64) * factor
    image = assemble(values, grid, headers[0])
    told = as_notes(warnings, "image", where)
    return image, [text for text in (copies, *grid.notes, note, *told) if text]


def _without_copies(headers: tuple[pydicom.Dataset, ...]) -> tuple[tuple[pydicom.Dataset, ...], str | None]:
    """Drop slices that are there twice, place and pixels the same; also return a note that names them."""
    places = [header.get("ImagePositionPatient") for header in headers]
    if any(place is None or len(place) != 3 for place in places):
        return headers, None  # what is wrong with them is said where the grid is made
    known = np.array([list(place) for place in places], dtype=np.float64)
    kept: list[int] = []
    left: list[str] = []
    for number, header in enumerate(headers):
        near = np.flatnonzero((np.abs(known[kept] - known[number]) <= _SAME_PLACE).all(axis=1))
        if any(_is_copy(header, headers[kept[int(place)]]) for place in near):
            left.append(Path(str(header.filename)).name)
        else:
            kept.append(number)
    if not left:
        return headers, None
    shown = ", ".join(left[:_SHOWN]) + (f" and {len(left) - _SHOWN} others" if len(left) > _SHOWN else "")
    slices = "slice was" if len(left) == 1 else "slices were"
    return tuple(headers[number] for number in kept), (
        f"image: {len(left)} {slices} there twice, with the same pixels at the same place, and taken once "
        f"(without {shown})"
    )


def _is_copy(one: pydicom.Dataset, other: pydicom.Dataset) -> bool:
    alike = all(one.get(keyword) == other.get(keyword) for keyword in _OF_THE_PLANE)
    return alike and np.array_equal(_decode(Path(str(one.filename))), _decode(Path(str(other.filename))))


def _check_plain(headers: tuple[pydicom.Dataset, ...], where: Path) -> None:
    if any(int(header.get("SamplesPerPixel") or 1) != 1 for header in headers):
        raise LesionError("the slices are in colour", where=where, remedy="give the grey-level series")
    if any("ModalityLUTSequence" in header for header in headers):
        raise LesionError(
            "the slices map grey levels by a Modality LUT, which samesplit does not read",
            where=where,
            remedy="export the series with RescaleSlope and RescaleIntercept",
        )


def _decode(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    try:
        plane = sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO"))
    except RuntimeError as error:
        raise LesionError(
            "the slice's pixels cannot be read", where=path, remedy="fetch or export the series again"
        ) from error
    return plane[0] if plane.ndim == 3 else plane
