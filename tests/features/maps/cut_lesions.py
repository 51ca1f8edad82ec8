"""A lesion cut to a box: what a feature map must hold at the box's centre, from the families themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from samesplit.features.families.glcm import glcm
from samesplit.features.families.gldzm import gldzm
from samesplit.features.families.glrlm import glrlm
from samesplit.features.families.glszm import glszm
from samesplit.features.families.histogram import histogram
from samesplit.features.families.local_intensity import local_intensity
from samesplit.features.families.ngldm import ngldm
from samesplit.features.families.ngtdm import ngtdm
from samesplit.features.families.region import Region
from samesplit.features.families.statistics import statistics
from samesplit.features.families.texture import LevelVolume, MaskGeometry

Box = tuple[slice, slice, slice]


def boxes(region: Region, radius: int, *, in_plane: bool) -> list[Box]:
    """The box around each voxel of the intensity mask, in voxel order, cut at the volume's faces."""
    reach = (0 if in_plane else radius, radius, radius)
    return [
        tuple(slice(max(i - r, 0), i + r + 1) for i, r in zip(voxel, reach, strict=True))  # type: ignore[misc]
        for voxel in np.argwhere(region.intensity)
    ]


def cut(region: Region, box: Box) -> Region:
    """The region whose masks end at the box, its image whole."""
    inside = np.zeros(region.intensity.shape, np.uint8)
    inside[box] = 1
    return Region(
        region.intensities, region.morphological * inside, region.intensity * inside, region.spacing_mm
    )


def levels_of(part: Region, levels: np.ndarray, n_levels: int) -> LevelVolume:
    """The grey levels of a cut region, with the number of levels of the whole."""
    geometry = MaskGeometry(part.morphological, part.intensity)
    return LevelVolume(geometry, geometry.place(levels[part.intensity > 0]), n_levels)


def families(
    dimension: str, *, distance: int = 1, alpha: int = 0
) -> dict[str, Callable[[Region, np.ndarray, int], np.ndarray]]:
    """What each family says of a cut region, by family and aggregation."""

    def textures(
        compute: Callable[[LevelVolume], np.ndarray],
    ) -> Callable[[Region, np.ndarray, int], np.ndarray]:
        return lambda part, levels, n: compute(levels_of(part, levels, n))

    return {
        "local_intensity": lambda part, levels, n: local_intensity(part),
        "statistics": lambda part, levels, n: statistics(part.values()),
        "histogram": lambda part, levels, n: histogram(levels[part.intensity > 0]),
        "glcm_avg": textures(lambda volume: glcm(volume, f"{dimension}_avg", distance=distance)),
        "glcm_comb": textures(lambda volume: glcm(volume, f"{dimension}_comb", distance=distance)),
        "glrlm_avg": textures(lambda volume: glrlm(volume, f"{dimension}_avg")),
        "glrlm_comb": textures(lambda volume: glrlm(volume, f"{dimension}_comb")),
        "glszm": textures(lambda volume: glszm(volume, dimension)),
        "gldzm": textures(lambda volume: gldzm(volume, dimension)),
        "ngtdm": textures(lambda volume: ngtdm(volume, dimension)),
        "ngldm": textures(lambda volume: ngldm(volume, dimension, alpha=alpha)),
    }
