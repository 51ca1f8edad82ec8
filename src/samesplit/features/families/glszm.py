"""Grey level size zone matrix (IBSI 9SAK): how large the zones of each grey level are.

Formulas: IBSI reference manual, section 3.8 (https://doi.org/10.1148/radiol.2020191145).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.features.families.texture import LevelVolume
from samesplit.features.families.zones import zone_features

__all__ = ["AGGREGATIONS", "TAGS", "glszm"]

AGGREGATIONS = ("2D", "2_5D", "3D")

TAGS = (
    "szm_sze",
    "szm_lze",
    "szm_lgze",
    "szm_hgze",
    "szm_szlge",
    "szm_szhge",
    "szm_lzlge",
    "szm_lzhge",
    "szm_glnu",
    "szm_glnu_norm",
    "szm_zsnu",
    "szm_zsnu_norm",
    "szm_z_perc",
    "szm_gl_var",
    "szm_zs_var",
    "szm_zs_entr",
)


def glszm(volume: LevelVolume, aggregation: str) -> npt.NDArray[np.float64]:
    """Return the size zone features of a volume; they are defined for every lesion.

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
        >>> dict(zip(TAGS, glszm(volume, "3D").tolist()))["szm_lze"]
        2.5
    """
    return zone_features(volume, aggregation, "sizes")
