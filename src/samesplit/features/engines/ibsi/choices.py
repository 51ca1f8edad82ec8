"""Which features a profile of the engine `ibsi` asks for, and how intensities become grey levels for them."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from samesplit.declarations import Declaration
from samesplit.features.catalogue import family_features, tags

__all__ = [
    "AGGREGATIONS",
    "TEXTURES",
    "Aggregation",
    "Discretisation",
    "FeatureChoice",
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
