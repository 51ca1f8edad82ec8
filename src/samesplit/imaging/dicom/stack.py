"""The slices that a mask was drawn on: those of the image, or the acquired ones where the image was resampled."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.imaging.dicom.resample import SliceMap

__all__ = ["STACK_KEY", "Stack", "carry_slices", "stack_of"]

STACK_KEY = "samesplit|slices"
"""Metadata key under which a resampled image carries its acquired slices."""

_TIE = 1e-9

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Stack:
    """Slices with voxels in the columns and rows of the image, each at its own height.

    Attributes:
        image: The image; a mask drawn on the stack ends on its grid.
        heights_mm: Where the slices lie along the image's third axis, from its origin; rising.
        low: Each slice's first voxel in columns and rows of the image, (slices, 2); whole numbers or not.
        size: Columns and rows of a slice.
        lower: For each plane of the image the slice below it; None where the planes are the slices.
        weight: And how much of it is that of the slice above.
    """

    image: sitk.Image
    heights_mm: Floats
    low: Floats
    size: tuple[int, int]
    lower: npt.NDArray[np.int64] | None = None
    weight: Floats | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, and rows and columns of the image."""
        columns, rows, _ = map(int, self.image.GetSize())
        return len(self.heights_mm), rows, columns

    def step_mm(self, place: int) -> float:
        """Return the distance between slices at a place."""
        if self.lower is None:
            return float(self.image.GetSpacing()[2])
        gaps = np.diff(self.heights_mm)
        place = min(max(place, 0), len(gaps))
        return float(gaps[max(place - 1, 0) : place + 1].min())

    def index(self, points_mm: Floats) -> Floats:
        """Columns, rows and (fractions of) slices of points, one a line."""
        image = self.image
        to_index = np.linalg.inv(np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing()))
        index: Floats = (points_mm - np.array(image.GetOrigin())) @ to_index.T
        if self.lower is None:
            return index
        heights = index[:, 2] * image.GetSpacing()[2]
        last = len(self.heights_mm) - 2
        below = np.clip(np.searchsorted(self.heights_mm, heights, side="right") - 1, 0, last)
        gap = self.heights_mm[below + 1] - self.heights_mm[below]
        index[:, 2] = below + (heights - self.heights_mm[below]) / gap
        return index

    def extent(self, place: int) -> tuple[Floats, Floats]:
        """Return the borders of a slice: lowest and highest column and row, half a voxel beyond the centres."""
        return self.low[place] - 0.5, self.low[place] + np.array(self.size) - 0.5

    def within(self, plane: npt.NDArray[np.bool_], place: int) -> npt.NDArray[np.bool_]:
        """Return what of a plane, in columns and rows of the image, lies in a slice."""
        low, high = self.extent(place)
        rows, columns = np.arange(plane.shape[0])[:, None], np.arange(plane.shape[1])
        inside = (columns >= low[0]) & (columns <= high[0]) & (rows >= low[1]) & (rows <= high[1])
        return np.asarray(plane & inside)

    def to_image(self, drawn: Mask) -> sitk.Image:
        """Return a mask of the slices (of `shape`) on the image's grid.

        Planes between two slices get what lies between their outlines (Raya and Udupa 1990, doi 10.1109/42.52980);
        where one of the two is empty the nearer counts.
        """
        made = drawn
        if self.lower is not None and self.weight is not None:
            made = np.stack([self._plane(drawn, k, w) for k, w in zip(self.lower, self.weight, strict=True)])
        mask = sitk.GetImageFromArray(np.ascontiguousarray(made))
        mask.CopyInformation(self.image)
        return mask

    def _plane(self, drawn: Mask, lower: int, weight: float) -> Mask:
        if weight == 0:
            return np.asarray(drawn[lower])
        below, above = drawn[lower], drawn[lower + 1]
        if not (below.any() and above.any()):
            nearer = below if weight < 0.5 - _TIE else above if weight > 0.5 + _TIE else np.zeros_like(below)
            return np.asarray(nearer)
        depth = (1 - weight) * self._depth(below) + weight * self._depth(above)
        return np.asarray(depth >= -_TIE).astype(np.uint8)

    def _depth(self, plane: Mask) -> Floats:
        """How deep each voxel lies within the outline, in mm; negative outside."""
        from scipy.ndimage import distance_transform_edt  # slow to import, and rarely needed

        column_mm, row_mm, _ = self.image.GetSpacing()
        inside, outside = (
            distance_transform_edt(region, sampling=(row_mm, column_mm)) for region in (plane > 0, plane == 0)
        )
        return np.asarray(inside - outside, dtype=np.float64)


def carry_slices(image: sitk.Image, slices: SliceMap, size: tuple[int, int]) -> None:
    """Let a resampled image carry the slices that it was made from."""
    told = {
        "heights_mm": slices.heights_mm.tolist(),
        "low": (slices.offsets - np.array(slices.corner)).tolist(),
        "size": list(size),
        "lower": slices.lower.tolist(),
        "weight": slices.weight.tolist(),
    }
    image.SetMetaData(STACK_KEY, json.dumps(told))


def stack_of(image: sitk.Image) -> Stack:
    """Return the slices that masks of an image are drawn on."""
    if not image.HasMetaDataKey(STACK_KEY):
        columns, rows, slices = map(int, image.GetSize())
        heights = image.GetSpacing()[2] * np.arange(slices)
        return Stack(image, heights, np.zeros((slices, 2)), (columns, rows))
    told = json.loads(image.GetMetaData(STACK_KEY))
    columns, rows = told["size"]
    return Stack(
        image,
        heights_mm=np.array(told["heights_mm"]),
        low=np.array(told["low"]),
        size=(int(columns), int(rows)),
        lower=np.array(told["lower"], dtype=np.int64),
        weight=np.array(told["weight"]),
    )
