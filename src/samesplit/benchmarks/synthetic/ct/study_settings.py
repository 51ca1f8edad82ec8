"""Settings of a synthetic CT study of several cohorts: one renal mass a patient, readers and follow-up."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from samesplit.benchmarks.synthetic.base import (
    CohortPart,
    CohortSettings,
    NonNegative,
    Positive,
    Probability,
)
from samesplit.benchmarks.synthetic.ct.settings import CtEffects, CtSite, Phase
from samesplit.benchmarks.synthetic.settings import ReaderSettings

__all__ = ["COHORT_CLASSES", "CohortClass", "CtOutcomes", "CtReaders", "CtStudySettings", "StudyCohort"]

CohortClass = Literal["benign", "indolent", "aggressive", "indeterminate"]
COHORT_CLASSES: tuple[CohortClass, ...] = ("benign", "indolent", "aggressive", "indeterminate")
"""Benign; malignant and indolent, aggressive, or of an aggressiveness that is not known."""
Count = Annotated[int, Field(ge=0, le=100_000)]


class StudyCohort(CohortPart):
    """The patients of one cohort of the study: how many of each class, from where, and what is known of them."""

    name: str
    benign: Count
    indolent: Count
    aggressive: Count
    indeterminate: Count = 0
    sites: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names of `CtStudySettings.sites`; patients are divided by their shares."""
    subset: Literal["train", "test"] = "test"
    """The column `subset` of its patients; some of those who train are `validation`."""
    first_day: dt.date | None = None
    """None: the dates of these patients are not known."""
    last_day: dt.date | None = None
    missing_rates: dict[Phase, Probability] = Field(default_factory=dict)
    effect: float = 1.0
    """Multiplies the differences between the classes in this cohort."""
    race_shares: dict[str, Positive] = Field(default_factory=lambda: {"Asian": 1.0})
    follow_up: dict[str, dt.date] = Field(default_factory=dict)
    """Site -> the last day on which a patient was operated on who is followed up; only malignant masses are."""
    read: bool = False
    """Whether the readers read its patients."""

    @model_validator(mode="after")
    def _both_days_or_none(self) -> Self:
        if (self.first_day is None) != (self.last_day is None):
            raise ValueError(f"the cohort '{self.name}' needs both first_day and last_day, or none of them")
        if self.first_day is not None and self.last_day is not None and self.first_day > self.last_day:
            raise ValueError(f"the first_day of the cohort '{self.name}' is after its last_day")
        if self.first_day is None and self.follow_up:
            raise ValueError(f"the cohort '{self.name}' is followed up, so it needs first_day and last_day")
        return self

    def counts(self) -> dict[CohortClass, int]:
        """Return the number of patients of each class."""
        return {name: getattr(self, name) for name in COHORT_CLASSES}


class CtOutcomes(CohortPart):
    """What becomes of malignant masses that are followed up; see `outcomes.draw_follow_up`.

    The default rates come near the 5-year rates that Xiong 2025 prints for its internal test set: recurrence-free
    0.945 and 0.772, disease-specific 0.979 and 0.86.
    """

    recurrence_per_year: Positive = 0.0113
    """Of a mass that is indolent."""
    aggressive_hazard_ratio: Positive = 4.6
    severity_hazard_ratio: Positive = 1.5
    """Of one standard deviation of what a mass looks like, beyond its class."""
    death_after_recurrence_years: Positive = 3.6
    """The mean time."""
    other_death_per_year: NonNegative = 0.003
    """Of a patient of 60 years; it doubles every ten years."""
    end: dt.date = dt.date(2021, 9, 30)
    """The day on which follow-up ends for all."""
    lost_rate: Probability = 0.1
    """Of the patients: those whose follow-up ends earlier, at any time before."""


class CtReaders(ReaderSettings):
    """Readers who read each case twice: unaided, and aided after a washout.

    They make one binary call a reading and give no score. The aided rating follows, to the share `model_weight` of
    what is new in that reading, a score like that of a model, which goes by what the images show.
    """

    n_readers: Annotated[int, Field(ge=1, le=20)] = 7
    washout_days: Annotated[int, Field(ge=0)] = 61
    """The fewest days between the two readings of a reader."""
    model_weight: Probability = 0.7
    """At most the root of 1 - `case_image_correlation` squared."""
    timed: tuple[int, int] | None = None
    """The first and the last case, in the order of reading, whose time was taken; None: of all."""

    @model_validator(mode="after")
    def _room_for_the_model(self) -> Self:
        left = 1 - self.case_image_correlation**2
        if left <= 0 or self.model_weight**2 > left:
            raise ValueError(
                f"'model_weight' may be at most {max(left, 0.0) ** 0.5:.2f} where 'case_image_correlation' is "
                f"{self.case_image_correlation:g}, and that below 1"
            )
        return self


_HOSPITALS = ("hospital-1", "hospital-2", "hospital-3", "hospital-4", "hospital-5")
_DAY = dt.date


