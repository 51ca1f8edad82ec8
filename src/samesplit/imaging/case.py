"""An image and its mask, read, checked and brought onto one grid; whatever is wrong with them costs one lesion."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.array_images import image_of_array
from samesplit.imaging.dicom.stack import stack_of
from samesplit.imaging.geometry import align_mask
from samesplit.imaging.image_references import Reference, parse_reference, read_array
from samesplit.imaging.itk_warnings import as_notes, itk_warnings
from samesplit.imaging.mask_check import check_is_mask, check_whole_labels
from samesplit.imaging.mask_extent import mask_extent
from samesplit.imaging.mask_label import MaskLabel, select_label
from samesplit.imaging.nifti import Content, check_whole, read_plain, read_sheared
from samesplit.imaging.nifti_placement import placement_notes
from samesplit.imaging.repairs import GeometryRepair, RepairName, repairs_of
from samesplit.imaging.text_headers import TEXT_HEADERS, check_text_header

__all__ = ["Box", "Case", "bounding_box", "case_of_images", "crop", "read_case", "read_image", "roi_values"]

_SCALES, _SHEARED = "unexpected scales in sform", "non-orthogonal sform"
_OF_HEADERS = ("mask: the sform", "mask: sform and qform", "mask: ITK")

Repairs = tuple[RepairName, ...]

NAN_MARGIN_MM = 20.0
"""Within the mask's bounding box widened by this much every voxel must be a number."""


@dataclass(frozen=True)
class Case:
    """One image of one lesion with its mask.

    Attributes:
        image: float32, or float64 where the file holds more digits than float32 keeps.
        mask: uint8, 1 inside the lesion and 0 outside, on the image's grid.
        repairs: What was mended on the way, in words for the case ledger.
        matching_reference: The image of another sequence of the same lesion, on a grid of its own, where the
            profile asked for one; `image` itself where it is of that sequence; None otherwise.
        whole_numbers: The image was stored as whole numbers, without scaling.
    """

    image: sitk.Image
    mask: sitk.Image
    repairs: tuple[str, ...] = ()
    matching_reference: sitk.Image | None = None
    whole_numbers: bool = False


@dataclass(frozen=True)
class Box:
    """A box of voxels in the order x, y, z.

    Attributes:
        start: The first voxel of each axis.
        size: How many voxels along each axis.
    """

    start: tuple[int, int, int]
    size: tuple[int, int, int]


def read_case(
    image: str,
    mask: str,
    *,
    lesion_id: str | None,
    mask_label: MaskLabel = 1,
    spacing_mm: float | None = None,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    matching_reference: str = "",
) -> Case:
    """Read the image and mask of one lesion and check all that can be wrong with them.

    Args:
        image: Path of a NIfTI, NRRD or MetaImage file; an array reference (`cases.npz::images[17]`,
            `cases.npy[17]`) whose axes are z, y, x; or the folder of a DICOM series (`L1/ct`, or
            `L1::SeriesInstanceUID` where it holds several).
        mask: The same, or an ROI of an RTSTRUCT or a segment of a DICOM SEG (`rt.dcm::GTV-1`). Image and mask may
            be the same reference for cohorts that have shapes only; the image's grey levels then say nothing.
        lesion_id: For messages; None where the file alone names the case.
        mask_label: The mask value that marks the lesion, or `any` for all that is not 0; see
            `samesplit.imaging.mask_label`.
        spacing_mm: Edge length of the cubic voxels of arrays; None (or NaN) for image files, which know theirs.
        geometry_repair: The repairs that may be made; see `samesplit.imaging.repairs`.
        minimum_voxels: The smallest mask that counts.
        matching_reference: Another image of the lesion to hand along, given like `image`; empty for none.

    Raises:
        LesionError: A file is missing, unreadable, cut off or not 3D; image and mask lie on different grids;
            the mask is empty, an image, lacks the label or is too small; voxels are NaN or infinite; the image is
            constant inside the mask.
    """
    where = None if lesion_id is None else f"lesion {lesion_id}"
    allowed = repairs_of(geometry_repair)
    spacing = None if spacing_mm is None or math.isnan(spacing_mm) else float(spacing_mm)
    with _telling_of(where):
        picture, notes = _read(image, "image", spacing, allowed)
        labels, mask_notes = _read(mask, "mask", spacing, allowed, of=picture)
        case = _checked(picture, labels, mask_label, allowed, minimum_voxels, shape_alone=image == mask)
        beside = (
            case.image if matching_reference == image else _companion(matching_reference, spacing, allowed)
        )
    return replace(case, repairs=(*_together(notes, mask_notes), *case.repairs), matching_reference=beside)


