"""Smooth random fields that can be sampled at any physical point."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Array = npt.NDArray[np.float32]

_NODES_PER_CORRELATION = 2.0


class SmoothField:
    r"""A stationary Gaussian field of unit variance, periodic in space.

    White noise on a lattice of half the correlation length is smoothed by a Gaussian, so that
    the covariance is $\exp(-d^2 / 2\ell^2)$, and read back by linear interpolation. Two
    images on different grids that sample the same field therefore see the same anatomy.

    Args:
        rng: Source of the noise.
        correlation_mm: Correlation length $\ell$ in mm.
        period_mm: The field repeats after at least this distance in mm.

    Example:
        >>> import numpy as np
        >>> field = SmoothField(np.random.default_rng(0), correlation_mm=4.0, period_mm=60.0)
        >>> field(np.zeros((3, 5), dtype=np.float32)).shape
        (5,)
    """

    def __init__(self, rng: np.random.Generator, *, correlation_mm: float, period_mm: float) -> None:
        self.step_mm = correlation_mm / _NODES_PER_CORRELATION
        count = max(8, int(np.ceil(period_mm / self.step_mm)))
        noise = rng.standard_normal((count, count, count), dtype=np.float32)
        sigma = _NODES_PER_CORRELATION / np.sqrt(2.0)
        impulse = np.zeros(count)
        impulse[count // 2] = 1.0
        kernel = ndimage.gaussian_filter1d(impulse, sigma, mode="wrap", truncate=3.0)
        smooth = ndimage.gaussian_filter(noise, sigma, mode="wrap", truncate=3.0)
        self._lattice = np.asarray(smooth / np.sum(kernel**2) ** 1.5, dtype=np.float32)

    def __call__(self, points_mm: Array) -> Array:
        """Sample the field.

        Args:
            points_mm: Physical points, shape (3, ...), in mm.

        Returns:
            Field values, shape (...).
        """
        values = ndimage.map_coordinates(
            self._lattice,
            points_mm / np.float32(self.step_mm),
            order=1,
            mode="grid-wrap",
            output=np.float32,
        )
        return np.asarray(values, dtype=np.float32)

    def on_grid(self, points_mm: Array, *, stride: int = 2) -> Array:
        """Sample a regular grid coarsely in plane and fill in between; much quicker than every point.

        Args:
            points_mm: Points of a regular grid, shape (3, z, y, x), in mm.
            stride: Every how many pixels in plane the field is looked up.

        Returns:
            Field values, shape (z, y, x).
        """
        rows, columns = points_mm.shape[2:]
        if min(rows, columns) < 2:
            return self(points_mm)
        corner = points_mm[:, :, :1, :1]
        down = np.arange(-(-(rows - 1) // stride) + 1, dtype=np.float32)[:, None] * np.float32(stride)
        right = np.arange(-(-(columns - 1) // stride) + 1, dtype=np.float32) * np.float32(stride)
        down_mm = points_mm[:, :1, 1:2, :1] - points_mm[:, :1, :1, :1]
        right_mm = points_mm[:, :1, :1, 1:2] - points_mm[:, :1, :1, :1]
        coarse = self(corner + down * down_mm + right * right_mm)
        return _stretch(_stretch(coarse, 1, rows, stride), 2, columns, stride)


def _stretch(values: Array, axis: int, count: int, stride: int) -> Array:
    low, rest = np.divmod(np.arange(count), stride)
    high = np.minimum(low + 1, values.shape[axis] - 1)
    weight = (rest / stride).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
    start = np.take(values, low, axis=axis)
    return np.asarray(start + weight * (np.take(values, high, axis=axis) - start), dtype=np.float32)


def coverage(distance_mm: Array, *, edge_mm: float) -> Array:
    """Fraction of each voxel that lies inside a surface (partial volume).

    The edge is as wide as the in-plane resolution, and wider where the surface runs flat through
    thick slices: there the signed distance changes much from slice to slice.

    Args:
        distance_mm: Signed distance to the surface, negative inside, shape (z, y, x), in mm.
        edge_mm: In-plane width of the transition in mm.

    Returns:
        Fractions in [0, 1], same shape.

    Example:
        >>> import numpy as np
        >>> coverage(np.full((2, 1, 1), -3.0, dtype=np.float32), edge_mm=1.0).tolist()
        [[[1.0]], [[1.0]]]
    """
    through_plane = np.gradient(distance_mm, axis=0)
    width = np.sqrt(np.float32(edge_mm**2) + through_plane**2)
    return np.asarray(np.clip(0.5 - distance_mm / width, 0.0, 1.0), dtype=np.float32)
