"""Image and mask seen from another position: moved by parts of a voxel, turned, or the mask moved alone."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.case import Box, Case, bounding_box, crop

__all__ = ["displace", "rotate", "translate"]

MARGIN = 24
"""Voxels around the mask within which the image is interpolated anew: a cubic spline forgets farther ones."""


def translate(case: Case, *, voxels: tuple[float, float, float]) -> Case:
    """Move the grid on which image and mask are known, as if the patient had lain a little differently.

    Around the mask the image is interpolated by a cubic spline and the mask linearly (inside from 0.5 on).

    Args:
        case: Image and mask.
        voxels: How far along each axis (x, y, z).
    """
    move = sitk.TranslationTransform(3, _in_mm(case.image, np.multiply(voxels, case.image.GetSpacing())))
    return _resampled(case, move, reach=1)


def rotate(case: Case, *, degrees: float) -> Case:
    """Turn image and mask together about the slices' normal through the middle of the mask.

    Interpolated as in `translate`.
    """
    box = bounding_box(case.mask)
    middle = [start + (size - 1) / 2 for start, size in zip(box.start, box.size, strict=True)]
    turn = sitk.VersorRigid3DTransform()
    turn.SetCenter(case.image.TransformContinuousIndexToPhysicalPoint(middle))
    turn.SetRotation(np.reshape(case.image.GetDirection(), (3, 3))[:, 2].tolist(), math.radians(degrees))
    half_mm = math.hypot(*(n * mm / 2 for n, mm in zip(box.size, case.image.GetSpacing(), strict=True)))
    swept_mm = half_mm * abs(math.sin(math.radians(degrees)))
    return _resampled(case, turn, reach=math.ceil(swept_mm / min(case.image.GetSpacing())) + 1)


def displace(case: Case, *, offset_mm: tuple[float, float, float]) -> Case:
    """Move the mask against the image, as if it had been drawn beside the lesion.

    Args:
        case: Image and mask.
        offset_mm: How far along each axis of the image (x, y, z).
    """
    move = sitk.TranslationTransform(3, _in_mm(case.image, np.negative(offset_mm)))
    reach = math.ceil(max(abs(o) / mm for o, mm in zip(offset_mm, case.image.GetSpacing(), strict=True))) + 1
    box = bounding_box(case.mask, [reach] * 3)
    return replace(case, mask=_pasted_mask(case.mask, _moved_mask(case.mask, move, box), box))


def _in_mm(image: sitk.Image, offset_mm: npt.NDArray[np.float64]) -> list[float]:
    """Return an offset along the image's axes as one along the patient's."""
    turned: list[float] = (np.reshape(image.GetDirection(), (3, 3)) @ np.asarray(offset_mm)).tolist()
    return turned


def _resampled(case: Case, transform: sitk.Transform, *, reach: int) -> Case:
    """Image and mask as a transform shows them, interpolated anew around the mask and left alone elsewhere."""
    inner = bounding_box(case.mask, [MARGIN + reach] * 3)
    source = crop(case.image, bounding_box(case.mask, [2 * MARGIN + 2 * reach] * 3))
    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(crop(case.image, inner))
    resampler.SetTransform(transform)
    resampler.SetInterpolator(sitk.sitkBSpline)
    resampler.SetUseNearestNeighborExtrapolator(True)
    seen = resampler.Execute(source)
    image = sitk.Paste(case.image, seen, seen.GetSize(), [0, 0, 0], inner.start)
    mask = _pasted_mask(case.mask, _moved_mask(case.mask, transform, inner), inner)
    return replace(case, image=image, mask=mask)


def _moved_mask(mask: sitk.Image, transform: sitk.Transform, box: Box) -> sitk.Image:
    reference = crop(mask, box)
    soft = sitk.Cast(crop(mask, box), sitk.sitkFloat64)
    moved = sitk.Resample(soft, reference, transform, sitk.sitkLinear, 0.0, sitk.sitkFloat64)
    hard: sitk.Image = sitk.BinaryThreshold(moved, 0.5, 2.0, 1, 0)
    return hard


def _pasted_mask(mask: sitk.Image, moved: sitk.Image, box: Box) -> sitk.Image:
    if not sitk.GetArrayViewFromImage(moved).any():
        raise LesionError(
            "the perturbed mask has no voxel left", remedy="perturb less, or leave this kind out"
        )
    empty = sitk.Image(mask.GetSize(), mask.GetPixelID())
    empty.CopyInformation(mask)
    pasted: sitk.Image = sitk.Paste(empty, moved, moved.GetSize(), [0, 0, 0], box.start)
    return pasted
