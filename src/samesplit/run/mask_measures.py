"""What one predicted mask says of the lesions of its image: overlap, distances, volumes, components."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.statistics.detection import Matches, match_components
from samesplit.statistics.overlap import dice
from samesplit.statistics.surface_distances import surface_distances

__all__ = ["COMPONENT_COLUMNS", "LESION_COLUMNS", "measure_image"]

LESION_COLUMNS = (
    "dice",
    "hausdorff_mm",
    "hd95_mm",
    "assd_mm",
    "nsd",
    "volume_ml",
    "predicted_ml",
    "volume_difference_ml",
    "volume_difference_percent",
    "iou",
    "detected",
    "lesion_dice",
    "lesion_hd95_mm",
    "diameter_mm",
    "side",
)
COMPONENT_COLUMNS = ("component", "component_of", "volume_ml", "diameter_mm", "side")

Mask = npt.NDArray[np.bool_]
Measured = dict[str, Any]


@dataclass(frozen=True)
class _Grid:
    """The grid of an image, and where the part of it that is looked at begins (z, y, x, in voxels)."""

    image: sitk.Image
    start: tuple[int, ...]

    @property
    def spacing(self) -> tuple[float, ...]:
        """Voxel edges in mm, in the order of arrays."""
        return tuple(reversed(self.image.GetSpacing()))

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel."""
        return float(math.prod(self.image.GetSpacing()) / 1000.0)

    @property
    def diagonal_mm(self) -> float:
        """Length of the diagonal of the whole image."""
        return math.hypot(
            *(n * s for n, s in zip(self.image.GetSize(), self.image.GetSpacing(), strict=True))
        )

    def side(self, centre: Sequence[float]) -> str:
        """On which side of the middle of the image a place of the part lies, as the patient has sides."""
        middle = [(n - 1) / 2 for n in self.image.GetSize()]
        moved = [float(place) + start for place, start in zip(centre, self.start, strict=True)]
        places = (moved[::-1], middle)
        towards_left = [self.image.TransformContinuousIndexToPhysicalPoint(place)[0] for place in places]
        return "left" if towards_left[0] > towards_left[1] + 1e-6 else "right"


def measure_image(
    lesions: Mapping[str, sitk.Image], predicted: sitk.Image, *, tolerance_mm: float, least_overlap: float
) -> tuple[dict[str, Measured], list[Measured]]:
    """Measure a predicted mask of an image against its lesions.

    Components that belong to other lesions of the image are no errors of a lesion; those that belong to none are
    errors of every lesion in `dice` and the distances, of none in `lesion_dice` and `lesion_hd95_mm`. A lesion
    without any predicted voxel has a Dice of 0 and distances as long as the diagonal of the image; so has a lesion
    that was not found in `lesion_dice` and `lesion_hd95_mm`.

    Args:
        lesions: By lesion_id: the reference masks of all lesions of the image, on one grid.
        predicted: The predicted mask, on the same grid.
        tolerance_mm: See `surface_distances`.
        least_overlap: See `match_components`.

    Returns:
        By lesion_id the columns of `LESION_COLUMNS`, and for each predicted component those of
        `COMPONENT_COLUMNS`; `component_of` is empty for a false positive.
    """
    whole = {name: sitk.GetArrayFromImage(mask) > 0 for name, mask in lesions.items()}
    found = sitk.GetArrayFromImage(predicted) > 0
    box = _box(np.any([*whole.values(), found], axis=0))
    grid = _Grid(next(iter(lesions.values())), tuple(int(side.start) for side in box))
    masks = {name: mask[box] for name, mask in whole.items()}
    labels = np.zeros(next(iter(masks.values())).shape, dtype=np.int64)
    for number, mask in enumerate(masks.values(), start=1):
        labels[mask] = number
    matches = match_components(found[box], labels, least_overlap=least_overlap)
    rows = {
        name: _of_lesion(number, mask, matches, grid, tolerance_mm)
        for number, (name, mask) in enumerate(masks.items(), start=1)
    }
    return rows, _components(matches, list(masks), grid)


def _box(inside: Mask) -> tuple[slice, ...]:
    """Return the part of an image that holds all voxels of a mask, which is not empty."""
    sides = []
    for axis in range(inside.ndim):
        others = tuple(other for other in range(inside.ndim) if other != axis)
        filled = np.flatnonzero(inside.any(axis=others))
        sides.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return tuple(sides)


def _components(matches: Matches, lesions: list[str], grid: _Grid) -> list[Measured]:
    """Return a row a predicted component."""
    places = np.nonzero(matches.labels)
    owned = matches.labels[places]
    numbers = range(1, len(matches.owners) + 1)
    voxels = np.bincount(owned, minlength=len(numbers) + 1)[1:]
    sums = [np.bincount(owned, weights=axis, minlength=len(numbers) + 1)[1:] for axis in places]
    centres = np.stack(sums, axis=1) / voxels[:, np.newaxis]
    names = ["", *lesions]
    return [
        {"component": int(number), "component_of": names[owner], "side": grid.side(centre)}
        | _size(int(count), grid)
        for number, owner, count, centre in zip(numbers, matches.owners, voxels, centres, strict=True)
    ]


def _of_lesion(number: int, mask: Mask, matches: Matches, grid: _Grid, tolerance_mm: float) -> Measured:
    others = ~np.isin(matches.nearest, [0, number])
    elsewhere = np.concatenate([[False], others])[matches.labels]
    other_lesions = (matches.lesions != 0) & (matches.lesions != number)
    whole = (matches.labels > 0) & ~elsewhere & ~other_lesions
    own, found = matches.of(number), matches.found(number)
    options: dict[str, Any] = {"tolerance_mm": tolerance_mm, "when_empty_mm": grid.diagonal_mm}
    apart = surface_distances(mask, whole, grid.spacing, **options)
    same = found and bool((own == whole).all())
    own_apart = apart if same else surface_distances(mask, own, grid.spacing, **options)
    reference = _size(int(mask.sum()), grid)
    predicted_ml = int(whole.sum()) * grid.voxel_ml
    difference = predicted_ml - reference["volume_ml"]
    return {
        "dice": dice(mask, whole),
        "hausdorff_mm": apart.hausdorff_mm,
        "hd95_mm": apart.hd95_mm,
        "assd_mm": apart.average_mm,
        "nsd": apart.normalised,
        "predicted_ml": predicted_ml,
        "volume_difference_ml": difference,
        "volume_difference_percent": 100.0 * difference / reference["volume_ml"],
        "iou": matches.overlaps.get(number, 0.0),
        "detected": found,
        "lesion_dice": dice(mask, own),
        "lesion_hd95_mm": own_apart.hd95_mm,
        "side": grid.side(_centre(mask)),
        **reference,
    }


def _centre(mask: Mask) -> list[float]:
    """Return the centre of mass (z, y, x), in voxels."""
    return [float(axis.mean()) for axis in np.nonzero(mask)]


def _size(voxels: int, grid: _Grid) -> Measured:
    """Return the volume of some voxels and the diameter of the ball of that volume."""
    volume = voxels * grid.voxel_ml
    return {"volume_ml": volume, "diameter_mm": (6000.0 * volume / math.pi) ** (1 / 3)}
