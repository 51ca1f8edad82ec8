"""How far the brightness of a lesion lies off its middle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.features.families.ellipsoids import voxel_moments
from samesplit.ordering import RELATIVE

__all__ = ["centre_of_mass_shift"]


def centre_of_mass_shift(
    intensities: npt.NDArray[np.float64],
    morphological: npt.NDArray[np.uint8],
    intensity: npt.NDArray[np.uint8],
    spacing_mm: tuple[float, float, float],
) -> float:
    """Distance in mm of the centre of the morphological mask and the intensity-weighted centre (IBSI KLMA).

    The weighted centre is that of the intensity mask. NaN where the intensities sum to 0 but for
    rounding, which have no centre.

    Args:
        intensities: The image, shape (z, y, x).
        morphological: 1 inside the lesion.
        intensity: 1 where intensities count.
        spacing_mm: Distance of neighbouring voxels along z, y and x.

    Example:
        >>> mask = np.ones((1, 1, 3), np.uint8)
        >>> centre_of_mass_shift(np.array([[[0.0, 0.0, 4.0]]]), mask, mask, (1.0, 1.0, 2.0))
        2.0
    """
    weights = np.where(intensity > 0, intensities, 0.0)
    total = weights.sum()
    if abs(total) <= RELATIVE * np.abs(weights).sum() or not np.isfinite(total):
        return float("nan")
    along_x = weights.sum(axis=2)
    sums = (along_x.sum(axis=1), along_x.sum(axis=0), weights.sum(axis=0).sum(axis=0))
    bright = np.array([profile @ np.arange(len(profile)) for profile in sums]) / total
    n, indices, _ = voxel_moments(morphological)
    shift = (bright - indices / n) * spacing_mm
    return float(np.sqrt((shift**2).sum()))
