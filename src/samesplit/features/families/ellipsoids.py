"""Ellipsoids of a lesion: from its principal components, and the smallest that encloses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from samesplit.features.families.hull import Hull
from samesplit.features.families.neighbours import DIRECTIONS

__all__ = ["MVEE_TOLERANCE", "Ellipsoid", "enclosing_ellipsoid", "principal_ellipsoid", "voxel_moments"]

MVEE_TOLERANCE = 1e-12
"""The enclosing ellipsoid's volume is at most (1 + this)^2 times the smallest there is.

There is one smallest ellipsoid, but many ways of steps towards it: which corner comes first among equals depends
on how the lesion lies and on the processor. All ways end this close to it, so volume and area agree to 1e-9.
"""

_LEGENDRE_ORDER = 20
_ROUNDING = 1e-13  # smaller eigenvalues, relative to the largest, are rounding errors of 0
_ROUGHLY = 1e-3  # the tolerance with which corners that do not matter are told apart, in few steps
_STEPS_AT_A_TIME = 256  # each adds a rounding error; then all is computed anew from the weights
_MAXIMUM_TIMES = 400
_TAKEN_IN = 8  # corners at a time


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid by its semi-axes, longest first; NaN where it is undefined.

    Example:
        >>> ball = Ellipsoid((1.0, 1.0, 1.0))
        >>> round(ball.volume_mm3, 4), round(ball.area_mm2, 4)
        (4.1888, 12.5664)
    """

    semi_axes_mm: tuple[float, float, float]

    @property
    def volume_mm3(self) -> float:
        """4/3 pi a b c."""
        a, b, c = self.semi_axes_mm
        return 4 / 3 * np.pi * a * b * c

    @property
    def area_mm2(self) -> float:
        """The surface by the series that IBSI gives, up to Legendre polynomial 20 (RDD2).

        IBSI puts alpha = sqrt(1 - (b / a)^2) and beta = sqrt(1 - (c / a)^2), and its reference values demand it.
        This is the area of a ball but not quite that of other ellipsoids (4 % too small for the digital
        phantom's, half as much again for a disc); with sqrt(1 - (c / a)^2) and sqrt(1 - (c / b)^2) the same
        series would be exact. NaN for a point.
        """
        a, b, c = self.semi_axes_mm
        if not a > 0:
            return float("nan")
        alpha2, beta2 = 1 - (b / a) ** 2, 1 - (c / a) ** 2
        # With p = (alpha beta)^n P_n(mean / (alpha beta)) the recurrence of P_n needs no division by alpha beta.
        mean, product2 = (alpha2 + beta2) / 2, alpha2 * beta2
        before, p, total = 0.0, 1.0, 1.0
        for n in range(_LEGENDRE_ORDER):
            before, p = p, ((2 * n + 1) * mean * p - n * product2 * before) / (n + 1)
            total += p / (1 - 4 * (n + 1) ** 2)
        return 4 * np.pi * a * b * total


def principal_ellipsoid(mask: npt.NDArray[np.uint8], spacing_mm: tuple[float, float, float]) -> Ellipsoid:
    """Return the ellipsoid whose semi-axes are twice the standard deviations of the voxel centres (n - 1).

    NaN for a mask of one voxel. Its full axes are IBSI's major, minor and least axis lengths (TDIC, P9VJ, 7J51),
    the ellipsoid itself is the approximate enclosing ellipsoid (6BDE, RDD2).

    Example:
        >>> line = np.ones((1, 1, 5), np.uint8)
        >>> [round(axis, 4) for axis in principal_ellipsoid(line, (1.0, 1.0, 1.0)).semi_axes_mm]
        [3.1623, 0.0, 0.0]
    """
    n, sums, products = voxel_moments(mask)
    if n < 2:
        return Ellipsoid((float("nan"),) * 3)
    # In whole numbers: the scatter of a flat mask is exactly 0, as are the products of a symmetric one.
    scatter = np.array(
        [[int(n) * int(products[i, j]) - int(sums[i]) * int(sums[j]) for j in range(3)] for i in range(3)]
    )
    covariance = scatter / (int(n) * (int(n) - 1)) * np.outer(spacing_mm, spacing_mm)
    variances = np.linalg.eigvalsh(covariance)
    variances[variances < _ROUNDING * variances[2]] = 0
    least, minor, major = np.sqrt(variances)
    return Ellipsoid((float(2 * major), float(2 * minor), float(2 * least)))


