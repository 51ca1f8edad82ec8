"""The mean over slices that the aggregation "2D" asks for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["mean_over_slices"]


def mean_over_slices(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean of each feature over the slices in which it is defined.

    Args:
        values: One row of features for each slice that has voxels, shape (slices, features); NaN where undefined.

    Returns:
        The means, shape (features,); NaN where no slice defines the feature.

    Example:
        >>> mean_over_slices(np.array([[1.0, np.nan], [3.0, np.nan]]))
        array([ 2., nan])
    """
    if len(values) == 1:
        return np.array(values[0])
    defined = ~np.isnan(values)
    n = np.count_nonzero(defined, axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
