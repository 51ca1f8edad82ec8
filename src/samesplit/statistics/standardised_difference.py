"""How far two groups of lesions or patients lie apart in a number or a share, in standard deviations."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from samesplit.ordering import nearly_equal

__all__ = ["standardised_difference", "standardised_difference_of_shares"]

_NO_SPREAD = 1e-12  # a standard deviation of less than this part of the mean is rounding of a constant


def standardised_difference(values: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Compute the standardised difference of two means, as between a test set and the training part.

    It is `(m1 - m0) / sqrt((s1² + s0²) / 2)`, with s the sample standard deviations. Unlike a P value it does
    not grow with the number of patients; 0.1 is commonly taken as small.

    Args:
        values: Shape (n,), in any unit; missing ones (NaN) do not count.
        reference: Shape (m,), in the same unit: what `values` are compared with.

    Returns:
        The difference in standard deviations; 0 where the means are equal; NaN where they are not and nothing
        varies, or a group has fewer than two values.

    References:
        Austin PC. Stat Med 2009;28:3083-3107. doi:10.1002/sim.3697.

    Example:
        >>> round(standardised_difference([60.0, 70.0, 65.0], [50.0, 60.0, 58.0]), 3)
        1.748
    """
    first, second = (_known(column) for column in (values, reference))
    if min(first.size, second.size) < 1:
        return math.nan
    means = float(first.mean()), float(second.mean())
    if nearly_equal(*means):
        return 0.0
    if min(first.size, second.size) < 2:
        return math.nan
    spread = math.sqrt((float(first.var(ddof=1)) + float(second.var(ddof=1))) / 2)
    return math.nan if spread <= _NO_SPREAD * max(map(abs, means)) else (means[0] - means[1]) / spread


def standardised_difference_of_shares(share: float, reference: float) -> float:
    """Compute the standardised difference of two shares, as of a prevalence or of a level of a category.

    It is `(p1 - p0) / sqrt((p1 (1 - p1) + p0 (1 - p0)) / 2)`.

    Args:
        share: Between 0 and 1; NaN where nobody is known.
        reference: What it is compared with.

    Returns:
        The difference in standard deviations; 0 where the shares are equal; NaN between 0 and 1, or where a share
        is not known.

    References:
        Austin PC. Stat Med 2009;28:3083-3107. doi:10.1002/sim.3697.

    Example:
        >>> round(standardised_difference_of_shares(0.5, 0.3), 3)
        0.417
    """
    if nearly_equal(share, reference):
        return 0.0
    spread = math.sqrt((share * (1 - share) + reference * (1 - reference)) / 2)
    return (share - reference) / spread if spread > 0 else math.nan


def _known(column: npt.ArrayLike) -> npt.NDArray[np.float64]:
    numbers = np.asarray(column, dtype=np.float64)
    return numbers[~np.isnan(numbers)]
