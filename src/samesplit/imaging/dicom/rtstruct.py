"""The contours of one ROI of an RTSTRUCT as a mask on the image's grid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.dicom.assemble import SERIES_KEY
from samesplit.imaging.dicom.choice import Entry, choose
from samesplit.imaging.dicom.contour_repairs import clip_contours, drop_degenerate
from samesplit.imaging.dicom.contours import Contour, contour_items, place_contours
from samesplit.imaging.dicom.files import text_of
from samesplit.imaging.dicom.frames import check_frame
from samesplit.imaging.dicom.polygons import fill, polygon_area
from samesplit.imaging.dicom.stack import stack_of
from samesplit.imaging.repairs import RepairName

__all__ = ["rtstruct_mask"]

_SHOWN = 6


def rtstruct_mask(
    dataset: pydicom.Dataset,
    selector: str | None,
    image: sitk.Image,
    *,
    where: Path,
    repairs: Sequence[RepairName] = (),
) -> tuple[sitk.Image, list[str]]:
    """Rasterise one ROI on the image's grid; see `polygons` for which voxels count.

    Args:
        dataset: The RTSTRUCT.
        selector: The ROI: exact name, pattern or number, see `choose`; None when there is one.
        image: Its grid is taken, and its frame of reference, series and acquired slices where it carries them.
        where: The RTSTRUCT file, for messages.
        repairs: `drop_degenerate_contours` leaves out contours of fewer than three points, `clip_contours` what
            lies outside the image; both say how much that was.

    Returns:
        The mask, uint8, and notes for the case ledger.

    Raises:
        LesionError: The ROI is not there or not unique, belongs to another frame of reference, has no contours,
            or has one that is empty, open, not planar, between slices, outside the image or given twice; a repair
            leaves nothing, or `clip_contours` would cut off more than `CLIPPED_SHARE`.
    """
    roi = _roi(dataset, selector, where)
    name = f"ROI {text_of(roi, 'ROIName')!r}"
    notes = check_frame(text_of(roi, "ReferencedFrameOfReferenceUID"), image, what=name, where=where)
    drawn_on = _series_of(dataset)
    series = image.GetMetaData(SERIES_KEY) if image.HasMetaDataKey(SERIES_KEY) else ""
    other = bool(series and drawn_on and series not in drawn_on)
    if other:
        notes.append(f"mask: {name} was drawn on another series of the same frame of reference")
    stack = stack_of(image)
    items = contour_items(dataset, roi, name, where)
    if "drop_degenerate_contours" in repairs:
        items, note = drop_degenerate(items, stack, name, where)
        notes += note
    clip = "clip_contours" in repairs
    contours = place_contours(items, stack, name, where, other=other, clip=clip)
    if clip:
        contours, note = clip_contours(contours, stack, name, where)
        notes += note
    mask = np.zeros(stack.shape, dtype=np.uint8)
    by_slice: dict[int, list[Contour]] = defaultdict(list)
    for contour in contours:
        by_slice[contour.slice].append(contour)
    blank: list[Contour] = []
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
        mask[z] = stack.within(filled.plane, z)
    notes += _remarks(name, sorted(by_slice), blank, image)
    return stack.to_image(mask), notes


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
    """Return the SeriesInstanceUIDs that the structures were drawn on, as far as the file says."""
    return {
        text_of(series, "SeriesInstanceUID")
        for frame in dataset.get("ReferencedFrameOfReferenceSequence") or ()
        for study in frame.get("RTReferencedStudySequence") or ()
        for series in study.get("RTReferencedSeriesSequence") or ()
    }


def _remarks(name: str, slices: list[int], blank: list[Contour], image: sitk.Image) -> list[str]:
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
