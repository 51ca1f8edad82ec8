"""The contours of one ROI of an RTSTRUCT as a mask on the image's grid."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.features.dicom.choice import Entry, choose
from samesplit.features.dicom.files import text_of
from samesplit.features.dicom.frames import check_frame
from samesplit.features.dicom.polygons import fill, polygon_area
from samesplit.features.dicom.series import SERIES_KEY

__all__ = ["rtstruct_mask"]

PLANE_SHARE = 0.1
"""Contours may lie off a slice's middle by this share of the slice distance,"""
PLANE_MM = 0.2
"""and by no more than this: positions in RTSTRUCT files are often rounded to 0.1 mm."""

_EDGE = 1e-3
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_SHOWN = 6


@dataclass(frozen=True)
class _Contour:
    """One contour in voxels: (column, row) points, its slice, and how messages call it."""

    points: npt.NDArray[np.float64]
    slice: int
    name: str
    by_rule: bool


def rtstruct_mask(
    dataset: pydicom.Dataset, selector: str | None, image: sitk.Image, *, where: Path
) -> tuple[sitk.Image, list[str]]:
    """Rasterise one ROI on the image's grid; see `polygons` for which voxels count.

    Args:
        dataset: The RTSTRUCT.
        selector: The ROI: exact name, pattern or number, see `choose`; None when there is one.
        image: Its grid is taken, and its frame of reference and series where it carries them.
        where: The RTSTRUCT file, for messages.

    Returns:
        The mask, uint8, and notes for the case ledger.

    Raises:
        LesionError: The ROI is not there or not unique, belongs to another frame of reference, has no contours,
            or has one that is empty, open, not planar, between slices, outside the image or given twice.
    """
    roi = _roi(dataset, selector, where)
    name = f"ROI {text_of(roi, 'ROIName')!r}"
    notes = check_frame(text_of(roi, "ReferencedFrameOfReferenceUID"), image, what=name, where=where)
    drawn_on = _series_of(dataset)
    series = image.GetMetaData(SERIES_KEY) if image.HasMetaDataKey(SERIES_KEY) else ""
    other = bool(series and drawn_on and series not in drawn_on)
    if other:
        notes.append(f"mask: {name} was drawn on another series of the same frame of reference")
    contours = _contours(dataset, roi, image, name, where, other=other)
    mask = np.zeros(image.GetSize()[::-1], dtype=np.uint8)
    by_slice: dict[int, list[_Contour]] = defaultdict(list)
    for contour in contours:
        by_slice[contour.slice].append(contour)
    blank: list[_Contour] = []
    for z, group in sorted(by_slice.items()):
        filled = fill([contour.points for contour in group], mask.shape[1:])
        for i, j in filled.equal:
            raise LesionError(
                f"{name}: {group[i].name} and {group[j].name} are the same contour",
                where=where,
                remedy="take one of them out: two equal contours would leave nothing",
            )
        for i, j in filled.crossing:
            if not (group[i].by_rule and group[j].by_rule):
                notes.append(
                    f"mask: {name}: {group[i].name} and {group[j].name} cross, what lies in both was left out"
                )
        blank += [group[place] for place in filled.blank]
        mask[z] = filled.plane
    notes += _remarks(name, sorted(by_slice), blank, image)
    drawn = sitk.GetImageFromArray(mask)
    drawn.CopyInformation(image)
    return drawn, notes


def _roi(dataset: pydicom.Dataset, selector: str | None, where: Path) -> pydicom.Dataset:
    rois = list(dataset.get("StructureSetROISequence") or ())
    numbers = [int(roi.ROINumber) for roi in rois]
    entries = [
        Entry((text_of(roi, "ROIName"),), number, f"[{number}] {text_of(roi, 'ROIName') or '(no name)'}")
        for roi, number in zip(rois, numbers, strict=True)
    ]
    chosen: pydicom.Dataset = rois[choose(entries, selector, what="ROI", where=where)]
    return chosen


def _series_of(dataset: pydicom.Dataset) -> set[str]:
    """The SeriesInstanceUIDs that the structures were drawn on, as far as the file says."""
    return {
        text_of(series, "SeriesInstanceUID")
        for frame in dataset.get("ReferencedFrameOfReferenceSequence") or ()
        for study in frame.get("RTReferencedStudySequence") or ()
        for series in study.get("RTReferencedSeriesSequence") or ()
    }


