"""The families without matrices: morphology, local intensity, statistics, histogram, volume histogram."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from samesplit.features.engines.ibsi.settings import FeatureChoice, IvhSettings
from samesplit.features.families import histogram, ivh, local_intensity, morphology, statistics
from samesplit.features.families.centroid import centre_of_mass_shift
from samesplit.features.families.region import Region
from samesplit.features.families.texture import LevelVolume, MaskGeometry

__all__ = ["FAMILIES", "PlainInput", "margin_mm", "plain_features"]

Values = Mapping[str, float]


@dataclass(frozen=True)
class PlainInput:
    """What these families look at.

    Attributes:
        region: The lesion.
        geometry: Its masks.
        ivh: How the intensity-volume histogram is made.
        bounds: The re-segmentation range; None where there is no bound.
        levels: The histogram's grey levels; None where no histogram is asked for.
    """

    region: Region
    geometry: MaskGeometry
    ivh: IvhSettings
    bounds: tuple[float | None, float | None]
    levels: LevelVolume | None = None


def plain_features(given: PlainInput, wanted: FeatureChoice, undefined: frozenset[str]) -> dict[str, float]:
    """Compute the wanted features in the catalogue's order; NaN where the image's unit forbids them."""
    found: dict[str, float] = {}
    for family, compute in FAMILIES.items():
        tags = wanted.of(family)
        defined = frozenset(tags) - undefined
        values = compute(given, defined) if defined else {}
        found |= {tag: float(values[tag]) if tag in defined else math.nan for tag in tags}
    return found


def margin_mm(wanted: FeatureChoice, undefined: frozenset[str] = frozenset()) -> float:
    """How much of the lesion's surroundings the features look at."""
    return local_intensity.PEAK_RADIUS_MM if set(wanted.of("local_intensity")) - undefined else 0.0


def _morphology(given: PlainInput, tags: frozenset[str]) -> Values:
    """Only the parts that are asked for: the autocorrelations cost more than all the rest."""
    region, geometry = given.region, given.geometry
    found: dict[str, float] = {}
    if tags - set(morphology.INTENSITY_TAGS) or "morph_integ_int" in tags:
        shape = morphology.shape(geometry, region.spacing_mm)
        found |= zip(morphology.SHAPE_TAGS, shape, strict=True)
    if tags & {"morph_integ_int", "morph_moran_i", "morph_geary_c"}:
        volume = found.get("morph_volume", math.nan)
        spatial = morphology.spatial_intensity(region, geometry, volume_mm3=volume)
        found |= zip(morphology.INTENSITY_TAGS, spatial, strict=True)
    elif "morph_com" in tags:
        inner = (slice(1, -1),) * 3
        masks = geometry.morphological[inner], geometry.intensity[inner]
        found["morph_com"] = centre_of_mass_shift(region.intensities[geometry.box], *masks, region.spacing_mm)
    return found


def _local_intensity(given: PlainInput, tags: frozenset[str]) -> Values:
    return dict(zip(local_intensity.TAGS, local_intensity.local_intensity(given.region), strict=True))


def _statistics(given: PlainInput, tags: frozenset[str]) -> Values:
    return dict(zip(statistics.TAGS, statistics.statistics_of_ordered(given.region.ordered()), strict=True))


def _histogram(given: PlainInput, tags: frozenset[str]) -> Values:
    assert given.levels is not None  # the settings see to it
    counts = np.bincount(given.levels.levels.ravel())[1:]
    return dict(zip(histogram.TAGS, histogram.histogram_of_counts(counts), strict=True))


def _ivh(given: PlainInput, tags: frozenset[str]) -> Values:
    low, high = given.bounds
    size = float(given.ivh.width or given.ivh.bins or 1)
    values = ivh.ivh(given.region.values(), method=given.ivh.method, size=size, lower=low, upper=high)
    return dict(zip(ivh.TAGS, values, strict=True))


FAMILIES: Mapping[str, Callable[[PlainInput, frozenset[str]], Values]] = {
    "morphology": _morphology,
    "local_intensity": _local_intensity,
    "statistics": _statistics,
    "histogram": _histogram,
    "ivh": _ivh,
}
