"""Grey level distance zone matrix (IBSI VMDZ): how far from the lesion's border the zones of each grey level lie.

Formulas: IBSI reference manual, section 3.9 (https://doi.org/10.1148/radiol.2020191145).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.features.families.texture import LevelVolume
from samesplit.features.families.zones import zone_features

__all__ = ["AGGREGATIONS", "TAGS", "gldzm"]

AGGREGATIONS = ("2D", "2_5D", "3D")

TAGS = (
    "dzm_sde",
    "dzm_lde",
    "dzm_lgze",
    "dzm_hgze",
    "dzm_sdlge",
    "dzm_sdhge",
    "dzm_ldlge",
    "dzm_ldhge",
    "dzm_glnu",
    "dzm_glnu_norm",
    "dzm_zdnu",
    "dzm_zdnu_norm",
    "dzm_z_perc",
    "dzm_gl_var",
    "dzm_zd_var",
    "dzm_zd_entr",
)


def gldzm(volume: LevelVolume, aggregation: str) -> npt.NDArray[np.float64]:
    """Return the distance zone features of a volume; they are defined for every lesion.

    A zone is as far from the border as its nearest voxel; the border is that of the morphological mask.

    Args:
        volume: Grey levels.
        aggregation: "2D" (zones within slices, mean of the slices' features), "2_5D" (zones within slices, one
            matrix) or "3D".

    Returns:
        The features in the order of `TAGS`, shape (16,).

    Raises:
        ValueError: The aggregation is none of the three.

    Example:
        >>> from samesplit.features.families.texture import MaskGeometry
        >>> mask = np.ones((1, 1, 3), dtype=np.uint8)
        >>> geometry = MaskGeometry(mask, mask)
        >>> volume = LevelVolume(geometry, geometry.place(np.array([1, 1, 2])))
        >>> dict(zip(TAGS, gldzm(volume, "3D").tolist()))["dzm_lde"]
        1.0
    """
    return zone_features(volume, aggregation, "distances")
