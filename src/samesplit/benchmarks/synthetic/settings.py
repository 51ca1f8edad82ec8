"""Everything about the synthetic renal-mass MR cohort that can be adjusted."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from samesplit.benchmarks.synthetic.base import (
    CohortPart,
    CohortSettings,
    NonNegative,
    Positive,
    Probability,
    check_subtypes,
    settings_hash,
)
from samesplit.benchmarks.synthetic.mr_study_settings import (
    DateRange,
    GradeSettings,
    OutcomeSettings,
    PathologyRates,
    ShiftSettings,
    without_defaults,
)

ImagingProperty = Literal["size", "irregularity", "enhancement", "necrosis", "texture_length", "t2"]


def _known_field_strength(tesla: float) -> float:
    if tesla not in (1.5, 3.0):
        msg = f"tissue constants are known at 1.5 T and 3 T, not at {tesla:g} T"
        raise ValueError(msg)
    return tesla


FieldStrength = Annotated[float, AfterValidator(_known_field_strength)]


class EffectSizes(CohortPart):
    """Malignant minus benign, in standard deviations of the property within a class.

    All are multiplied by `SyntheticSettings.effect`. The first six can be seen in the images (and
    `size` also in `size_mm`); the last three are clinical. `male` and `symptoms` are
    shifts of the normal variable behind a yes-or-no answer.
    """

    size: float = 0.45
    irregularity: float = 1.0
    enhancement: float = 1.0
    necrosis: float = 0.7
    texture_length: float = 1.0
    t2: float = 0.25
    age: float = 0.35
    male: float = 0.35
    symptoms: float = 0.5


class RaterSettings(CohortPart):
    """How the contours of raters R1, R2, R3 differ from the lesion, relative to its radius."""

    bias: tuple[float, float, float] = (0.0, 0.03, -0.025)
    contour_sd: NonNegative = 0.055
    slice_sd: NonNegative = 0.02
    sequence_sd: NonNegative = 0.02


class ReaderSettings(CohortPart):
    """Roe-Metz model of the readers (Roe & Metz 1997, doi 10.1016/S1076-6332(97)80210-3).

    The separation of the classes is derived from the expected AUC of each modality and multiplied by
    `SyntheticSettings.effect`. `case_image_correlation` is the correlation, within a class, of
    the case effect with how malignant the lesion's imaging properties make it look; it makes readers
    and image models err on the same lesions without changing any variance component.
    """

    n_readers: Annotated[int, Field(ge=1, le=20)] = 4
    auc_unaided: Annotated[float, Field(ge=0.5, lt=1.0)] = 0.77
    auc_aided: Annotated[float, Field(ge=0.5, lt=1.0)] = 0.84
    var_reader: NonNegative = 0.015
    var_modality_reader: NonNegative = 0.01
    var_case: NonNegative = 0.4
    var_modality_case: NonNegative = 0.1
    var_reader_case: NonNegative = 0.2
    var_error: NonNegative = 0.3
    case_image_correlation: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.6
    criterion_sd: NonNegative = 0.25
    missing_rate: Probability = 0.004
    seconds_unaided: Positive = 62.0
    seconds_aided: Positive = 48.0
    modalities: Annotated[tuple[Literal["unaided", "aided"], ...], Field(min_length=1)] = ("unaided", "aided")
    scores: bool = True
    """Whether readings have a score; else only a decision."""
    times: bool = True
    """Whether readings have a time."""
    specificity: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    """The expected specificity of calls without aid, averaged over readers; None: criteria lie midway between the
    classes."""

    @model_validator(mode="after")
    def _has_variance(self) -> Self:
        if self.var_case + self.var_modality_case + self.var_reader_case + self.var_error <= 0:
            msg = "the case, interaction and error variances of the readers are all 0; make one > 0"
            raise ValueError(msg)
        return self


class SequenceSettings(CohortPart):
    """Acquisition of one sequence at one site. Spacings in mm, times in ms, angles in degrees."""

    in_plane_mm: Annotated[float, Field(ge=0.8, le=2.0)]
    slice_mm: Annotated[float, Field(ge=2.0, le=8.0)]
    repetition_ms: Positive
    echo_ms: Positive
    flip_deg: Annotated[float, Field(gt=0.0, le=90.0)] = 90.0
    fat_suppression: Probability = 0.0


class SiteSettings(CohortPart):
    """A hospital with one scanner.

    `bias` is the standard deviation of the log bias field, `noise` the noise standard deviation relative
    to the signal of renal cortex, `intensity` the arbitrary units of that signal.
    """

    name: str
    vendor: str
    field_strength_t: FieldStrength
    share: Positive
    bias: NonNegative
    noise: NonNegative
    intensity: Annotated[float, Field(gt=0.0, le=8000.0)]
    tilt_deg: Annotated[float, Field(ge=-30.0, le=30.0)] = 0.0
    t1c: SequenceSettings
    t2: SequenceSettings


def _gradient_echo(
    in_plane_mm: float, slice_mm: float, flip_deg: float, *, fat_suppression: float = 0.0
) -> SequenceSettings:
    return SequenceSettings(
        in_plane_mm=in_plane_mm,
        slice_mm=slice_mm,
        repetition_ms=4.6,
        echo_ms=2.1,
        flip_deg=flip_deg,
        fat_suppression=fat_suppression,
    )


def _spin_echo(
    in_plane_mm: float, slice_mm: float, echo_ms: float, *, fat_suppression: float = 0.0
) -> SequenceSettings:
    return SequenceSettings(
        in_plane_mm=in_plane_mm,
        slice_mm=slice_mm,
        repetition_ms=3200.0,
        echo_ms=echo_ms,
        fat_suppression=fat_suppression,
    )


def default_sites() -> tuple[SiteSettings, ...]:
    """Four hospitals with different vendors, field strengths, spacings, bias fields and noise."""
    return (
        SiteSettings(
            name="north",
            vendor="Siemens",
            field_strength_t=1.5,
            share=0.34,
            bias=0.10,
            noise=0.030,
            intensity=420.0,
            t1c=_gradient_echo(1.2, 3.5, 12.0),
            t2=_spin_echo(1.1, 5.0, 90.0),
        ),
        SiteSettings(
            name="east",
            vendor="GE",
            field_strength_t=3.0,
            share=0.28,
            bias=0.22,
            noise=0.020,
            intensity=2600.0,
            tilt_deg=6.0,
            t1c=_gradient_echo(1.05, 3.0, 11.0),
            t2=_spin_echo(1.0, 4.0, 80.0),
        ),
        SiteSettings(
            name="south",
            vendor="Philips",
            field_strength_t=1.5,
            share=0.22,
            bias=0.14,
            noise=0.045,
            intensity=900.0,
            t1c=_gradient_echo(1.3, 4.0, 10.0),
            t2=_spin_echo(1.25, 5.0, 100.0, fat_suppression=0.75),
        ),
        SiteSettings(
            name="west",
            vendor="Siemens",
            field_strength_t=3.0,
            share=0.16,
            bias=0.28,
            noise=0.025,
            intensity=640.0,
            tilt_deg=-4.0,
            t1c=_gradient_echo(1.15, 3.0, 10.0, fat_suppression=0.8),
            t2=_spin_echo(1.1, 4.0, 85.0),
        ),
    )


class SubtypeSettings(CohortPart):
    """A subtype of one of the two classes.

    `share` is its part of the class, relative to the other subtypes of that class. `shifts` says by how many
    standard deviations an imaging property deviates from the class; the mean over the class is taken off, so that
    the difference between the classes stays the stated one. Like all effects they are multiplied by
    `SyntheticSettings.effect`.
    """

    name: str
    label: Literal["benign", "malignant"]
    share: Positive
    shifts: dict[ImagingProperty, float] = Field(default_factory=dict)
    pathology_rate: Probability | None = None
    """How many of this subtype are proven by pathology; None: as many as of its class."""


def default_subtypes() -> tuple[SubtypeSettings, ...]:
    """Three malignant and two benign subtypes that differ a little in enhancement and T2 signal."""
    return (
        SubtypeSettings(
            name="ccRCC",
            label="malignant",
            share=0.65,
            shifts={"enhancement": 0.4, "necrosis": 0.2, "t2": 0.5},
        ),
        SubtypeSettings(
            name="pRCC",
            label="malignant",
            share=0.22,
            shifts={"enhancement": -0.8, "necrosis": -0.2, "t2": -0.9},
        ),
        SubtypeSettings(
            name="chRCC",
            label="malignant",
            share=0.13,
            shifts={"enhancement": -0.3, "necrosis": -0.5, "t2": -0.2},
        ),
        SubtypeSettings(
            name="AML",
            label="benign",
            share=0.6,
            shifts={"enhancement": -0.3, "texture_length": -0.1, "t2": -0.7},
        ),
        SubtypeSettings(
            name="oncocytoma",
            label="benign",
            share=0.4,
            shifts={"enhancement": 0.6, "texture_length": 0.2, "t2": 0.6},
        ),
    )


_CAME_LATER = (
    "kind", "subtypes", "outcomes", "shifts", "exact", "pathology_rates", "dates", "grades", "volume", "t2_name",
    "other_raters_of",
)  # fmt: skip


class SyntheticSettings(CohortSettings):
    """The synthetic renal-mass MR cohort.

    `effect` scales every difference between benign and malignant: 1 is the stated difficulty, 0 makes
    the classes identical in distribution (images, clinical variables and readers alike). With `outcomes` the
    lesions table has the columns grade, months and recurrence, and some labels are indeterminate.

    Example:
        >>> SyntheticSettings(effect=0.0).effects.irregularity
        1.0
    """

    kind: Literal["renal-mr"] = "renal-mr"
    seed: Annotated[int, Field(ge=0)] = 2026
    n_patients: Annotated[int, Field(ge=1, le=100_000)] = 100
    two_lesion_rate: Probability = 0.2
    malignant_rate: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.55
    missing_t2_rate: Probability = 0.04
    effect: float = 1.0
    effects: EffectSizes = EffectSizes()
    raters: RaterSettings = RaterSettings()
    readers: ReaderSettings = ReaderSettings()
    sites: Annotated[tuple[SiteSettings, ...], Field(min_length=1)] = default_sites()
    field_of_view_mm: Annotated[float, Field(ge=90.0, le=140.0)] = 98.0
    subtypes: tuple[SubtypeSettings, ...] = default_subtypes()
    outcomes: OutcomeSettings | None = None
    shifts: tuple[ShiftSettings, ...] = ()
    exact: bool = False
    """Whether patients with two lesions, classes, sites and subtypes come in whole numbers as near to their shares
    as can be; which patient has which stays random. Else each is drawn by itself."""
    pathology_rates: PathologyRates = PathologyRates()
    dates: DateRange = DateRange()
    grades: GradeSettings | None = None
    """The column `grade` of malignant lesions."""
    volume: bool = False
    """Whether lesions.csv has the volume of the lesion, `volume_ml`."""
    t2_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")] = "T2"
    """What the T2-weighted sequence is called."""
    other_raters_of: Literal["all", "pathology"] = "all"
    """The lesions that R2 and R3 drew."""

    @model_validator(mode="after")
    def _sites_have_distinct_names(self) -> Self:
        names = [site.name for site in self.sites]
        if len(set(names)) != len(names):
            msg = f"two sites have the same name: {', '.join(names)}; give each its own"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _subtypes_of_both_classes(self) -> Self:
        check_subtypes(self.subtypes)
        return self

    @model_validator(mode="after")
    def _one_way_to_a_column(self) -> Self:
        if self.grades is not None and self.outcomes is not None:
            msg = "'grades' and 'outcomes' both make the column grade: keep one of them"
            raise ValueError(msg)
        if self.exact and any(shift.malignant_rate is not None for shift in self.shifts):
            msg = "'exact' fixes how many lesions are malignant: take 'malignant_rate' out of the shifts"
            raise ValueError(msg)
        if self.t2_name == "T1C":
            msg = "'T1C' is the name of the other sequence: call the T2-weighted one otherwise"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _shifts_of_known_sites(self) -> Self:
        names = [site.name for site in self.sites]
        unknown = [shift.site for shift in self.shifts if shift.site not in (None, *names)]
        if unknown:
            msg = f"a shift names the site {unknown[0]!r}, which is none of: {', '.join(names)}"
            raise ValueError(msg)
        return self

    def sha256(self) -> str:
        """Hash of all effective settings, the same on every machine.

        Settings that came later count only where they are not the default, so that the images of cohorts made
        before keep their hash.
        """
        effective = self.model_dump(mode="json")
        for subtype, dumped in zip(self.subtypes, effective["subtypes"], strict=True):
            without_defaults(subtype, dumped, ("pathology_rate",))
        without_defaults(self.readers, effective["readers"], ("modalities", "scores", "times", "specificity"))
        without_defaults(self, effective, _CAME_LATER)
        return settings_hash(effective)
