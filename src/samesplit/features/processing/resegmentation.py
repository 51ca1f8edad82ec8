"""Which voxels of the lesion count for intensities: those within a range, and not too far from their mean."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.ordering import RELATIVE

__all__ = ["resegment"]


def resegment(
    intensities: npt.NDArray[np.float64],
    morphological: npt.NDArray[np.uint8],
    *,
    keep_range: tuple[float | None, float | None] | None = None,
    outliers_sd: float | None = None,
) -> npt.NDArray[np.uint8]:
    """Return the intensity mask: the morphological mask without voxels outside a range or far from the mean.

    Both rules look at the same voxels, all of the morphological mask, and what both keep is kept (IBSI USB3
    and 7ACA, doi:10.1148/radiol.2020191145). The standard deviation divides by the number of voxels. What lies
    beyond a bound by no more than 1e-9 of the lesion's largest intensity lies on the bound.

    Args:
        intensities: The image, axes z, y, x.
        morphological: 1 inside the lesion, same shape.
        keep_range: Lowest and highest intensity to keep, both kept themselves; None where there is no bound.
        outliers_sd: Intensities further than this many standard deviations from the mean are left out.

    Returns:
        A new mask, uint8; it may be empty.

    Example:
        >>> values = np.array([[[-600.0, -500.0, 400.0, 401.0]]])
        >>> resegment(values, np.ones((1, 1, 4), np.uint8), keep_range=(-500, 400)).tolist()
        [[[0, 1, 1, 0]]]
    """
    low, high = keep_range if keep_range is not None else (None, None)
    low = -np.inf if low is None else float(low)
    high = np.inf if high is None else float(high)
    values = intensities[morphological > 0]
    if outliers_sd is not None:
        mean, reach = float(values.mean()), outliers_sd * float(values.std())
        low, high = max(low, mean - reach), min(high, mean + reach)
    if low == -np.inf and high == np.inf:
        return morphological.copy()
    rounding = RELATIVE * float(np.abs(values).max(initial=0.0))
    kept = (intensities >= low - rounding) & (intensities <= high + rounding)
    return kept.view(np.uint8) & morphological
