"""Pairs of an image and a mask as a user has them, as cases that a worker process reads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from samesplit.api.given_images import ImageInput, Spacing, case_of, voxel_sides
from samesplit.errors import LesionError
from samesplit.imaging.case import Case
from samesplit.imaging.image_references import content_hash
from samesplit.imaging.mask_label import MaskLabel
from samesplit.imaging.repairs import RepairName
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest
from samesplit.workflows.extraction_images import absolute_reference

__all__ = ["CaseInput", "GivenCase", "given_case"]

CaseInput = tuple[ImageInput, ImageInput] | tuple[ImageInput, ImageInput, Spacing | None]
"""An image and its mask, and the voxel size in mm where they are arrays."""


@dataclass(frozen=True, eq=False)
class GivenCase:
    """An image and a mask in files or in memory; see `samesplit.imaging.case_file.ReadableCase`.

    Attributes:
        lesion_id: The case's name.
        image: As given.
        mask: As given.
        spacing: The voxel size of arrays.
        mask_label: The mask value that marks the lesion, or `any`.
        geometry_repair: The repairs that may be made.
        minimum_voxels: The smallest mask that counts.
        content: SHA-256 of all of these and of the code that reads them; empty when they cannot be opened.
        problem: Why they cannot; empty when they can.
        sequence: As in a table of images that names none.
        rater: As in a table of images that names none.
    """

    lesion_id: str
    image: ImageInput
    mask: ImageInput
    spacing: Spacing | None
    mask_label: MaskLabel
    geometry_repair: tuple[RepairName, ...]
    minimum_voxels: int
    content: str = ""
    problem: str = ""
    sequence: str = "image"
    rater: str = "R1"

    @property
    def what(self) -> str:
        """The case in words, for who waits."""
        return self.lesion_id

    def read(self) -> Case:
        """Open and check it.

        Raises:
            LesionError: Something is wrong with the image or the mask.
        """
        return case_of(
            self.image,
            self.mask,
            spacing=self.spacing,
            mask_label=self.mask_label,
            geometry_repair=self.geometry_repair,
            minimum_voxels=self.minimum_voxels,
        )


def given_case(
    name: str,
    given: CaseInput,
    *,
    mask_label: MaskLabel,
    geometry_repair: tuple[RepairName, ...],
    minimum_voxels: int,
) -> GivenCase:
    """Make a case of what a user gives; what cannot be opened is its `problem`.

    Raises:
        LesionError: It is no pair of an image and a mask.
    """
    if isinstance(given, str) or not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise LesionError(
            f"{type(given).__name__} is no pair of an image and a mask",
            where=f"case {name}",
            remedy="give (image, mask), or (image, mask, spacing) for arrays",
        )
    image, mask, spacing = (*given, None)[:3]
    image, mask = _absolute(image), _absolute(mask)
    content, problem = "", ""
    try:
        content = hash_object(
            {
                "image": _content(image),
                "mask": _content(mask),
                "same": image is mask or (isinstance(image, str) and isinstance(mask, str) and image == mask),
                "spacing": None if spacing is None else voxel_sides(spacing),
                "mask_label": mask_label,
                "geometry_repair": geometry_repair,
                "minimum_voxels": minimum_voxels,
                "code": source_digest(__name__),
                "libraries": library_digest("SimpleITK", "highdicom", "numpy", "pydicom"),
            }
        )
    except LesionError as error:
        problem = str(error)
    return GivenCase(
        name, image, mask, spacing, mask_label, geometry_repair, minimum_voxels, content, problem
    )


def _absolute(given: ImageInput) -> ImageInput:
    return absolute_reference(str(given), Path.cwd()) if isinstance(given, str | Path) else given


def _content(given: ImageInput) -> str:
    """Hash what an image holds: a file's content, or voxels with their type, shape and place.

    Raises:
        LesionError: The file is missing, or cannot be opened.
    """
    if isinstance(given, str | Path):
        return content_hash(str(given))
    place: list[Any] = []
    if isinstance(given, sitk.Image):
        place = [given.GetSpacing(), given.GetOrigin(), given.GetDirection()]
        array = sitk.GetArrayViewFromImage(given)
    else:
        array = np.asarray(given)
    if array.dtype.hasobject:
        raise LesionError(
            f"an array of {array.dtype} holds no numbers",
            remedy="give an array of numbers or of True and False",
        )
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}{place}".encode())
    if array.size:
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()
