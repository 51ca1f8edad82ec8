"""How far the surfaces of two masks lie apart, in mm: Hausdorff, its 95th percentile, average and tolerance.

All distances come from the package `surface-distance`: surfaces are made of elements with an area, so that
voxels that are not cubes and parts that are densely covered with voxel corners weigh no more than their area.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from surface_distance import metrics

from samesplit.errors import StatisticsError
from samesplit.ordering import RELATIVE

__all__ = ["SurfaceDistances", "surface_distances"]


@dataclass(frozen=True)
class SurfaceDistances:
    """Distances between the surfaces of two masks.

    Attributes:
        hausdorff_mm: The largest distance of a point of one surface from the other surface.
        hd95_mm: The same without the 5 % of each surface (by area) that lie farthest; the larger of the two sides.
        average_mm: Mean distance over both surfaces, by area (average symmetric surface distance).
        normalised: Share of both surfaces that lies within the tolerance of the other, from 0 to 1 (normalised
            surface distance, surface Dice).
    """

    hausdorff_mm: float
    hd95_mm: float
    average_mm: float
    normalised: float


def surface_distances(
    first: npt.NDArray[Any],
    second: npt.NDArray[Any],
    spacing_mm: Sequence[float],
    *,
    tolerance_mm: float = 2.0,
    when_empty_mm: float = math.inf,
) -> SurfaceDistances:
    """Measure how far the surfaces of two masks lie apart.

    A mask that reaches the border of the array is closed there. Distances are those between corners of voxels:
    they are right to about half a voxel.

    Args:
        first: Voxels inside are not 0; shape (a, b, c).
        second: The same, of the same shape.
        spacing_mm: Edge lengths of a voxel along the axes of the arrays, in mm.
        tolerance_mm: Up to which distance two surfaces count as the same in `normalised`.
        when_empty_mm: The three distances where one of the masks is empty and none is defined; no share of the
            surface then lies within the tolerance. The diagonal of the image is a bound that no distance in it
            exceeds, so that a missed lesion never looks better than a found one.

    Returns:
        The distances.

    Raises:
        StatisticsError: The masks are not 3D, differ in shape, or both are empty.

    References:
        Nikolov S et al. J Med Internet Res 2021;23:e26151, doi 10.2196/26151 (surface elements, tolerance).
        Maier-Hein L et al. Metrics reloaded. Nat Methods 2024;21:195-212, doi 10.1038/s41592-023-02151-z
        (definitions; on distances that are not defined).

    Example:
        >>> import numpy as np
        >>> mask = np.zeros((9, 9, 9)); mask[2:6, 2:6, 2:6] = 1
        >>> surface_distances(mask, np.roll(mask, 1, axis=0), (5.0, 0.7, 0.7)).hausdorff_mm
        5.0
    """
    if first.shape != second.shape or first.ndim != 3 or len(spacing_mm) != 3:
        raise StatisticsError(
            f"the masks have the shapes {first.shape} and {second.shape}, the voxels {len(spacing_mm)} edges",
            where="surface distances",
            remedy="give two masks of one 3D grid",
        )
    inside, other = first != 0, second != 0
    if not inside.any() and not other.any():
        raise StatisticsError("both masks are empty", where="surface distances")
    if not inside.any() or not other.any():
        return SurfaceDistances(when_empty_mm, when_empty_mm, when_empty_mm, 0.0)
    found = _elements(inside, other, spacing_mm)
    towards, back = found["distances_gt_to_pred"], found["distances_pred_to_gt"]
    areas, areas_back = found["surfel_areas_gt"], found["surfel_areas_pred"]
    total = float(areas.sum() + areas_back.sum())
    # A hair more, and less, than asked: the last digits of a distance or an area decide nothing.
    within = metrics.compute_surface_dice_at_tolerance(found, tolerance_mm * (1 + RELATIVE))
    return SurfaceDistances(
        hausdorff_mm=float(max(towards.max(), back.max())),
        hd95_mm=float(metrics.compute_robust_hausdorff(found, 95.0 * (1 - RELATIVE))),
        average_mm=float((towards @ areas + back @ areas_back) / total),
        normalised=float(within),
    )


def _elements(
    first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_], spacing_mm: Sequence[float]
) -> dict[str, npt.NDArray[np.float64]]:
    with warnings.catch_warnings():  # the package calls SciPy by names that SciPy is about to drop
        warnings.filterwarnings("ignore", "Please import .* from the `scipy.ndimage`", DeprecationWarning)
        found: dict[str, npt.NDArray[np.float64]] = metrics.compute_surface_distances(
            first, second, [float(edge) for edge in spacing_mm]
        )
    return found
