"""The Laplacian of Gaussian (L6PA): edges and blobs of a size, alike in all directions.

The kernel, cut off at some standard deviations, is the manual's

    g(k) = -1/sigma^2 (1 / (sqrt(2 pi) sigma))^D (D - |k|^2 / sigma^2) exp(-|k|^2 / (2 sigma^2))

with sigma in voxels. It is the sum of D separable kernels. Where voxels have different sizes along the axes, |k|
and sigma are taken in mm, and the Laplacian is scaled with the voxel's mean size (geometric, of its edges).
Source: IBSI reference manual for image filters, section 3.2 (arXiv:2006.05470).
"""

from __future__ import annotations

import math

import numpy as np

from samesplit.features.filters.separable import ONE, Separable, Taps, Term
from samesplit.features.filters.settings import LogFilter

__all__ = ["log_kernel"]


def log_kernel(settings: LogFilter, spacing_mm: tuple[float, float, float]) -> Separable:
    """Return the filter.

    Args:
        settings: Standard deviation, cut-off and dimensions.
        spacing_mm: Distance of voxels along z, y, x.

    Example:
        >>> log_kernel(LogFilter(sigma_mm=1.5), (1.0, 1.0, 1.0)).reach
        (6, 6, 6)
    """
    axes = (0, 1, 2) if settings.dimensions == 3 else (1, 2)
    mean_mm = math.prod(spacing_mm[axis] for axis in axes) ** (1 / len(axes))
    scale = (mean_mm / settings.sigma_mm) ** 2
    gaussians, derivatives = [ONE] * 3, [ONE] * 3
    for axis in axes:
        sigma = settings.sigma_mm / spacing_mm[axis]
        reach = math.floor(settings.cutoff_sigma * sigma + 0.5)
        squares = (np.arange(-reach, reach + 1) / sigma) ** 2
        gaussian = np.exp(-0.5 * squares) / (math.sqrt(2 * math.pi) * sigma)
        gaussians[axis] = Taps(tuple(gaussian.tolist()), -reach)
        derivatives[axis] = Taps(tuple((scale * (squares - 1) * gaussian).tolist()), -reach)
    terms = []
    for axis in axes:
        z, y, x = (derivatives[other] if other == axis else gaussians[other] for other in range(3))
        terms.append(Term((z, y, x)))
    return Separable(tuple(terms))
