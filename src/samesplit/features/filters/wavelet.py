"""Separable wavelets (25BO), undecimated: low and high passes along each axis, at one level.

The algorithm "a trous": at level j the kernels hold 2^(j-1) - 1 zeros between their weights, and the image was
low-passed along all axes at the levels before. These passes are one along each axis, with the kernels of all
levels convolved; the image is extended beyond its faces once, before all levels.
Source: IBSI reference manual for image filters, section 3.6 (arXiv:2006.05470); coefficients of PyWavelets
(Lee et al. 2019, doi:10.21105/joss.01237).
"""

from __future__ import annotations

import numpy as np

from samesplit.features.filters.pooling import rotation_invariant
from samesplit.features.filters.separable import ONE, Separable, Taps, Term
from samesplit.features.filters.settings import WaveletFilter

__all__ = ["subband_taps", "wavelet_kernel"]


def wavelet_kernel(settings: WaveletFilter) -> Separable | None:
    """Return the filter; None where the mean over rotations is 0 everywhere.

    Example:
        >>> filter = wavelet_kernel(WaveletFilter(wavelet="haar", subband="LLH"))
        >>> [np.round(taps.weights, 6).tolist() for taps in filter.terms[0].taps[:2]]  # along z and y
        [[0.707107, -0.707107], [0.707107, 0.707107]]
    """
    low, high = subband_taps(settings.wavelet, settings.level)
    x, y, z = (*(low if letter == "L" else high for letter in settings.subband), ONE)[:3]
    if settings.rotation_invariant:
        return rotation_invariant((z, y, x), settings.pooling, settings.dimensions)
    return Separable((Term((z, y, x)),))


def subband_taps(wavelet: str, level: int) -> tuple[Taps, Taps]:
    """Return the low and the high pass at a level, with the low passes of the levels before it.

    Args:
        wavelet: A name that PyWavelets knows.
        level: From 1 on.
    """
    from pywt import Wavelet  # only where wavelets are asked for

    kernels = Wavelet(wavelet)
    before = ONE
    for earlier in range(1, level):
        before = _spread(kernels.dec_lo, earlier).after(before)
    return _spread(kernels.dec_lo, level).after(before), _spread(kernels.dec_hi, level).after(before)


def _spread(kernel: list[float], level: int) -> Taps:
    """Return a kernel with zeros between its weights; its origin is the place after its middle."""
    step = 2 ** (level - 1)
    spread = np.zeros(step * (len(kernel) - 1) + 1)
    spread[::step] = kernel
    return Taps.of_convolution(spread, step * (len(kernel) // 2))
