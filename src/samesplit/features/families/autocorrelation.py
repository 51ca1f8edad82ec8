"""Moran's I and Geary's C of a lesion, over all pairs of its voxels, by Fourier transforms.

Both are sums over pairs of voxels weighted by one over their distance. With m the mask, x the deviations from
the mean (0 outside) and w the weights they follow from three such sums: m w m, x w x and x^2 w m. Each is, by
Parseval's theorem, a sum over frequencies of a product of two spectra and the spectrum of w, which needs one
transform for each of m, x and x^2 and none back. The box is padded to at least twice its size, so no pair is
counted twice. The result is that of the double sum to rounding; no voxel is left out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from samesplit.features.families.fourier import plan, weighted_products
from samesplit.ordering import RELATIVE

__all__ = ["spatial_autocorrelation"]


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
    filled = np.asarray(mask.any(axis=2))
    nz, ny, nx = (2 * int(fft.next_fast_len(max(size, 2), real=True)) for size in mask.shape)
    spectra = fft.rfft(_rows(intensities, mask > 0, filled), nx, axis=1)
    weights = _spectrum_of_weights((nx, nz, ny), (spacing_mm[2], spacing_mm[0], spacing_mm[1]))
    z, y = np.nonzero(filled)
    sums = weighted_products(spectra, z, y, len(mask), weights, plan(nz), plan(ny))
    pairs, products, squares = sums.sum(axis=1)
    return float(products / pairs), float((n - 1) / n * (squares - products) / pairs)


def _rows(
    intensities: npt.NDArray[np.float64], inside: npt.NDArray[np.bool_], filled: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """m, x in units of its standard deviation, and x^2: shape (3, width, rows of voxels that are not empty)."""
    values = intensities[inside]
    rows = np.zeros((3, inside.shape[2], np.count_nonzero(filled)))
    rows[0] = inside[filled].T
    rows[1] = np.where(inside[filled], (intensities[filled] - values.mean()) / values.std(), 0.0).T
    np.square(rows[1], out=rows[2])
    return rows


def _spectrum_of_weights(
    lengths: tuple[int, int, int], spacing_mm: tuple[float, float, float]
) -> npt.NDArray[np.float64]:
    """Return the transform of 1 / distance, which is real and even: one octant of it, by cosine transforms."""
    a, b, c = ((np.arange(n // 2 + 1) * mm) ** 2 for n, mm in zip(lengths, spacing_mm, strict=True))
    squares = a[:, None, None] + b[:, None] + c
    squares[0, 0, 0] = np.inf  # no voxel is a pair with itself
    np.sqrt(squares, out=squares)
    return np.asarray(fft.dctn(np.divide(1, squares, out=squares), type=1, overwrite_x=True))
