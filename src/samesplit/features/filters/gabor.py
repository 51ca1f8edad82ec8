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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import fft

from samesplit.features.filters.boundary import PaddedImage
from samesplit.features.filters.settings import Boundary, GaborFilter

__all__ = ["gabor", "gabor_angles", "gabor_window"]

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


def gabor(padded: PaddedImage, filters: Sequence[GaborFilter], spacing_mm: Spacing) -> list[Volume]:
    """Return the pooled responses of the wanted part of an image, averaged over planes where that is asked for.

    Args:
        padded: The image.
        filters: Filters with the same reach, boundary and planes (`gabor_window`): slices are transformed once for
            all of them.
        spacing_mm: Distance of voxels along z, y, x.
    """
    planes = _PLANES if filters[0].planes == "orthogonal" else _PLANES[:1]
    shape = [part.stop - part.start for part in padded.wanted]
    responses = [np.zeros(shape, dtype=np.float32) for _ in filters]
    for axes in planes:
        _add_plane(padded, filters, axes, spacing_mm, responses)
    for response in responses:
        response /= len(planes)
    return responses


def gabor_window(settings: GaborFilter) -> tuple[float, str, Boundary, float]:
    """Return what filters must have in common to share transforms: reach in mm, planes, and boundary."""
    far_mm = settings.cutoff_sigma * settings.sigma_mm * max(1.0, 1 / settings.aspect_ratio)
    return far_mm, settings.planes, settings.boundary, settings.constant


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
    filters: Sequence[GaborFilter],
    axes: tuple[int, int],
    spacing_mm: Spacing,
    responses: Sequence[Volume],
) -> None:
    """Add the responses of one plane, chunk of slices by chunk."""
    far_mm, _, boundary, constant = gabor_window(filters[0])
    first, second = axes
    order = (3 - first - second, second, first)
    steps = spacing_mm[first], spacing_mm[second]
    far = math.floor(far_mm / steps[0] + 0.5), math.floor(far_mm / steps[1] + 0.5)
    reach = [0, 0, 0]
    reach[first], reach[second] = far
    window = padded.around(reach, boundary, constant).transpose(order)
    outs = [response.transpose(order) for response in responses]
    lengths = fft.next_fast_len(window.shape[1]), fft.next_fast_len(window.shape[2])
    bands = [[_band(one, angle, steps, far, lengths) for angle in gabor_angles(one)] for one in filters]
    chunk = max(1, _CHUNK // (lengths[0] * lengths[1]))
    for start in range(0, len(window), chunk):
        slices = np.ascontiguousarray(window[start : start + chunk])
        spectrum = fft.fft2(slices, s=lengths)
        for one, directions, out in zip(filters, bands, outs, strict=True):
            out[start : start + chunk] += _pooled(spectrum, one, directions, far, out.shape[1:])


def _pooled(
    spectrum: npt.NDArray[np.complex64],
    settings: GaborFilter,
    bands: Sequence[_Band],
    far: tuple[int, int],
    shape: tuple[int, ...],
) -> Volume:
    """Return the pooled responses of some slices, of a shape along k2 and k1."""
    pool = _POOLS[settings.pooling]
    pooled, response = (np.empty((len(spectrum), *shape), dtype=np.float32) for _ in range(2))
    for place, band in enumerate(bands):
        waves = _inverse(spectrum, band, far[1], shape[0], settings.response != "modulus")
        _part(waves, slice(far[0], far[0] + shape[1]), settings.response, response if place else pooled)
        if place:
            pool(pooled, response, out=pooled)
    if settings.pooling == "mean":
        pooled /= len(bands)
    return pooled


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
