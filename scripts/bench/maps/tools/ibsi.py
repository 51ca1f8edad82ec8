"""samesplit's feature maps, called as `samesplit extract --maps` calls them: files in, maps out, none written."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from samesplit.features.engines.ibsi.settings import Discretisation, FeatureChoice, IbsiSettings
from samesplit.features.maps.compute import compute_maps
from samesplit.features.maps.selection import wanted_maps
from samesplit.features.processing.settings import ProcessingSettings
from samesplit.features.profiles import Profile
from samesplit.imaging.case import read_case

NAME = "samesplit"
PACKAGE = "samesplit"
NUMBA = True
_CLASSES = {
    "firstorder": ["statistics", "ih_entropy", "ih_uniformity"],
    "glcm": ["glcm"],
    "glrlm": ["glrlm"],
    "glszm": ["glszm"],
    "gldm": ["ngldm"],
    "ngtdm": ["ngtdm"],
    "gldzm": ["gldzm"],
}
FAMILIES = tuple(_CLASSES)


def maps(case: dict[str, str], spacing_mm: float, radius: int, classes: list[str], save: str = "") -> int:
    """Maps of some classes of features, under pyradiomics' names of the classes; no resampling at spacing 0."""
    settings = IbsiSettings(
        processing=ProcessingSettings(spacing_mm=spacing_mm) if spacing_mm else ProcessingSettings(),
        discretisation=(Discretisation(method="FBN", bins=32),),
        aggregation=("3D_avg",),
        features=FeatureChoice(statistics="all"),
        undefined=(),
    )
    profile = Profile("bench", "ibsi", "", "any", settings)
    wanted = wanted_maps(profile, [name for one in classes for name in _CLASSES[one]])
    read = read_case(case["image"], case["mask"], lesion_id="case")
    found = list(compute_maps(read, profile, wanted, radius=radius))
    if save:
        by_code = {one.wanted.info.ibsi_code or one.wanted.name: one.values for one in found}
        np.savez(Path(save), **by_code)
    return len(found)
