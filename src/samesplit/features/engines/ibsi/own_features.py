"""The values of features by pyradiomics' own definitions, for one lesion."""

from __future__ import annotations

from samesplit.features.engines.ibsi.levels import RegionLevels
from samesplit.features.engines.ibsi.own_definitions import own_matrices
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.families.pyradiomics import firstorder_features, glcm_features, shape_features
from samesplit.features.families.region import Region
from samesplit.features.families.texture import MaskGeometry

__all__ = ["own_features"]


def own_features(
    region: Region, geometry: MaskGeometry, levels: RegionLevels, settings: IbsiSettings
) -> dict[str, float]:
    """Compute them for one lesion.

    Args:
        region: The lesion on the grid of `processing`.
        geometry: Its masks.
        levels: Its grey levels.
        settings: The profile's.
    """
    wanted = settings.pyradiomics
    found: dict[str, float] = {}
    if wanted.shape:
        shape = shape_features(geometry, region.spacing_mm)
        found |= {f"pyradiomics_shape_{name}": shape[name] for name in wanted.shape}
    if wanted.firstorder:
        firstorder = firstorder_features(
            region.ordered(), region.spacing_mm, voxel_array_shift=wanted.voxel_array_shift
        )
        found |= {f"pyradiomics_firstorder_{name}": firstorder[name] for name in wanted.firstorder}
    for discretisation, aggregation, suffix in own_matrices(settings):
        glcm = glcm_features(levels.volume(discretisation), aggregation, distance=settings.distance)
        found |= {f"pyradiomics_glcm_{name}_{suffix}": glcm[name] for name in wanted.glcm}
    return found
