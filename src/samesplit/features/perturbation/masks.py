"""Masks drawn anew: other contours from supervoxels, and more or less of the rim.

Arrays have the axes z, y, x; they are cut to the mask and a margin.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.segmentation import slic

__all__ = ["Labels", "change_volume", "randomise_contour", "supervoxels"]

Mask = npt.NDArray[np.bool_]
Spacing = tuple[float, float, float]
Labels = npt.NDArray[np.int64]

FEWEST_VOXELS = 20
"""A supervoxel has at least so many voxels on average."""

_SURE, _UNLIKELY = 0.9, 0.2
_COMPACTNESS = 0.05
_SIGMA_MM = 1.0
_PERCENTILES = (5.0, 95.0)


def randomise_contour(parts: Labels, mask: Mask, *, rng: np.random.Generator) -> Mask:
    """Draw the mask anew from supervoxels, as Zwanenburg et al. do.

    A supervoxel of which at least 90 % lie in the mask belongs to the new mask, one with less than 20 % does not,
    and one in between does with the probability of its share. The one that shares most voxels with the mask
    always belongs, so that the mask never vanishes. Gaps of a voxel are closed.

    Args:
        parts: The number of each voxel's supervoxel; see `supervoxels`.
        mask: The lesion, of the same shape.
        rng: Decides.

    References:
        https://doi.org/10.1038/s41598-018-36938-4

    Example:
        >>> parts, mask = np.array([[[0, 0, 1, 1, 2, 2]]]), np.array([[[1, 1, 1, 1, 0, 0]]], dtype=bool)
        >>> randomise_contour(parts, mask, rng=np.random.default_rng(0)).astype(int)
        array([[[1, 1, 1, 1, 0, 0]]])
    """
    size = np.bincount(parts.ravel())
    shared = np.bincount(parts[mask], minlength=len(size))
    share = np.divide(shared, size, out=np.zeros(len(size)), where=size > 0)
    share[share >= _SURE] = 1.0
    share[share < _UNLIKELY] = 0.0
    share[np.argmax(shared)] = 1.0
    chosen: Mask = (rng.random(len(size)) < share)[parts]
    closed: Mask = ndimage.binary_closing(chosen, structure=np.ones((3, 3, 3)))
    return chosen | closed  # closing takes voxels away along the border of the array


def supervoxels(
    image: npt.NDArray[np.float64], mask: Mask, *, spacing_mm: Spacing, supervoxel_mm3: float
) -> Labels:
    """Cut a box into supervoxels of similar intensity (SLIC).

    Intensities are cut at the 5th and 95th percentile inside the mask, widened by their distance on each side.
    An image that is constant inside the mask (shapes without an image) is cut by place alone. Nothing is drawn.

    Args:
        image: Intensities around the lesion.
        mask: The lesion, of the same shape.
        spacing_mm: Voxel size (z, y, x).
        supervoxel_mm3: Mean size of the supervoxels; at least 20 voxels are taken.

    Returns:
        The number of each voxel's supervoxel, from 0.
    """
    low, high = np.percentile(image[mask], _PERCENTILES)
    seen = np.clip(image, 2 * low - high, 2 * high - low) if high > low else np.zeros_like(image)
    voxels = max(FEWEST_VOXELS, supervoxel_mm3 / float(np.prod(spacing_mm)))
    found = slic(
        seen,
        n_segments=max(2, round(image.size / voxels)),
        compactness=_COMPACTNESS,
        sigma=_SIGMA_MM,
        spacing=spacing_mm,
        channel_axis=None,
        start_label=0,
    )
    return np.asarray(found, dtype=np.int64)


def change_volume(
    mask: Mask, *, fraction: float, spacing_mm: Spacing, minimum_voxels: int, rng: np.random.Generator
) -> Mask:
    """Let the mask grow or shrink to a number of voxels by its distance from the rim, in mm.

    Args:
        mask: The lesion.
        fraction: Share of the voxels that come (above 0) or go (below 0).
        spacing_mm: Voxel size (z, y, x).
        minimum_voxels: The mask shrinks no further than this.
        rng: Decides between voxels at the same distance.

    Example:
        >>> line = np.arange(7)[np.newaxis, np.newaxis] > 2
        >>> change_volume(line, fraction=-0.5, spacing_mm=(1, 1, 1), minimum_voxels=1,
        ...               rng=np.random.default_rng(0)).astype(int)
        array([[[0, 0, 0, 0, 0, 1, 1]]])
    """
    voxels = int(np.count_nonzero(mask))
    wanted = min(max(round(voxels * (1 + fraction)), min(minimum_voxels, voxels)), mask.size)
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    inside = ndimage.distance_transform_edt(mask, sampling=spacing_mm)
    order = np.lexsort((rng.random(mask.size), np.round((outside - inside).ravel(), 6)))
    changed = np.zeros(mask.size, dtype=np.bool_)
    changed[order[:wanted]] = True
    return changed.reshape(mask.shape)
