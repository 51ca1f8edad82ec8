"""What a profile asks for by pyradiomics' own definitions: names, units, definitions; numba is not needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from samesplit.features.catalogue import family
from samesplit.features.engines.ibsi.choices import Aggregation, Discretisation
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.engines.protocol import FeatureInfo

__all__ = ["DEFINITIONS", "own_catalogue", "own_matrices"]

DEFINITIONS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "shape": {
        "MajorAxisLength": ("mm", "4 √λ_1, the covariance of the voxels divided by n (IBSI: n − 1)"),
        "MinorAxisLength": ("mm", "4 √λ_2, the covariance of the voxels divided by n (IBSI: n − 1)"),
        "LeastAxisLength": ("mm", "4 √λ_3, the covariance of the voxels divided by n (IBSI: n − 1)"),
        "Maximum2DDiameterSlice": ("mm", "largest distance of two corners of the mesh with the same z"),
        "Maximum2DDiameterColumn": ("mm", "largest distance of two corners of the mesh with the same y"),
        "Maximum2DDiameterRow": ("mm", "largest distance of two corners of the mesh with the same x"),
    },
    "firstorder": {
        "Energy": ("I2", "Σ (X_k + c)², c: `voxel_array_shift` (IBSI: c = 0)"),
        "TotalEnergy": ("I2mm3", "the energy times the volume of a voxel"),
        "RootMeanSquared": ("I", "√(energy / N_v), with the shift c (IBSI: c = 0)"),
        "Kurtosis": ("", "μ_4 / μ_2² (IBSI subtracts 3)"),
        "StandardDeviation": ("I", "√(variance)"),
    },
    "glcm": {
        "MCC": (
            "",
            "maximal correlation coefficient: √ of the second largest eigenvalue of Σ_k p_ik p_jk / (p_i. p_.k)",
        ),
    },
}
"""By pyradiomics' class and feature: the unit, and the definition."""


def own_catalogue(settings: IbsiSettings) -> tuple[FeatureInfo, ...]:
    """Every feature by pyradiomics' own definition that the settings ask for."""
    wanted = settings.pyradiomics
    found = [
        _info(kind, name, f"pyradiomics_{kind}_{name}")
        for kind, names in (("shape", wanted.shape), ("firstorder", wanted.firstorder))
        for name in names
    ]
    words = {one.suffix: one.name for one in family("glcm").aggregations}
    for _, aggregation, suffix in own_matrices(settings):
        found += [
            _info("glcm", name, f"pyradiomics_glcm_{name}_{suffix}", words[aggregation])
            for name in wanted.glcm
        ]
    return tuple(found)


def own_matrices(settings: IbsiSettings) -> Iterator[tuple[Discretisation, Aggregation, str]]:
    """Each co-occurrence matrix that is asked for, with the end of its features' names."""
    if not settings.pyradiomics.glcm:
        return
    several = len(settings.discretisation) > 1
    for discretisation in settings.discretisation:
        for aggregation in settings.aggregation:
            yield discretisation, aggregation, aggregation + f"_{discretisation.name}" * several


def _info(kind: str, name: str, feature: str, aggregation: str = "") -> FeatureInfo:
    unit, definition = DEFINITIONS[kind][name]
    return FeatureInfo(
        feature=feature, family=f"pyradiomics {kind}", aggregation=aggregation, unit=unit, note=definition
    )
