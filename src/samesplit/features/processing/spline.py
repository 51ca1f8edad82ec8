"""Kernels of separable interpolation: the cubic B-spline's prefilter, and weighted sums of neighbours.

All work on float64. "Columns" runs along the middle axis of an array of shape (a, n, c), with the last axis as
the vector; "rows" along the last axis. An image that ends at its border goes on with its border voxel.
Source: Unser, IEEE Signal Process Mag 1999;16(6):22 (doi:10.1109/79.799930).
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

__all__ = [
    "GAIN",
    "cubic_weights",
    "filter_columns",
    "filter_rows",
    "linear_weights",
    "nearest_weights",
    "weigh_columns",
    "weigh_rows",
]

Floats = npt.NDArray[np.float64]
Weights = tuple[npt.NDArray[np.int64], Floats]
"""For each point its first neighbour's index, and the neighbours' weights, shape (points, 2 or 4)."""

POLE = math.sqrt(3.0) - 2.0
GAIN = 6.0
"""What a filtered axis has to be multiplied with, left to the caller: once for all axes."""

_BLOCK = 128
_ROWS = 16


def filter_columns(data: Floats) -> None:
    """Turn values into B-spline coefficients / GAIN along axis 1 of (a, n, c), in place."""
    _filter_columns(data, np.empty(_BLOCK))


def filter_rows(data: Floats, low: int, high: int) -> None:
    """Do the same along axis 2 of (a, m, n) for rows low to high of each plane: sixteen at a time as columns."""
    _filter_rows(data, low, high, np.zeros((1, data.shape[2], _ROWS)), np.empty(_BLOCK))


@numba.njit(cache=True, nogil=True)
def _filter_columns(data: Any, last: Any) -> None:
    planes, n, width = data.shape
    for i in range(planes):
        plane = data[i]
        for start in range(0, width, _BLOCK):
            stop = min(start + _BLOCK, width)
            for j in range(start, stop):
                last[j - start] = plane[n - 1, j] / (1.0 - POLE)
                plane[0, j] /= 1.0 - POLE
            for k in range(1, n):
                for j in range(start, stop):
                    plane[k, j] += POLE * plane[k - 1, j]
            for j in range(start, stop):
                end = last[j - start]
                plane[n - 1, j] = -POLE * (end / (1.0 - POLE) + (plane[n - 1, j] - end) / (1.0 - POLE * POLE))
            for k in range(n - 2, -1, -1):
                for j in range(start, stop):
                    plane[k, j] = POLE * (plane[k + 1, j] - plane[k, j])


@numba.njit(cache=True, nogil=True)
def _filter_rows(data: Any, low: int, high: int, block: Any, last: Any) -> None:
    planes, _, n = data.shape
    for i in range(planes):
        for start in range(low, high, _ROWS):
            count = min(_ROWS, high - start)
            for r in range(count):
                for k in range(n):
                    block[0, k, r] = data[i, start + r, k]
            _filter_columns(block, last)
            for r in range(count):
                for k in range(n):
                    data[i, start + r, k] = block[0, k, r]


@numba.njit(cache=True, nogil=True)
def weigh_columns(data: Floats, first: npt.NDArray[np.int64], weights: Floats, out: Floats) -> None:
    """out[i, k, j] = sum over t of weights[k, t] * data[i, first[k] + t, j], for 2 or 4 weights."""
    planes, points, width = out.shape
    four = weights.shape[1] == 4
    for i in range(planes):
        for k in range(points):
            at = first[k]
            target = out[i, k]
            a, b = data[i, at], data[i, at + 1]
            wa, wb = weights[k, 0], weights[k, 1]
            if four:
                c, d = data[i, at + 2], data[i, at + 3]
                wc, wd = weights[k, 2], weights[k, 3]
                for j in range(width):
                    target[j] = wa * a[j] + wb * b[j] + wc * c[j] + wd * d[j]
            else:
                for j in range(width):
                    target[j] = wa * a[j] + wb * b[j]


@numba.njit(cache=True, nogil=True)
def weigh_rows(data: Floats, first: npt.NDArray[np.int64], weights: Floats, out: Floats) -> None:
    """out[i, k] = sum over t of weights[k, t] * data[i, first[k] + t], for 2 or 4 weights."""
    rows, points = out.shape
    four = weights.shape[1] == 4
    for i in range(rows):
        for k in range(points):
            at = np.uint64(first[k])
            total = weights[k, 0] * data[i, at] + weights[k, 1] * data[i, at + np.uint64(1)]
            if four:
                total += (
                    weights[k, 2] * data[i, at + np.uint64(2)] + weights[k, 3] * data[i, at + np.uint64(3)]
                )
            out[i, k] = total


def cubic_weights(coordinates: Floats) -> Weights:
    """Four coefficients around each coordinate, weighted by the cubic B-spline.

    Example:
        >>> first, weights = cubic_weights(np.array([3.0]))
        >>> int(first[0]), (weights[0] * 6).round(12).tolist()
        (2, [1.0, 4.0, 1.0, 0.0])
    """
    base = np.floor(coordinates)
    t = coordinates - base
    u = 1.0 - t
    weights = np.empty((len(t), 4))
    weights[:, 0] = u * u * u / 6.0
    weights[:, 1] = (t * t * (t - 2.0) * 3.0 + 4.0) / 6.0
    weights[:, 2] = (u * u * (u - 2.0) * 3.0 + 4.0) / 6.0
    weights[:, 3] = t * t * t / 6.0
    return base.astype(np.int64) - 1, weights


def linear_weights(coordinates: Floats, n: int) -> Weights:
    """Two neighbours of each coordinate; beyond the first and last of n points their values go on.

    Example:
        >>> first, weights = linear_weights(np.array([-0.3, 1.25]), 4)
        >>> first.tolist(), weights.tolist()
        ([0, 1], [[1.0, 0.0], [0.75, 0.25]])
    """
    inside = np.clip(coordinates, 0.0, n - 1.0)
    base = np.floor(inside)
    t = inside - base
    return base.astype(np.int64), np.stack([1.0 - t, t], axis=1)


def nearest_weights(coordinates: Floats, n: int) -> Weights:
    """Return the nearest point with weight 1; a coordinate half-way between two (to 6 digits) takes the upper.

    Example:
        >>> nearest_weights(np.array([0.4, 0.5, 0.49999999]), 4)[0].tolist()
        [0, 1, 1]
    """
    nearest = np.clip(np.floor(np.round(coordinates, 6) + 0.5), 0, n - 1).astype(np.int64)
    return nearest, np.tile([1.0, 0.0], (len(nearest), 1))
