"""What one predicted mask says of the lesions of its image: overlap, distances, volumes, components."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

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
    """The grid of an image: voxel edges in mm in the order of arrays (z, y, x), and where its voxels lie."""

    image: sitk.Image

    @property
    def spacing(self) -> tuple[float, ...]:
        return tuple(reversed(self.image.GetSpacing()))

    @property
    def voxel_ml(self) -> float:
        return math.prod(self.image.GetSpacing()) / 1000.0

    @property
    def diagonal_mm(self) -> float:
        return math.hypot(
            *(n * s for n, s in zip(self.image.GetSize(), self.image.GetSpacing(), strict=True))
        )

    def side(self, centre: Sequence[float]) -> str:
        """On which side of the middle of the image a place (z, y, x, in voxels) lies, as the patient has sides."""
        middle = [(n - 1) / 2 for n in self.image.GetSize()]
        places = ([float(place) for place in reversed(centre)], middle)
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
    grid = _Grid(next(iter(lesions.values())))
    masks = {name: sitk.GetArrayFromImage(mask) > 0 for name, mask in lesions.items()}
    labels = np.zeros(next(iter(masks.values())).shape, dtype=np.int64)
    for number, mask in enumerate(masks.values(), start=1):
        labels[mask] = number
    matches = match_components(sitk.GetArrayFromImage(predicted), labels, least_overlap=least_overlap)
    rows = {
        name: _of_lesion(number, mask, matches, grid, tolerance_mm)
        for number, (name, mask) in enumerate(masks.items(), start=1)
    }
    return rows, _components(matches, list(masks), grid)


def _components(matches: Matches, lesions: list[str], grid: _Grid) -> list[Measured]:
    """Return a row a predicted component."""
    numbers = np.arange(1, len(matches.owners) + 1)
    voxels = np.bincount(matches.labels.ravel(), minlength=len(numbers) + 1)[1:]
    centres = ndimage.center_of_mass(matches.labels > 0, matches.labels, numbers)
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
        "side": grid.side(ndimage.center_of_mass(mask)),
        **reference,
    }


def _size(voxels: int, grid: _Grid) -> Measured:
    """Return the volume of some voxels and the diameter of the ball of that volume."""
    volume = voxels * grid.voxel_ml
    return {"volume_ml": volume, "diameter_mm": (6000.0 * volume / math.pi) ** (1 / 3)}
