"""Features as pyradiomics defines them, where IBSI has none or defines them otherwise.

Names and definitions: pyradiomics 3.1 (van Griethuysen et al., doi:10.1158/0008-5472.CAN-17-0339). They are for
those who come from pyradiomics and need its numbers; they are no part of the standard.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from samesplit.features.families.ellipsoids import principal_ellipsoid
from samesplit.features.families.glcm import stacks
from samesplit.features.families.hull import slice_corners
from samesplit.features.families.statistics import TAGS as STATISTICS
from samesplit.features.families.statistics import statistics_of_ordered
from samesplit.features.families.texture import LevelVolume, MaskGeometry
from samesplit.ordering import RELATIVE

__all__ = ["firstorder_features", "glcm_features", "largest_distances_in_planes", "shape_features"]


def shape_features(geometry: MaskGeometry, spacing_mm: tuple[float, float, float]) -> dict[str, float]:
    """Return the axis lengths and the largest distances in planes, in mm.

    Args:
        geometry: The masks; the morphological one counts.
        spacing_mm: Distance of neighbouring voxels along z, y and x.

    Example:
        >>> line = np.ones((1, 1, 5), np.uint8)
        >>> found = shape_features(MaskGeometry(line, line), (1.0, 1.0, 1.0))
        >>> round(found["MajorAxisLength"], 4), found["Maximum2DDiameterSlice"]
        (5.6569, 5.0)
    """
    mask = geometry.morphological
    n = int(np.count_nonzero(mask))
    by_n = math.sqrt((n - 1) / n)
    axes = [2 * semi_axis * by_n for semi_axis in principal_ellipsoid(mask, spacing_mm).semi_axes_mm]
    in_z, in_y, in_x = largest_distances_in_planes(mask, spacing_mm)
    return {
        **dict(zip(("MajorAxisLength", "MinorAxisLength", "LeastAxisLength"), axes, strict=True)),
        "Maximum2DDiameterSlice": in_z,
        "Maximum2DDiameterColumn": in_y,
        "Maximum2DDiameterRow": in_x,
    }


def largest_distances_in_planes(
    mask: npt.NDArray[np.uint8], spacing_mm: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Return the largest distance of two corners of the mesh that lie in one plane, in mm.

    Args:
        mask: 1 inside, shape (z, y, x), with at least one voxel of zeros on all sides.
        spacing_mm: Distance of neighbouring voxels along z, y and x.

    Returns:
        Of planes across z, across y and across x.

    Example:
        >>> block = np.pad(np.ones((2, 3, 4), np.uint8), 1)
        >>> [round(length, 3) for length in largest_distances_in_planes(block, (1.0, 1.0, 1.0))]
        [4.472, 4.123, 3.162]
    """
    corners = _mesh_corners_doubled(mask)
    found = []
    for axis in range(3):
        turned = np.ascontiguousarray(np.roll(corners, -axis, axis=1))
        turned = turned[np.lexsort(turned.T[::-1])]
        kept = turned[slice_corners(turned)]
        across, along = spacing_mm[(axis + 1) % 3] / 2, spacing_mm[(axis + 2) % 3] / 2
        found.append(float(_largest_distance_in_slices(kept, across, along)))
    return found[0], found[1], found[2]


def firstorder_features(
    ordered: npt.NDArray[np.float64], spacing_mm: tuple[float, float, float], *, voxel_array_shift: float = 0
) -> dict[str, float]:
    """Return pyradiomics' own first-order features.

    Args:
        ordered: The intensities of the intensity mask, ascending; at least one.
        spacing_mm: Distance of neighbouring voxels along z, y and x.
        voxel_array_shift: Added to each intensity before it is squared.

    Example:
        >>> found = firstorder_features(np.array([-1.0, 1.0]), (2.0, 1.0, 1.0), voxel_array_shift=1)
        >>> found["Energy"], found["TotalEnergy"], found["Kurtosis"]
        (4.0, 8.0, 1.0)
    """
    shifted = ordered + voxel_array_shift
    energy = float(np.square(shifted, out=shifted).sum())
    by_name = dict(zip(STATISTICS, statistics_of_ordered(ordered).tolist(), strict=True))
    flat = by_name["stat_var"] == 0 or bool(
        ordered[-1] - ordered[0] <= RELATIVE * np.abs(ordered[[0, -1]]).max()
    )
    return {
        "Energy": energy,
        "TotalEnergy": energy * math.prod(spacing_mm),
        "RootMeanSquared": math.sqrt(energy / len(ordered)),
        "Kurtosis": 0.0 if flat else by_name["stat_kurt"] + 3,
        "StandardDeviation": math.sqrt(by_name["stat_var"]),
    }


def glcm_features(volume: LevelVolume, aggregation: str, *, distance: int = 1) -> dict[str, float]:
    """Return the maximal correlation coefficient, the mean over the matrices of an aggregation that hold a pair.

    Where a matrix has one level only it is 1, as in pyradiomics; NaN where no two voxels are neighbours.

    Args:
        volume: Grey levels of a lesion.
        aggregation: As for `glcm`.
        distance: Chebyshev distance in voxels.

    Example:
        >>> mask = np.ones((1, 1, 5), dtype=np.uint8)
        >>> geometry = MaskGeometry(mask, mask)
        >>> volume = LevelVolume(geometry, geometry.place(np.array([1, 1, 2, 2, 2])))
        >>> round(glcm_features(volume, "3D_comb")["MCC"], 4)
        0.4667
    """
    found = [
        _maximal_correlation(matrix)
        for stack, _ in stacks(volume, aggregation, distance=distance)
        for matrix in stack
        if matrix.any()
    ]
    return {"MCC": float(np.mean(found)) if found else math.nan}


def _maximal_correlation(matrix: npt.NDArray[Any]) -> float:
    """Return the second singular value of p_ij / √(p_i. p_.j); the squares are the eigenvalues of Q."""
    counts = matrix.astype(np.float64)
    sums = counts.sum(axis=1)
    here = sums > 0
    if np.count_nonzero(here) < 2:
        return 1.0 if len(sums) < 2 else 0.0
    root = np.sqrt(sums[here])
    values = np.abs(np.linalg.eigvalsh(counts[np.ix_(here, here)] / np.outer(root, root)))
    return float(np.sort(values)[-2])


def _mesh_corners_doubled(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return all corners of the mesh, in half voxels, axes z, y, x, shape (n, 3)."""
    corners = []
    for axis in range(3):
        changes = np.argwhere(np.diff(mask.astype(np.int8), axis=axis) != 0).astype(np.int64) * 2
        changes[:, axis] += 1
        corners.append(changes)
    return np.concatenate(corners)


@njit(cache=True, nogil=True)
def _largest_distance_in_slices(points: Any, across: float, along: float) -> Any:
    """Points sorted by their first index; only those that share it are compared."""
    largest = 0.0
    for i in range(points.shape[0]):
        j = i - 1
        while j >= 0 and points[j, 0] == points[i, 0]:
            a = (points[i, 1] - points[j, 1]) * across
            b = (points[i, 2] - points[j, 2]) * along
            largest = max(largest, a * a + b * b)
            j -= 1
    return np.sqrt(largest)
