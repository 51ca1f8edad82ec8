"""Everything about the synthetic CT cohort with kidneys and masses that can be adjusted."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from samesplit.benchmarks.synthetic.base import (
    CohortPart,
    CohortSettings,
    NonNegative,
    Positive,
    Probability,
)

__all__ = ["CT_PROPERTIES", "PHASES", "CtEffects", "CtProperty", "CtSettings", "CtSite", "MassType", "Phase"]

Phase = Literal["N", "A", "V"]
PHASES: tuple[Phase, ...] = ("N", "A", "V")
"""Non-contrast, arterial (corticomedullary) and venous (nephrographic)."""
MassType = Literal["AML", "cystic", "solid"]
CtProperty = Literal["size", "irregularity", "enhancement", "necrosis", "texture_length"]
CT_PROPERTIES: tuple[CtProperty, ...] = (
    "size",
    "irregularity",
    "enhancement",
    "necrosis",
    "texture_length",
)
NumberShares = tuple[NonNegative, NonNegative, NonNegative, NonNegative]
_TYPE_SHARES: dict[MassType, float] = {"AML": 0.25, "cystic": 0.4, "solid": 0.35}
_MALIGNANT_RATES: dict[MassType, float] = {"AML": 0.0, "cystic": 0.2, "solid": 0.7}
_MISSING_RATES: dict[Phase, float] = {"N": 0.2, "A": 0.12, "V": 0.12}
_MEDIAN_MM: dict[MassType, float] = {"AML": 20.0, "cystic": 24.0, "solid": 28.0}


class CtEffects(CohortPart):
    """Malignant minus benign among masses of one type, in standard deviations of the property.

    All are multiplied by `CtSettings.effect`. Besides, malignant cystic masses have an enhancing wall that
    benign ones lack.
    """

    size: float = 0.5
    irregularity: float = 1.0
    enhancement: float = 0.6
    necrosis: float = 0.8
    texture_length: float = 0.7


class CtSite(CohortPart):
    """A hospital with one scanner: voxels in mm, noise in HU (SD).

    `type_shares` and `number_shares` replace those of the cohort; with `one_phase` every patient has one of the
    enhanced phases alone.
    """

    later: ClassVar[tuple[str, ...]] = ("type_shares", "number_shares", "one_phase")

    name: str
    vendor: str
    share: Positive
    in_plane_mm: Annotated[float, Field(ge=1.5, le=4.0)]
    slice_mm: Annotated[float, Field(ge=1.5, le=5.0)]
    noise_hu: NonNegative
    type_shares: dict[MassType, NonNegative] | None = None
    number_shares: NumberShares | None = None
    one_phase: bool = False


class CtSettings(CohortSettings):
    """Whole scans of both kidneys in three phases, with one to four masses a patient.

    Angiomyolipomas (`AML`) hold fat (some of them next to none), `cystic` masses fluid that does not enhance,
    `solid` ones enhance. The phases of a patient lie on grids that are a little apart, the kidneys move with
    the breath between them, and some phases are missing; the arterial or the venous one is always there.

    Example:
        >>> CtSettings(n_patients=5).type_shares["cystic"]
        0.4
    """

    later: ClassVar[tuple[str, ...]] = (
        "median_mm", "smallest_mm", "size_sd", "series", "sites_in_order", "provenance"
    )  # fmt: skip

    kind: Literal["renal-ct"] = "renal-ct"
    seed: Annotated[int, Field(ge=0)] = 2026
    n_patients: Annotated[int, Field(ge=1, le=100_000)] = 120
    number_shares: NumberShares = (0.5, 0.3, 0.12, 0.08)
    """Shares of the patients with one, two, three and four masses."""
    type_shares: dict[MassType, NonNegative] = Field(default_factory=lambda: dict(_TYPE_SHARES))
    malignant_rates: dict[MassType, Probability] = Field(default_factory=lambda: dict(_MALIGNANT_RATES))
    fat_poor_rate: Probability = 0.1
    """Of the AMLs: those that hold no fat that a CT shows."""
    aggressive_rate: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.4
    """Of the malignant masses."""
    aggressive_correlation: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.7
    """Of aggressiveness with size, irregularity and necrosis together, among malignant masses."""
    effect: float = 1.0
    effects: CtEffects = CtEffects()
    missing_rates: dict[Phase, Probability] = Field(default_factory=lambda: dict(_MISSING_RATES))
    breath_mm: NonNegative = 1.0
    """SD of the shift of the kidneys between phases, along the body; half of it across."""
    voxels: tuple[int, int, int] = (80, 48, 40)
    """Number of voxels along x, y, z; at the voxel sizes of the sites they must hold both kidneys."""
    sites: Annotated[tuple[CtSite, ...], Field(min_length=1)] = (
        CtSite(name="north", vendor="Siemens", share=0.45, in_plane_mm=2.5, slice_mm=3.0, noise_hu=9.0),
        CtSite(name="east", vendor="GE", share=0.3, in_plane_mm=2.6, slice_mm=3.2, noise_hu=12.0),
        CtSite(name="south", vendor="Philips", share=0.25, in_plane_mm=2.5, slice_mm=3.0, noise_hu=16.0),
    )

    median_mm: dict[MassType, Positive] = Field(default_factory=lambda: dict(_MEDIAN_MM))
    """The median diameter of benign and malignant masses of each type together."""
    smallest_mm: Annotated[float, Field(ge=3.0, le=40.0)] = 10.0
    """Smaller masses are drawn with this diameter; it should span three voxels or more."""
    size_sd: Positive = 0.35
    """SD of the logarithm of the diameter."""
    series: dict[str, Phase] = Field(default_factory=dict)
    """Series by name and the phase that each shows. Where given, each series of a patient is a case of its own:
    every mass has one lesion a series (`P001-L1-CMP`), all with the sequence `CT`, and lesions.csv has the columns
    `series`, `series_number` (1 for the first of the patient) and `mass_id`."""
    sites_in_order: bool = False
    """Whether the patients of the sites follow each other in exactly their shares, instead of being drawn."""
    provenance: Literal["by-type", "imaging", "pathology"] = "by-type"
    """What the labels rest on; by type: solid masses on pathology, others on imaging."""

    @model_validator(mode="after")
    def _both_kidneys_in_the_field(self) -> Self:
        for site in self.sites:
            x, y, z = (
                count * step
                for count, step in zip(
                    self.voxels, (site.in_plane_mm, site.in_plane_mm, site.slice_mm), strict=True
                )
            )
            if x < 195 or y < 115 or z < 115:
                msg = (
                    f"at the voxel size of {site.name!r} the field of {x:.0f} x {y:.0f} x {z:.0f} mm is too "
                    "small for both kidneys, which need 195 x 115 x 115 mm: give more or larger voxels"
                )
                raise ValueError(msg)
        return self
