"""All features of one region and one discretisation, named as in the reference table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.catalogue import full_tag, tags
from samesplit.features.families.glcm import glcm
from samesplit.features.families.gldzm import gldzm
from samesplit.features.families.glrlm import glrlm
from samesplit.features.families.glszm import glszm
from samesplit.features.families.histogram import histogram
from samesplit.features.families.ivh import ivh
from samesplit.features.families.local_intensity import local_intensity
from samesplit.features.families.morphology import morphology
from samesplit.features.families.ngldm import ngldm
from samesplit.features.families.ngtdm import ngtdm
from samesplit.features.families.region import Region
from samesplit.features.families.statistics import statistics
from samesplit.features.families.texture import LevelVolume

__all__ = ["feature_values"]

_MARGIN_MM = 7.0  # the sphere of the local intensity peak has a radius of 6.2 mm


def feature_values(
    region: Region,
    volume: LevelVolume,
    *,
    ivh_levels: Mapping[str, Any],
    aggregations: Sequence[str],
) -> dict[str, float]:
    """Every feature of the catalogue, textures in the aggregations asked for.

    Args:
        region: The lesion; may be a whole image.
        volume: Its grey levels.
        ivh_levels: How the intensity-volume histogram makes its levels; arguments of `ivh`.
        aggregations: Of `2D_avg`, `2D_comb`, `2_5D_avg`, `2_5D_comb`, `3D_avg`, `3D_comb`; families whose
            matrices have no direction take the part before `_avg` or `_comb`.

    Returns:
        Values by tag with aggregation.
    """
    near = _cut(region)
    intensities = region.values()
    levels = volume.levels[volume.geometry.intensity > 0]
    found = {
        **_named("morphology", morphology(near)),
        **_named("local_intensity", local_intensity(near)),
        **_named("statistics", statistics(intensities)),
        **_named("histogram", histogram(levels, volume.n_levels)),
        **_named("ivh", ivh(intensities, **ivh_levels)),
    }
    for aggregation in aggregations:
        found.update(_named("glcm", glcm(volume, aggregation), aggregation))
        found.update(_named("glrlm", glrlm(volume, aggregation), aggregation))
    for aggregation in dict.fromkeys(one.rpartition("_")[0] for one in aggregations):
        found.update(_named("glszm", glszm(volume, aggregation), aggregation))
        found.update(_named("gldzm", gldzm(volume, aggregation), aggregation))
        found.update(_named("ngtdm", ngtdm(volume, aggregation), aggregation))
        found.update(_named("ngldm", ngldm(volume, aggregation), aggregation))
    return found


def _named(family: str, values: npt.NDArray[np.float64], aggregation: str = "") -> dict[str, float]:
    names = [full_tag(tag, aggregation) for tag in tags(family)]
    return dict(zip(names, values.tolist(), strict=True))


def _cut(region: Region) -> Region:
    """The part around the lesion that features look at."""
    parts = []
    for along in range(3):
        filled = np.flatnonzero(
            region.morphological.any(axis=tuple(other for other in range(3) if other != along))
        )
        margin = math.ceil(_MARGIN_MM / region.spacing_mm[along]) + 1
        parts.append(slice(max(int(filled[0]) - margin, 0), int(filled[-1]) + margin + 1))
    box = tuple(parts)
    return Region(
        np.ascontiguousarray(region.intensities[box]),
        np.ascontiguousarray(region.morphological[box]),
        np.ascontiguousarray(region.intensity[box]),
        region.spacing_mm,
    )
