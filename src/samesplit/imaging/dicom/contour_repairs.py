"""The two named repairs of contours, each with what it cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.imaging.dicom.contours import Contour, Item
from samesplit.imaging.dicom.polygons import fill
from samesplit.imaging.dicom.stack import Stack

__all__ = ["CLIPPED_SHARE", "clip_contours", "drop_degenerate"]

CLIPPED_SHARE = 0.5
"""An ROI with more than this share of its voxels outside the image is not clipped: it is hardly this image's."""

_EDGE = 1e-3
_SHOWN = 6


def drop_degenerate(
    items: Sequence[Item], stack: Stack, name: str, where: Path
) -> tuple[list[Item], list[str]]:
    """Leave out contours that have fewer than three points, and say which, and which slices they take along.

    Raises:
        LesionError: None is left.
    """
    kept = [item for item in items if not item.degenerate]
    dropped = [item for item in items if item.degenerate]
    if not dropped:
        return kept, []
    if not kept:
        raise LesionError(
            f"{name}: all {len(items)} contours have fewer than three points",
            where=where,
            remedy="draw it, or leave this image out",
        )
    points = np.concatenate([item.data.reshape(-1, 3) for item in dropped])
    voxels = np.unique(np.round(stack.index(points)).astype(int), axis=0)
    firsts = [item.data[:3] for item in kept if len(item.data) >= 3]
    held = {round(z) for z in stack.index(np.array(firsts).reshape(-1, 3))[:, 2].tolist()}
    lost = sorted(set(voxels[:, 2].tolist()) - held)
    shown = ", ".join(_short(item) for item in dropped[:_SHOWN])
    more = f" and {len(dropped) - _SHOWN} others" if len(dropped) > _SHOWN else ""
    extent = sum(stack.step_mm(place) for place in lost)
    return kept, [
        f"drop_degenerate_contours: {name} lost {len(dropped)} of {len(items)} contours, which hold no area "
        f"({shown}{more}); their points lie in {len(voxels)} voxel{'s' * (len(voxels) != 1)}, and {len(lost)} "
        f"slice{'s' * (len(lost) != 1)} ({extent:.3g} mm) ha{'s' if len(lost) == 1 else 've'} no contour any more"
    ]


def _short(item: Item) -> str:
    points = item.data.reshape(-1, 3)
    if len(points) < 2:
        return f"{item.told}: {len(points)} point{'s' * (len(points) != 1)}{item.at}"
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    return f"{item.told}: {len(points)} points over {length:.3g} mm{item.at}"


def clip_contours(
    contours: Sequence[Contour], stack: Stack, name: str, where: Path
) -> tuple[list[Contour], list[str]]:
    """Leave out contours beside, above or below the image, and say how much is lost there and at the borders.

    What a contour that crosses the border has outside is cut off by filling it (see `Stack.extent`).

    Raises:
        LesionError: More than `CLIPPED_SHARE` of the ROI's voxels, or all contours, lie outside.
    """
    beyond = [_beyond_mm(contour, stack) for contour in contours]
    leaving = [distance > _EDGE for distance in beyond]
    if not any(leaving):
        return list(contours), []
    groups: dict[int, list[Contour]] = defaultdict(list)
    for contour in contours:
        groups[contour.slice].append(contour)
    total = lost = 0
    lost_ml = 0.0
    voxel_mm2 = float(np.prod(stack.image.GetSpacing()[:2]))
    for place, group in groups.items():
        all_of_it, outside = _voxels(group, place, stack)
        total, lost = total + all_of_it, lost + outside
        lost_ml += outside * voxel_mm2 * stack.step_mm(place) / 1000
    kept = [contour for contour in contours if _touches(contour, stack)]
    share = lost / total if total else 0.0
    if not kept or share > CLIPPED_SHARE:
        raise LesionError(
            f"{name}: {share:.1%} of its voxels lie outside the image, clip_contours cuts off at most "
            f"{CLIPPED_SHARE:.0%}",
            where=where,
            remedy="check that image and RTSTRUCT belong together, and that the series is whole",
        )
    away = len(contours) - len(kept)
    cut = sum(leaving) - away
    return kept, [
        f"clip_contours: {name}: {cut} of {len(contours)} contours were cut at the image's border and {away} "
        f"lay outside it, up to {max(beyond):.3g} mm beyond; {lost:,} of {total:,} voxels ({share:.1%}, "
        f"{lost_ml:.3g} mL) were lost"
    ]


def _beyond_mm(contour: Contour, stack: Stack) -> float:
    """How far a contour leaves the image, in mm; along the slices counted in slice distances."""
    slices = len(stack.heights_mm)
    past = max(-contour.slice, contour.slice - (slices - 1), 0) * stack.step_mm(contour.slice)
    low, high = stack.extent(min(max(contour.slice, 0), slices - 1))
    spacing = np.array(stack.image.GetSpacing()[:2])
    sideways = float((np.maximum(low - contour.points, contour.points - high) * spacing).max())
    return max(past, sideways)


def _touches(contour: Contour, stack: Stack) -> bool:
    """Whether a part of a contour may lie in the image."""
    if not 0 <= contour.slice < len(stack.heights_mm):
        return False
    low, high = stack.extent(contour.slice)
    return bool((contour.points.max(axis=0) > low).all() and (contour.points.min(axis=0) < high).all())


def _voxels(group: Sequence[Contour], place: int, stack: Stack) -> tuple[int, int]:
    """How many voxels the contours of a slice hold, and how many of them lie outside the image."""
    points = np.concatenate([contour.points for contour in group])
    corner = np.floor(points.min(axis=0)).astype(int)
    columns, rows = (np.ceil(points.max(axis=0)).astype(int) - corner + 1).tolist()
    plane: npt.NDArray[np.bool_] = fill([contour.points - corner for contour in group], (rows, columns)).plane
    all_of_it = int(plane.sum())
    if not 0 <= place < len(stack.heights_mm):
        return all_of_it, all_of_it
    low, high = stack.extent(place)
    held = np.argwhere(plane)[:, ::-1] + corner
    inside = ((held >= low) & (held <= high)).all(axis=1)
    return all_of_it, int((~inside).sum())
