"""Moran's I and Geary's C of a lesion, over all pairs of its voxels, by Fourier transforms.

Both are sums over pairs of voxels weighted by one over their distance. With m the mask, x the deviations from
the mean (0 outside) and w the weights they follow from three such sums: m w m, x w x and x^2 w m. Each is, by
Parseval's theorem, a sum over frequencies of a product of two spectra and the spectrum of w, which needs one
transform for each of m, x and x^2 and none back. The box is padded to at least twice its size, so no pair is
counted twice. The result is that of the double sum to rounding; no voxel is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import fft

from samesplit.features.families.fourier import plan, transform_columns

__all__ = ["spatial_autocorrelation"]


def spatial_autocorrelation(
    intensities: npt.NDArray[np.float64], mask: npt.NDArray[np.uint8], spacing_mm: tuple[float, float, float]
) -> tuple[float, float]:
    """Moran's I and Geary's C (IBSI N365, NPT7), exact.

    NaN for a single voxel and for constant intensities.

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
    if n < 2 or values.max() == values.min():
        return float("nan"), float("nan")
    filled = np.asarray(mask.any(axis=2))
    nz, ny, nx = (2 * int(fft.next_fast_len(max(size, 2), real=True)) for size in mask.shape)
    spectra = fft.rfft(_rows(intensities, mask > 0, filled), nx, axis=1)
    weights = _spectrum_of_weights((nx, nz, ny), (spacing_mm[2], spacing_mm[0], spacing_mm[1]))
    z, y = np.nonzero(filled)
    sums = _weighted_products(spectra, z, y, len(mask), weights, plan(nz), plan(ny))
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
    """The transform of 1 / distance, which is real and even: one octant of it, by cosine transforms."""
    a, b, c = ((np.arange(n // 2 + 1) * mm) ** 2 for n, mm in zip(lengths, spacing_mm, strict=True))
    squares = a[:, None, None] + b[:, None] + c
    squares[0, 0, 0] = np.inf  # no voxel is a pair with itself
    np.sqrt(squares, out=squares)
    return np.asarray(fft.dctn(np.divide(1, squares, out=squares), type=1, overwrite_x=True))


@njit(cache=True, nogil=True)
def _weighted_products(
    spectra: Any, z: Any, y: Any, depth: int, weights: Any, plan_z: Any, plan_y: Any
) -> Any:
    """The sums over all frequencies of weight times m m*, x x* and Re(x^2 m*).

    Args:
        spectra: Of m, x and x^2, transformed along x, shape (3, frequencies, rows of voxels).
        z: The slice of each row.
        y: The place of each row in its slice.
        depth: The number of slices.
        weights: The spectrum of the weights at frequencies 0 to n / 2 along x, z and y.
        plan_z: How to transform along z.
        plan_y: How to transform along y.
    """
    order_z, order_y = plan_z[3], plan_y[3]
    n_z, n_y = len(order_z), len(order_y)
    across_re = np.empty((n_y, depth))
    across_im = np.empty((n_y, depth))
    re = np.empty((3, n_z, n_y))
    im = np.empty((3, n_z, n_y))
    w = np.empty(n_y)
    sums = np.zeros((3, n_y))
    for k in range(spectra.shape[1]):
        for f in range(3):
            for j in range(n_y):
                for i in range(depth):
                    across_re[j, i] = across_im[j, i] = 0.0
            for r in range(len(z)):
                across_re[y[r], z[r]] = spectra[f, k, r].real
                across_im[y[r], z[r]] = spectra[f, k, r].imag
            transform_columns(across_re, across_im, plan_y[0], plan_y[1], plan_y[2])
            for i in range(depth):
                for j in range(n_y):
                    re[f, i, j] = across_re[j, i]
                    im[f, i, j] = across_im[j, i]
            for i in range(depth, n_z):
                for j in range(n_y):
                    re[f, i, j] = im[f, i, j] = 0.0
            transform_columns(re[f], im[f], plan_z[0], plan_z[1], plan_z[2])
        # Frequencies of x between the first and the last stand for their mirror images as well.
        times = 1.0 if k == 0 or k == spectra.shape[1] - 1 else 2.0
        for i in range(n_z):
            of_z = weights[k, min(order_z[i], n_z - order_z[i])]
            for j in range(n_y):
                w[j] = times * of_z[min(order_y[j], n_y - order_y[j])]
            for j in range(n_y):
                sums[0, j] += w[j] * (re[0, i, j] * re[0, i, j] + im[0, i, j] * im[0, i, j])
                sums[1, j] += w[j] * (re[1, i, j] * re[1, i, j] + im[1, i, j] * im[1, i, j])
                sums[2, j] += w[j] * (re[0, i, j] * re[2, i, j] + im[0, i, j] * im[2, i, j])
    return sums