def enclosing_ellipsoid(hull: Hull, *, tolerance: float = MVEE_TOLERANCE) -> Ellipsoid:
    """Return the ellipsoid of least volume around a convex hull (IBSI SWZ1, BRI8).

    Khachiyan's algorithm with away steps: each step moves weight towards the corner farthest out, or away from
    the one deepest inside, until no corner with weight is off the ellipsoid by more than the tolerance. The result
    encloses all corners.

    Args:
        hull: The convex hull.
        tolerance: The volume is at most (1 + tolerance)^2 times the smallest there is.

    References:
        Khachiyan, doi 10.1287/moor.21.2.307; Todd and Yildirim, doi 10.1016/j.dam.2007.02.013.

    Example:
        >>> from samesplit.features.families.hull import convex_hull
        >>> octahedron = convex_hull(np.pad(np.ones((1, 1, 1), np.uint8), 1), (2.0, 2.0, 2.0))
        >>> [round(axis, 6) for axis in enclosing_ellipsoid(octahedron).semi_axes_mm]
        [1.0, 1.0, 1.0]
    """
    points = hull.points_mm - hull.points_mm.mean(axis=0)
    lifted = _rounded_out(np.column_stack([points, np.ones(len(points))]))
    weights = _first_weights(lifted)
    for close in (max(_ROUGHLY, tolerance), tolerance):
        weights = _smallest_around_all(lifted, weights, close)
    apart = points - weights @ points
    scatter = (apart.T * weights) @ apart
    reach = np.einsum("ij,ij->i", apart @ np.linalg.inv(scatter), apart).max()
    long, middle, short = np.sqrt(np.linalg.eigvalsh(scatter * reach))[::-1]
    return Ellipsoid((float(long), float(middle), float(short)))


def _rounded_out(lifted: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the corners stretched to equal spread in all directions, which leaves how far out each is."""
    return np.asarray(lifted @ np.linalg.cholesky(np.linalg.inv(lifted.T @ lifted)))


def _first_weights(lifted: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Equal weights for the corners farthest out in 26 directions, which are close to the final ones."""
    farthest = (lifted[:, :3] @ DIRECTIONS.T).argmax(axis=0)
    weights = np.zeros(len(lifted))
    weights[farthest] = 1
    if np.linalg.matrix_rank(lifted[farthest]) < 4:
        weights[:] = 1
    return np.asarray(weights / weights.sum())


def _smallest_around_all(
    lifted: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], tolerance: float
) -> npt.NDArray[np.float64]:
    """Find the weights of the smallest ellipsoid: solve for some corners, take in what sticks out."""
    weights, among = weights.copy(), weights > 0
    while True:
        weights[among] = _solve(lifted[among], weights[among], tolerance)
        out = np.einsum("ij,ij->i", lifted @ np.linalg.inv((lifted.T * weights) @ lifted), lifted)
        beyond = np.flatnonzero(~among & (out > 4 * (1 + tolerance)))
        if not beyond.size:
            return weights
        among[beyond[np.argsort(-out[beyond], kind="stable")[:_TAKEN_IN]]] = True


def _solve(
    lifted: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], tolerance: float
) -> npt.NDArray[np.float64]:
    """Return the weights of the smallest ellipsoid around all these corners, from weights to start with."""
    weights, out = weights.copy(), np.empty(len(lifted))
    for _ in range(_MAXIMUM_TIMES):
        inverse = np.linalg.inv((lifted.T * weights) @ lifted)
        made = _khachiyan(lifted, inverse, weights, tolerance, _STEPS_AT_A_TIME, np.empty(4), out)
        if made < _STEPS_AT_A_TIME:
            break
    return np.asarray(weights / weights.sum())


