"""One segment of a DICOM SEG as a mask, its frames placed by their positions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.dicom.assemble import volume_image
from samesplit.imaging.dicom.choice import Entry, choose
from samesplit.imaging.dicom.files import text_of
from samesplit.imaging.dicom.frames import check_frame
from samesplit.imaging.dicom.stack import Stack, stack_of
from samesplit.imaging.geometry import TOLERANCE

__all__ = ["FRACTION", "segment_mask"]

FRACTION = 0.5
"""Voxels of a fractional segment belong to it from this fraction on."""

_BELONGS = "check that image and SEG belong together, and that the series is whole"

Plane = npt.NDArray[np.bool_]
Frame = tuple[Plane, npt.NDArray[np.float64]]
"""A frame's voxels of the segment, and its position, row step and column step in mm."""


def segment_mask(
    path: Path, dataset: pydicom.Dataset, selector: str | None, image: sitk.Image
) -> tuple[sitk.Image, list[str]]:
    """Read one segment.

    Frames without a voxel of the segment need not be stored, so a SEG seldom covers the whole image. Where its
    voxels are voxels of the image, in whatever order of axes and frames, they are put there; else the segment is
    given on the grid of its own frames, for `align_mask` to compare and mend.

    Args:
        path: The SEG.
        dataset: Its header, without pixels.
        selector: The segment: exact label, pattern or number, see `choose`; None when there is one.
        image: The image.

    Returns:
        The mask, uint8, and notes for the case ledger.

    Raises:
        LesionError: The segment is not there, not unique, empty, in another frame of reference or outside the
            image; the file cannot be read.
    """
    import highdicom

    background = text_of(dataset, "SegmentationType") == "LABELMAP"  # whose number 0 is what belongs to none
    segments = [
        each for each in dataset.get("SegmentSequence") or () if int(each.SegmentNumber) or not background
    ]
    numbers = [int(segment.SegmentNumber) for segment in segments]
    entries = [
        Entry((text_of(each, "SegmentLabel"),), number, f"[{number}] {text_of(each, 'SegmentLabel')}")
        for each, number in zip(segments, numbers, strict=True)
    ]
    place = choose(entries, selector, what="segment", where=path)
    name = f"segment {text_of(segments[place], 'SegmentLabel')!r}"
    notes = check_frame(text_of(dataset, "FrameOfReferenceUID"), image, what=name, where=path)
    try:
        seg = highdicom.seg.segread(path, lazy_frame_retrieval=_frames_end_at_bytes(dataset))
        frames = list(_frames(seg, numbers[place]))
        stack = stack_of(image)
        mask = _place(frames, image) if stack.lower is None else _place_on_slices(frames, stack)
        if mask is None:
            mask = _own_grid(seg, numbers[place])
    except LesionError as error:
        raise LesionError(f"{name}: {error.problem}", where=path, remedy=error.remedy) from error
    except Exception as error:  # highdicom and the decoders raise many kinds
        raise LesionError(
            f"{name} cannot be read ({error})",
            where=path,
            remedy="check that it is a whole DICOM SEG of evenly spaced frames",
        ) from error
    return mask, notes


def _frames_end_at_bytes(dataset: pydicom.Dataset) -> bool:
    """Whether each frame can be read from the file by itself.

    Voxels of one bit are packed without gaps, so that frames whose size is no multiple of 8 begin within a byte.
    highdicom's lazy reader (seen in 0.28) takes too few bytes for some of them; read whole, the file is right.
    """
    return int(dataset.BitsAllocated) > 1 or int(dataset.Rows) * int(dataset.Columns) % 8 == 0


def _frames(seg: pydicom.Dataset, number: int) -> Iterator[Frame]:
    """Each frame with voxels of the segment, and its 3 x 3 of position, row step and column step in mm."""
    shared = (seg.get("SharedFunctionalGroupsSequence") or [pydicom.Dataset()])[0]
    kind = text_of(seg, "SegmentationType")
    for place, own in enumerate(seg.PerFrameFunctionalGroupsSequence):
        if kind != "LABELMAP":
            identity = (
                own if "SegmentIdentificationSequence" in own else shared
            ).SegmentIdentificationSequence
            if int(identity[0].ReferencedSegmentNumber) != number:
                continue
        stored = seg.get_stored_frame(place + 1)
        if kind == "LABELMAP":
            plane = stored == number
        elif kind == "FRACTIONAL":
            plane = stored >= FRACTION * float(seg.MaximumFractionalValue)
        else:
            plane = stored > 0
        if plane.any():
            yield plane, _geometry(own, shared)


