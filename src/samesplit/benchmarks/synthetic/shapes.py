"""Signed distances to simple bodies, negative inside, in mm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from samesplit.benchmarks.synthetic.fields import Array

_TINY = np.float32(1e-4)


def ellipsoid(
    points: Array, centre: Sequence[float], axes: Sequence[float] | npt.NDArray[np.float64]
) -> Array:
    """Distance to an ellipsoid, to first order (exact on the surface).

    Args:
        points: Shape (3, ...).
        centre: Three coordinates.
        axes: Three half axes.

    Example:
        >>> import numpy as np
        >>> points = np.array([[7.0], [0.0], [0.0]], dtype=np.float32)
        >>> round(float(ellipsoid(points, (0, 0, 0), (5, 5, 5))[0]), 2)
        2.0
    """
    value, slope = np.float32(0.0), np.float32(0.0)
    for coordinate, middle, axis in zip(points, centre, axes, strict=True):
        scaled = (coordinate - np.float32(middle)) / np.float32(axis)
        value = value + scaled**2
        slope = slope + (scaled / np.float32(axis)) ** 2
    length = np.sqrt(value)
    return np.asarray(length * (length - 1) / (np.sqrt(slope) + _TINY), dtype=np.float32)


def cylinder(points: Array, centre: Sequence[float | Array], axes: Sequence[float | Array]) -> Array:
    """Distance to an elliptic cylinder along the third axis, to first order.

    Args:
        points: Shape (3, ...).
        centre: Two coordinates; arrays that vary along the cylinder are allowed.
        axes: Two half axes, likewise.
    """
    value, slope = np.float32(0.0), np.float32(0.0)
    for coordinate, middle, axis in zip(points[:2], centre, axes, strict=True):
        scaled = (coordinate - np.asarray(middle, np.float32)) / np.asarray(axis, np.float32)
        value = value + scaled**2
        slope = slope + (scaled / np.asarray(axis, np.float32)) ** 2
    length = np.sqrt(value)
    return np.asarray(length * (length - 1) / (np.sqrt(slope) + _TINY), dtype=np.float32)


def capsule(points: Array, start: Sequence[float], end: Sequence[float], radius_mm: float) -> Array:
    """Distance to a tube with round ends (exact).

    Args:
        points: Shape (3, ...).
        start: One end of the axis.
        end: The other end.
        radius_mm: Radius of the tube.

    Example:
        >>> import numpy as np
        >>> points = np.array([[5.0], [4.0], [0.0]], dtype=np.float32)
        >>> float(capsule(points, (0, 0, 0), (10, 0, 0), 1.0)[0])
        3.0
    """
    origin = np.asarray(start, dtype=np.float32)
    axis = np.asarray(end, dtype=np.float32) - origin
    relative = points - origin.reshape((3,) + (1,) * (points.ndim - 1))
    along = np.clip(np.tensordot(axis, relative, axes=1) / np.float32(axis @ axis), 0, 1)
    gap = relative - axis.reshape((3,) + (1,) * (points.ndim - 1)) * along
    return np.asarray(np.sqrt(np.sum(gap**2, axis=0)) - np.float32(radius_mm), dtype=np.float32)


def rotation(*, turn_deg: float, lean_deg: float) -> npt.NDArray[np.float64]:
    """Rotation into the frame of a kidney whose hilum turns forwards and whose upper pole leans inwards.

    Args:
        turn_deg: Turn about the third axis, from the first axis towards the second.
        lean_deg: Lean of the third axis towards the first.

    Returns:
        Orthonormal matrix, shape (3, 3), with the kidney's axes as rows.
    """
    turn, lean = np.deg2rad(turn_deg), np.deg2rad(lean_deg)
    about_third = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    about_second = np.array([[np.cos(lean), 0, -np.sin(lean)], [0, 1, 0], [np.sin(lean), 0, np.cos(lean)]])
    return np.asarray(about_third @ about_second)
