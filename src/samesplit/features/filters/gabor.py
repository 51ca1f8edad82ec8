"""Gabor filters (Q88H): waves of one length and direction under a Gaussian, in the slices of one or three planes.

With k1 along the first axis of a plane and k2 along the second, in mm, and theta turning from k1 towards k2,

    g(k) = exp(-(u^2 + gamma^2 v^2) / (2 sigma^2) + 2 pi i u / lambda)
    u = k1 cos theta + k2 sin theta,  v = -k1 sin theta + k2 cos theta

The planes are x-y, x-z and y-z, their first axis the one named first.
Source: IBSI reference manual for image filters, section 3.4 (arXiv:2006.05470).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from samesplit.features.filters.boundary import PaddedImage
from samesplit.features.filters.gabor_spectral import SliceTransform
from samesplit.features.filters.settings import Boundary, GaborFilter

__all__ = ["gabor", "gabor_angles", "gabor_window"]

Volume = npt.NDArray[np.float32]
Spacing = tuple[float, float, float]

_PLANES = ((2, 1), (2, 0), (1, 0))
"""The axes of k1 and k2: x-y, x-z and y-z."""
_POOLS = {"mean": np.add, "max": np.maximum, "min": np.minimum}
_PIECE = 150_000
"""Voxels that are worked on at a time, so that they and all that is made of them stay in the cache."""


def gabor(padded: PaddedImage, filters: Sequence[GaborFilter], spacing_mm: Spacing) -> list[Volume]:
    """Return the pooled responses of the wanted part of an image, averaged over planes where that is asked for.

    Args:
        padded: The image.
        filters: Filters that have the same `gabor_window`: slices are transformed once for all of them.
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
    """Add the responses of one plane, some slices at a time."""
    far_mm, _, boundary, constant = gabor_window(filters[0])
    order = (3 - axes[0] - axes[1], axes[1], axes[0])
    steps = spacing_mm[axes[0]], spacing_mm[axes[1]]
    far = math.floor(far_mm / steps[0] + 0.5), math.floor(far_mm / steps[1] + 0.5)
    reach = [0, 0, 0]
    reach[axes[0]], reach[axes[1]] = far
    window = padded.around(reach, boundary, constant).transpose(order)
    transform = SliceTransform(window.shape, steps, far)
    bands = [transform.bands(one, gabor_angles(one)) for one in filters]
    count = max(1, _PIECE * len(window) // window.size)
    for start in range(0, len(window), count):
        piece = np.ascontiguousarray(window[start : start + count])
        spectrum = transform.spectrum(piece)
        for one, directions, response in zip(filters, bands, responses, strict=True):
            parts = transform.responses(spectrum, directions, one.response)
            response.transpose(order)[start : start + len(piece)] += _pooled(parts, one, len(directions))


def _pooled(parts: Iterable[Volume], settings: GaborFilter, count: int) -> Volume:
    """Pool the responses to a number of directions."""
    pooled: Volume | None = None
    for part in parts:
        pooled = part.copy() if pooled is None else _POOLS[settings.pooling](pooled, part, out=pooled)
    assert pooled is not None  # there is a direction
    if settings.pooling == "mean":
        pooled /= count
    return pooled
