"""What texture families share: the masks of one grid, and grey levels on it, each with a margin of one voxel.

Work that several families or discretisations need is done once: it hangs on the object it depends on
(`shared`), so that it lives as long as the object and no longer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError

__all__ = ["LevelVolume", "Levels", "MaskGeometry"]

Levels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
T = TypeVar("T")


class _Sharing:
    def __init__(self) -> None:
        self._shared: dict[str, Any] = {}
        self._passing: set[str] = set()

    def shared(self, name: str, make: Callable[[], T], *, passing: bool = False) -> T:
        """Return the piece of work of that name, done when it is first asked for.

        Args:
            name: The same for the same work.
            make: Does it.
            passing: It is large, and may be let go (`release`) when the object's own features are computed.
        """
        if name not in self._shared:
            self._shared[name] = make()
            if passing:
                self._passing.add(name)
        found: T = self._shared[name]
        return found

    def release(self) -> None:
        """Let go of passing work; it is done anew if it is asked for again.

        Example:
            >>> mask = np.ones((1, 1, 1), np.uint8)
            >>> geometry = MaskGeometry(mask, mask)
            >>> for made in ("first", "second"):
            ...     print(geometry.shared("work", lambda: made, passing=True))
            ...     geometry.release()
            first
            second
        """
        for name in self._passing:
            self._shared.pop(name, None)
        self._passing.clear()


class MaskGeometry(_Sharing):
    """The masks of one grid, cut to the box of the morphological mask and padded by one voxel of zeros.

    Args:
        morphological: 1 inside the lesion, shape (z, y, x).
        intensity: 1 where intensities count; a subset of it.

    Raises:
        LesionError: One of the masks is empty.

    Example:
        >>> mask = np.zeros((9, 9, 9), np.uint8)
        >>> mask[2:5, 3:6, 4:7] = 1
        >>> geometry = MaskGeometry(mask, mask)
        >>> geometry.intensity.shape, geometry.n_voxels
        ((5, 5, 5), 27)
    """

    def __init__(self, morphological: npt.NDArray[np.uint8], intensity: npt.NDArray[np.uint8]) -> None:
        super().__init__()
        if not intensity.any():
            raise LesionError(
                "no voxel of the mask is left after re-segmentation",
                remedy="check the mask, the image's unit, and the profile's re-segmentation range",
            )
        self.box = _box(morphological)
        self.morphological = _padded(morphological[self.box])
        self.intensity = _padded(intensity[self.box])

    @cached_property
    def n_voxels(self) -> int:
        """Voxels in the intensity mask."""
        return int(np.count_nonzero(self.intensity))

    @cached_property
    def n_voxels_per_slice(self) -> npt.NDArray[np.int64]:
        """Voxels of the intensity mask in each (padded) slice."""
        return np.asarray(np.count_nonzero(self.intensity, axis=(1, 2)), dtype=np.int64)

    def place(self, levels: npt.NDArray[Any]) -> Levels:
        """Lay grey levels of the intensity voxels (flat, in voxel order) onto the padded box, 0 elsewhere.

        uint8 as long as the levels fit, else uint16.
        """
        dtype = np.uint8 if levels.max() <= np.iinfo(np.uint8).max else np.uint16
        volume = np.zeros(self.intensity.shape, dtype=dtype)
        volume[self.intensity > 0] = levels
        return volume


class LevelVolume(_Sharing):
    """One discretisation of the intensities of a region.

    Args:
        geometry: The masks.
        levels: 1 to n_levels inside the intensity mask, 0 elsewhere; shape of `geometry.intensity`.
        n_levels: The number of grey levels; the largest that occurs, when None.
        finer: The discretisation into twice as many bins that this one was merged from in pairs, where there is
            one: what follows from its work need not be done again.
    """

    def __init__(
        self,
        geometry: MaskGeometry,
        levels: Levels,
        n_levels: int | None = None,
        finer: LevelVolume | None = None,
    ) -> None:
        super().__init__()
        self.finer = finer
        self.geometry = geometry
        self.levels = levels
        self.n_levels = int(levels.max()) if n_levels is None else n_levels


def _box(mask: npt.NDArray[np.uint8]) -> tuple[slice, slice, slice]:
    filled = [np.flatnonzero(mask.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    z, y, x = (slice(int(f[0]), int(f[-1]) + 1) for f in filled)
    return z, y, x


def _padded(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.pad(np.ascontiguousarray(mask, dtype=np.uint8), 1)
