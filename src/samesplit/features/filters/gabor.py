"""Gabor filters (Q88H): waves of one length and direction under a Gaussian, in the slices of one or three planes.

With k1 along the first axis of a plane and k2 along the second, in mm, and theta turning from k1 towards k2,

    g(k) = exp(-(u^2 + gamma^2 v^2) / (2 sigma^2) + 2 pi i u / lambda)
    u = k1 cos theta + k2 sin theta,  v = -k1 sin theta + k2 cos theta

The planes are x-y, x-z and y-z, their first axis the one named first. Such a kernel is a narrow band in Fourier
space: the slices are transformed once for all directions, and only that band is transformed back.
Source: IBSI reference manual for image filters, section 3.4 (arXiv:2006.05470).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import fft

from samesplit.features.filters.boundary import PaddedImage
from samesplit.features.filters.settings import GaborFilter

__all__ = ["gabor", "gabor_angles"]

Volume = npt.NDArray[np.float32]
Spacing = tuple[float, float, float]

_PLANES = ((2, 1), (2, 0), (1, 0))
"""The axes of k1 and k2: x-y, x-z and y-z."""
_POOLS = {"mean": np.add, "max": np.maximum, "min": np.minimum}
_CHUNK = 150_000
"""Pixels that are transformed at a time, so that they and their spectra stay in the cache."""
_NEGLIGIBLE = 1e-6
"""Parts of a kernel's spectrum below this share of its largest value are taken for 0."""


@dataclass(frozen=True)
class _Band:
    """A kernel's spectrum where it is not negligible.

    Attributes:
        start: The first frequency along k1.
        values: The spectrum, real, as the kernel at -k is the conjugate of that at k; twice each, for the real and
            the imaginary part of what it is multiplied with; shape (k2, twice the band along k1).
    """

    start: int
    values: Volume


def gabor(padded: PaddedImage, settings: GaborFilter, spacing_mm: Spacing) -> Volume:
    """Return the pooled response of the wanted part of an image, averaged over planes where that is asked for.

    Args:
        padded: The image.
        settings: The filter.
        spacing_mm: Distance of voxels along z, y, x.
    """
    planes = _PLANES if settings.planes == "orthogonal" else _PLANES[:1]
    angles = gabor_angles(settings)
    response = np.zeros([part.stop - part.start for part in padded.wanted], dtype=np.float32)
    for axes in planes:
        steps = spacing_mm[axes[0]], spacing_mm[axes[1]]
        _add_plane(padded, settings, angles, axes, steps, 1.0 / len(planes), response)
    return response


def gabor_angles(settings: GaborFilter) -> list[float]:
    """Return the directions that are pooled, in degrees.

    The opposite direction has the conjugate response, so half a circle is enough but for imaginary parts.

    Example:
        >>> gabor_angles(GaborFilter(sigma_mm=5, wavelength_mm=2, angle_step_degrees=45))
        [0.0, 45.0, 90.0, 135.0]
    """
    step = settings.angle_step_degrees
    if step is None:
        return [settings.angle_degrees]
    count = round(360 / step)
    if count % 2 == 0 and settings.response != "imaginary":
        count //= 2
    return [settings.angle_degrees + place * step for place in range(count)]


def _add_plane(
    padded: PaddedImage,
    settings: GaborFilter,
    angles: list[float],
    axes: tuple[int, int],
    steps: tuple[float, float],
    weight: float,
    response: Volume,
) -> None:
    """Add the weighted response of one plane, chunk of slices by chunk."""
    furthest_mm = settings.cutoff_sigma * settings.sigma_mm * max(1.0, 1 / settings.aspect_ratio)
    first, second = axes
    stack = 3 - first - second
    far = [0, 0, 0]
    far[first], far[second] = (math.floor(furthest_mm / step + 0.5) for step in steps)
    window = padded.around(far, settings.boundary, settings.constant).transpose(stack, second, first)
    out = response.transpose(stack, second, first)
    lengths = fft.next_fast_len(window.shape[1]), fft.next_fast_len(window.shape[2])
    bands = [_band(settings, angle, steps, (far[first], far[second]), lengths) for angle in angles]
    chunk = max(1, _CHUNK // (lengths[0] * lengths[1]))
    pool = _POOLS[settings.pooling]
    columns = slice(far[first], far[first] + out.shape[2])
    for start in range(0, len(window), chunk):
        slices = np.ascontiguousarray(window[start : start + chunk])
        spectrum = fft.fft2(slices, s=lengths)
        pooled, one = (np.empty((len(slices), *out.shape[1:]), dtype=np.float32) for _ in range(2))
        for place, band in enumerate(bands):
            waves = _inverse(spectrum, band, far[second], out.shape[1], settings.response != "modulus")
            _part(waves, columns, settings.response, one if place else pooled)
            if place:
                pool(pooled, one, out=pooled)
        share = weight / len(bands) if settings.pooling == "mean" else weight
        out[start : start + chunk] += np.float32(share) * pooled


def _inverse(
    spectrum: npt.NDArray[np.complex64], band: _Band, skip: int, rows: int, in_place: bool
) -> npt.NDArray[np.complex64]:
    """Transform a band back, to the wanted rows of k2 and all places of k1.

    Unless it is put in its place, the band is taken for one that begins at the frequency 0: that turns the phase
    of the response and not its modulus.
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
    along_second = fft.ifft(part, axis=1, overwrite_x=True)[:, skip : skip + rows]
    waves: npt.NDArray[np.complex64] = fft.ifft(along_second, n=width, axis=2)
    if in_place:
        waves *= np.exp(2j * np.pi * band.start / width * np.arange(width)).astype(np.complex64)
    return waves


def _band(
    settings: GaborFilter,
    angle: float,
    steps: tuple[float, float],
    far: tuple[int, int],
    lengths: tuple[int, int],
) -> _Band:
    """Return the spectrum of the kernel of one direction."""
    k1 = np.arange(-far[0], far[0] + 1) * steps[0]
    k2 = (np.arange(-far[1], far[1] + 1) * steps[1])[:, None]
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    u, v = k1 * cosine + k2 * sine, k2 * cosine - k1 * sine
    envelope = np.exp(-(u * u + (settings.aspect_ratio * v) ** 2) / (2 * settings.sigma_mm**2))
    kernel = np.zeros(lengths, dtype=np.complex128)
    kernel[: len(k2), : len(k1)] = envelope * np.exp(2j * np.pi / settings.wavelength_mm * u)
    spectrum = fft.fft2(np.roll(kernel, (-far[1], -far[0]), axis=(0, 1))).real
    matters = np.flatnonzero(np.abs(spectrum).max(axis=0) > _NEGLIGIBLE * np.abs(spectrum).max())
    gaps = np.diff(np.append(matters, matters[0] + lengths[1]))
    widest = int(np.argmax(gaps))  # the band is what lies outside the widest gap of the circle of frequencies
    start = int(matters[(widest + 1) % len(matters)])
    columns = (start + np.arange(lengths[1] - int(gaps[widest]) + 1)) % lengths[1]
    return _Band(start, spectrum[:, columns].astype(np.float32).repeat(2, axis=1))


def _part(waves: npt.NDArray[np.complex64], columns: slice, response: str, out: Volume) -> None:
    """Write the wanted columns' modulus, real or imaginary part."""
    if response == "modulus":
        _modulus(waves.view(np.float32), 2 * columns.start, out)
    else:
        part = waves[:, :, columns]
        out[:] = part.real if response == "real" else part.imag


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
