"""The mean filter (S60F): the mean of all voxels of a cube, or of a square of its slice, around each voxel.

Source: IBSI reference manual for image filters, section 3.1 (arXiv:2006.05470).
"""

from __future__ import annotations

from samesplit.features.filters.separable import ONE, Separable, Taps, Term
from samesplit.features.filters.settings import MeanFilter

__all__ = ["box_mean", "mean_kernel"]


def mean_kernel(settings: MeanFilter) -> Separable:
    """Return the filter.

    Example:
        >>> mean_kernel(MeanFilter(support_voxels=3, dimensions=2)).reach
        (0, 1, 1)
    """
    return box_mean(settings.support_voxels // 2, settings.dimensions)


def box_mean(distance: int, dimensions: int) -> Separable:
    """Return the filter that takes the mean up to a Chebyshev distance, in three or in two dimensions."""
    support = 2 * distance + 1
    taps = Taps((1.0 / support,) * support, -distance)
    return Separable((Term((taps if dimensions == 3 else ONE, taps, taps)),))
