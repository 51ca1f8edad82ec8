"""Images as a user has them (paths, arrays, SimpleITK images), turned into SimpleITK images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import DeclarationError, LesionError
from samesplit.features.profiles import Profile
from samesplit.imaging.array_images import image_of_array
from samesplit.imaging.case import Case, case_of_images, read_case, read_image
from samesplit.imaging.mask_label import MaskLabel
from samesplit.imaging.repairs import GeometryRepair

__all__ = [
    "ImageInput",
    "Spacing",
    "case_of",
    "cubic_spacing",
    "image_of",
    "require_matching_reference",
    "voxel_sides",
]

ImageInput = str | Path | npt.NDArray[Any] | sitk.Image
"""A path (or array or DICOM reference, as in images.csv), a 3D array with axes z, y, x, or a SimpleITK image."""

Spacing = float | Sequence[float]
"""The voxel size of arrays in mm: one number for cubic voxels, or three along the array's axes z, y, x."""


def image_of(
    given: ImageInput, what: str, spacing: Spacing | None, *, grid: sitk.Image | None = None
) -> sitk.Image:
    """Turn what a user gives into an image.

    Args:
        given: A path, an array or an image.
        what: What it shows, for messages: "image" or "mask".
        spacing: The voxel size of arrays.
        grid: The image that a mask is of. An array without a spacing takes its grid when it has its shape.

    Raises:
        LesionError: It cannot be read, is not 3D, has no voxel size, or not the shape of its image.
    """
    if isinstance(given, sitk.Image):
        if given.GetDimension() != 3 or given.GetNumberOfComponentsPerPixel() != 1:
            raise LesionError(
                f"the {what} is {given.GetDimension()}D with {given.GetNumberOfComponentsPerPixel()} values a "
                "voxel; a 3D volume with one value is needed",
                remedy="give one volume",
            )
        return given
    if isinstance(given, str | Path):
        return read_image(str(given), what, of=grid if what == "mask" else None)
    array = np.asarray(given)
    if grid is None:
        return image_of_array(array, what, None if spacing is None else voxel_sides(spacing))
    x, y, z = grid.GetSize()
    if array.shape != (z, y, x):
        raise LesionError(
            f"the {what} has the shape {array.shape}, and the image {(z, y, x)}",
            remedy="give arrays of one shape, with the axes z, y, x",
        )
    image = image_of_array(array, what, tuple(reversed(grid.GetSpacing())))
    image.CopyInformation(grid)
    return image


def cubic_spacing(spacing: Spacing) -> float:
    """Take the edge length of cubic voxels, which is all that references to numpy files may have.

    Raises:
        LesionError: The voxels are no cubes.
    """
    sides = set(voxel_sides(spacing))
    if len(sides) > 1:
        raise LesionError(
            "spacing names three voxel sizes, and numpy files have cubic voxels",
            remedy="read the array yourself and give it instead of the path",
        )
    return sides.pop()


def voxel_sides(spacing: Spacing) -> tuple[float, float, float]:
    """Return the voxel size along z, y, x.

    Raises:
        LesionError: It is neither one number above 0 nor three.
    """
    sides = np.asarray(spacing, dtype=float).ravel()
    if sides.size == 1:
        sides = np.repeat(sides, 3)
    if sides.size != 3 or not (np.isfinite(sides) & (sides > 0)).all():
        raise LesionError(
            f"the spacing {spacing!r} is no voxel size",
            remedy="give one number of mm above 0, or three along z, y, x",
        )
    return (float(sides[0]), float(sides[1]), float(sides[2]))


def require_matching_reference(profile: Profile, given: ImageInput | None) -> None:
    """Stop where a profile matches images to another one of the lesion, and none is given.

    Raises:
        DeclarationError: None is given; the remedy names the argument.
    """
    if profile.settings.matching_reference() is not None and given is None:
        raise DeclarationError(
            f"the profile '{profile.name}' matches images to another one of the lesion",
            remedy="give it as matching_reference",
        )


def case_of(
    image: ImageInput,
    mask: ImageInput,
    *,
    spacing: Spacing | None,
    mask_label: MaskLabel,
    geometry_repair: GeometryRepair | None,
    minimum_voxels: int,
    matching_reference: ImageInput | None = None,
) -> Case:
    """Read and check an image and a mask, wherever they are; `samesplit.api.extraction.extract` says the rest.

    Raises:
        LesionError: Image or mask cannot be read, do not lie on one grid, or hold something that cannot be.
    """
    beside = matching_reference
    given = [one for one in (image, mask, beside) if one is not None]
    if all(isinstance(one, str | Path) for one in given):
        return read_case(
            str(image),
            str(mask),
            lesion_id=None,
            mask_label=mask_label,
            spacing_mm=None if spacing is None else cubic_spacing(spacing),
            geometry_repair=geometry_repair,
            minimum_voxels=minimum_voxels,
            matching_reference="" if beside is None else str(beside),
        )
    picture = image_of(image, "image", spacing)
    return case_of_images(
        picture,
        image_of(mask, "mask", spacing, grid=picture),
        mask_label=mask_label,
        geometry_repair=geometry_repair,
        minimum_voxels=minimum_voxels,
        matching_reference=None
        if beside is None
        else image_of(beside, "matching reference", spacing, grid=picture),
    )