def default_cohorts() -> tuple[StudyCohort, ...]:
    """Return the five cohorts of Xiong 2025 with their printed numbers of patients of each class.

    References:
        Xiong et al. 2025, Nat Commun, https://doi.org/10.1038/s41467-025-56784-z.
    """
    home = {"sites": _HOSPITALS, "first_day": _DAY(2009, 1, 1), "last_day": _DAY(2021, 6, 30)}
    followed = {"hospital-1": _DAY(2019, 12, 31)}
    rows: tuple[dict[str, object], ...] = (
        {"name": "train", "benign": 403, "indolent": 1475, "aggressive": 505, "indeterminate": 17}
        | home
        | {"subset": "train", "follow_up": followed},
        {"name": "internal", "benign": 94, "indolent": 371, "aggressive": 128, "indeterminate": 5}
        | home
        | {"follow_up": followed},
        {"name": "external", "benign": 89, "indolent": 343, "aggressive": 111, "indeterminate": 18}
        | {"sites": ("hospital-6",), "first_day": _DAY(2016, 1, 1), "last_day": _DAY(2021, 6, 30)}
        | {"follow_up": {"hospital-6": _DAY(2017, 12, 31)}, "effect": 0.85},
        {"name": "prospective", "benign": 84, "indolent": 390, "aggressive": 128, "indeterminate": 8}
        | {"sites": ("hospital-1", "hospital-3", "hospital-4", "hospital-6"), "read": True}
        | {"first_day": _DAY(2021, 10, 1), "last_day": _DAY(2022, 6, 30), "effect": 0.9},
        {"name": "tcia", "benign": 14, "indolent": 198, "aggressive": 176, "sites": ("public",)}
        | {"missing_rates": {"N": 0.4, "A": 0.25, "V": 0.35}, "effect": 0.9}
        | {"race_shares": {"White": 0.7, "Black": 0.15, "Asian": 0.15}},
    )
    return tuple(StudyCohort.model_validate(row) for row in rows)


def default_sites() -> tuple[CtSite, ...]:
    """Return seven scanners: five hospitals that train, one that does not, and public data of thicker slices."""
    rows = (
        ("hospital-1", "Siemens", 0.5, 2.0, 3.0, 9.0),
        ("hospital-2", "GE", 0.15, 2.1, 3.0, 12.0),
        ("hospital-3", "Siemens", 0.15, 2.0, 3.0, 10.0),
        ("hospital-4", "Philips", 0.12, 2.0, 3.2, 13.0),
        ("hospital-5", "GE", 0.08, 2.2, 3.2, 14.0),
        ("hospital-6", "Philips", 0.3, 2.0, 3.0, 16.0),
        ("public", "several", 1.0, 2.2, 4.0, 18.0),
    )
    names = ("name", "vendor", "share", "in_plane_mm", "slice_mm", "noise_hu")
    return tuple(CtSite.model_validate(dict(zip(names, row, strict=True))) for row in rows)


class CtStudySettings(CohortSettings):
    """A study of several cohorts on three-phase CT: a field of view round one renal mass a patient.

    The cohorts, their sizes and the classes in them are those of Xiong 2025 unless others are given. `scale`
    multiplies the numbers of patients, of which `fewest` of each class that a cohort has always remain.

    Example:
        >>> settings = CtStudySettings(scale=0.05, fewest=2)
        >>> settings.numbers(settings.cohorts[-1])
        {'benign': 2, 'indolent': 10, 'aggressive': 9, 'indeterminate': 0}
    """

    kind: Literal["renal-ct-study"] = "renal-ct-study"
    seed: Annotated[int, Field(ge=0)] = 2025
    scale: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    fewest: Annotated[int, Field(ge=1)] = 1
    cohorts: Annotated[tuple[StudyCohort, ...], Field(min_length=1)] = default_cohorts()
    validation_share: Probability = 0.2
    """Of the patients of cohorts that train: those whose `subset` is `validation`."""
    effect: float = 1.0
    effects: CtEffects = CtEffects(
        size=0.1, irregularity=0.9, enhancement=0.7, necrosis=0.5, texture_length=0.7
    )
    """Malignant minus benign, in standard deviations of the property; multiplied by `effect`."""
    aggressive_effects: CtEffects = CtEffects(
        size=0.8, irregularity=0.6, enhancement=0.0, necrosis=0.8, texture_length=0.3
    )
    """Aggressive minus indolent among malignant masses."""
    fat_poor_rate: Probability = 0.6
    """Of the angiomyolipomas, which were all operated on."""
    breath_mm: NonNegative = 1.0
    voxels: tuple[int, int, int] = (70, 70, 54)
    """Number of voxels along x, y, z: 140 x 140 x 160 mm at the voxel size of the first hospital."""
    readers: CtReaders = CtReaders(
        auc_unaided=0.80, auc_aided=0.87, timed=(101, 200), seconds_unaided=40.0, seconds_aided=30.0
    )
    outcomes: CtOutcomes = CtOutcomes()
    sites: Annotated[tuple[CtSite, ...], Field(min_length=1)] = default_sites()

    def numbers(self, cohort: StudyCohort) -> dict[CohortClass, int]:
        """Return how many patients of each class a cohort has at this scale."""
        return {
            name: max(round(count * self.scale), self.fewest) if count else 0
            for name, count in cohort.counts().items()
        }

    @model_validator(mode="after")
    def _sites_that_exist(self) -> Self:
        known = [site.name for site in self.sites]
        for names, what in ((known, "sites"), ([cohort.name for cohort in self.cohorts], "cohorts")):
            if len(set(names)) != len(names):
                raise ValueError(f"two {what} have the same name: {', '.join(names)}; give each its own")
        for cohort in self.cohorts:
            unknown = [name for name in (*cohort.sites, *cohort.follow_up) if name not in known]
            if unknown:
                raise ValueError(
                    f"the cohort '{cohort.name}' names the site '{unknown[0]}', which is none of: "
                    f"{', '.join(known)}"
                )
        return self

    @model_validator(mode="after")
    def _field_round_a_mass(self) -> Self:
        for site in self.sites:
            steps = (site.in_plane_mm, site.in_plane_mm, site.slice_mm)
            field = [count * step for count, step in zip(self.voxels, steps, strict=True)]
            if min(field) < 120:
                size = " x ".join(f"{side:.0f}" for side in field)
                raise ValueError(
                    f"at the voxel size of {site.name!r} the field of {size} mm is too small for a mass of "
                    "100 mm, which needs 120 mm: give more or larger voxels"
                )
        return self
