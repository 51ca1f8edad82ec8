"""Shares of a cohort as whole numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["whole_numbers"]


def whole_numbers(shares: Sequence[float], total: int) -> list[int]:
    """Return whole numbers that add up to `total` and are as near as can be to the shares (largest remainder).

    Example:
        >>> whole_numbers([0.5, 0.3, 0.2], 4)
        [2, 1, 1]
    """
    exact = np.asarray(shares, dtype=np.float64) * total
    found = np.floor(exact + 1e-9).astype(int)
    left = np.argsort(np.round(found - exact, 9), kind="stable")[: total - int(found.sum())]
    found[left] += 1
    return [int(number) for number in found]
