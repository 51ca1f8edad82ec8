"""More noise of the kind that an image has already."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.restoration import estimate_sigma

__all__ = ["add_noise", "noise_level"]


def noise_level(image: npt.NDArray[np.float64]) -> float:
    """Return the standard deviation of an image's noise: the median over slices of a wavelet estimate.

    In each slice the median absolute deviation of the finest diagonal wavelet coefficients is taken for that
    of Gaussian noise (Donoho and Johnstone 1994, doi:10.1093/biomet/81.3.425).

    Args:
        image: Axes z, y, x.

    Example:
        >>> noise = np.random.default_rng(0).normal(scale=5, size=(4, 64, 64))
        >>> round(noise_level(noise + np.arange(64)))
        5
    """
    found = [float(np.nan_to_num(estimate_sigma(part))) for part in image if min(part.shape) > 1]
    return float(np.median(found)) if found else 0.0


def add_noise(
    image: npt.NDArray[np.float64], *, factor: float, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Add independent Gaussian noise, its standard deviation being a multiple of the image's own."""
    return image + rng.normal(scale=factor * noise_level(image), size=image.shape)
