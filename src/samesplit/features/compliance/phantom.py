"""The digital phantom of IBSI-1, as arrays: 80 voxels of 2 mm, 74 of them in the lesion, levels 1, 3, 4 and 6.

Source: IBSI reference manual, section 5.1, arXiv:1612.07003; licensed CC BY 4.0.
"""

from __future__ import annotations

import numpy as np

from samesplit.features.families.region import Region
from samesplit.features.families.texture import LevelVolume, MaskGeometry

__all__ = ["SPACING_MM", "digital_phantom", "phantom_levels"]

SPACING_MM = (2.0, 2.0, 2.0)

# Slice after slice (z), row after row (y), along x. A dot stands behind voxels outside the lesion.
_TEXT = """
1  4  4  1  1    1  4  6  1  1    4  1  6  4  1    4  4  6  4  1
1  4  4  1  1    1  1  6  1  1    1. 1  3  1  1    4  4  6  1  1
1  4  4  1. 1.   1  1  1  1  1    1  1  9. 1  1    1  1  6  1  1
1  4  4  1. 1.   1  1  1  1  1    1  1  1  1  1    1  1  6  1  1
"""


def digital_phantom() -> Region:
    """Return the phantom as a region: both masks are the same, and nothing is interpolated.

    Example:
        >>> region = digital_phantom()
        >>> region.intensities.shape, int(region.intensity.sum()), sorted(set(region.values().tolist()))
        ((4, 4, 5), 74, [1.0, 3.0, 4.0, 6.0])
    """
    words = _TEXT.split()
    mask = np.array([not word.endswith(".") for word in words], dtype=np.uint8).reshape(4, 4, 5)
    intensities = np.array([float(word) for word in words]).reshape(4, 4, 5)
    return Region(intensities, mask, mask.copy(), SPACING_MM)


def phantom_levels() -> LevelVolume:
    """Return the phantom's grey levels, which are its intensities.

    Example:
        >>> volume = phantom_levels()
        >>> volume.levels.shape, volume.n_levels
        ((6, 6, 7), 6)
    """
    region = digital_phantom()
    geometry = MaskGeometry(region.morphological, region.intensity)
    return LevelVolume(geometry, geometry.place(region.values().astype(np.uint8)))
