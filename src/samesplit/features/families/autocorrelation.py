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

__all__ = ["spatial_autocorrelation"]

_BLOCK_BYTES = 4 * 2**20


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
    inside = mask > 0
    values = intensities[inside]
    n = values.size
    if n < 2 or values.max() == values.min():
        return float("nan"), float("nan")
    deviations = values - values.mean()
    variance = (deviations**2).mean()
    x = np.zeros(mask.shape)
    x[inside] = deviations / np.sqrt(variance)
    pairs, products, squares = _pair_sums(x, inside, spacing_mm)
    return float(products / pairs), float((n - 1) / n * (squares - products) / pairs)


def _pair_sums(
    x: npt.NDArray[np.float64], inside: npt.NDArray[np.bool_], spacing_mm: tuple[float, float, float]
) -> npt.NDArray[np.float64]:
    """The sums over all pairs of m w m, x w x and x^2 w m."""
    lengths = [2 * int(fft.next_fast_len(max(size, 2), real=True)) for size in x.shape]
    weights = _spectrum_of_weights(lengths, spacing_mm)
    spectra = [fft.rfft(f, lengths[2], axis=2) for f in (inside.astype(np.float64), x, x * x)]
    folded = [np.minimum(np.arange(n), n - np.arange(n)) for n in lengths]
    twice = np.where(np.isin(np.arange(lengths[2] // 2 + 1), (0, lengths[2] // 2)), 1.0, 2.0)
    step = max(1, _BLOCK_BYTES // (16 * lengths[0] * lengths[1]))
    sums = np.zeros(3)
    for start in range(0, lengths[2] // 2 + 1, step):
        block = slice(start, start + step)
        m, d, d2 = (
            fft.fft(fft.fft(spectrum[:, :, block], lengths[1], axis=1), lengths[0], axis=0)
            for spectrum in spectra
        )
        w = (weights[:, :, block] * twice[block])[folded[0]][:, folded[1]]
        sums += [(w * (a.real * b.real + a.imag * b.imag)).sum() for a, b in ((m, m), (d, d), (d2, m))]
    return np.asarray(sums / np.prod(lengths))


def _spectrum_of_weights(
    lengths: list[int], spacing_mm: tuple[float, float, float]
) -> npt.NDArray[np.float64]:
    """The transform of 1 / distance, which is real and even: one octant of it, by cosine transforms."""
    z, y, x = ((np.arange(n // 2 + 1) * mm) ** 2 for n, mm in zip(lengths, spacing_mm, strict=True))
    squares = z[:, None, None] + y[:, None] + x
    squares[0, 0, 0] = np.inf  # no voxel is a pair with itself
    return np.asarray(fft.dctn(1 / np.sqrt(squares), type=1))
