"""The contours of an ROI, checked and placed on slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom

from samesplit.errors import LesionError
from samesplit.imaging.dicom.files import text_of
from samesplit.imaging.dicom.stack import Stack
from samesplit.imaging.repairs import how_to_allow

__all__ = ["Contour", "Item", "contour_items", "place_contours"]

PLANE_SHARE = 0.1
"""Contours may lie off a slice's middle by this share of the slice distance,"""
PLANE_MM = 0.2
"""and by no more than this: positions in RTSTRUCT files are often rounded to 0.1 mm."""

_EDGE = 1e-3
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_REDRAW = "correct the contour in the program that drew it"
_CLIP = f"or {how_to_allow('clip_contours')}"
_DROP = f", or {how_to_allow('drop_degenerate_contours')}"


@dataclass(frozen=True)
class Item:
    """A contour as the file has it.

    Attributes:
        told: How messages call it.
        data: Its numbers, in threes of mm where it is well formed.
        kind: Its ContourGeometricType.
    """

    told: str
    data: npt.NDArray[np.float64]
    kind: str

    @property
    def sound(self) -> bool:
        """Whether its numbers are points."""
        return len(self.data) % 3 == 0 and bool(np.isfinite(self.data).all())

    @property
    def degenerate(self) -> bool:
        """Whether it has fewer points than an area needs."""
        return self.sound and (self.kind == "POINT" or len(self.data) < 9)

    @property
    def at(self) -> str:
        """Where its first point lies; empty where it has none."""
        if len(self.data) < 3 or not np.isfinite(self.data[:3]).all():
            return ""
        return f" at ({self.data[0]:g}, {self.data[1]:g}, {self.data[2]:g}) mm"


@dataclass(frozen=True)
class Contour:
    """One contour in voxels: (column, row) points, its slice, and how messages call it."""

    points: npt.NDArray[np.float64]
    slice: int
    name: str
    by_rule: bool


def contour_items(dataset: pydicom.Dataset, roi: pydicom.Dataset, name: str, where: Path) -> list[Item]:
    """Return the contours of an ROI as they stand in the file.

    Raises:
        LesionError: There is none.
    """
    number = int(roi.ROINumber)
    items = [
        contour
        for drawn in dataset.get("ROIContourSequence") or ()
        if int(drawn.get("ReferencedROINumber", -1)) == number
        for contour in drawn.get("ContourSequence") or ()
    ]
    if not items:
        raise LesionError(f"{name} has no contours", where=where, remedy="draw it, or leave this image out")
    return [
        Item(
            f"contour {place} of {len(items)}",
            np.array(item.get("ContourData") or [], dtype=np.float64),
            text_of(item, "ContourGeometricType"),
        )
        for place, item in enumerate(items, start=1)
    ]


def place_contours(
    items: Sequence[Item], stack: Stack, name: str, where: Path, *, other: bool, clip: bool
) -> list[Contour]:
    """Put contours on slices.

    Args:
        items: The contours.
        stack: The slices.
        name: The ROI, for messages.
        where: The file, for messages.
        other: Whether they were drawn on another series than the image.
        clip: Whether those that leave the image are let pass.

    Raises:
        LesionError: One is malformed, across or between slices, or leaves the image.
    """
    contours = []
    for item in items:
        if not item.sound or len(item.data) < 9 or item.kind not in _CLOSED:
            remedy = _REDRAW + (_DROP if item.degenerate else "")
            raise LesionError(f"{name}: {item.told}{item.at} {_malformed(item)}", where=where, remedy=remedy)
        points = stack.index(item.data.reshape(-1, 3))
        z = _slice_of(points, item, stack, name, where, other=other, clip=clip)
        if not clip:
            _check_inside(points, z, stack, f"{name}: {item.told}", where)
        told = f"{item.told} on slice {z}"
        contours.append(Contour(points[:, :2], z, told, item.kind == "CLOSEDPLANAR_XOR"))
    return contours


def _malformed(item: Item) -> str:
    points = len(item.data) // 3
    if len(item.data) == 0:
        return "is empty"
    if not item.sound:
        return f"has {len(item.data)} numbers, some of them missing or not finite"
    if item.kind not in _CLOSED:
        return f"is not closed (its type is {item.kind or 'not given'})"
    return f"has {points} point{'s' * (points != 1)}, at least 3 are needed"


def _slice_of(
    points: npt.NDArray[np.float64],
    item: Item,
    stack: Stack,
    name: str,
    where: Path,
    *,
    other: bool,
    clip: bool,
) -> int:
    """Return the slice that a contour lies on."""
    low, high = float(points[:, 2].min()), float(points[:, 2].max())
    z = round((low + high) / 2)
    step = stack.step_mm(z)
    tolerance = min(PLANE_SHARE, PLANE_MM / step)
    slices = len(stack.heights_mm)
    told = f"{name}: {item.told}{item.at}"
    if high - low > 2 * tolerance:
        raise LesionError(
            f"{told} does not lie in a slice of the image: its points spread over "
            f"{(high - low) * step:.3g} mm across the slices",
            where=where,
            remedy="use an RTSTRUCT that was drawn on this image's slices",
        )
    if clip and not 0 <= z < slices:
        return z
    if max(abs(low - z), abs(high - z)) > tolerance:
        remedy = "name the series that the ROI was drawn on as the image" if other else None
        raise LesionError(
            f"{told} lies between slices: {abs((low + high) / 2 - z) * step:.3g} mm from slice {z}, "
            f"more than {tolerance * step:.3g} mm",
            where=where,
            remedy=remedy or "use an RTSTRUCT that was drawn on this image's slices",
        )
    if not 0 <= z < slices:
        raise LesionError(
            f"{told} lies outside the image, on slice {z} of {slices} (counted from 0)",
            where=where,
            remedy=f"check that image and RTSTRUCT belong together, and that the series is whole; {_CLIP}",
        )
    return z


def _check_inside(points: npt.NDArray[np.float64], z: int, stack: Stack, told: str, where: Path) -> None:
    low, high = stack.extent(z)
    beyond = np.maximum(low - points[:, :2], points[:, :2] - high).max()
    if beyond > _EDGE:
        raise LesionError(
            f"{told} on slice {z} leaves the image by {beyond:.3g} voxels",
            where=where,
            remedy="check that image and RTSTRUCT belong together, and that the image was exported whole; "
            + _CLIP,
        )