def _contours(
    dataset: pydicom.Dataset, roi: pydicom.Dataset, image: sitk.Image, name: str, where: Path, *, other: bool
) -> list[_Contour]:
    number = int(roi.ROINumber)
    items = [
        contour
        for drawn in dataset.get("ROIContourSequence") or ()
        if int(drawn.get("ReferencedROINumber", -1)) == number
        for contour in drawn.get("ContourSequence") or ()
    ]
    if not items:
        raise LesionError(
            f"{name} has no contours", where=where, remedy="draw it, or take its row out of images.csv"
        )
    to_index = np.linalg.inv(np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing()))
    contours = []
    for place, item in enumerate(items, start=1):
        data = np.array(item.get("ContourData") or [], dtype=np.float64)
        kind = text_of(item, "ContourGeometricType")
        told = f"contour {place} of {len(items)}"
        if len(data) < 9 or len(data) % 3 or not np.isfinite(data).all() or kind not in _CLOSED:
            problem = _malformed(data, kind)
            raise LesionError(f"{name}: {told}{_at(data)} {problem}", where=where, remedy=_REDRAW)
        points = (data.reshape(-1, 3) - np.array(image.GetOrigin())) @ to_index.T
        z = _slice_of(points, data, image, f"{name}: {told}", where, other=other)
        _check_inside(points, z, image, f"{name}: {told}", where)
        contours.append(_Contour(points[:, :2], z, f"{told} on slice {z}", kind == "CLOSEDPLANAR_XOR"))
    return contours


_REDRAW = "correct the contour in the program that drew it"


def _malformed(data: npt.NDArray[np.float64], kind: str) -> str:
    if len(data) == 0:
        return "is empty"
    if len(data) % 3 or not np.isfinite(data).all():
        return f"has {len(data)} numbers, some of them missing or not finite"
    if kind not in _CLOSED:
        return f"is not closed (its type is {kind or 'not given'})"
    return f"has {len(data) // 3} point{'s' * (len(data) != 3)}, at least 3 are needed"


def _at(data: npt.NDArray[np.float64]) -> str:
    if len(data) < 3 or not np.isfinite(data[:3]).all():
        return ""
    return f" at ({data[0]:g}, {data[1]:g}, {data[2]:g}) mm"


def _slice_of(
    points: npt.NDArray[np.float64],
    data: npt.NDArray[np.float64],
    image: sitk.Image,
    told: str,
    where: Path,
    *,
    other: bool,
) -> int:
    """The slice that a contour lies on."""
    step = float(image.GetSpacing()[2])
    tolerance = min(PLANE_SHARE, PLANE_MM / step)
    low, high = float(points[:, 2].min()), float(points[:, 2].max())
    z = round((low + high) / 2)
    if high - low > 2 * tolerance:
        raise LesionError(
            f"{told}{_at(data)} does not lie in a slice of the image: its points spread over "
            f"{(high - low) * step:.3g} mm across the slices",
            where=where,
            remedy="use an RTSTRUCT that was drawn on this image's slices",
        )
    if max(abs(low - z), abs(high - z)) > tolerance:
        remedy = "name the series that the ROI was drawn on as the image" if other else None
        raise LesionError(
            f"{told}{_at(data)} lies between slices: {abs((low + high) / 2 - z) * step:.3g} mm from slice {z}, "
            f"more than {tolerance * step:.3g} mm",
            where=where,
            remedy=remedy or "use an RTSTRUCT that was drawn on this image's slices",
        )
    slices = int(image.GetSize()[2])
    if not 0 <= z < slices:
        raise LesionError(
            f"{told}{_at(data)} lies outside the image, on slice {z} of {slices} (counted from 0)",
            where=where,
            remedy="check that image and RTSTRUCT belong together, and that the series is whole",
        )
    return z


def _check_inside(points: npt.NDArray[np.float64], z: int, image: sitk.Image, told: str, where: Path) -> None:
    extent = np.array(image.GetSize()[:2], dtype=np.float64)
    beyond = np.maximum(-0.5 - points[:, :2], points[:, :2] - (extent - 0.5)).max()
    if beyond > _EDGE:
        raise LesionError(
            f"{told} on slice {z} leaves the image by {beyond:.3g} voxels",
            where=where,
            remedy="check that image and RTSTRUCT belong together, and that the image was exported whole",
        )


def _remarks(name: str, slices: list[int], blank: list[_Contour], image: sitk.Image) -> list[str]:
    notes = []
    if blank:
        pixel = float(np.prod(image.GetSpacing()[:2]))
        largest = max(polygon_area(contour.points) for contour in blank) * pixel
        shown = ", ".join(contour.name for contour in blank[:_SHOWN])
        more = f" and {len(blank) - _SHOWN} others" if len(blank) > _SHOWN else ""
        notes.append(
            f"mask: {name}: contours that hold no voxel centre (up to {largest:.3g} mm²) gave none: {shown}{more}"
        )
    skipped = sorted(set(range(slices[0], slices[-1])) - set(slices))
    if skipped:
        shown = ", ".join(map(str, skipped[:_SHOWN])) + (" ..." if len(skipped) > _SHOWN else "")
        notes.append(
            f"mask: {name} has no contour on {len(skipped)} of the slices between its first and last: {shown}"
        )
    return notes
