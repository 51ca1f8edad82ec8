"""One lesion on one grid, processed: what the feature families look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from samesplit.features.families.ascending import ascending

__all__ = ["Region"]


@dataclass(frozen=True)
class Region:
    """The box around a lesion after processing; all arrays have one shape, axes z, y, x, C-contiguous.

    Attributes:
        intensities: The image, also outside the lesion: local intensity looks at the surroundings.
        morphological: 1 inside the lesion as it was drawn and interpolated.
        intensity: 1 where intensities count: the morphological mask less what re-segmentation took away.
        spacing_mm: Distance of neighbouring voxels along z, y and x.
    """

    intensities: npt.NDArray[np.float64]
    morphological: npt.NDArray[np.uint8]
    intensity: npt.NDArray[np.uint8]
    spacing_mm: tuple[float, float, float]

    def values(self) -> npt.NDArray[np.float64]:
        """Return the intensities inside the intensity mask, flat, in voxel order; do not write to them.

        Example:
            >>> mask = np.array([[[1, 0]]], dtype=np.uint8)
            >>> Region(np.array([[[5.0, 7.0]]]), mask, mask, (1.0, 1.0, 1.0)).values()
            array([5.])
        """
        return self._values

    def ordered(self) -> npt.NDArray[np.float64]:
        """Return the same in ascending order; do not write to them either."""
        return self._ordered

    @cached_property
    def _values(self) -> npt.NDArray[np.float64]:
        return self.intensities[self.intensity > 0]

    @cached_property
    def _ordered(self) -> npt.NDArray[np.float64]:
        return ascending(self._values)
