"""The box around a voxel that a map looks at, and the lesion laid out so that no box leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.families.neighbours import DIRECTIONS
from samesplit.features.families.spans import Spans, spans_of_mask
from samesplit.features.families.texture import LevelVolume

__all__ = ["LARGEST_RADIUS", "Lesion", "Neighbourhood"]

LARGEST_RADIUS = 7
"""Boxes of 15 x 15 x 15 voxels: beyond, a map says little about a place, and counts would no longer be exact."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Neighbourhood:
    """A box of voxels around a centre.

    Attributes:
        radius: Voxels to either side of the centre.
        in_plane: A square within the slice instead of a cube.

    Example:
        >>> Neighbourhood(1).shape, Neighbourhood(2, in_plane=True).shape
        ((3, 3, 3), (1, 5, 5))
    """

    radius: int
    in_plane: bool = False

    @property
    def reach(self) -> tuple[int, int, int]:
        """Voxels to either side along z, y, x."""
        return (0 if self.in_plane else self.radius, self.radius, self.radius)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along z, y, x."""
        z, y, x = (2 * reach + 1 for reach in self.reach)
        return z, y, x

    @cached_property
    def offsets(self) -> Ints:
        """Where the voxels lie from the centre, in voxel order, shape (n, 3)."""
        found: Ints = np.argwhere(np.ones(self.shape, dtype=bool)) - np.array(self.reach)
        return found

    @cached_property
    def inside(self) -> npt.NDArray[np.uint32]:
        """For each voxel, bit k is set where its neighbour at `DIRECTIONS[k]` lies in the box too, shape (n,)."""
        found = np.zeros(len(self.offsets), dtype=np.uint32)
        for k, direction in enumerate(DIRECTIONS):
            within = (np.abs(self.offsets + direction) <= self.reach).all(axis=1)
            found |= within.astype(np.uint32) << np.uint32(k)
        return found

    @cached_property
    def to_edge(self) -> npt.NDArray[np.uint16]:
        """Steps along the axes from each voxel to the first outside the box, shape (n,)."""
        axes = [axis for axis in range(3) if not (axis == 0 and self.in_plane)]
        steps: npt.NDArray[np.uint16] = (self.radius + 1 - np.abs(self.offsets[:, axes])).min(axis=1)
        return steps.astype(np.uint16)

    def pairs(self, direction: npt.NDArray[np.int64]) -> tuple[Ints, Ints]:
        """Return the pairs of voxels that lie a direction apart, both as offsets, each of shape (n, 3)."""
        there = self.offsets + direction
        within = (np.abs(there) <= self.reach).all(axis=1)
        return self.offsets[within], there[within]


class Lesion:
    """Grey levels or intensities of one lesion, in flat arrays with a margin that holds every box.

    Args:
        volume: Grey levels; where only the masks count, any.
        neighbourhood: The box.
    """

    def __init__(self, volume: LevelVolume, neighbourhood: Neighbourhood) -> None:
        self.volume = volume
        self.neighbourhood = neighbourhood
        self.margin = neighbourhood.radius
        self.n_voxels = volume.geometry.n_voxels

    def laid_out(self, array: npt.NDArray[Any], dtype: Any) -> npt.NDArray[Any]:
        """Return a volume of the geometry's shape with the margin around it, flat."""
        return np.pad(array, self.margin).astype(dtype).reshape(-1)

    @cached_property
    def levels(self) -> npt.NDArray[np.uint16]:
        """Grey levels, 0 outside, flat."""
        return self.laid_out(self.volume.levels, np.uint16)

    @cached_property
    def mask(self) -> npt.NDArray[np.uint8]:
        """1 where intensities count, flat."""
        return self.laid_out(self.volume.geometry.intensity, np.uint8)

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Of the volume with its margin."""
        z, y, x = (n + 2 * self.margin for n in self.volume.geometry.intensity.shape)
        return z, y, x

    @cached_property
    def strides(self) -> Ints:
        """Steps in the flat arrays along z, y, x."""
        return np.array([self.shape[1] * self.shape[2], self.shape[2], 1])

    @cached_property
    def spans(self) -> Spans:
        """The stretches of voxels that have a value, by slice."""
        return spans_of_mask(self.mask.reshape(self.shape))

    @cached_property
    def around(self) -> Ints:
        """The box's voxels as steps in the flat arrays, shape (n,)."""
        return self.neighbourhood.offsets @ self.strides

    @cached_property
    def column(self) -> Ints:
        """The voxels of the box that share the centre's x, as steps in the flat arrays."""
        offsets = self.neighbourhood.offsets
        steps: Ints = offsets[offsets[:, 2] == 0] @ self.strides
        return steps

    @cached_property
    def local_steps(self) -> Ints:
        """Steps from one voxel of the box to its neighbour in each of `DIRECTIONS`, among the box's own voxels."""
        _, ny, nx = self.neighbourhood.shape
        steps: Ints = DIRECTIONS @ np.array([ny * nx, nx, 1])
        return steps
