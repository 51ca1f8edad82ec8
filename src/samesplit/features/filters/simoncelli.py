"""Simoncelli's non-separable wavelet: the band-pass map of one level, the same in all directions.

In Fourier space the filter of level j is cos(pi / 2 * log2(2 r)) for 1/4 < r < 1 and 0 elsewhere, with r the
distance from zero frequency in units of half the sampling rate, times 2^(j - 1).

The frequencies lie where the reference maps of the IBSI have them: as many as there are samples, evenly from
-1 to 1, both ends included. For an even number they lie half a step beside those of the transform; the filter
is then the mean of what it is at a frequency and at the opposite one, which keeps responses real. With the
frequencies of the transform itself the maps of levels 2 and 3 differ from the reference by 3 % and 8 % of its
range; the larger the image, the less the two differ.
Source: IBSI reference manual for image filters, Simoncelli wavelet (PRT7, arXiv:2006.05470); Portilla and
Simoncelli 2000, doi:10.1023/A:1026553619983.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import fft

from samesplit.features.filters.fourier import MARGIN_VOXELS, Spectra, Spectrum
from samesplit.features.filters.settings import SimoncelliFilter

__all__ = ["band_passed", "simoncelli"]

Floats = npt.NDArray[np.float64]

_LOWEST = 1 / 16
_ENTRIES = 1 << 15


def simoncelli(spectra: Spectra, settings: SimoncelliFilter) -> npt.NDArray[np.float32]:
    """Return the response map of one level.

    Args:
        spectra: The image, and the part of it on which the response is wanted.
        settings: The filter.

    Returns:
        The response, shape (z, y, x) of the wanted part.

    Example:
        >>> stripes = np.tile([0.0, 0.0, 8.0, 8.0], (8, 8, 2))
        >>> one = SimoncelliFilter(level=1, boundary="periodic")
        >>> simoncelli(Spectra(stripes), one)[0, 0, :4].astype(float).round(1).tolist()
        [-3.2, -3.2, 3.2, 3.2]
    """
    spectrum = spectra.of(settings.dimensions, settings.boundary, settings.constant, MARGIN_VOXELS)
    return spectrum.back(band_passed(spectrum, settings.level, cut=True), spectra.wanted)


def band_passed(spectrum: Spectrum, level: int, *, cut: bool = False) -> npt.NDArray[np.complex128]:
    """Return the transform of the response map of a level.

    Args:
        spectrum: The transform of the image.
        level: Level of the wavelet, from 1.
        cut: Leave out the highest frequencies along x, where the filter is 0 whatever they are along y and z.
    """
    z, y, x = (_squares(spectrum, axis) * 4.0 ** (level - 1) for axis in range(3))
    values = spectrum.values
    if cut:
        passed = 1 + int(np.flatnonzero(x.min(axis=0) < 1.0).max(initial=0))
        values, x = values[:, :, :passed], np.ascontiguousarray(x[:, :passed])
    if 0 in spectrum.axes:
        product = np.empty(values.shape, dtype=values.dtype)
        _multiply(values, z, y, x, _table(), product)
        return product
    # Slice by slice the filter is the same in all of them, so it is looked up once.
    gains = np.empty((1, *values.shape[1:]), dtype=values.dtype)
    _multiply(np.ones_like(gains), z, y, x, _table(), gains)
    return np.asarray(values * gains.real)


def _squares(spectrum: Spectrum, axis: int) -> Floats:
    """Return the square frequencies along an axis, and those of the opposite places, shape (2, n)."""
    n = spectrum.sizes[axis]
    if axis not in spectrum.axes or n == 1:
        return np.zeros((2, n))
    forth = fft.ifftshift(np.linspace(-1.0, 1.0, n))
    both = np.stack([forth, np.roll(forth[::-1], 1)]) ** 2
    return np.ascontiguousarray(both[:, : spectrum.values.shape[axis]])


@cache
def _table() -> Floats:
    """Return the filter at equally spaced squares of r from 1/16 to 1; linear between them to 3e-8."""
    squares = np.linspace(_LOWEST, 1.0, _ENTRIES + 1)
    table = np.cos(np.pi / 4 * np.log2(4 * squares))
    table[0] = table[-1] = 0.0
    table.flags.writeable = False
    return np.asarray(table)


@njit(cache=True, nogil=True)
def _multiply(values: Any, z: Any, y: Any, x: Any, table: Any, product: Any) -> None:
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            near, far = z[0, i] + y[0, j], z[1, i] + y[1, j]
            for k in range(values.shape[2]):
                gain = 0.5 * (_at(table, near + x[0, k]) + _at(table, far + x[1, k]))
                product[i, j, k] = gain * values[i, j, k]


@njit(cache=True, nogil=True, inline="always")
def _at(table: Any, square: float) -> Any:
    """Return the filter at a square of r."""
    if square <= _LOWEST or square >= 1.0:
        return 0.0
    place = (square - _LOWEST) * (_ENTRIES / (1.0 - _LOWEST))
    low = np.uint64(place)
    return table[low] + (place - low) * (table[low + np.uint64(1)] - table[low])