def _geometry(own: pydicom.Dataset, shared: pydicom.Dataset) -> npt.NDArray[np.float64]:
    def first(keyword: str) -> pydicom.Dataset:
        found: pydicom.Dataset = (own if keyword in own else shared)[keyword][0]
        return found

    position = np.array(first("PlanePositionSequence").ImagePositionPatient, dtype=np.float64)
    cosines = np.array(first("PlaneOrientationSequence").ImageOrientationPatient, dtype=np.float64)
    row_step, column_step = map(float, first("PixelMeasuresSequence").PixelSpacing)
    return np.array([position, cosines[3:] * row_step, cosines[:3] * column_step])


def _place(frames: list[Frame], image: sitk.Image) -> sitk.Image | None:
    """Return the segment on the image's grid, None when its voxels are not voxels of the image."""
    if not frames:
        raise LesionError("it has no voxel", remedy="draw it, or leave this image out")
    spacing = np.array(image.GetSpacing())
    to_mm = np.reshape(image.GetDirection(), (3, 3)) * spacing
    tolerance = TOLERANCE * max(1.0, float(spacing.min()))
    mask = np.zeros(image.GetSize()[::-1], dtype=np.uint8)
    outside = 0
    for plane, (position, down, right) in frames:
        corners = np.array([[r, c] for r in (0, plane.shape[0] - 1) for c in (0, plane.shape[1] - 1)])
        points = position + corners @ np.array([down, right]) - np.array(image.GetOrigin())
        index = np.linalg.solve(to_mm, points.T).T
        whole = np.round(index)
        if np.linalg.norm((index - whole) @ to_mm.T, axis=1).max() > tolerance:
            return None
        steps = np.round(np.linalg.solve(to_mm, np.array([down, right]).T).T).astype(np.int64)
        if (np.abs(steps).sum(axis=1) != 1).any():
            return None
        voxels = np.argwhere(plane) @ steps + whole[0].astype(np.int64)
        inside = ((voxels >= 0) & (voxels < np.array(image.GetSize()))).all(axis=1)
        outside += int((~inside).sum())
        x, y, z = voxels[inside].T
        mask[z, y, x] = 1
    if outside:
        raise LesionError(f"{outside:,} of its voxels lie outside the image", remedy=_BELONGS)
    placed = sitk.GetImageFromArray(mask)
    placed.CopyInformation(image)
    return placed


def _place_on_slices(frames: list[Frame], stack: Stack) -> sitk.Image | None:
    """Put the segment on the grid of an image whose slices were resampled; None when its frames are others.

    Within its plane a frame is moved by whole voxels, to the nearest.
    """
    if not frames:
        raise LesionError("it has no voxel", remedy="draw it, or leave this image out")
    spacing = np.array(stack.image.GetSpacing())
    tolerance = TOLERANCE * max(1.0, float(spacing.min()))
    drawn = np.zeros(stack.shape, dtype=np.uint8)
    outside = 0
    for plane, (position, down, right) in frames:
        index = stack.index(np.array([position, position + right, position + down]))
        z = round(float(index[0, 2]))
        if not 0 <= z < len(drawn):
            outside += int(plane.sum())
            continue
        steps = np.diff(index[[0, 1, 0, 2]], axis=0)[[0, 2]]
        off_mm = np.array(
            [abs(index[0, 2] - z) * stack.step_mm(z), *np.abs((steps - np.eye(3)[:2]) @ spacing)]
        )
        first = index[0, :2] - stack.low[z]
        off_mm = np.append(off_mm, np.abs((first - np.round(first)) * spacing[:2]))
        if off_mm.max() > tolerance:
            return None
        corner = np.floor(np.round(index[0, :2], 6) + 0.5).astype(np.int64)
        columns, rows = (np.argwhere(plane)[:, ::-1] + corner).T
        inside = (columns >= 0) & (rows >= 0) & (rows < drawn.shape[1]) & (columns < drawn.shape[2])
        outside += int((~inside).sum())
        drawn[z, rows[inside], columns[inside]] = 1
    if outside:
        raise LesionError(f"{outside:,} of its voxels lie outside the image", remedy=_BELONGS)
    return stack.to_image(drawn)


def _own_grid(seg: pydicom.Dataset, number: int) -> sitk.Image:
    volume = seg.get_volume(segment_numbers=[number], rescale_fractional=True, skip_overlap_checks=True)
    values = np.asarray(volume.array)[..., 0]
    return volume_image((values >= FRACTION).astype(np.uint8), np.asarray(volume.affine, dtype=np.float64))
