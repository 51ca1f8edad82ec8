"""The grids that segmentation networks see images on, and the way back to the image's own grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.models.segmentation.settings import StageSettings

__all__ = ["Region", "onto_grid", "regions_of", "scaled", "stage_grid", "whole_region"]

_CLIP_SD = 5.0


@dataclass(frozen=True)
class Region:
    """A box in the patient, its axes along the patient's (left, posterior, superior).

    Attributes:
        low: The corner with the smallest coordinates, in mm.
        high: The corner with the largest.
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def widened(self, margin_mm: float, within: Region) -> Region:
        """Return the region with a margin on every side, as far as another one goes."""
        low = [max(a - margin_mm, b) for a, b in zip(self.low, within.low, strict=True)]
        high = [min(a + margin_mm, b) for a, b in zip(self.high, within.high, strict=True)]
        return Region((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def whole_region(image: sitk.Image) -> Region:
    """Return the box that holds all of an image, from the outer faces of its voxels."""
    size = np.array(image.GetSize(), dtype=float)
    corners = np.array(
        [
            image.TransformContinuousIndexToPhysicalPoint(
                [-0.5 + size[axis] * bit for axis, bit in enumerate(c)]
            )
            for c in np.ndindex(2, 2, 2)
        ]
    )
    return _region(corners.min(axis=0), corners.max(axis=0))


def regions_of(mask: sitk.Image, *, smallest_share: float = 0.1) -> list[Region]:
    """Return the box of each connected part of a mask.

    Args:
        mask: 0 outside; different numbers are different parts, and so are pieces of one number that do not touch.
        smallest_share: Parts with fewer voxels than this share of the largest one's are left out.

    Returns:
        In the order of their size, the largest first; none of an empty mask.
    """
    parts: list[tuple[int, Region]] = []
    array = sitk.GetArrayViewFromImage(mask)
    for number in np.unique(array[array > 0]):
        pieces = sitk.ConnectedComponent(sitk.Cast(mask == float(number), sitk.sitkUInt8), True)
        statistics = sitk.LabelShapeStatisticsImageFilter()
        statistics.Execute(pieces)
        for label in statistics.GetLabels():
            start = np.array(statistics.GetBoundingBox(label)[:3], dtype=float)
            size = np.array(statistics.GetBoundingBox(label)[3:], dtype=float)
            corners = np.array(
                [
                    mask.TransformContinuousIndexToPhysicalPoint((start - 0.5 + size * np.array(c)).tolist())
                    for c in np.ndindex(2, 2, 2)
                ]
            )
            voxels = int(statistics.GetNumberOfPixels(label))
            parts.append((voxels, _region(corners.min(axis=0), corners.max(axis=0))))
    parts.sort(key=lambda part: (-part[0], part[1].low))
    return [region for voxels, region in parts if voxels >= smallest_share * parts[0][0]]


def stage_grid(region: Region, stage: StageSettings) -> sitk.Image:
    """Return an empty image whose grid covers a region with the voxels of a stage.

    It has at least `patch` voxels a side, centred on the region; with `voxel_mm: null` exactly so many.
    """
    low, high = np.array(region.low), np.array(region.high)
    sides = np.maximum(high - low, 1e-3)
    if stage.voxel_mm is None:
        size = np.full(3, stage.patch)
        spacing = sides / stage.patch
    else:
        spacing = np.full(3, stage.voxel_mm)
        # A hair less, so that 40.0000001 mm in voxels of 4 mm are ten of them.
        size = np.maximum(np.ceil(sides / spacing - 1e-6).astype(int), stage.patch)
    origin = (low + high) / 2 - (size - 1) / 2 * spacing
    grid = sitk.Image([int(n) for n in size], sitk.sitkUInt8)
    grid.SetSpacing(spacing.tolist())
    grid.SetOrigin(origin.tolist())
    return grid


def scaled(image: sitk.Image, window: tuple[float, float] | None) -> sitk.Image:
    """Scale grey values to a window, or to mean 0 and SD 1 of the whole image.

    Example:
        >>> image = sitk.GetImageFromArray(np.array([[[-100.0, 100.0, 500.0]]], dtype=np.float32))
        >>> sitk.GetArrayFromImage(scaled(image, (-100.0, 300.0))).ravel()
        array([-1.,  0.,  1.], dtype=float32)
    """
    values = sitk.GetArrayFromImage(image).astype(np.float64)
    if window is not None:
        low, high = window
        values = (2 * (values - low) / (high - low) - 1).clip(-1, 1)
    else:
        spread = values.std()
        values = (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)
        values = values.clip(-_CLIP_SD, _CLIP_SD)
    told = sitk.GetImageFromArray(values.astype(np.float32))
    told.CopyInformation(image)
    return told


def onto_grid(image: sitk.Image, grid: sitk.Image) -> npt.NDArray[np.float32]:
    """Resample an image linearly onto a grid; outside the image is its lowest value.

    Before it is made coarser along an axis it is smoothed by a Gaussian whose SD is half of the factor less one,
    in voxels, so that fine texture does not alias.

    Returns:
        Shape (z, y, x).
    """
    coarser = _spacing_along_axes(grid, image) / np.array(image.GetSpacing())
    sd_mm = np.maximum(0.0, (coarser - 1) / 2) * np.array(image.GetSpacing())
    if (sd_mm > 0).any():
        image = sitk.DiscreteGaussian(image, (sd_mm**2).tolist(), 64, 0.01, True)
    lowest = float(sitk.GetArrayViewFromImage(image).min())
    moved = sitk.Resample(image, grid, sitk.Transform(), sitk.sitkLinear, lowest, sitk.sitkFloat32)
    array: npt.NDArray[np.float32] = sitk.GetArrayFromImage(moved)
    return array


def _spacing_along_axes(grid: sitk.Image, image: sitk.Image) -> npt.NDArray[np.float64]:
    """How long a voxel of the grid is along each axis of the image."""
    direction = np.reshape(image.GetDirection(), (3, 3))
    return np.asarray(np.abs(direction.T) @ np.array(grid.GetSpacing()), dtype=np.float64)


def _region(low: Sequence[Any] | npt.NDArray[Any], high: Sequence[Any] | npt.NDArray[Any]) -> Region:
    return Region(
        (float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2]))
    )
