"""All sequences of a lesion cut at one place in the patient, whatever grid each of them lies on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from samesplit.errors import LesionError
from samesplit.imaging.case import Case, case_of_images
from samesplit.imaging.views.cutting import (
    PLANES,
    Image,
    correct_image,
    field_of_view,
    masked,
    oriented,
    scale_intensity,
    widened_box,
)
from samesplit.imaging.views.settings import InputSettings
from samesplit.imaging.views.slices import chosen_slice, slice_at

__all__ = ["Place", "cut_at", "on_another_image", "places_of"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where the voxels of a slice or cube lie in the patient.

    Attributes:
        origin_mm: The centre of the first voxel, x, y, z in patient coordinates (LPS).
        steps_mm: Shape (3, 3): column k is the step, in mm, from voxel to voxel along output axis k.
        shape: Voxels along each output axis (z, y, x); 1 across a slice.
    """

    origin_mm: Vector
    steps_mm: Vector
    shape: tuple[int, ...]


def places_of(reference: Case, settings: InputSettings) -> list[Place]:
    """Say where the slices or the cube of a lesion lie, from the image and mask of one of its sequences.

    Args:
        reference: The sequence whose mask decides.
        settings: The view and its field.

    Returns:
        One place a slice (axial, sagittal, coronal for 2.5d), or one of the cube; in each the pixels are those
        that `prepare_case` gives of this sequence.
    """
    image = sitk.DICOMOrient(reference.image, "LPS")
    _, mask, spacing_mm = oriented(reference)
    axes = np.asarray(image.GetDirection()).reshape(3, 3)[:, ::-1]  # columns along z, y, x
    origin_mm = np.asarray(image.GetOrigin())

    def place(start_mm: Vector, pixel_mm: Vector, shape: tuple[int, ...]) -> Place:
        return Place(origin_mm + axes @ start_mm, axes * pixel_mm, shape)

    size = settings.size
    if settings.dimensions == 3:
        centre, sides = field_of_view(mask, spacing_mm, settings)
        pixel = sides / size
        return [place(centre - sides / 2 + pixel / 2, pixel, (size,) * 3)]
    found = []
    for axis in list(PLANES.values())[: settings.planes]:
        index = chosen_slice(mask, axis, settings)
        centre, sides = field_of_view(slice_at(mask, axis, index), np.delete(spacing_mm, axis), settings)
        pixel = sides / size
        found.append(
            place(
                np.insert(centre - sides / 2 + pixel / 2, axis, index * spacing_mm[axis]),
                np.insert(pixel, axis, spacing_mm[axis]),
                tuple(1 if other == axis else size for other in range(3)),
            )
        )
    return found


def on_another_image(reference: Case, image: sitk.Image, *, where: str) -> Case:
    """Take the mask of one sequence over to the image of another, voxel by voxel through patient coordinates.

    Args:
        reference: The sequence with the mask.
        image: The other sequence.
        where: The lesion, for messages.

    Raises:
        LesionError: The image does not show the place where the lesion is, or cannot be used there.
    """
    mask = sitk.Resample(reference.mask, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    if not sitk.GetArrayViewFromImage(mask).any():
        raise LesionError(
            "the image does not reach the place where the lesion is in the sequence whose mask counts",
            where=where,
            remedy="check that the sequences of the lesion are of one examination, or set 'grid: own' for masks "
            "of their own",
        )
    return case_of_images(image, mask, minimum_voxels=1)


def cut_at(
    places: list[Place], case: Case, reference: Case, settings: InputSettings, *, sequence: str
) -> Image:
    """Cut the input of one sequence out of its image at given places.

    As `prepare_case` does it round the sequence's own mask: scaled, masked if asked, smoothed where the input is
    coarser than the image, and sampled linearly; what lies outside the image is 0.

    Args:
        places: From `places_of`.
        case: The image, with the reference's mask on its grid (`on_another_image`).
        reference: The sequence whose mask counts, which mask channels show.
        settings: The view, the field and the scaling.
        sequence: The sequence's name, for the windows.

    Returns:
        As `prepare_case`.
    """
    grey, mask, spacing_mm = oriented(correct_image(case, settings, sequence=sequence))
    # The part of the image that can matter to any field, its smoothing or the scaling; saves time only.
    sides = max(float((np.abs(place.steps_mm) @ place.shape).max()) for place in places)
    reach_mm = sides * (1 + 4 / settings.size) + settings.surroundings_mm + 2 * float(spacing_mm.max())
    near = widened_box(mask, reach_mm, spacing_mm)
    first = np.array([part.start for part in near])
    grey, mask = grey[near], mask[near]
    grey = scale_intensity(grey, mask, spacing_mm, settings, sequence=sequence)
    grey = masked(grey, mask, spacing_mm, settings)
    channels = [_sample(grey, case, place, first) for place in places]
    if settings.mask_channel:
        _, own, _ = oriented(reference)
        channels += [_sample(own.astype(np.float32), reference, place, np.zeros(3)) for place in places]
    shape = (settings.size,) * settings.dimensions
    return np.stack([channel.reshape(shape) for channel in channels])


def _sample(grey: Image, case: Case, place: Place, first: npt.NDArray[Any]) -> Image:
    """Sample part of a turned image, which begins at the voxel `first` (z, y, x), at the voxels of a place."""
    image = sitk.DICOMOrient(case.image, "LPS")
    spacing_mm = np.asarray(image.GetSpacing()[::-1])
    axes = np.asarray(image.GetDirection()).reshape(3, 3)[:, ::-1]
    # Voxel numbers (z, y, x) of a point p: axes^T (p - origin) / spacing.
    to_voxels = axes.T / spacing_mm[:, None]
    steps = to_voxels @ place.steps_mm
    start = to_voxels @ (place.origin_mm - np.asarray(image.GetOrigin())) - first
    near = _near(grey.shape, steps, start, place.shape)
    if any(part.stop <= part.start for part in near):
        return np.zeros(place.shape, dtype=np.float32)
    # The same smoothing as `resample_field`; how far apart the samples are is measured along the image's axes.
    apart = np.sqrt((steps**2).sum(axis=1))
    smooth = ndimage.gaussian_filter(grey[near], np.maximum(0, (apart - 1) / 2), mode="constant")
    sampled = ndimage.affine_transform(
        smooth,
        steps,
        offset=start - [part.start for part in near],
        output_shape=place.shape,
        order=1,
        mode="grid-constant",
        cval=0.0,
    )
    return cast("Image", sampled.astype(np.float32))


def _near(shape: tuple[int, ...], steps: Vector, start: Vector, output: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the part of the image that the samples and their smoothing can reach; saves time only."""
    corners = np.array(np.meshgrid(*[(0, count - 1) for count in output], indexing="ij")).reshape(3, -1)
    reached = steps @ corners + start[:, None]
    more = 2 + 4 * np.maximum(0, np.sqrt((steps**2).sum(axis=1)) - 1)
    low = np.floor(reached.min(axis=1) - more).astype(int)
    high = np.ceil(reached.max(axis=1) + more).astype(int) + 1
    return tuple(
        slice(max(0, first), min(count, last))
        for first, last, count in zip(low.tolist(), high.tolist(), shape, strict=True)
    )
