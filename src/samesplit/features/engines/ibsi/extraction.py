"""What the engine `ibsi` does with one case, doing nothing twice that several settings share.

All grids share one interpolator (one spline prefilter), all discretisations of a grid share what depends on its
masks, and coarser discretisations share the work of finer ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.features.catalogue import full_tag, tags
from samesplit.features.engines.ibsi.filtered import Reach, of_response_maps
from samesplit.features.engines.ibsi.levels import RegionLevels
from samesplit.features.engines.ibsi.non_texture import FAMILIES, PlainInput, margin_mm, plain_features
from samesplit.features.engines.ibsi.own_definitions import own_catalogue
from samesplit.features.engines.ibsi.own_features import own_features
from samesplit.features.engines.ibsi.settings import FilterSettings, IbsiSettings
from samesplit.features.engines.ibsi.textures import family_aggregations, texture_settings
from samesplit.features.engines.protocol import FeatureValues
from samesplit.features.families.glcm import glcm
from samesplit.features.families.gldzm import gldzm
from samesplit.features.families.glrlm import glrlm
from samesplit.features.families.glszm import glszm
from samesplit.features.families.ngldm import ngldm
from samesplit.features.families.ngtdm import ngtdm
from samesplit.features.families.region import Region
from samesplit.features.families.texture import LevelVolume, MaskGeometry
from samesplit.features.processing.grid import Spacing
from samesplit.features.processing.preparation import PreparedImage, prepare
from samesplit.features.processing.settings import ProcessingSettings
from samesplit.features.steps import Step
from samesplit.imaging.case import Case

__all__ = ["TEXTURE_FAMILIES", "extract"]

Texture = Callable[[LevelVolume, str, IbsiSettings], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class _Wanted:
    """What is wanted of one texture family in one aggregation: places among its values, and names."""

    family: str
    aggregation: str
    places: npt.NDArray[np.intp]
    names: tuple[str, ...]


def extract(case: Case, settings: IbsiSettings) -> FeatureValues:
    """Return the features of one case with the steps that led to them; NaN where one is not defined for it.

    Args:
        case: Image, mask, and the image to match the histogram to where the settings ask for one.
        settings: The profile's.

    Raises:
        LesionError: The intensities do not have the declared unit, or no voxel is left after processing.
    """
    native = _native(case, settings)
    image = _prepared(case, settings)
    if image is None:
        return native
    textures = _wanted_textures(settings)
    values: dict[str, float] = dict(native)
    steps = dict.fromkeys(native.steps)  # each once, in their order
    for spacing in dict.fromkeys(_spacings(settings)):
        prepared = image.at(spacing, margin_mm=None if _plain_at(spacing, settings) else 0.0)
        steps |= dict.fromkeys(prepared.steps)
        values |= _of_grid(prepared.region, spacing, settings, textures)
        del prepared  # before the next one is made
    values |= {info.feature: values.pop(info.feature) for info in own_catalogue(settings)}  # last, as listed
    if settings.filters is not None:
        found, told = _of_responses(image, settings, settings.filters)
        values |= found
        steps[told] = None
    return FeatureValues(values, steps=tuple(steps), notes=image.notes)


def _native(case: Case, settings: IbsiSettings) -> FeatureValues:
    """Features on the voxels as they were read."""
    wanted = settings.native
    if not any(wanted.of(family) for family in FAMILIES):
        return FeatureValues()
    untouched = ProcessingSettings(unit=settings.processing.unit)
    image = prepare(case, untouched, margin_mm=margin_mm(wanted))
    region = image.at(untouched.target_mm).region
    given = PlainInput(
        region, MaskGeometry(region.morphological, region.intensity), settings.ivh, (None, None)
    )
    values = plain_features(given, wanted, frozenset())
    return FeatureValues(
        {f"native_{tag}": value for tag, value in values.items()},
        steps=(Step("native features", "on the voxels as they were read"),),
        notes=image.notes,
    )


def _prepared(case: Case, settings: IbsiSettings) -> PreparedImage | None:
    """Return the image ready for all grids that are asked for; None when only native features are."""
    spacings = _spacings(settings)
    if not spacings:
        return None
    processing = settings.processing
    if case.matching_reference is case.image:  # the sequence that the others are matched to stays as it is
        processing = processing.model_copy(update={"histogram_matching": None})
    return prepare(
        case,
        processing,
        spacings_mm=spacings,
        margin_mm=max(
            margin_mm(one.features, one.not_defined()) for one in (settings, settings.of_responses()) if one
        ),
        around=None if settings.filters is None else Reach(settings.filters.filters),
        reference=case.matching_reference,
    )


def _spacings(settings: IbsiSettings) -> list[Spacing]:
    """Return the grids asked for, that of the features without matrices first."""
    base = settings.processing.target_mm
    textures = [setting.spacing_mm for setting in texture_settings(settings)]
    return [base, *textures] if _plain_at(base, settings) or settings.filters is not None else textures


def _of_responses(
    image: PreparedImage, settings: IbsiSettings, filters: FilterSettings
) -> tuple[dict[str, float], Step]:
    """All features of all response maps, and what was done."""
    responses = settings.of_responses()
    assert responses is not None  # there are filters
    textures = _wanted_textures(responses)
    spacing = responses.processing.target_mm
    margin = margin_mm(responses.features, responses.not_defined())

    def compute(region: Region, geometry: MaskGeometry) -> dict[str, float]:
        return _of_grid(region, spacing, responses, textures, geometry)

    return of_response_maps(image, filters.filters, compute, margin_mm=margin)


def _plain_at(spacing: Spacing, settings: IbsiSettings) -> bool:
    """Whether features without matrices are asked for on a grid."""
    own = settings.pyradiomics
    wanted = own.shape or own.firstorder or own.glcm or any(map(settings.features.of, FAMILIES))
    return bool(wanted) and spacing == settings.processing.target_mm


def _wanted_textures(settings: IbsiSettings) -> list[_Wanted]:
    found = []
    for family, aggregation in family_aggregations(settings):
        wanted = settings.features.of(family)
        places = [place for place, tag in enumerate(tags(family)) if tag in wanted]
        names = tuple(full_tag(tags(family)[place], aggregation) for place in places)
        found.append(_Wanted(family, aggregation, np.array(places, dtype=np.intp), names))
    return found


def _of_grid(
    region: Region,
    spacing: Spacing,
    settings: IbsiSettings,
    textures: list[_Wanted],
    geometry: MaskGeometry | None = None,
) -> dict[str, float]:
    """All features of one grid: it is made, used and forgotten, so that memory holds one grid at a time."""
    geometry = geometry or MaskGeometry(region.morphological, region.intensity)
    levels = RegionLevels(geometry, region, settings)
    values: dict[str, float] = {}
    if _plain_at(spacing, settings):
        by = settings.of_histogram() if settings.features.histogram else None
        bounds = settings.processing.range or (None, None)
        of_histogram = None if by is None else levels.volume(by)
        given = PlainInput(region, geometry, settings.ivh, bounds, of_histogram)
        values |= plain_features(given, settings.features, settings.not_defined())
        values |= own_features(region, geometry, levels, settings)
    for setting in texture_settings(settings):
        if setting.spacing_mm == spacing:
            volume = levels.volume(setting.discretisation)
            for one in textures:
                found = TEXTURE_FAMILIES[one.family](volume, one.aggregation, settings)[one.places]
                values |= zip([name + setting.suffix for name in one.names], found.tolist(), strict=True)
            volume.release()
    return values


TEXTURE_FAMILIES: Mapping[str, Texture] = {
    "glcm": lambda volume, aggregation, settings: glcm(volume, aggregation, distance=settings.distance),
    "glrlm": lambda volume, aggregation, settings: glrlm(volume, aggregation),
    "glszm": lambda volume, aggregation, settings: glszm(volume, aggregation),
    "gldzm": lambda volume, aggregation, settings: gldzm(volume, aggregation),
    "ngtdm": lambda volume, aggregation, settings: ngtdm(volume, aggregation),
    "ngldm": lambda volume, aggregation, settings: ngldm(volume, aggregation, alpha=settings.ngldm_alpha),
}
"""The features of each texture family, in the order of its tags."""