def case_of_images(
    image: sitk.Image,
    mask: sitk.Image,
    *,
    mask_label: MaskLabel = 1,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
    matching_reference: sitk.Image | None = None,
) -> Case:
    """Check an image and a mask that are in memory as `read_case` checks files.

    Args:
        image: A 3D image.
        mask: The mask, on the image's grid unless a repair allows otherwise.
        mask_label: As for `read_case`.
        geometry_repair: As for `read_case`.
        minimum_voxels: As for `read_case`.
        matching_reference: Another image of the lesion to hand along.

    Raises:
        LesionError: As for `read_case`.
    """
    beside = None if matching_reference is None else _as_float(sitk.Image(matching_reference))
    own = sitk.Image(image)  # what the caller does to the image later changes no case
    allowed = repairs_of(geometry_repair)
    case = _checked(own, mask, mask_label, allowed, minimum_voxels, shape_alone=image is mask)
    return replace(case, matching_reference=beside)


def read_image(
    text: str, what: str, *, of: sitk.Image | None = None, geometry_repair: GeometryRepair | None = None
) -> sitk.Image:
    """Read one image file, DICOM series or segment, without the checks of a case.

    Args:
        text: As for `read_case`.
        what: What it shows, for messages: "image" or "mask".
        of: The image that a mask is of, which contours and segments need.
        geometry_repair: As for `read_case`.

    Raises:
        LesionError: It cannot be read.
    """
    return _read(text, what, None, repairs_of(geometry_repair), of=of)[0]


def _checked(
    picture: sitk.Image,
    labels: sitk.Image,
    mask_label: MaskLabel,
    allowed: Repairs,
    minimum_voxels: int,
    *,
    shape_alone: bool,
) -> Case:
    """Return the case of an image and the mask file's labels, with what was mended on the way."""
    check_is_mask(labels, picture, mask_label)
    roi, taken = select_label(labels, mask_label)
    check_whole_labels(labels, mask_label)
    roi, repair = align_mask(picture, roi, allowed, where=None)
    _check_size(roi, minimum_voxels)
    between = _between_slices(picture, roi)
    whole_numbers = "integer" in picture.GetPixelIDTypeAsString()
    picture = _as_float(picture)
    picture, filled = _check_finite(picture, roi)
    if not shape_alone:
        _check_contrast(picture, roi)
    notes = tuple(note for note in (taken, repair, between, filled) if note)
    return Case(picture, roi, notes, whole_numbers=whole_numbers)


@contextmanager
def _telling_of(where: str | None) -> Iterator[None]:
    """Name the lesion in what is raised in here."""
    try:
        yield
    except LesionError as error:
        place = where if error.where in (None, where) else f"{where}, {error.where}" if where else error.where
        raise LesionError(error.problem, where=place, remedy=error.remedy) from error


def _together(notes: list[str], mask_notes: list[str]) -> list[str]:
    """Return the notes on both files; what their headers share is said once."""
    of_mask = {note.removeprefix("mask: ") for note in mask_notes if note.startswith(_OF_HEADERS)}
    shared = {f"image: {text}" for text in of_mask} & set(notes)
    told = [note.replace("image: ", "image and mask: ", 1) if note in shared else note for note in notes]
    return told + [note for note in mask_notes if f"image: {note.removeprefix('mask: ')}" not in shared]


def _between_slices(image: sitk.Image, roi: sitk.Image) -> str | None:
    """How much of the lesion lies on slices that `resample_slices` interpolated."""
    weight = stack_of(image).weight
    if weight is None or not (weight > 0).any():
        return None
    voxels = np.count_nonzero(sitk.GetArrayViewFromImage(roi), axis=(1, 2))
    made = voxels[weight > 0].sum()
    return f"resample_slices: {made:,} of the lesion's {voxels.sum():,} voxels lie on interpolated slices"


def _companion(text: str, spacing_mm: float | None, repairs: Repairs) -> sitk.Image | None:
    return _as_float(_read(text, "companion image", spacing_mm, repairs)[0]) if text else None


