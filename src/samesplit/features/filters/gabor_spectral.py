"""Gabor filters in Fourier space, where each is a narrow band.

Slices are transformed once for all directions and filters, and only the bands are transformed back. The kernel at
-k is the conjugate of that at k, so its spectrum is real.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import fft

from samesplit.features.filters.settings import GaborFilter

__all__ = ["Band", "SliceTransform"]

Volume = npt.NDArray[np.float32]
Waves = npt.NDArray[np.complex64]

_NEGLIGIBLE = 1e-6
"""Parts of a kernel's spectrum below this share of its largest value are taken for 0."""


@dataclass(frozen=True)
class Band:
    """A kernel's spectrum where it is not negligible.

    Attributes:
        start: The first frequency along k1.
        values: The spectrum, twice each, for the real and the imaginary part of what it is multiplied with; shape
            (k2, twice the band along k1).
    """

    start: int
    values: Volume


class SliceTransform:
    """The transforms of slices of one size.

    Args:
        shape: Slices, and their pixels along k2 and k1, with the surroundings that kernels look at.
        steps: Distance of voxels along k1 and k2, in mm.
        far: How far kernels reach along k1 and k2, in voxels.
    """

    def __init__(self, shape: Sequence[int], steps: tuple[float, float], far: tuple[int, int]) -> None:
        self._lengths = fft.next_fast_len(shape[1]), fft.next_fast_len(shape[2])
        self._wanted = shape[1] - 2 * far[1], shape[2] - 2 * far[0]
        self._steps, self._far = steps, far

    def spectrum(self, slices: Volume) -> Waves:
        """Return the transform of slices, axes slice, k2, k1."""
        found: Waves = fft.fft2(slices, s=self._lengths)
        return found

    def bands(self, settings: GaborFilter, angles: Sequence[float]) -> list[Band]:
        """Return the kernels' spectra, one for each direction in degrees."""
        return [self._band(settings, angle) for angle in angles]

    def responses(self, spectrum: Waves, bands: Sequence[Band], part: str) -> Iterator[Volume]:
        """Yield the modulus, real or imaginary part of the response to each kernel; overwritten by the next."""
        rows, columns = self._wanted
        out = np.empty((len(spectrum), rows, columns), dtype=np.float32)
        first = self._far[0]
        for band in bands:
            waves = self._inverse(spectrum, band, in_place=part != "modulus")
            if part == "modulus":
                _modulus(waves.view(np.float32), 2 * first, out)
            else:
                wanted = waves[:, :, first : first + columns]
                out[:] = wanted.real if part == "real" else wanted.imag
            yield out

    def _band(self, settings: GaborFilter, angle: float) -> Band:
        (far1, far2), (step1, step2) = self._far, self._steps
        k1 = np.arange(-far1, far1 + 1) * step1
        k2 = (np.arange(-far2, far2 + 1) * step2)[:, None]
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        u, v = k1 * cosine + k2 * sine, k2 * cosine - k1 * sine
        envelope = np.exp(-(u * u + (settings.aspect_ratio * v) ** 2) / (2 * settings.sigma_mm**2))
        kernel = np.zeros(self._lengths, dtype=np.complex128)
        kernel[: len(k2), : len(k1)] = envelope * np.exp(2j * np.pi / settings.wavelength_mm * u)
        spectrum = fft.fft2(np.roll(kernel, (-far2, -far1), axis=(0, 1))).real
        height = np.abs(spectrum).max(axis=0)
        start, size = _arc(np.flatnonzero(height > _NEGLIGIBLE * height.max()), len(height))
        columns = (start + np.arange(size)) % len(height)
        return Band(start, spectrum[:, columns].astype(np.float32).repeat(2, axis=1))

    def _inverse(self, spectrum: Waves, band: Band, *, in_place: bool) -> Waves:
        """Transform a band back, to the wanted rows of k2 and all places of k1.

        Unless it is put in its place, the band is taken for one that begins at the frequency 0: that turns the
        phase of the response and not its modulus.
        """
        slices, height, width = spectrum.shape
        size = band.values.shape[1] // 2
        part = np.empty((slices, height, size), dtype=np.complex64)
        numbers, product = spectrum.view(np.float32), part.view(np.float32)
        start, stop = 2 * band.start, 2 * min(band.start + size, width)
        before = stop - start
        np.multiply(numbers[:, :, start:stop], band.values[:, :before], out=product[:, :, :before])
        rest = 2 * size - before
        np.multiply(numbers[:, :, :rest], band.values[:, before:], out=product[:, :, before:])
        first, rows = self._far[1], self._wanted[0]
        along_k2 = fft.ifft(part, axis=1, overwrite_x=True)[:, first : first + rows]
        waves: Waves = fft.ifft(along_k2, n=width, axis=2)
        if in_place:
            waves *= np.exp(2j * np.pi * band.start / width * np.arange(width)).astype(np.complex64)
        return waves


def _arc(places: npt.NDArray[np.int64], n: int) -> tuple[int, int]:
    """Return start and length of the shortest arc that holds all places of a circle of n.

    Example:
        >>> _arc(np.array([0, 1, 8]), 10)
        (8, 4)
    """
    gaps = np.diff(np.append(places, places[0] + n))
    widest = int(np.argmax(gaps))
    return int(places[(widest + 1) % len(places)]), n - int(gaps[widest]) + 1


@njit(cache=True, nogil=True)
def _modulus(waves: Any, start: int, out: Any) -> None:
    """Write the modulus of complex numbers given as pairs, with the same last digit on every processor."""
    planes, rows, width = out.shape
    for z in range(planes):
        for y in range(rows):
            row = waves[z, y, start : start + 2 * width]
            target = out[z, y]
            for x in range(width):
                target[x] = np.sqrt(row[2 * x] * row[2 * x] + row[2 * x + 1] * row[2 * x + 1])
