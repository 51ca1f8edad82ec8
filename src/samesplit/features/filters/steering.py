"""Riesz transforms turned, voxel by voxel, into the frame that the structure tensor gives.

The structure tensor of a voxel is the mean, under a Gaussian window, of the products of the first-order
components. Its eigenvectors, largest eigenvalue first, take the place of the axes x, y and z; each points
where the first-order response of the voxel is not negative, which an eigenvector alone leaves open. Where two
eigenvalues are equal the frame between them is not defined; in an image that is symmetric there, no choice of
it changes the response.
Source: IBSI reference manual for image filters, Riesz transform (AYRS, arXiv:2006.05470); Chenouard and Unser
2012, doi:10.1109/TIP.2012.2206044.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import ndimage

__all__ = ["smoothed_products", "steered", "window"]

Floats = npt.NDArray[np.float64]
Volume = npt.NDArray[np.float32]

_CUTOFF_SIGMA = 4.0
_SWEEPS = 8


def window(sigma_voxels: float) -> Floats:
    """Return a Gaussian along one axis, up to 4 standard deviations, with the sum 1.

    Example:
        >>> window(0.25).round(4).tolist()
        [0.0003, 0.9993, 0.0003]
    """
    half = math.floor(_CUTOFF_SIGMA * sigma_voxels + 0.5)
    weights = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma_voxels) ** 2)
    return np.asarray(weights / weights.sum())


def smoothed_products(gradient: Sequence[Volume], windows: Sequence[Floats]) -> Floats:
    """Return the structure tensor.

    Args:
        gradient: The first-order components along the last axes, in their order, each on the wanted part and what
            lies within reach of the windows.
        windows: Along the same axes.

    Returns:
        Shape (dimensions, dimensions, z, y, x) on the wanted part.
    """
    dimensions = len(gradient)
    found: dict[tuple[int, int], Floats] = {}
    for i in range(dimensions):
        for j in range(i, dimensions):
            one = gradient[i].astype(np.float64) * gradient[j]
            for axis, weights in zip(range(3 - dimensions, 3), windows, strict=True):
                half, along = len(weights) // 2, one.shape[axis]
                inner = [slice(None)] * 3
                inner[axis] = slice(half, along - half)
                one = ndimage.correlate1d(one, weights, axis=axis)[tuple(inner)]
            found[i, j] = found[j, i] = one
    return np.stack([np.stack([found[i, j] for j in range(dimensions)]) for i in range(dimensions)])


def steered(
    tensor: Floats, gradient: Volume, parts: Volume, exponents: npt.NDArray[np.int64], order: Sequence[int]
) -> Volume:
    """Return one component of a Riesz transform in each voxel's own frame, without the factor of its order.

    Args:
        tensor: The structure tensor, shape (dimensions, dimensions, z, y, x).
        gradient: The first-order components of each voxel, shape (dimensions, z, y, x).
        parts: All components of the order, shape (components, z, y, x).
        exponents: The powers of each of them, shape (components, dimensions).
        order: Powers along the first, second and third direction of the frame.
    """
    dimensions = len(gradient)
    shape = gradient.shape[1:]
    out = np.empty(math.prod(shape), dtype=np.float32)
    _steer(
        tensor.reshape(dimensions, dimensions, -1),
        gradient.reshape(dimensions, -1),
        parts.reshape(len(parts), -1),
        exponents,
        np.array(order, dtype=np.int64),
        out,
    )
    return out.reshape(shape)


@njit(cache=True, nogil=True)
def _steer(tensor: Any, gradient: Any, parts: Any, exponents: Any, order: Any, out: Any) -> None:
    d = len(gradient)
    total = 0
    for power in order:
        total += power
    a, v = np.empty((d, d)), np.empty((d, d))
    places = np.empty(d, dtype=np.int64)
    form = np.empty(d)
    side = total + 1
    strides = np.empty(d, dtype=np.int64)
    for i in range(d):
        strides[i] = side ** (d - 1 - i)
    now, then = np.empty(side**d), np.empty(side**d)
    targets = np.zeros(len(exponents), dtype=np.int64)
    for m in range(len(exponents)):
        for i in range(d):
            targets[m] += exponents[m, i] * strides[i]
    for p in range(len(out)):
        for i in range(d):
            for j in range(d):
                a[i, j] = tensor[i, j, p]
        _eigen(a, v)
        _descending(a, places)
        now[:] = 0.0
        now[0] = 1.0
        for which in range(d):
            along = 0.0
            for i in range(d):
                along += v[i, places[which]] * gradient[i, p]
            sign = -1.0 if along < 0.0 else 1.0
            for i in range(d):
                form[i] = sign * v[i, places[which]]
            for _ in range(order[which]):
                then[:] = 0.0
                for at in range(len(now)):
                    if now[at] != 0.0:
                        for i in range(d):
                            then[at + strides[i]] += now[at] * form[i]
                now, then = then, now
        value = 0.0
        for m in range(len(targets)):
            value += now[targets[m]] * parts[m, p]
        out[p] = value


@njit(cache=True, nogil=True)
def _eigen(a: Any, v: Any) -> None:
    """Jacobi's rotations: `a` becomes diagonal, the columns of `v` its eigenvectors."""
    d = len(a)
    for i in range(d):
        for j in range(d):
            v[i, j] = 1.0 if i == j else 0.0
    for _ in range(_SWEEPS):
        off = 0.0
        for i in range(d):
            for j in range(i + 1, d):
                off += abs(a[i, j])
        if off == 0.0:
            return
        for i in range(d):
            for j in range(i + 1, d):
                if a[i, j] == 0.0:
                    continue
                theta = (a[j, j] - a[i, i]) / (2.0 * a[i, j])
                t = (1.0 if theta >= 0.0 else -1.0) / (abs(theta) + np.sqrt(theta * theta + 1.0))
                c = 1.0 / np.sqrt(t * t + 1.0)
                s = t * c
                for k in range(d):
                    x, y = a[k, i], a[k, j]
                    a[k, i], a[k, j] = c * x - s * y, s * x + c * y
                for k in range(d):
                    x, y = a[i, k], a[j, k]
                    a[i, k], a[j, k] = c * x - s * y, s * x + c * y
                    x, y = v[k, i], v[k, j]
                    v[k, i], v[k, j] = c * x - s * y, s * x + c * y


@njit(cache=True, nogil=True)
def _descending(a: Any, places: Any) -> None:
    """Places of the eigenvalues on the diagonal, the largest first."""
    d = len(a)
    for i in range(d):
        places[i] = i
    for i in range(1, d):
        j = i
        while j > 0 and a[places[j], places[j]] > a[places[j - 1], places[j - 1]]:
            places[j], places[j - 1] = places[j - 1], places[j]
            j -= 1