def voxel_moments(
    mask: npt.NDArray[np.uint8],
) -> tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count the voxels inside, the sums of their indices, and the sums of products of two indices."""
    sums, products = np.zeros(3, dtype=np.int64), np.zeros((3, 3), dtype=np.int64)
    return _voxel_moments(np.ascontiguousarray(mask), sums, products), sums, products


@njit(cache=True, nogil=True)
def _voxel_moments(mask: Any, sums: Any, products: Any) -> int:
    total = np.int64(0)
    for z in range(mask.shape[0]):
        for y in range(mask.shape[1]):
            n = np.int64(0)
            sx = np.int64(0)
            sxx = np.int64(0)
            for x in range(mask.shape[2]):
                inside = np.int64(mask[z, y, x])
                n += inside
                sx += inside * x
                sxx += inside * x * x
            total += n
            sums[0] += n * z
            sums[1] += n * y
            sums[2] += sx
            products[0, 0] += n * z * z
            products[0, 1] += n * z * y
            products[1, 1] += n * y * y
            products[0, 2] += sx * z
            products[1, 2] += sx * y
            products[2, 2] += sxx
    products[1, 0], products[2, 0], products[2, 1] = products[0, 1], products[0, 2], products[1, 2]
    return int(total)


@njit(cache=True, nogil=True)
def _khachiyan(
    lifted: Any, inverse: Any, weights: Any, tolerance: float, maximum_steps: int, row: Any, out: Any
) -> int:
    """Move the corners' weights until their scatter has the shape of the ellipsoid.

    Args:
        lifted: The corners with a fourth coordinate of 1, perhaps stretched together.
        inverse: The inverse of their weighted mean outer product; overwritten.
        weights: Where to start, summing to 1; overwritten.
        tolerance: See `enclosing_ellipsoid`.
        maximum_steps: Stop here at the latest.
        row: Room for four numbers.
        out: Room for a number a corner: how far out each is, 4 on the ellipsoid of the weights.

    Returns:
        The number of steps made.
    """
    n = lifted.shape[0]
    for k in range(n):
        out[k] = 0.0
        for a in range(4):
            for b in range(4):
                out[k] += lifted[k, a] * inverse[a, b] * lifted[k, b]
    for made in range(maximum_steps):
        far = deep = -1
        for k in range(n):
            if far < 0 or out[k] > out[far]:
                far = k
            if weights[k] > 0 and (deep < 0 or out[k] < out[deep]):
                deep = k
        above, below = out[far] / 4 - 1, 1 - out[deep] / 4
        if max(above, below) <= tolerance:
            return made
        if above >= below:
            i = far
            step = (out[i] - 4) / (4 * (out[i] - 1))
        else:
            i = deep
            step = -weights[i] / (1 - weights[i])  # all its weight
            if out[i] > 1:
                step = max(step, (out[i] - 4) / (4 * (out[i] - 1)))
        for a in range(4):
            row[a] = 0.0
            for b in range(4):
                row[a] += inverse[a, b] * lifted[i, b]
        # The inverse after the step by Sherman and Morrison: M becomes (1 - step) M + step x x'.
        share = step / (1 - step + step * out[i])
        for a in range(4):
            for b in range(4):
                inverse[a, b] = (inverse[a, b] - share * row[a] * row[b]) / (1 - step)
        for k in range(n):
            dot = 0.0
            for a in range(4):
                dot += row[a] * lifted[k, a]
            out[k] = (out[k] - share * dot * dot) / (1 - step)
            weights[k] *= 1 - step
        weights[i] += step
        if weights[i] < 1e-14:
            weights[i] = 0.0
    return maximum_steps
