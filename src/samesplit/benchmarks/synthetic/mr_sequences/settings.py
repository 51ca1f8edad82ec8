"""Everything about the synthetic cohort of small renal masses on five MR sequences that can be adjusted."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from samesplit.benchmarks.synthetic.base import (
    CohortPart,
    CohortSettings,
    NonNegative,
    Positive,
    Probability,
)
from samesplit.benchmarks.synthetic.settings import FieldStrength

__all__ = ["MR_SEQUENCES", "MassSubtype", "MrSequence", "MrSequencesSettings", "ScannerSettings"]

MrSequence = Literal["T1WI", "T2WI", "DWI", "CMP", "NP"]
MR_SEQUENCES: tuple[MrSequence, ...] = ("T1WI", "T2WI", "DWI", "CMP", "NP")
"""T1- and T2-weighted, diffusion-weighted, corticomedullary and nephrographic phase."""
LARGEST_MM = 40.0
"""A renal mass is small up to this diameter."""
_LEAST_FIELD_MM = (120.0, 120.0, 150.0)


class ScannerSettings(CohortPart):
    """The patients who were examined on the scanners of one vendor in one centre.

    `contrast` multiplies the difference in signal between mass and renal cortex, `bias` is the standard deviation
    of the logarithm of the bias field, `noise` the standard deviation of the noise relative to the signal of the
    cortex, and `intensity` that signal in arbitrary units. These four are by how much masks are harder on one
    scanner than on another.
    """

    site: str
    vendor: str
    patients: Annotated[int, Field(ge=0, le=100_000)]
    field_strength_t: FieldStrength = 3.0
    contrast: Positive = 1.0
    bias: NonNegative = 0.12
    noise: NonNegative = 0.03
    intensity: Annotated[float, Field(gt=0.0, le=8000.0)] = 1000.0


class MassSubtype(CohortPart):
    """What masses of a subtype look like on average.

    `share` is relative to the other subtypes, `t2_scale` a factor on T2 of renal tumour tissue, `adc` the apparent
    diffusion coefficient in 0.001 mm2/s, `uptake_cmp` and `uptake_np` gadolinium in mM in the corticomedullary and
    the nephrographic phase, `fat` the share of fat.
    """

    name: str
    label: Literal["benign", "malignant"]
    share: Positive
    t2_scale: Positive
    adc: Positive
    uptake_cmp: NonNegative
    uptake_np: NonNegative
    fat: Probability = 0.0


def default_subtypes() -> tuple[MassSubtype, ...]:
    """Three malignant and two benign subtypes; clear cell carcinoma is the commonest."""
    return (
        MassSubtype(
            name="ccRCC",
            label="malignant",
            share=0.60,
            t2_scale=1.55,
            adc=1.65,
            uptake_cmp=1.2,
            uptake_np=0.60,
        ),
        MassSubtype(
            name="pRCC",
            label="malignant",
            share=0.12,
            t2_scale=0.55,
            adc=1.05,
            uptake_cmp=0.25,
            uptake_np=0.35,
        ),
        MassSubtype(
            name="chRCC",
            label="malignant",
            share=0.10,
            t2_scale=0.75,
            adc=1.25,
            uptake_cmp=0.60,
            uptake_np=0.45,
        ),
        MassSubtype(
            name="AML",
            label="benign",
            share=0.10,
            t2_scale=0.55,
            adc=1.15,
            uptake_cmp=0.80,
            uptake_np=0.40,
            fat=0.15,
        ),
        MassSubtype(
            name="oncocytoma",
            label="benign",
            share=0.08,
            t2_scale=1.30,
            adc=1.50,
            uptake_cmp=1.1,
            uptake_np=0.60,
        ),
    )


def default_scanners() -> tuple[ScannerSettings, ...]:
    """Three centres: one with scanners of GE alone, two with those of GE and of two other vendors.

    On the other vendors the contrast of the mass is 0.6 of that on GE, the noise 1.8 times and the bias field 2.5
    times as strong.
    """
    return (
        ScannerSettings(site="centre-1", vendor="GE", patients=832),
        ScannerSettings(site="centre-2", vendor="GE", patients=41, noise=0.033),
        ScannerSettings(site="centre-3", vendor="GE", patients=40, field_strength_t=1.5, noise=0.033),
        ScannerSettings(
            site="centre-2",
            vendor="Siemens",
            patients=38,
            contrast=0.6,
            bias=0.30,
            noise=0.054,
            intensity=320.0,
        ),
        ScannerSettings(
            site="centre-3",
            vendor="Philips",
            patients=37,
            field_strength_t=1.5,
            contrast=0.6,
            bias=0.30,
            noise=0.054,
            intensity=2400.0,
        ),
    )


class MrSequencesSettings(CohortSettings):
    """Patients with one small renal mass each, on five MR sequences of the field round that kidney.

    Every patient belongs to one entry of `scanners`, which says how many there are, so that sizes of test sets
    by centre and vendor are exact. The sequences of a patient lie on grids that are a little apart, and the kidney
    moves with the breath between them, so that each sequence has masks of its own. Signals, diffusion and
    uptake of the subtypes are round numbers of no publication.

    Example:
        >>> settings = MrSequencesSettings()
        >>> settings.n_patients, settings.largest_mm
        (988, 40.0)
    """

    kind: Literal["renal-mr-sequences"] = "renal-mr-sequences"
    seed: Annotated[int, Field(ge=0)] = 2026
    scanners: Annotated[tuple[ScannerSettings, ...], Field(min_length=1)] = default_scanners()
    subtypes: Annotated[tuple[MassSubtype, ...], Field(min_length=1)] = default_subtypes()
    median_mm: Annotated[float, Field(ge=10.0, le=35.0)] = 25.0
    """Of the largest diameter of the masses."""
    smallest_mm: Annotated[float, Field(ge=6.0, le=30.0)] = 10.0
    largest_mm: Annotated[float, Field(ge=15.0, le=LARGEST_MM)] = LARGEST_MM
    missing_rates: dict[MrSequence, Probability] = Field(default_factory=dict)
    """Share of the patients who lack a sequence; one that is not named is always there."""
    breath_mm: NonNegative = 1.0
    """Standard deviation of the shift of the kidney between sequences, along the body; half of it across."""
    in_plane_mm: Annotated[float, Field(ge=1.0, le=4.0)] = 1.5
    slice_mm: Annotated[float, Field(ge=1.5, le=6.0)] = 3.0
    field_mm: tuple[Positive, Positive, Positive] = (120.0, 120.0, 156.0)
    """The field along x, y and z; it must hold the kidney and its mass."""

    @property
    def n_patients(self) -> int:
        """All patients of all scanners."""
        return sum(scanner.patients for scanner in self.scanners)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        times = Counter((scanner.site, scanner.vendor) for scanner in self.scanners)
        twice = [f"{vendor} in {site}" for (site, vendor), count in times.items() if count > 1]
        if twice:
            msg = f"'scanners' names {twice[0]} twice: give all of its patients in one entry"
            raise ValueError(msg)
        if not self.n_patients:
            msg = "no scanner has patients: give at least one of 'scanners' a number of 'patients' above 0"
            raise ValueError(msg)
        if not self.smallest_mm < self.median_mm < self.largest_mm:
            msg = "'smallest_mm', 'median_mm' and 'largest_mm' must rise in this order"
            raise ValueError(msg)
        if any(given < least for given, least in zip(self.field_mm, _LEAST_FIELD_MM, strict=True)):
            needed = " x ".join(f"{least:g}" for least in _LEAST_FIELD_MM)
            msg = f"'field_mm' is too small for a kidney and its mass, which need {needed} mm"
            raise ValueError(msg)
        if not any(self.missing_rates.get(sequence, 0.0) < 1.0 for sequence in MR_SEQUENCES):
            msg = "'missing_rates' takes every sequence from every patient: leave at least one below 1"
            raise ValueError(msg)
        return self
