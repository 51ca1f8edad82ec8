"""One image of one lesion with its mask, as arrays or as SimpleITK images."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.imaging.case import Case

__all__ = ["LesionCase", "SitkPair"]


class SitkPair(NamedTuple):
    """An image and its mask as SimpleITK images on one grid."""

    image: sitk.Image
    """float32, or float64 where the file holds more digits than float32 keeps."""
    mask: sitk.Image
    """uint8, 1 inside the lesion and 0 outside."""


class LesionCase:
    """One image of one lesion and its mask, read and checked as in a run.

    Attributes:
        lesion_id: The lesion.
        sequence: The name of the image.
        rater: Who drew the mask.
        sitk: The image and the mask as SimpleITK images, which know origin and direction.
        repairs: What was mended while reading, in words.
    """

    def __init__(self, case: Case, *, lesion_id: str, sequence: str, rater: str) -> None:
        self.lesion_id = lesion_id
        self.sequence = sequence
        self.rater = rater
        self.sitk = SitkPair(case.image, case.mask)
        self.repairs: tuple[str, ...] = case.repairs

    @property
    def image(self) -> npt.NDArray[np.floating[Any]]:
        """The grey values, axes in the order z, y, x."""
        array: npt.NDArray[np.floating[Any]] = sitk.GetArrayFromImage(self.sitk.image)
        return array

    @property
    def mask(self) -> npt.NDArray[np.uint8]:
        """The mask on the image's grid: 1 inside the lesion and 0 outside; axes in the order z, y, x."""
        array: npt.NDArray[np.uint8] = sitk.GetArrayFromImage(self.sitk.mask)
        return array

    @property
    def spacing(self) -> tuple[float, float, float]:
        """The voxel size in mm along the array's axes, in the order z, y, x."""
        x, y, z = self.sitk.image.GetSpacing()
        return (float(z), float(y), float(x))

    def __repr__(self) -> str:
        x, y, z = self.sitk.image.GetSize()
        size = " x ".join(f"{step:g}" for step in self.spacing)
        return (
            f"<LesionCase {self.lesion_id} {self.sequence}: {z} x {y} x {x} voxels of {size} mm (z, y, x), "
            f"mask of {self.rater}>"
        )
