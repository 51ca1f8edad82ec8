"""Riesz transforms of order L: what a filter finds, by direction, like derivatives that favour no frequency.

In Fourier space the transform of order l = (l1, l2, l3), L = l1 + l2 + l3, is

    (-i)^L sqrt(L! / (l1! l2! l3!)) n1^l1 n2^l2 n3^l3

with n the direction of a frequency; the zero frequency has none and is left out. Steered by the structure
tensor, l1 counts along the direction in which the image changes most, instead of along x (see `steering`).
Source: IBSI reference manual for image filters, Riesz transform (AYRS, arXiv:2006.05470); Unser and Van De
Ville 2010, doi:10.1109/TIP.2009.2038832.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import fft

from samesplit.features.filters.boundary import Box, extended, widened
from samesplit.features.filters.fourier import MARGIN_VOXELS, Spectra, Spectrum
from samesplit.features.filters.laplacian_of_gaussian import log_kernel
from samesplit.features.filters.separable import Separable, Taps
from samesplit.features.filters.settings import LogFilter, RieszFilter
from samesplit.features.filters.simoncelli import band_passed
from samesplit.features.filters.steering import smoothed_products, steered, window

__all__ = ["riesz"]

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Volume = npt.NDArray[np.float32]
Spacing = tuple[float, float, float]


def riesz(spectra: Spectra, settings: RieszFilter, spacing_mm: Spacing) -> Volume:
    """Return the response map of a Riesz transform of a Laplacian of Gaussian or of a Simoncelli wavelet.

    Args:
        spectra: The image, and the part of it on which the response is wanted.
        settings: The filter.
        spacing_mm: Distance of voxels along z, y, x.

    Returns:
        The response, shape (z, y, x) of the wanted part.

    Example:
        >>> wave = np.tile(8 * np.cos(np.arange(8) * np.pi / 2), (8, 8, 1))
        >>> one = {"order": (1, 0, 0), "boundary": "periodic", "of": {"kind": "simoncelli", "level": 1}}
        >>> response = riesz(Spectra(wave), RieszFilter.model_validate(one), (1.0, 1.0, 1.0))
        >>> (response[0, 0, :4].astype(float).round(1) + 0.0).tolist()
        [0.0, 6.5, 0.0, -6.5]
    """
    transform, wanted = _Transform(spectra, settings, spacing_mm), spectra.wanted
    order, axes = settings.order, transform.axes
    factor = np.float32(
        math.sqrt(math.factorial(sum(order)) / math.prod(math.factorial(power) for power in order))
    )
    if settings.structure_sigma_mm is None:
        return transform.component(order[::-1], wanted) * factor
    windows = [window(settings.structure_sigma_mm / spacing_mm[axis]) for axis in axes]
    reach = (*(0 for _ in range(3 - len(axes))), *(len(each) // 2 for each in windows))
    gradient = [
        transform.around([int(axis == other) for other in axes], widened(wanted, reach)) for axis in axes
    ]
    tensor = smoothed_products(gradient, windows)
    inner = tuple(slice(far, n - far) for far, n in zip(reach, gradient[0].shape, strict=True))
    exponents = [p for p in product(range(sum(order) + 1), repeat=len(axes)) if sum(p) == sum(order)]
    parts = np.stack([transform.component(powers, wanted) for powers in exponents])
    here = np.stack([part[inner] for part in gradient])
    return steered(tensor, here, parts, np.array(exponents), order) * factor


class _Transform:
    """One filtered image in Fourier space; each component of its Riesz transforms is one transform back.

    Attributes:
        axes: The axes that are transformed.
    """

    def __init__(self, spectra: Spectra, settings: RieszFilter, spacing_mm: Spacing) -> None:
        inner, sigma = settings.of, settings.structure_sigma_mm
        margin, kernel = MARGIN_VOXELS, None
        if isinstance(inner, LogFilter):
            kernel = log_kernel(inner, spacing_mm)
            margin = max(margin, *(2 * far for far in kernel.reach))
        if sigma is not None:
            margin = max(margin, *(len(window(sigma / step)) // 2 for step in spacing_mm))
        self._spectrum = spectra.of(settings.dimensions, settings.boundary, settings.constant, margin)
        self._image = spectra.image if settings.boundary == "periodic" else None
        self.axes = self._spectrum.axes
        if isinstance(inner, LogFilter):
            assert kernel is not None
            self._filtered = _convolved(self._spectrum, kernel)
        else:
            self._filtered = band_passed(self._spectrum, inner.level)

    def component(self, powers: Sequence[int], wanted: Box) -> Volume:
        """Return one component, without the factor of its order.

        Args:
            powers: Of the directions along `axes`.
            wanted: The part of the image.
        """
        powers = (*(0 for _ in range(3 - len(powers))), *powers)
        squares, monomials = [], []
        for axis, power in enumerate(powers):
            along = self._spectrum.frequencies(axis)
            squares.append(along**2)
            if power % 2:
                along = np.where(np.abs(along) == 1, 0.0, along)  # of half the sampling rate no sign is known
            monomials.append(along**power)
        found = np.empty_like(self._filtered)
        order = sum(powers)
        _directed(self._filtered, tuple(squares), tuple(monomials), order, (-1j) ** order, found)
        return self._spectrum.back(found, wanted)

    def around(self, powers: Sequence[int], box: Box) -> Volume:
        """Return one component on a box that may lie beyond the faces, also of a periodic image."""
        if self._image is None:
            return self.component(powers, box)
        z, y, x = (slice(0, n) for n in self._image.shape)
        z = z if 0 in self.axes else box[0]
        return extended(
            self.component(powers, (z, y, x)), box, "periodic", origin=(z.start, 0, 0), size=self._image.shape
        ).astype(np.float32)


def _convolved(spectrum: Spectrum, kernel: Separable) -> Complex:
    """Return the transform of an image times that of a symmetric kernel."""
    found = np.zeros_like(spectrum.values)
    for term in kernel.terms:
        z, y, x = (
            _of_taps(taps, n)[:m]
            for taps, n, m in zip(term.taps, spectrum.sizes, spectrum.values.shape, strict=True)
        )
        _add_weighed(spectrum.values, z, y, x, found)
    return found


def _of_taps(taps: Taps, n: int) -> Floats:
    """Return the transform of a symmetric kernel about its centre at the frequencies of n samples."""
    around = np.zeros(n)
    np.add.at(around, (np.arange(len(taps.weights)) + taps.first) % n, np.array(taps.weights))
    return np.ascontiguousarray(fft.fft(around).real)


@njit(cache=True, nogil=True)
def _add_weighed(values: Any, z: Any, y: Any, x: Any, found: Any) -> None:
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            weight = z[i] * y[j]
            for k in range(values.shape[2]):
                found[i, j, k] += weight * x[k] * values[i, j, k]


@njit(cache=True, nogil=True)
def _directed(values: Any, squares: Any, monomials: Any, order: int, unit: complex, found: Any) -> None:
    """Multiply with (-i)^L n^l."""
    z2, y2, x2 = squares
    zm, ym, xm = monomials
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            square, monomial = z2[i] + y2[j], zm[i] * ym[j]
            for k in range(values.shape[2]):
                length = square + x2[k]
                weight = 0.0
                if length > 0.0:
                    weight = monomial * xm[k]
                    weight /= length if order == 2 else np.sqrt(length) ** order
                found[i, j, k] = weight * unit * values[i, j, k]
