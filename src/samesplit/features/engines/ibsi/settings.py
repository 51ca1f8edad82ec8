"""What a profile of the engine `ibsi` may say: how images are processed, and which features are wanted where."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from samesplit.declarations import Declaration
from samesplit.features.catalogue import (
    FAMILIES,
    family_features,
    features,
    tags,
    undefined_for_arbitrary_units,
)
from samesplit.features.engines.protocol import EngineSettings
from samesplit.features.processing.settings import ProcessingSettings, large_enough

__all__ = [
    "AGGREGATIONS",
    "TEXTURES",
    "Discretisation",
    "FeatureChoice",
    "IbsiSettings",
    "IvhSettings",
    "PyradiomicsChoice",
]

Aggregation = Literal["2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb"]
AGGREGATIONS: tuple[Aggregation, ...] = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
"""How GLCM and GLRLM become one value; the other texture families take the part before `_avg` or `_comb`."""

TEXTURES = ("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")

Wanted = Literal["all"] | tuple[str, ...]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class FeatureChoice(Declaration):
    """The features wanted, by family: `all`, or a list of tags (`stat_mean`) or IBSI codes (`Q4LE`)."""

    morphology: Wanted = ()
    local_intensity: Wanted = ()
    statistics: Wanted = ()
    histogram: Wanted = ()
    ivh: Wanted = ()
    glcm: Wanted = ()
    glrlm: Wanted = ()
    glszm: Wanted = ()
    gldzm: Wanted = ()
    ngtdm: Wanted = ()
    ngldm: Wanted = ()

    @field_validator("*", mode="after")
    @classmethod
    def _known(cls, wanted: Wanted, info: Any) -> Wanted:
        if wanted == "all":
            return wanted
        features = family_features(info.field_name)
        names = {name for feature in features for name in (feature.tag, feature.code)}
        for name in wanted:
            if name not in names:
                near = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.5)
                hint = f"; did you mean '{near[0]}'?" if near else ""
                raise ValueError(f"the family {info.field_name} has no feature '{name}'{hint}")
        return tuple(f.tag for f in features if f.tag in wanted or f.code in wanted)

    def of(self, family: str) -> tuple[str, ...]:
        """Return the tags wanted of a family, in the catalogue's order."""
        wanted: Wanted = getattr(self, family)
        return tags(family) if wanted == "all" else wanted


class Discretisation(Declaration):
    """How intensities become grey levels.

    `FBN`: a fixed number of bins over the lesion's own range (IBSI K15C), for arbitrary units. `FBS`: bins of a
    fixed size (Q3RU), for calibrated units; they start at `origin`, or at the lower end of `processing.range`.
    With `origin: lesion` their edges are multiples of the width, and the lesion's lowest bin has the number 1, as
    in pyradiomics (not IBSI).
    `equalised`: histogram equalisation inside the lesion, then a fixed number of levels. `none`: intensities are
    whole numbers from 1 on already.
    """

    method: Literal["FBN", "FBS", "equalised", "none"]
    bins: int | None = Field(default=None, ge=2, le=4096)
    width: Positive | None = None
    origin: Annotated[float, Field(allow_inf_nan=False)] | Literal["lesion"] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Discretisation:
        if (self.method in ("FBN", "equalised")) != (self.bins is not None):
            raise ValueError("give `bins` with the methods FBN and equalised, and only there")
        if (self.method == "FBS") != (self.width is not None):
            raise ValueError("give `width` with the method FBS, and only there")
        if self.origin is not None and self.method != "FBS":
            raise ValueError("`origin` belongs to the method FBS")
        return self

    @property
    def name(self) -> str:
        """A short name for columns: `fbn32`, `fbs25`, `equal64`, `none`."""
        size = self.bins if self.bins is not None else self.width
        return {"FBN": "fbn", "FBS": "fbs", "equalised": "equal", "none": "none"}[self.method] + (
            "" if size is None else f"{size:g}"
        )


class IvhSettings(Declaration):
    """How intensities become the levels of the intensity-volume histogram (IBSI P88C).

    `none` takes the intensities as they are, in unit steps over the re-segmentation range, or over the ROI's own
    range without one (calibrated whole numbers, such as HU); `FBS` takes bin centres of a fixed width; `FBN` takes
    the numbers of a fixed number of bins (arbitrary units).
    """

    method: Literal["none", "FBS", "FBN"] = "none"
    width: Positive | None = None
    bins: int | None = Field(default=None, ge=2)

    @model_validator(mode="after")
    def _consistent(self) -> IvhSettings:
        if (self.method == "FBS") != (self.width is not None):
            raise ValueError("give `width` with method FBS, and only there")
        if (self.method == "FBN") != (self.bins is not None):
            raise ValueError("give `bins` with method FBN, and only there")
        return self


class PyradiomicsChoice(Declaration):
    """Features as pyradiomics defines them, where IBSI has none or defines them otherwise.

    Written by `samesplit extract --params` for those who come from pyradiomics; named `pyradiomics_shape_...`,
    `pyradiomics_firstorder_...` and `pyradiomics_glcm_MCC`. docs/from-pyradiomics.md has the definitions.
    """

    shape: tuple[
        Literal[
            "MajorAxisLength",
            "MinorAxisLength",
            "LeastAxisLength",
            "Maximum2DDiameterSlice",
            "Maximum2DDiameterColumn",
            "Maximum2DDiameterRow",
        ],
        ...,
    ] = ()
    """Of the morphological mask."""
    firstorder: tuple[
        Literal["Energy", "TotalEnergy", "RootMeanSquared", "Kurtosis", "StandardDeviation"], ...
    ] = ()
    """Of the intensities."""
    glcm: tuple[Literal["MCC"], ...] = ()
    """Of each discretisation and aggregation; on the grid of `processing`."""
    voxel_array_shift: float = Field(default=0, allow_inf_nan=False)
    """Added to intensities before they are squared, for the energies and the root mean square."""


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
        if not any(own) and not any(
            choice.of(family) for choice in (self.features, self.native) for family in FAMILIES
        ):
            raise ValueError("no feature is asked for: give `features`")
        return self

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