def _read(
    text: str, what: str, spacing_mm: float | None, repairs: Repairs, *, of: sitk.Image | None = None
) -> tuple[sitk.Image, list[str]]:
    """Read an image, or a mask of an image."""
    reference = parse_reference(text)
    if reference.is_array:
        return _from_array(reference, what, spacing_mm), []
    if spacing_mm is not None:
        raise LesionError(
            f"the {what} file has a voxel size of its own, but spacing_mm says {spacing_mm:g}",
            where=reference.path,
            remedy="leave spacing_mm empty for image files",
        )
    if reference.is_dicom:
        from samesplit.imaging.dicom.file_warnings import as_notes as as_dicom_notes
        from samesplit.imaging.dicom.file_warnings import pydicom_warnings
        from samesplit.imaging.dicom.read import read_dicom_image, read_dicom_mask

        with pydicom_warnings() as warned:
            if of is None:
                image, notes = read_dicom_image(reference.path, reference.part, repairs)
            else:
                image, notes = read_dicom_mask(reference.path, reference.part, of, repairs)
        return image, [*notes, *as_dicom_notes(warned, what)]
    return _from_file(reference.path, what)


def _from_array(reference: Reference, what: str, spacing_mm: float | None) -> sitk.Image:
    spacing = None if spacing_mm is None else (spacing_mm,) * 3
    return image_of_array(
        read_array(reference),
        what,
        spacing,
        where=reference.path,
        spacing_remedy="give spacing_mm in images.csv",
        item_remedy="name one item of the array, for example [17]",
    )


def _from_file(path: Path, what: str) -> tuple[sitk.Image, list[str]]:
    if not path.is_file():
        raise LesionError(
            f"the {what} file does not exist", where=path, remedy="correct the path, or fetch the data"
        )
    try:
        content = check_whole(path) if path.name.lower().endswith((".nii", ".nii.gz")) else None
        if path.name.lower().endswith(TEXT_HEADERS):
            check_text_header(path)
    except OSError as error:
        raise LesionError(
            f"the {what} cannot be opened ({error.strerror})",
            where=path,
            remedy="see to it that the file may be read",
        ) from error
    with itk_warnings() as warnings:
        image, notes = _by_itk(path, what, content)
    placed = [] if content is None else placement_notes(content.header, image, what)
    told = ([_SCALES] if placed else []) + ([_SHEARED] if notes else [])  # in words of our own, with numbers
    others = [text for text in warnings if not any(known in text for known in told)]
    notes += placed + as_notes(others, what, path)
    if content is not None and content.bad.size:
        image = _with_nan(image, content.bad)
    return _three_dimensional(image, path, what), notes


def _by_itk(path: Path, what: str, content: Content | None) -> tuple[sitk.Image, list[str]]:
    """Return what ITK reads, its header alone where the voxels are at hand."""
    try:
        image = None if content is None else read_plain(content)
        return sitk.ReadImage(str(path)) if image is None else image, []
    except RuntimeError as error:
        if "orthonormal" not in str(error):
            raise LesionError(
                f"the {what} cannot be read ({_cause(error)})",
                where=path,
                remedy="check that the file is whole, and export or fetch it again",
            ) from error
    image, note = read_sheared(path, what=what)
    return image, [note]


def _with_nan(image: sitk.Image, bad: npt.NDArray[np.int64]) -> sitk.Image:
    """Put back the NaN (and, as NaN, the infinite voxels) that ITK read as 0 from a NIfTI file."""
    values = sitk.GetArrayFromImage(image)
    values.reshape(-1)[bad] = np.nan
    told = sitk.GetImageFromArray(values, isVector=False)
    told.CopyInformation(image)
    return told


