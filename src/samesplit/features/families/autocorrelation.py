"""Moran's I and Geary's C of a lesion, over all pairs of its voxels, by Fourier transforms.

Both are sums over pairs of voxels weighted by one over their distance. With m the mask, x the deviations from
the mean (0 outside) and w the weights they follow from three such sums: m w m, x w x and x^2 w m. Each is, by
Parseval's theorem, a sum over frequencies of a product of two spectra and the spectrum of w, which needs one
transform for each of m, x and x^2 and none back. The box is padded to at least twice its size, so no pair is
counted twice. The result is that of the double sum to rounding; no voxel is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from samesplit.features.families.fourier import add_products, plan, transform_rows
from samesplit.ordering import RELATIVE

__all__ = ["spatial_autocorrelation"]

_ROWS_AT_ONCE = 512
"""Rows of voxels that are transformed along x together."""
_SPECTRA_BYTES = 96 << 20
"""What the spectra along x may take: those of larger lesions are made and used in portions."""
_MOST_PORTIONS = 8


def spatial_autocorrelation(
    intensities: npt.NDArray[np.float64], mask: npt.NDArray[np.uint8], spacing_mm: tuple[float, float, float]
) -> tuple[float, float]:
    """Moran's I and Geary's C (IBSI N365, NPT7), exact.

    NaN for a single voxel and for intensities that are constant but for rounding.

    Args:
        intensities: The image, shape (z, y, x).
        mask: 1 where intensities count.
        spacing_mm: Distance of neighbouring voxels along z, y and x.

    Example:
        >>> image = np.array([[[1.0, 2.0, 3.0]]])
        >>> moran, geary = spatial_autocorrelation(image, np.ones((1, 1, 3), np.uint8), (1.0, 1.0, 1.0))
        >>> round(moran, 6), round(geary, 6)
        (-0.3, 0.8)
    """
    values = intensities[mask > 0]
    n = values.size
    if n < 2 or np.ptp(values) <= RELATIVE * np.abs(values).max():
        return float("nan"), float("nan")
    z, y = np.nonzero(mask.any(axis=2))
    portions = _portions(mask.shape[2], len(z))
    nz, ny = (2 * _fast_length(size) for size in mask.shape[:2])
    nx = _padded_length(mask.shape[2], portions)
    weights = _spectrum_of_weights((nx, nz, ny), (spacing_mm[2], spacing_mm[0], spacing_mm[1]))
    scaled = _Scaled(intensities, mask, float(values.mean()), float(values.std()))
    del values
    sums = np.zeros((3, ny))
    for first in range(portions):
        frequencies = np.arange(first, nx // 2 + 1, portions)
        if portions <= 2:
            moments, odd = (scaled.mean, scaled.deviation), None if portions == 1 else first == 1
            spectra = transform_rows(intensities, mask, (z, y), moments, plan(nx // portions), odd=odd)
        else:
            spectra = _spectra(scaled, z, y, nx, frequencies, portions)
        add_products(spectra, z, y, len(mask), frequencies, weights, plan(nz), plan(ny), sums)
        del spectra  # before the next are made
    pairs, products, squares = sums.sum(axis=1)
    return float(products / pairs), float((n - 1) / n * (squares - products) / pairs)


@dataclass(frozen=True)
class _Scaled:
    """A lesion's intensities, to be taken in units of their standard deviation from their mean."""

    intensities: npt.NDArray[np.float64]
    mask: npt.NDArray[np.uint8]
    mean: float
    deviation: float

    def rows(self, z: npt.NDArray[np.intp], y: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """m, x and x^2 of some rows of voxels, shape (3, width, rows)."""
        inside = self.mask[z, y].T > 0
        rows = np.zeros((3, *inside.shape))
        rows[0] = inside
        rows[1] = np.where(inside, (self.intensities[z, y].T - self.mean) / self.deviation, 0.0)
        np.square(rows[1], out=rows[2])
        return rows


def _portions(width: int, n_rows: int) -> int:
    """In how many portions the spectra of a lesion are made; a power of two."""
    portions = 1
    while 48 * width * n_rows > portions * _SPECTRA_BYTES and portions < _MOST_PORTIONS:
        portions *= 2
    return portions


def _fast_length(size: int) -> int:
    return int(fft.next_fast_len(max(size, 2), real=True))


def _padded_length(width: int, portions: int) -> int:
    """At least twice the width, and a multiple of the portions."""
    if portions == 1:
        return 2 * _fast_length(width)
    return portions * _fast_length(-(-2 * width // portions))


def _spectra(
    scaled: _Scaled,
    z: npt.NDArray[np.intp],
    y: npt.NDArray[np.intp],
    nx: int,
    frequencies: npt.NDArray[np.int64],
    step: int,
) -> npt.NDArray[np.float64]:
    """Transform m, x and x^2 along x, padded to length nx: shape (3, 2, frequencies, rows).

    Every step-th frequency from f on is what a transform of length nx / step gives of the rows times
    exp(-2 pi i f x / nx), laid in stretches of that length on one another.
    """
    first, length = int(frequencies[0]), nx // step
    width = scaled.mask.shape[2]
    turn = np.exp(-2j * np.pi * first / nx * np.arange(width))[:, None]
    spectra = np.empty((3, 2, len(frequencies), len(z)))
    for start in range(0, len(z), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        rows = scaled.rows(z[part], y[part])
        if first > 0:
            rows = rows * turn
        laid = rows[:, :length]
        for more in range(length, width, length):
            stretch = rows[:, more : more + length]
            laid[:, : stretch.shape[1]] += stretch
        found = fft.rfft(laid, length, axis=1) if first == 0 else fft.fft(laid, length, axis=1)
        found = found[:, : len(frequencies)]
        spectra[:, 0, :, part], spectra[:, 1, :, part] = found.real, found.imag
    return spectra


def _spectrum_of_weights(
    lengths: tuple[int, int, int], spacing_mm: tuple[float, float, float]
) -> npt.NDArray[np.float64]:
    """Return the transform of 1 / distance, which is real and even: one octant of it, by cosine transforms."""
    a, b, c = ((np.arange(n // 2 + 1) * mm) ** 2 for n, mm in zip(lengths, spacing_mm, strict=True))
    squares = a[:, None, None] + b[:, None] + c
    squares[0, 0, 0] = np.inf  # no voxel is a pair with itself
    np.sqrt(squares, out=squares)
    return np.asarray(fft.dctn(np.divide(1, squares, out=squares), type=1, overwrite_x=True))
