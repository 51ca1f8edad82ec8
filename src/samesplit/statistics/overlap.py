"""How well two masks overlap."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from samesplit.errors import StatisticsError

__all__ = ["dice"]


def dice(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> float:
    """Compute the Dice coefficient of two masks: twice the shared voxels over the voxels of both.

    Args:
        first: Voxels inside are not 0; any shape.
        second: The same, of the same shape.

    Returns:
        From 0 (nothing is shared, or one mask is empty) to 1 (the masks are equal).

    Raises:
        StatisticsError: The shapes differ, or both masks are empty, where the coefficient is not defined.

    References:
        Dice LR. Ecology 1945;26:297-302, doi 10.2307/1932409.

    Example:
        >>> import numpy as np
        >>> dice(np.array([1, 1, 0, 0]), np.array([0, 1, 1, 0]))
        0.5
    """
    if first.shape != second.shape:
        raise StatisticsError(f"the masks have the shapes {first.shape} and {second.shape}", where="Dice")
    inside, other = first != 0, second != 0
    voxels = int(inside.sum()) + int(other.sum())
    if voxels == 0:
        raise StatisticsError("both masks are empty", where="Dice")
    return 2.0 * int((inside & other).sum()) / voxels
