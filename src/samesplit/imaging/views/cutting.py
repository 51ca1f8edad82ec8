"""One image and mask become the slices or the cube that a network sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from samesplit.errors import LesionError
from samesplit.imaging.case import Case
from samesplit.imaging.correction import correct_bias, match_histogram
from samesplit.imaging.views.settings import InputSettings
from samesplit.imaging.views.slices import chosen_slice, slice_at

__all__ = [
    "PLANES",
    "correct_image",
    "field_of_view",
    "masked",
    "oriented",
    "prepare_case",
    "resample_field",
    "scale_intensity",
    "share_cut_off",
    "widened_box",
]

PLANES: dict[str, int] = {"axial": 0, "sagittal": 2, "coronal": 1}
"""The planes in the order of the channels, and the axis of a (z, y, x) array that each is cut across."""

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def prepare_case(case: Case, settings: InputSettings, *, sequence: str) -> Image:
    """Cut the input of one sequence out of its image, round its own mask.

    The image is first turned so that its axes run along the patient's (for an oblique image: the nearest),
    then scaled, masked if asked, and resampled linearly; what lies outside the image is 0. Where the input is
    coarser than the image, the image is smoothed first, so that fine texture does not alias.

    Args:
        case: The image and the mask.
        settings: The view, the field and the scaling.
        sequence: Its name, for the windows.

    Returns:
        Shape (3, size, size) for 2.5d (axial, sagittal, coronal), (1, size, size) for 2d and max-slice, and (1,
        size, size, size) for 3d and crop-3d. Axes run as in the image: z, y, x. With `mask_channel` twice as
        many channels: the images, then their masks, which are resampled like them, from 0 to 1.

    Source:
        The three largest slices as three channels: Xi et al. 2020, doi:10.1158/1078-0432.CCR-19-0374.
    """
    grey, mask, spacing_mm = oriented(correct_image(case, settings, sequence=sequence))
    near = _neighbourhood(mask, spacing_mm, settings)
    grey, mask = grey[near], mask[near]
    grey = scale_intensity(grey, mask, spacing_mm, settings, sequence=sequence)
    grey = masked(grey, mask, spacing_mm, settings)
    seen = [grey, mask.astype(np.float32)] if settings.mask_channel else [grey]
    if settings.dimensions == 3:
        return np.stack([_cut(array, mask, spacing_mm, settings) for array in seen])
    channels = []
    for array in seen:
        for axis in list(PLANES.values())[: settings.planes]:
            index = chosen_slice(mask, axis, settings)
            across = tuple(index if other == axis else slice(None) for other in range(3))
            channels.append(_cut(array[across], mask[across], np.delete(spacing_mm, axis), settings))
    return np.stack(channels)


def oriented(case: Case) -> tuple[Image, Mask, npt.NDArray[np.float64]]:
    """Return image and mask with axes along the patient's (z up, y back, x left), and the voxel size in mm."""
    image = sitk.DICOMOrient(case.image, "LPS")
    grey: Image = sitk.GetArrayFromImage(image).astype(np.float32)
    mask: Mask = sitk.GetArrayFromImage(sitk.DICOMOrient(case.mask, "LPS")) > 0
    return grey, mask, np.asarray(image.GetSpacing()[::-1], dtype=float)


def masked(
    grey: Image, mask: Mask, spacing_mm: npt.NDArray[np.floating[Any]], settings: InputSettings
) -> Image:
    """Set scaled grey values outside the mask to 0, if the settings ask for it."""
    if not settings.mask_background:
        return grey
    if settings.background == "lowest":
        grey = grey - grey[widened_box(mask, settings.surroundings_mm, spacing_mm)].min()
    return cast("Image", np.where(mask, grey, np.float32(0)))


def correct_image(case: Case, settings: InputSettings, *, sequence: str) -> Case:
    """Correct the whole image as the settings ask: bias field, then histogram.

    Args:
        case: The image, with the sequence to match to as its `matching_reference` where one is wanted.
        settings: `bias_correction` and `histogram_matching`.
        sequence: The sequence's name; the one that others are matched to is not matched.

    Raises:
        LesionError: The lesion lacks the sequence to match to, or N4 fails.
    """
    bias, matching = settings.bias_correction, settings.histogram_matching
    image = case.image if bias is None else correct_bias(case.image, bias)
    if matching is not None and matching.reference != sequence:
        if case.matching_reference is None:
            raise LesionError(
                f"there is no {matching.reference} image to match the histogram to",
                remedy=f"give this lesion's {matching.reference} in images.csv, or leave histogram_matching out",
            )
        other = case.matching_reference
        image = match_histogram(image, other if bias is None else correct_bias(other, bias), matching)
    return case if image is case.image else replace(case, image=image)


def scale_intensity(
    grey: Image,
    mask: Mask,
    spacing_mm: npt.NDArray[np.floating[Any]],
    settings: InputSettings,
    *,
    sequence: str,
) -> Image:
    """Make the grey values of different scanners comparable, or window physical units.

    Args:
        grey: Shape (z, y, x).
        mask: The lesion, of the same shape.
        spacing_mm: Voxel size along z, y, x.
        settings: `windows` decides where it names the sequence, `scaling` elsewhere.
        sequence: The sequence's name.

    Returns:
        Scaled values; 0 everywhere when the surroundings are constant and `scaling` is not "none".

    Example:
        >>> settings = InputSettings(windows={"CT": (-100.0, 300.0)})
        >>> hu = np.array([[[-1000.0, 100.0, 300.0]]], dtype=np.float32)
        >>> scale_intensity(hu, hu > 0, np.ones(3), settings, sequence="CT").ravel()
        array([-1.,  0.,  1.], dtype=float32)
    """
    if sequence in settings.windows:
        low, high = settings.windows[sequence]
    elif settings.scaling == "none":
        return grey
    else:
        around = grey[widened_box(mask, settings.surroundings_mm, spacing_mm)].astype(np.float64)
        if settings.scaling == "z-score":
            low, high = float(around.mean() - around.std()), float(around.mean() + around.std())
        else:
            low, high = (float(value) for value in np.percentile(around, settings.percentiles))
    if high <= low:
        return np.zeros_like(grey)
    scaled = (2 * (grey.astype(np.float64) - low) / (high - low) - 1).astype(np.float32)
    if sequence in settings.windows or settings.scaling == "percentile":
        scaled = scaled.clip(-1, 1)
    return scaled


