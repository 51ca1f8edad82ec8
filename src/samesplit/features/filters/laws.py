"""Laws' kernels (JTXT): products of one-dimensional kernels for levels, edges, spots, waves and ripples.

Kernels have the norm 1, as the IBSI prints them. The texture energy is the mean of absolute responses around each
voxel, taken after rotations are pooled; beyond the image the pooled response goes on as the image does.
Source: IBSI reference manual for image filters, section 3.3 (arXiv:2006.05470).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from samesplit.features.filters.boundary import PaddedImage, extended, widened
from samesplit.features.filters.mean import box_mean
from samesplit.features.filters.pooling import rotation_invariant
from samesplit.features.filters.separable import ONE, Separable, Taps, Term, respond_separably
from samesplit.features.filters.settings import LawsFilter

__all__ = ["energy", "laws_kernel"]

_PRINTED: Mapping[str, tuple[int, ...]] = {
    "L3": (1, 2, 1),
    "L5": (1, 4, 6, 4, 1),
    "E3": (-1, 0, 1),
    "E5": (-1, -2, 0, 2, 1),
    "S3": (-1, 2, -1),
    "S5": (-1, 0, 2, 0, -1),
    "W5": (-1, 2, 0, -2, 1),
    "R5": (1, -4, 6, -4, 1),
}


def laws_kernel(settings: LawsFilter) -> Separable | None:
    """Return the filter before energies are taken; None where the mean over rotations is 0 everywhere.

    Example:
        >>> filter = laws_kernel(LawsFilter(kernels="L5E5E5", rotation_invariant=True))
        >>> len(filter.terms)  # of 24 rotations: only the direction of L5 makes a difference but for the sign
        3
    """
    x, y, z = (*(_taps(name) for name in settings.kernels), ONE)[:3]
    if settings.rotation_invariant:
        return rotation_invariant((z, y, x), settings.pooling, settings.dimensions)
    return Separable((Term((z, y, x)),))


def energy(padded: PaddedImage, settings: LawsFilter, distance: int) -> npt.NDArray[np.float32]:
    """Return the mean of absolute responses up to a Chebyshev distance.

    Args:
        padded: The image.
        settings: The kernels.
        distance: In voxels.
    """
    mean = box_mean(distance, settings.dimensions)
    box = widened(padded.wanted, mean.reach)
    near = widened(padded.wanted, mean.reach, size=padded.image.shape)
    one = laws_kernel(settings)
    if one is None:
        return np.zeros([part.stop - part.start for part in padded.wanted], dtype=np.float32)
    if settings.boundary == "periodic":
        near = PaddedImage(padded.image).wanted
    window = padded.within(near).around(one.reach, settings.boundary, settings.constant)
    response = respond_separably(window, one, one.reach)
    np.abs(response, out=response)
    origin = [part.start for part in near]
    around = extended(
        response, box, settings.boundary, settings.constant, origin=origin, size=padded.image.shape
    )
    return respond_separably(np.ascontiguousarray(around, dtype=np.float32), mean, mean.reach)


def _taps(name: str) -> Taps:
    printed = _PRINTED[name]
    norm = math.sqrt(sum(weight * weight for weight in printed))
    return Taps.of_convolution((weight / norm for weight in printed), len(printed) // 2)