def _cause(error: RuntimeError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [
        line.split(":", 1)[1].strip() for line in lines if line.lower().startswith(("sitk::error", "reason"))
    ]
    return (told or lines or ["no reason given"])[-1].removeprefix(":ERROR:").strip(" .")


def _three_dimensional(image: sitk.Image, path: Path, what: str) -> sitk.Image:
    size = image.GetSize()
    placed = [*image.GetOrigin(), *image.GetSpacing(), *image.GetDirection()]
    if not all(map(math.isfinite, placed)):
        raise LesionError(
            f"the {what}'s header gives a place, a voxel size or an axis that is NaN or infinite",
            where=path,
            remedy="export or fetch the file again",
        )
    if len(size) == 4 and size[3] == 1:
        image = image[:, :, :, 0]
    elif len(size) != 3:
        advice = "save one of its volumes as a file of its own" if len(size) > 3 else "save the whole volume"
        raise LesionError(
            f"the {what} is {len(size)}D (size {' x '.join(map(str, size))}), a 3D volume is needed",
            where=path,
            remedy=advice,
        )
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise LesionError(
            f"the {what} has {image.GetNumberOfComponentsPerPixel()} values a voxel (colour or vectors)",
            where=path,
            remedy="save it with one value a voxel",
        )
    if "complex" in image.GetPixelIDTypeAsString():
        raise LesionError(f"the {what} holds complex numbers", where=path, remedy="save its magnitude")
    return image


def _check_size(roi: sitk.Image, minimum_voxels: int) -> None:
    voxels = int(np.count_nonzero(sitk.GetArrayViewFromImage(roi).view(bool)))
    if voxels < minimum_voxels:
        raise LesionError(
            f"the mask has {voxels} voxel{'s' * (voxels != 1)}, at least {minimum_voxels} are needed",
            remedy="check the mask, or lower cohort.minimum_voxels in benchmark.yaml",
        )


def _as_float(image: sitk.Image) -> sitk.Image:
    values = sitk.GetArrayViewFromImage(image)
    kind = np.dtype(np.float32 if np.can_cast(values.dtype, np.float32, casting="safe") else np.float64)
    if values.dtype == kind and not image.GetMetaDataKeys():
        return image
    cast = sitk.GetImageFromArray(values.astype(kind, copy=False), isVector=False)
    cast.CopyInformation(image)
    return cast


def _check_finite(image: sitk.Image, roi: sitk.Image) -> tuple[sitk.Image, str | None]:
    """Refuse NaN and infinity near the lesion; far from it give them the image's lowest value, and say so."""
    held = sitk.GetArrayViewFromImage(image)
    if np.isfinite(held.min()) and np.isfinite(held.max()):  # both are NaN where there is one
        return image, None
    bad = ~np.isfinite(held)
    total = int(np.count_nonzero(bad))
    inside = int(np.count_nonzero(bad & (sitk.GetArrayViewFromImage(roi) > 0)))
    margin = [math.ceil(NAN_MARGIN_MM / step) for step in image.GetSpacing()]
    near = int(np.count_nonzero(bad[_slices(bounding_box(roi, margin))]))
    if near:
        first = tuple(int(i) for i in np.argwhere(bad)[0][::-1])
        raise LesionError(
            f"{total:,} image voxels are NaN or infinite: {inside:,} inside the mask, {near - inside:,} within "
            f"{NAN_MARGIN_MM:g} mm of it, {total - near:,} elsewhere; the first at index {first}",
            remedy="give these voxels a value (for example the background's), or take the lesion out",
        )
    values = sitk.GetArrayFromImage(image)
    lowest = values[~bad].min()
    values[bad] = lowest
    filled = sitk.GetImageFromArray(values)
    filled.CopyInformation(image)
    return filled, (
        f"image: {total:,} NaN or infinite voxels more than {NAN_MARGIN_MM:g} mm from the mask "
        f"were given the image's lowest value ({lowest:g})"
    )


def _check_contrast(image: sitk.Image, roi: sitk.Image) -> None:
    box = _slices(bounding_box(roi))
    inside = sitk.GetArrayViewFromImage(image)[box][sitk.GetArrayViewFromImage(roi)[box] > 0]
    if inside.min() == inside.max():
        raise LesionError(
            f"the image is constant inside the mask: all {inside.size:,} voxels are {inside[0]:g}",
            remedy="check that image and mask belong together, and that the image was exported whole",
        )


def bounding_box(roi: sitk.Image, margin: list[int] | None = None) -> Box:
    """Return the smallest box around a mask, widened by a margin in voxels (x, y, z) as far as the image goes.

    Raises:
        LesionError: The mask is empty.
    """
    try:
        first, last = mask_extent(sitk.GetArrayViewFromImage(roi))
    except ValueError:
        raise LesionError("the mask is empty", remedy="draw it, or leave this image out") from None
    start, size = [], []
    for extent, low, high, extra in zip(
        roi.GetSize(), reversed(first), reversed(last), margin or [0, 0, 0], strict=True
    ):
        start.append(max(low - extra, 0))
        size.append(min(high + extra, extent - 1) - start[-1] + 1)
    return Box((start[0], start[1], start[2]), (size[0], size[1], size[2]))


def crop(image: sitk.Image, box: Box) -> sitk.Image:
    """Cut a box out of an image; every voxel keeps its place in mm."""
    inside: sitk.Image = sitk.RegionOfInterest(image, box.size, box.start)
    return inside


def roi_values(case: Case) -> npt.NDArray[np.float64]:
    """Return the image's values inside the mask, as a flat float64 array in voxel order (z, y, x)."""
    box = _slices(bounding_box(case.mask))
    values = sitk.GetArrayViewFromImage(case.image)[box]
    return np.asarray(values[sitk.GetArrayViewFromImage(case.mask)[box] > 0], dtype=np.float64)


def _slices(box: Box) -> tuple[slice, slice, slice]:
    (x, y, z), (nx, ny, nz) = box.start, box.size
    return slice(z, z + nz), slice(y, y + ny), slice(x, x + nx)
