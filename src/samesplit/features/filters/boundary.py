"""Images beyond their faces: the boundary conditions of the IBSI's standard 2, and parts of extended images.

An image is thought to go on without end in all directions; a filter looks at as much of that as it needs. So the
kernels themselves know no boundaries, and a lesion costs what its own box and the filter's reach hold.
Source: IBSI reference manual for image filters, section 2.2 (arXiv:2006.05470).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from samesplit.features.filters.settings import Boundary

__all__ = ["Box", "PaddedImage", "extended", "widened"]

Box = tuple[slice, slice, slice]
"""A part of an image along z, y, x, with explicit ends; they may lie beyond the faces, and below 0."""


class PaddedImage:
    """An image that goes on beyond its faces, for filters that ask for parts of it.

    Attributes:
        image: The image, axes z, y, x.
        wanted: The part of it on which responses are wanted.
    """

    def __init__(self, image: npt.NDArray[np.floating], wanted: Box | None = None) -> None:
        self.image = image
        self.wanted = _all_of(image) if wanted is None else wanted
        self._last: tuple[tuple[object, ...], npt.NDArray[np.float32]] | None = None

    def within(self, box: Box) -> PaddedImage:
        """Return the same image with responses wanted on another part."""
        return PaddedImage(self.image, box)

    def around(
        self, reach: Sequence[int], boundary: Boundary, constant: float = 0.0
    ) -> npt.NDArray[np.float32]:
        """Return the wanted part and all that lies within a filter's reach, float32.

        Args:
            reach: How far the filter looks along z, y, x, in voxels.
            boundary: What lies beyond the faces.
            constant: The intensity there with `boundary` "constant".
        """
        key = (tuple(reach), boundary, constant)
        if self._last is None or self._last[0] != key:
            box = widened(self.wanted, reach)
            self._last = key, extended(self.image, box, boundary, constant).astype(np.float32, order="C")
        return self._last[1]


def extended(
    values: npt.NDArray[np.floating],
    box: Box,
    boundary: Boundary,
    constant: float = 0.0,
    *,
    origin: Sequence[int] = (0, 0, 0),
    size: Sequence[int] | None = None,
) -> npt.NDArray[np.floating]:
    """Return a box of an image that goes on beyond its faces; not necessarily a copy.

    Args:
        values: The image, or a part of it that holds all voxels which the box and its boundaries look at.
        box: The voxels to return, in the image's indices.
        boundary: Beyond the faces lie zeros, `constant`, the nearest voxel, the image again ("periodic"), or its
            mirror image, in which the voxels at the face come twice.
        constant: The intensity there with `boundary` "constant".
        origin: The image's indices of the first voxel of `values`.
        size: Voxels of the whole image along z, y, x; those of `values` when None.

    Example:
        >>> row = np.array([[[1, 2, 3]]])
        >>> box = (slice(0, 1), slice(0, 1), slice(-2, 5))
        >>> extended(row, box, "mirror")[0, 0].tolist()
        [2, 1, 1, 2, 3, 3, 2]
        >>> extended(row, box, "nearest")[0, 0].tolist()
        [1, 1, 1, 2, 3, 3, 3]
        >>> extended(row, box, "constant", 9)[0, 0].tolist()
        [9, 9, 1, 2, 3, 9, 9]
    """
    whole = values.shape if size is None else tuple(size)
    found = values
    if boundary in ("zero", "constant"):
        inside = tuple(slice(max(b.start, 0), min(b.stop, n)) for b, n in zip(box, whole, strict=True))
        found = values[tuple(slice(i.start - o, i.stop - o) for i, o in zip(inside, origin, strict=True))]
        if inside == box:
            return found
        around = [(i.start - b.start, b.stop - i.stop) for i, b in zip(inside, box, strict=True)]
        return np.pad(found, around, constant_values=0.0 if boundary == "zero" else constant)
    for axis, (part, n, first) in enumerate(zip(box, whole, origin, strict=True)):
        if part.start >= 0 and part.stop <= n:
            here = [slice(None)] * 3
            here[axis] = slice(part.start - first, part.stop - first)
            found = found[tuple(here)]
        else:
            found = found.take(_source(np.arange(part.start, part.stop), n, boundary) - first, axis=axis)
    return found


def widened(box: Box, reach: Sequence[int], size: Sequence[int] | None = None) -> Box:
    """Return a box that is larger by a reach on both sides, cut at the faces of an image of a size when given.

    Example:
        >>> widened((slice(0, 2), slice(3, 4), slice(5, 8)), (1, 0, 2), size=(9, 9, 9))
        (slice(0, 3, None), slice(3, 4, None), slice(3, 9, None))
    """
    parts = [slice(part.start - far, part.stop + far) for part, far in zip(box, reach, strict=True)]
    if size is not None:
        parts = [slice(max(part.start, 0), min(part.stop, n)) for part, n in zip(parts, size, strict=True)]
    return parts[0], parts[1], parts[2]


def _source(index: npt.NDArray[np.int64], n: int, boundary: Boundary) -> npt.NDArray[np.int64]:
    """Return which of n voxels stands at each place of the endless line."""
    if boundary == "nearest":
        return np.clip(index, 0, n - 1)
    if boundary == "periodic":
        return index % n
    there = index % (2 * n)
    return np.minimum(there, 2 * n - 1 - there)


def _all_of(image: npt.NDArray[np.floating]) -> Box:
    z, y, x = image.shape
    return slice(0, z), slice(0, y), slice(0, x)
