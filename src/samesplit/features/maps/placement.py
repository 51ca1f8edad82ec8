"""Where the maps of a lesion lie: the lesion's box on the grid of a profile, in the patient's coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.features.processing.grid import Grid, Slices

__all__ = ["Placement", "placed"]


@dataclass(frozen=True)
class Placement:
    """The voxels that have values, and their place.

    Attributes:
        mask: True where a map has a value, shape (z, y, x) of the lesion's box.
        box: The lesion's box on the grid.
        size: The whole grid along z, y, x.
        spacing_mm: Of the grid, along z, y, x.
        origin_mm: The grid's first voxel, in the patient's coordinates x, y, z.
        direction: The grid's axes, as SimpleITK has them.
    """

    mask: npt.NDArray[np.bool_]
    box: Slices
    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, ...]
    direction: tuple[float, ...]

    def array(self, values: npt.NDArray[np.float64], *, whole: bool = False) -> npt.NDArray[np.float64]:
        """Lay values (flat, in voxel order) onto the lesion's box, or onto the whole grid; NaN elsewhere."""
        inside = np.full(self.mask.shape, np.nan)
        inside[self.mask] = values
        if not whole:
            return inside
        grid = np.full(self.size, np.nan)
        grid[self.box] = inside
        return grid

    def image(self, values: npt.NDArray[np.float64], *, whole: bool = False) -> sitk.Image:
        """Return the same as an image in its place, float32."""
        image = sitk.GetImageFromArray(self.array(values, whole=whole).astype(np.float32))
        z, y, x = self.spacing_mm
        image.SetSpacing((x, y, z))
        image.SetDirection(self.direction)
        image.SetOrigin(self.origin_mm)
        if not whole:
            corner = [float(part.start) for part in reversed(self.box)]
            image.SetOrigin(_point(self, corner))
        return image


def placed(mask: npt.NDArray[Any], box: Slices, grid: Grid, image: sitk.Image) -> Placement:
    """Return the placement of a box of a grid.

    Args:
        mask: Not 0 where there are values, of the box.
        box: On the grid.
        grid: In the indices of the image.
        image: What the grid was laid over.
    """
    z, y, x = grid.offset
    return Placement(
        mask=np.asarray(mask) > 0,
        box=box,
        size=grid.size,
        spacing_mm=grid.spacing_mm,
        origin_mm=tuple(image.TransformContinuousIndexToPhysicalPoint((x, y, z))),
        direction=tuple(image.GetDirection()),
    )


def _point(placement: Placement, index: list[float]) -> tuple[float, ...]:
    """Return the place of an index (x, y, z) of the grid."""
    axes = np.array(placement.direction).reshape(3, 3)
    steps = np.array(index) * np.array(placement.spacing_mm[::-1])
    return tuple((np.array(placement.origin_mm) + axes @ steps).tolist())
