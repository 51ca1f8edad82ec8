"""An image or mask on another grid, by nearest neighbours, linear interpolation or cubic splines.

Only a box is computed, and only what lies around it is looked at: 24 voxels, beyond which a cubic spline's
memory is below the rounding of float64. Axes are treated one after the other. An image goes on beyond its ends
with its border voxels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from samesplit.features.processing import spline
from samesplit.features.processing.grid import Grid, Slices, input_box, mask_box
from samesplit.imaging.mask_extent import mask_extent

__all__ = ["CONTEXT_VOXELS", "Interpolation", "Interpolator", "resample_mask"]

Interpolation = Literal["nearest", "linear", "cubic"]
Floats = npt.NDArray[np.float64]

CONTEXT_VOXELS = 24
"""How far around the asked-for box the spline looks: |sqrt(3) - 2|^24 = 2e-14."""

_REACH = 2  # neighbours that a cubic spline needs beyond a point's own voxel, within the image and beyond it
_TIE = 5e-7  # masks are compared at 6 digits: a half stays a half, whatever was rounded on the way


class Interpolator:
    """A part of one image, ready to be interpolated onto several grids; the spline's prefilter runs once.

    Args:
        image: The whole image, axes z, y, x, any real dtype; never changed.
        box: The input voxels around which values will be asked for: grid points less than one voxel outside it
            are allowed. The whole image when None.
        change: What is done to each voxel's value before interpolation (rounding, scaling); may work in place.
        mirrored: Beyond its ends the image goes on mirrored at its border voxels, as in ITK's splines, instead of
            with its border voxels.

    Example:
        >>> from samesplit.features.processing.grid import aligned_grid
        >>> ramp = np.broadcast_to(np.arange(8.0), (3, 4, 8))
        >>> grid = aligned_grid(ramp.shape, (1, 1, 1), (None, None, 2.0))
        >>> Interpolator(ramp).resample(grid, "linear")[0, 0].tolist()
        [0.5, 2.5, 4.5, 6.5]
    """

    def __init__(
        self,
        image: npt.NDArray[Any],
        box: Slices | None = None,
        *,
        change: Callable[[Floats], Floats] | None = None,
        mirrored: bool = False,
    ) -> None:
        self._image = image
        self._mirrored = mirrored
        self._change = change
        parts = [slice(0, n) for n in image.shape] if box is None else box
        self._low = [max(part.start - _REACH, -_REACH) for part in parts]
        self._high = [min(part.stop + _REACH, n + _REACH) for part, n in zip(parts, image.shape, strict=True)]
        self._values: Floats | None = None
        self._coefficients: dict[tuple[bool, bool, bool], Floats] = {}

    def resample(self, grid: Grid, interpolation: Interpolation, box: Slices | None = None) -> Floats:
        """Values at the points of a box of the grid.

        Args:
            grid: The grid to interpolate onto.
            interpolation: How.
            box: The part of the grid; all of it when None.

        Returns:
            A new array, float64, C-contiguous, with the box's shape.

        Raises:
            ValueError: The box reaches beyond what was announced.
        """
        parts = grid.whole if box is None else box
        cubic = interpolation == "cubic" and not all(grid.kept)
        data = self._filtered(grid.kept) if cubic else self._cut_out()
        # The axes that lose most points first; among equals y before x, whose sums do not vectorise as well.
        for axis in sorted((1, 2, 0), key=lambda axis: -grid.step[axis]):
            part = parts[axis]
            if grid.kept[axis]:
                start, stop = part.start - self._low[axis], part.stop - self._low[axis]
                self._check(axis, start, stop, data)
                data = data[(slice(None),) * axis + (slice(start, stop),)]
                continue
            coordinates = grid.coordinates(axis, part)
            if interpolation == "cubic":
                first, weights = spline.cubic_weights(coordinates)
            elif interpolation == "linear":
                first, weights = spline.linear_weights(coordinates, self._image.shape[axis])
            else:
                first, weights = spline.nearest_weights(coordinates, self._image.shape[axis])
            first -= self._low[axis]
            self._check(axis, int(first[0]), int(first[-1]) + weights.shape[1], data)
            data = _weigh(np.ascontiguousarray(data), axis, first, weights)
        return np.array(data, order="C") if any(grid.kept) else data

    def _check(self, axis: int, start: int, stop: int, data: Floats) -> None:
        if start < 0 or stop > data.shape[axis]:
            raise ValueError(
                f"points on axis {'zyx'[axis]} need input voxels {start + self._low[axis]} to "
                f"{stop + self._low[axis] - 1}, announced were {self._low[axis]} to {self._high[axis] - 1}"
            )

    def _cut_out(self) -> Floats:
        if self._values is None:
            self._values = self._cut(self._low, self._high)
        return self._values

    def _filtered(self, kept: tuple[bool, bool, bool]) -> Floats:
        """Spline coefficients of the axes that are not kept, from `low` to `high`."""
        if kept in self._coefficients:
            return self._coefficients[kept]
        context = [0 if keep else CONTEXT_VOXELS for keep in kept]
        beyond = CONTEXT_VOXELS if self._mirrored else _REACH
        low = [max(a - more, -beyond) for a, more in zip(self._low, context, strict=True)]
        high = [
            min(b + more, n + beyond)
            for b, more, n in zip(self._high, context, self._image.shape, strict=True)
        ]
        z, y, x = (slice(a - b, c - b) for a, b, c in zip(self._low, low, self._high, strict=True))
        data = self._cut(low, high, gain=spline.GAIN ** kept.count(False))
        # Each axis is filtered only where the next ones need it.
        if not kept[0]:
            spline.filter_columns(data.reshape(1, data.shape[0], -1))
        data = data[z]
        if not kept[1]:
            spline.filter_columns(data)
        if not kept[2]:
            spline.filter_rows(data, y.start, y.stop)
        data = self._coefficients[kept] = np.ascontiguousarray(data[:, y, x])
        return data

    def _cut(self, low: Sequence[int], high: Sequence[int], *, gain: float = 1.0) -> Floats:
        """Cut out the voxels from low to high (exclusive) as float64; the border is repeated beyond it."""
        size = self._image.shape
        source = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(low, high, size, strict=True))
        values = np.empty([b - a for a, b in zip(low, high, strict=True)])
        inside = values[
            tuple(slice(part.start - a, part.stop - a) for part, a in zip(source, low, strict=True))
        ]
        if self._change is None:
            np.multiply(self._image[source], gain, out=inside, dtype=np.float64)
        else:
            np.multiply(self._change(self._image[source].astype(np.float64)), gain, out=inside)
        for axis, (part, a) in enumerate(zip(source, low, strict=True)):
            along = np.moveaxis(values, axis, 0)
            if self._mirrored:
                _mirror(along, part.start - a, part.stop - a, at=a, n=size[axis])
                continue
            along[: part.start - a] = along[part.start - a]
            along[part.stop - a :] = along[part.stop - a - 1]
        return values


def _mirror(values: Floats, start: int, stop: int, *, at: int, n: int) -> None:
    """Fill what lies before `start` and from `stop` on with mirrored voxels, along axis 0, in place.

    Args:
        values: Voxels, the first of which is voxel `at` of the image.
        start: First that is filled already.
        stop: End of those that are.
        at: May be below 0.
        n: Voxels of the image.
    """
    period = max(2 * (n - 1), 1)
    for i in (*range(start), *range(stop, len(values))):
        place = (i + at) % period
        values[i] = values[min(max(min(place, period - place), 0) - at, stop - 1)]


def resample_mask(
    mask: npt.NDArray[np.uint8],
    grid: Grid,
    interpolation: Literal["nearest", "linear"],
    *,
    threshold: float = 0.5,
) -> tuple[npt.NDArray[np.uint8], Slices]:
    """Return a mask on another grid: 1 where its interpolated value reaches the threshold at 6 digits.

    Args:
        mask: The whole mask, axes z, y, x, 0 or 1.
        grid: The grid to interpolate onto.
        interpolation: How.
        threshold: The share of the mask from which a voxel belongs to it.

    Returns:
        The new mask within a box of the grid outside which it is empty, and that box. The mask may be empty:
        thin lesions can fall between the points of a coarse grid.

    Raises:
        ValueError: The mask is empty.

    Example:
        >>> from samesplit.features.processing.grid import aligned_grid
        >>> mask = np.zeros((1, 1, 8), np.uint8)
        >>> mask[0, 0, 2:5] = 1
        >>> grid = aligned_grid(mask.shape, (1, 1, 1), (None, None, 2.0))
        >>> resample_mask(mask, grid, "linear")
        (array([[[1, 1]]], dtype=uint8), (slice(0, 1, None), slice(0, 1, None), slice(1, 3, None)))
    """
    low, high = mask_extent(mask)
    parts = mask_box(grid, low, high)
    values = Interpolator(mask, input_box(grid, parts, mask.shape)).resample(grid, interpolation, parts)
    return (values >= threshold - _TIE).view(np.uint8), parts


def _weigh(data: Floats, axis: int, first: npt.NDArray[np.int64], weights: Floats) -> Floats:
    nz, ny, nx = data.shape
    points = len(first)
    if axis == 2:
        out = np.empty((nz, ny, points))
        spline.weigh_rows(data.reshape(-1, nx), first, weights, out.reshape(-1, points))
        return out
    if axis == 1:
        out = np.empty((nz, points, nx))
        spline.weigh_columns(data, first, weights, out)
        return out
    out = np.empty((points, ny, nx))
    spline.weigh_columns(data.reshape(1, nz, -1), first, weights, out.reshape(1, points, -1))
    return out
