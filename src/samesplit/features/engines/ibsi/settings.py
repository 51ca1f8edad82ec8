"""What a profile of the engine `ibsi` may say: how images are processed, and which features are wanted where."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from samesplit.features.catalogue import FAMILIES, features, undefined_for_arbitrary_units
from samesplit.features.engines.ibsi.choices import (
    AGGREGATIONS,
    TEXTURES,
    Aggregation,
    Discretisation,
    FeatureChoice,
    IvhSettings,
    PyradiomicsChoice,
)
from samesplit.features.engines.ibsi.filter_settings import FilterSettings
from samesplit.features.engines.protocol import EngineSettings
from samesplit.features.processing.settings import ProcessingSettings, large_enough

__all__ = [
    "AGGREGATIONS",
    "TEXTURES",
    "Discretisation",
    "FeatureChoice",
    "FilterSettings",
    "IbsiSettings",
    "IvhSettings",
    "PyradiomicsChoice",
]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class IbsiSettings(EngineSettings):
    """The `settings` of a profile of the engine `ibsi`."""

    processing: ProcessingSettings = ProcessingSettings()
    """From the image as read to the two masks and the intensities."""
    features: FeatureChoice = FeatureChoice()
    """The features taken after processing."""
    native: FeatureChoice = FeatureChoice()
    """Features taken on the voxels as read, before any processing; named `native_...`. In-mask SUVmax of a PET is
    `native_stat_max`. No textures."""
    pyradiomics: PyradiomicsChoice = PyradiomicsChoice()
    """Features by pyradiomics' own definition."""
    discretisation: tuple[Discretisation, ...] = ()
    """How intensities become grey levels; textures are computed for each, the histogram for the first."""
    histogram_discretisation: Discretisation | None = None
    """How the intensity histogram is made, when not by the first of `discretisation`."""
    ivh: IvhSettings = IvhSettings()
    aggregation: tuple[Aggregation, ...] = Field(default=("3D_comb",), min_length=1)
    """How textures of several directions and slices become one value."""
    texture_spacing_mm: tuple[Positive, ...] = ()
    """Voxel sizes for textures, each a grid of cubic voxels; empty takes that of `processing`."""
    distance: int = Field(default=1, ge=1)
    """Chebyshev distance of GLCM neighbours, in voxels."""
    ngldm_alpha: int = Field(default=0, ge=0)
    """Coarseness of NGLDM: neighbours whose levels differ by at most this depend on each other."""
    filters: FilterSettings | None = None
    """Features of response maps of image filters, beside those of the image."""
    undefined: tuple[str, ...] | None = None
    """Tags that are given as NaN because they mean nothing in the image's unit. By default, when
    `processing.unit` is `arbitrary` and nothing is normalised, the 23 that IBSI and MR practice leave undefined;
    otherwise none."""

    @field_validator("undefined")
    @classmethod
    def _known(cls, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
        known = {feature.tag for feature in features()}
        for tag in given or ():
            if tag not in known:
                near = difflib.get_close_matches(tag, sorted(known), n=1)
                raise ValueError(
                    f"there is no feature '{tag}'" + (f"; did you mean '{near[0]}'?" if near else "")
                )
        return given

    @field_validator("discretisation", mode="before")
    @classmethod
    def _one_or_more(cls, given: Any) -> Any:
        return [given] if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _consistent(self) -> IbsiSettings:
        textures = [family for family in TEXTURES if self.features.of(family)]
        asked = [*textures, *(["histogram"] if self.features.of("histogram") else [])]
        asked += ["pyradiomics.glcm"] if self.pyradiomics.glcm else []
        if asked and not (self.discretisation or (asked == ["histogram"] and self.histogram_discretisation)):
            raise ValueError(f"{', '.join(asked)} need `discretisation`")
        levelled = [family for family in (*TEXTURES, "histogram") if self.native.of(family)]
        if levelled:
            raise ValueError(f"`native` knows no {', '.join(levelled)}: they need grey levels")
        unplaced = [one.name for one in self._discretisations() if one.method == "FBS" and one.origin is None]
        if unplaced and (self.processing.range is None or self.processing.range[0] is None):
            raise ValueError(
                f"{unplaced[0]} has no first bin: give `origin`, or the lower end of `processing.range`"
            )
        spacings = [f"{large_enough(step, 'texture_spacing_mm'):g}" for step in self.texture_spacing_mm]
        if len(set(spacings)) < len(spacings):
            raise ValueError(
                f"`texture_spacing_mm` holds {next(s for s in spacings if spacings.count(s) > 1)} twice"
            )
        names = [one.name for one in self.discretisation]
        if len(set(names)) < len(names):
            raise ValueError(f"`discretisation` holds {next(n for n in names if names.count(n) > 1)} twice")
        own = (self.pyradiomics.shape, self.pyradiomics.firstorder, self.pyradiomics.glcm)
        if self.filters is not None:
            self._check_filters(self.filters)
        elif not any(own) and not any(
            choice.of(family) for choice in (self.features, self.native) for family in FAMILIES
        ):
            raise ValueError("no feature is asked for: give `features`")
        return self

    def _check_filters(self, filters: FilterSettings) -> None:
        wanted = self._of_responses(filters)
        if not any(wanted.of(family) for family in FAMILIES):
            raise ValueError("no feature is asked for of the response maps: give `filters.features`")
        levelled = [family for family in (*TEXTURES, "histogram") if wanted.of(family)]
        unfit = [one.name for one in self.discretisation if one.method not in ("FBN", "equalised")]
        if levelled and filters.discretisation is None and (unfit or not self.discretisation):
            why = f"{unfit[0]} is on the scale of the image" if unfit else "the profile has none"
            raise ValueError(
                f"{', '.join(levelled)} of response maps need `filters.discretisation`, such as "
                f"{{method: FBN, bins: 32}}: {why}"
            )
        if levelled and filters.discretisation == ():
            raise ValueError(f"{', '.join(levelled)} of response maps need `filters.discretisation`")

    def _of_responses(self, filters: FilterSettings) -> FeatureChoice:
        if filters.features is not None:
            return filters.features
        return self.features.model_copy(update={"morphology": (), "local_intensity": (), "ivh": ()})

    def of_responses(self) -> IbsiSettings | None:
        """Return what is wanted of each response map, as of an image of its own; None where none is made."""
        filters = self.filters
        if filters is None:
            return None
        wanted = {
            "processing": self.processing.model_copy(update={"range": None}),
            "features": self._of_responses(filters),
            "native": FeatureChoice(),
            "pyradiomics": PyradiomicsChoice(),
            "discretisation": self.discretisation
            if filters.discretisation is None
            else filters.discretisation,
            "histogram_discretisation": None,
            "ivh": filters.ivh,
            "texture_spacing_mm": (),
            "filters": None,
        }
        return self.model_copy(update=wanted)

    def _discretisations(self) -> tuple[Discretisation, ...]:
        one = self.histogram_discretisation
        return self.discretisation if one is None else (one, *self.discretisation)

    def of_histogram(self) -> Discretisation | None:
        """Return the discretisation that the intensity histogram is made with."""
        return next(iter(self._discretisations()), None)

    def not_defined(self) -> frozenset[str]:
        """Tags that are given as NaN because they mean nothing in the image's unit."""
        if self.undefined is not None:
            return frozenset(self.undefined)
        plain = self.processing.unit == "arbitrary" and self.processing.normalisation is None
        return frozenset(undefined_for_arbitrary_units()) if plain else frozenset()

    def matching_reference(self) -> str | None:
        """Return the sequence to whose image the histogram is matched."""
        matching = self.processing.histogram_matching
        return None if matching is None else matching.reference
