"""How far the brightness of a lesion lies off its middle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["centre_of_mass_shift"]


def centre_of_mass_shift(
    intensities: npt.NDArray[np.float64],
    morphological: npt.NDArray[np.uint8],
    intensity: npt.NDArray[np.uint8],
    spacing_mm: tuple[float, float, float],
) -> float:
    """Distance in mm of the centre of the morphological mask and the intensity-weighted centre (IBSI KLMA).

    The weighted centre is that of the intensity mask. NaN where the intensities sum to 0, which have no centre.

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
    if total == 0 or not np.isfinite(total):
        return float("nan")
    shift = (
        _first_moments(weights) / total - _first_moments(morphological) / np.count_nonzero(morphological)
    ) * spacing_mm
    return float(np.sqrt((shift**2).sum()))


def _first_moments(weights: npt.NDArray[np.float64] | npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The sums of weight times index along z, y and x, counted from the middle of the box."""
    kind = np.float64 if weights.dtype == np.float64 else np.int64
    along_x = weights.sum(axis=2, dtype=kind)
    profiles = (along_x.sum(axis=1), along_x.sum(axis=0), weights.sum(axis=1, dtype=kind).sum(axis=0))
    return np.array([profile @ (np.arange(len(profile)) - (len(profile) - 1) / 2) for profile in profiles])
