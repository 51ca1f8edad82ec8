"""Whether an image and its mask lie on the same grid in mm, and the two named repairs when they do not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.repairs import GeometryRepair, how_to_allow, repairs_of

__all__ = ["align_mask", "describe_difference", "distance_mm"]

TOLERANCE = 1e-3
"""Corresponding voxels may lie apart by this many mm, or this share of the smallest voxel edge if that is more."""

LOST_SHARE = 0.01
"""A mask that loses more than this share of its voxels by lying outside the image is not resampled."""


def distance_mm(image: sitk.Image, mask: sitk.Image) -> float:
    """How far apart the same voxel lies in the two grids, in mm, at the worst corner; infinite if sizes differ."""
    if image.GetSize() != mask.GetSize():
        return float("inf")
    corners = itertools.product(*[(0, size - 1) for size in image.GetSize()])
    return max(
        float(np.linalg.norm(np.subtract(_point(image, corner), _point(mask, corner)))) for corner in corners
    )


def _point(image: sitk.Image, corner: tuple[int, ...]) -> tuple[float, ...]:
    return tuple(image.TransformContinuousIndexToPhysicalPoint([float(i) for i in corner]))


def same_grid(image: sitk.Image, mask: sitk.Image) -> bool:
    """Whether the grids agree within `TOLERANCE`."""
    return bool(distance_mm(image, mask) <= TOLERANCE * max(1.0, min(image.GetSpacing())))


def describe_difference(image: sitk.Image, mask: sitk.Image) -> str:
    """Size, spacing, origin and direction of both, side by side, the differing lines marked."""
    lines = [f"    {'':18}{'image':34}mask"]
    rows: tuple[tuple[str, Callable[[sitk.Image], Sequence[float]], int], ...] = (
        ("size (voxels)", sitk.Image.GetSize, 0),
        ("spacing (mm)", sitk.Image.GetSpacing, 4),
        ("origin (mm)", sitk.Image.GetOrigin, 3),
        ("direction", sitk.Image.GetDirection, 4),
    )
    for name, get, digits in rows:
        ours, theirs = (np.array(get(grid), dtype=np.float64) for grid in (image, mask))
        tolerance = TOLERANCE / max(image.GetSize()) if name in ("spacing (mm)", "direction") else TOLERANCE
        differ = ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=0, atol=tolerance)
        left, right = _numbers(ours, digits), _numbers(theirs, digits)
        for line, (a, b) in enumerate(itertools.zip_longest(left, right, fillvalue="")):
            label = name if line == 0 else ""
            mark = "  <- differs" if differ and line == 0 else ""
            lines.append(f"    {label:18}{a:34}{b}{mark}")
    gap = distance_mm(image, mask)
    if np.isfinite(gap):
        lines.append(f"    the same voxel lies up to {gap:.3f} mm apart")
    return "\n".join(lines)


def _numbers(values: npt.NDArray[np.float64], digits: int) -> list[str]:
    rows = values.reshape(-1, 3) if len(values) in (3, 9) else values.reshape(1, -1)
    return [" ".join(f"{value + 0.0:.{digits}f}" for value in row) for row in rows]


def align_mask(
    image: sitk.Image, mask: sitk.Image, repair: GeometryRepair | None, *, where: str | None
) -> tuple[sitk.Image, str | None]:
    """Give the mask on the image's grid.

    Args:
        image: The image.
        mask: 0 or 1, uint8, at least one voxel 1.
        repair: What to do when the grids differ. `resample_mask` takes the nearest mask voxel at each image
            voxel; `copy_header` trusts the voxel order and takes the image's header for the mask too.
        where: The lesion, for messages.

    Returns:
        The mask, and a note for the case ledger when it was repaired.

    Raises:
        LesionError: The grids differ and no repair is named, or the repair cannot be made.
    """
    if _header(image) == _header(mask):
        return mask, None
    if same_grid(image, mask):
        aligned = sitk.Image(mask)
        aligned.CopyInformation(image)
        return aligned, None
    table = describe_difference(image, mask)
    repairs = repairs_of(repair)
    if not {"resample_mask", "copy_header"} & set(repairs):
        raise LesionError(
            f"image and mask have different geometry:\n{table}",
            where=where,
            remedy="export the mask on the image's grid, or "
            + how_to_allow("resample_mask")
            + ", or copy_header if only the header is wrong",
        )
    if "copy_header" in repairs:
        if image.GetSize() != mask.GetSize():
            raise LesionError(
                f"copy_header needs image and mask of the same size:\n{table}",
                where=where,
                remedy=how_to_allow("resample_mask"),
            )
        aligned = sitk.Image(mask)
        aligned.CopyInformation(image)
        gap = distance_mm(image, mask)
        return aligned, f"copy_header: the mask took the image's header (voxels moved by up to {gap:.3f} mm)"
    return _resample(image, mask, where=where, table=table)


def _resample(
    image: sitk.Image, mask: sitk.Image, *, where: str | None, table: str
) -> tuple[sitk.Image, str]:
    lost = _share_outside(image, mask)
    if lost > LOST_SHARE:
        raise LesionError(
            f"{lost:.1%} of the mask lies outside the image:\n{table}",
            where=where,
            remedy="check that the mask belongs to this image",
        )
    aligned = sitk.Resample(mask, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    before, after = _voxels(mask), _voxels(aligned)
    before_ml, after_ml = before * _voxel_ml(mask), after * _voxel_ml(image)
    if after == 0:
        raise LesionError(
            f"resampled onto the image's grid the mask has no voxel left (it had {before:,}):\n{table}",
            where=where,
            remedy="draw the mask on the image itself",
        )
    return aligned, (
        f"resample_mask: {before:,} mask voxels became {after:,} on the image's grid "
        f"({before_ml:.3g} mL became {after_ml:.3g} mL), {lost:.2%} lay outside the image"
    )


def _header(image: sitk.Image) -> tuple[tuple[float, ...], ...]:
    return image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()


def _share_outside(image: sitk.Image, mask: sitk.Image) -> float:
    """Return the share of mask voxels whose centre lies outside the image's extent."""
    index = np.argwhere(sitk.GetArrayViewFromImage(mask) > 0)[:, ::-1].astype(np.float64)
    points = index * np.array(mask.GetSpacing()) @ np.reshape(mask.GetDirection(), (3, 3)).T
    points += np.array(mask.GetOrigin()) - np.array(image.GetOrigin())
    inside = points @ np.reshape(image.GetDirection(), (3, 3)) / np.array(image.GetSpacing())
    out = (inside < -0.5 - TOLERANCE) | (inside > np.array(image.GetSize()) - 0.5 + TOLERANCE)
    return float(np.mean(out.any(axis=1)))


def _voxels(mask: sitk.Image) -> int:
    return int(np.count_nonzero(sitk.GetArrayViewFromImage(mask)))


def _voxel_ml(image: sitk.Image) -> float:
    return float(np.prod(image.GetSpacing())) / 1000.0