def share_cut_off(case: Case, settings: InputSettings) -> float:
    """Compute how much of the lesion lies outside the field, from 0 to 1; of slices: of what the slices show.

    Example:
        >>> import SimpleITK as sitk
        >>> mask = np.zeros((20, 20, 20), dtype=np.uint8)
        >>> mask[10, 5:15, 5:15] = 1
        >>> case = Case(sitk.GetImageFromArray(mask.astype(np.float32)), sitk.GetImageFromArray(mask))
        >>> share_cut_off(case, InputSettings(view="2d", field_mm=20))
        0.0
        >>> share_cut_off(case, InputSettings(view="2d", field_mm=8))
        0.36
    """
    if settings.field_mm is None:
        return 0.0
    _, mask, spacing_mm = oriented(case)
    parts = [(mask, spacing_mm)]
    if settings.dimensions == 2:
        parts = [
            (slice_at(mask, axis, chosen_slice(mask, axis, settings)), np.delete(spacing_mm, axis))
            for axis in list(PLANES.values())[: settings.planes]
        ]
    outside = total = 0
    for part, spacing in parts:
        centre, sides = field_of_view(part, spacing, settings)
        away = np.abs(np.argwhere(part) * spacing - centre)
        # Within a relative 1e-9, so that a voxel on the edge is inside on every processor.
        outside += int((away > sides / 2 * (1 + 1e-9)).any(axis=1).sum())
        total += len(away)
    return outside / total


def field_of_view(
    mask: Mask, spacing_mm: npt.NDArray[np.floating[Any]], settings: InputSettings
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where the input is cut: round the mask's bounding box.

    Returns:
        The centre of the field, in mm from the centre of the first voxel, and its sides in mm, per axis.

    Example:
        >>> mask = np.zeros((8, 8), dtype=bool)
        >>> mask[2:6, 3:5] = True
        >>> centre, sides = field_of_view(mask, np.array([1.0, 2.0]), InputSettings(view="2d", margin_mm=1))
        >>> centre.tolist(), sides.tolist()
        ([3.5, 7.0], [6.0, 6.0])
    """
    box = _box(mask)
    first = np.array([part.start for part in box])
    last = np.array([part.stop - 1 for part in box])
    centre = (first + last) / 2 * spacing_mm
    sides = (last - first + 1) * spacing_mm + 2 * settings.margin_mm
    if settings.field_mm is not None:
        sides = np.full(mask.ndim, settings.field_mm)
    elif settings.aspect == "keep":
        sides = np.full(mask.ndim, sides.max())
    return centre, sides


def resample_field(
    grey: Image,
    spacing_mm: npt.NDArray[np.floating[Any]],
    centre_mm: npt.NDArray[np.float64],
    sides_mm: npt.NDArray[np.float64],
    size: int,
) -> Image:
    """Resample a field of an image to `size` pixels a side, linearly; outside the image is 0.

    Before it is made coarser along an axis, the image is smoothed by a Gaussian whose SD is half of the
    factor less one, in voxels (as scikit-image's `resize` does).
    """
    pixel_mm = sides_mm / size
    step = pixel_mm / spacing_mm
    grey = ndimage.gaussian_filter(grey, np.maximum(0, (step - 1) / 2), mode="constant")
    start = (centre_mm - sides_mm / 2 + pixel_mm / 2) / spacing_mm
    resampled = ndimage.affine_transform(
        grey, step, offset=start, output_shape=(size,) * grey.ndim, order=1, mode="grid-constant", cval=0.0
    )
    return cast("Image", resampled.astype(np.float32))


def _cut(
    grey: Image, mask: Mask, spacing_mm: npt.NDArray[np.floating[Any]], settings: InputSettings
) -> Image:
    centre, sides = field_of_view(mask, spacing_mm, settings)
    return resample_field(grey, spacing_mm, centre, sides, settings.size)


def widened_box(mask: Mask, more_mm: float, spacing_mm: npt.NDArray[np.floating[Any]]) -> tuple[slice, ...]:
    """Return the mask's bounding box, wider by some mm on every side, as far as the image goes."""
    more = np.round(more_mm / spacing_mm).astype(int)
    return tuple(
        slice(max(0, part.start - by), part.stop + by) for part, by in zip(_box(mask), more, strict=True)
    )


def _box(mask: Mask) -> tuple[slice, ...]:
    return cast("tuple[slice, ...]", ndimage.find_objects(mask.astype(np.uint8), max_label=1)[0])


def _neighbourhood(
    mask: Mask, spacing_mm: npt.NDArray[np.floating[Any]], settings: InputSettings
) -> tuple[slice, ...]:
    """Return the part of the image that can matter to any field, its smoothing or the scaling; saves time only."""
    _, sides = field_of_view(mask, spacing_mm, settings)
    reach = sides.max() * (1 + 4 / settings.size) + settings.surroundings_mm + spacing_mm.max()
    return widened_box(mask, reach, spacing_mm)
