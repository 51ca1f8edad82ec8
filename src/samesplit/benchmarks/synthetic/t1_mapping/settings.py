"""Everything about the synthetic T1 mapping cohort that can be adjusted."""

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
    check_subtypes,
)

__all__ = [
    "Finding",
    "Measure",
    "Measures",
    "ObserverSettings",
    "Subtype",
    "T1MappingSettings",
    "default_findings",
    "default_subtypes",
]


class Measure(CohortPart):
    """Mean and standard deviation of a quantity in each class, and the limits that no lesion leaves."""

    malignant: tuple[Positive, Positive]
    benign: tuple[Positive, Positive]
    limits: tuple[Positive, Positive]

    def of(self, label: str, *, effect: float, share_malignant: float) -> tuple[float, float]:
        """Return mean and SD of a class when the classes differ by `effect` times the stated difference.

        Args:
            label: `malignant` or `benign`.
            effect: 1 for the stated values; 0 for the same in both classes, which is their mean by size.
            share_malignant: Of all lesions.

        Example:
            >>> t1 = Measure(malignant=(2000, 600), benign=(1600, 300), limits=(600, 4500))
            >>> t1.of("benign", effect=1.0, share_malignant=0.75)
            (1600.0, 300.0)
            >>> t1.of("benign", effect=0.0, share_malignant=0.75)
            (1900.0, 525.0)
        """
        own = self.malignant if label == "malignant" else self.benign
        both = [
            share_malignant * one + (1 - share_malignant) * other
            for one, other in zip(self.malignant, self.benign, strict=True)
        ]
        mean, spread = (middle + effect * (value - middle) for value, middle in zip(own, both, strict=True))
        return float(mean), float(spread)


class Measures(CohortPart):
    """What is measured, by class: the means and SDs that Zhong 2025 prints (Tables 1 and 2)."""

    t1_ms: Measure = Measure(malignant=(2047.16, 619.21), benign=(1594.88, 328.6), limits=(700.0, 4000.0))
    t1e_ms: Measure = Measure(malignant=(244.42, 87.57), benign=(282.02, 42.96), limits=(90.0, 600.0))
    """T1 after contrast."""
    cmp_percent: Measure = Measure(malignant=(198.97, 131.02), benign=(173.33, 106.32), limits=(15.0, 700.0))
    """Enhancement in the corticomedullary phase, in percent of the signal before contrast."""
    np_percent: Measure = Measure(malignant=(231.82, 113.9), benign=(227.44, 102.81), limits=(15.0, 700.0))
    """The same in the nephrographic phase."""
    size_mm: Measure = Measure(malignant=(29.0, 7.2), benign=(28.0, 7.5), limits=(11.0, 40.0))
    age: Measure = Measure(malignant=(55.8, 10.6), benign=(49.1, 11.0), limits=(27.0, 83.0))


class Subtype(CohortPart):
    """A histological subtype, and how many lesions have it."""

    name: str
    label: Literal["benign", "malignant"]
    count: Annotated[int, Field(ge=1, le=10_000)]


def default_subtypes() -> tuple[Subtype, ...]:
    """Return the subtypes of the 78 malignant and 25 benign lesions of Zhong 2025 (Table 1)."""
    return (
        Subtype(name="ccRCC", label="malignant", count=48),
        Subtype(name="pRCC", label="malignant", count=16),
        Subtype(name="chRCC", label="malignant", count=14),
        Subtype(name="fp-AML", label="benign", count=18),
        Subtype(name="oncocytoma", label="benign", count=7),
    )


class Finding(CohortPart):
    """A qualitative finding, and how many lesions of each class have each level."""

    name: str
    levels: Annotated[tuple[str, ...], Field(min_length=2)]
    malignant: tuple[Annotated[int, Field(ge=0)], ...]
    benign: tuple[Annotated[int, Field(ge=0)], ...]

    @model_validator(mode="after")
    def _a_count_for_each_level(self) -> Self:
        for label, counts in (("malignant", self.malignant), ("benign", self.benign)):
            if len(counts) != len(self.levels) or sum(counts) == 0:
                msg = f"the finding '{self.name}' needs one count for each of {len(self.levels)} levels ({label})"
                raise ValueError(msg)
        return self

    def shares(self, label: str, *, effect: float) -> tuple[float, ...]:
        """Return the share of each level in a class, at `effect` times the stated difference."""
        own = self.malignant if label == "malignant" else self.benign
        total = sum(self.malignant) + sum(self.benign)
        both = [(one + other) / total for one, other in zip(self.malignant, self.benign, strict=True)]
        return tuple(
            middle + effect * (count / sum(own) - middle) for count, middle in zip(own, both, strict=True)
        )


def default_findings() -> tuple[Finding, ...]:
    """Return sex (Table 1) and the findings of Table 4 of Zhong 2025.

    Table 4 prints odds ratios with intervals and no counts. Each odds ratio with its Woolf interval is that of
    exactly one table of whole numbers at 78 and 25 lesions, which stands here; `cystic` is that of none, and has
    the counts whose odds ratio is nearest. Women with a benign mass are the 25 less the 8 men (printed: 16).
    """

    def yes_no(name: str, malignant: int, benign: int) -> Finding:
        return Finding(
            name=name,
            levels=("yes", "no"),
            malignant=(malignant, 78 - malignant),
            benign=(benign, 25 - benign),
        )

    return (
        Finding(name="sex", levels=("M", "F"), malignant=(55, 23), benign=(8, 17)),
        Finding(
            name="growth",
            levels=("exophytic", "mixed", "endophytic"),
            malignant=(18, 27, 33),
            benign=(5, 15, 5),
        ),
        Finding(name="shape", levels=("round", "irregular"), malignant=(15, 63), benign=(7, 18)),
        yes_no("necrosis", 32, 1),
        yes_no("haemorrhage", 14, 5),
        yes_no("cystic", 43, 8),
        yes_no("central_scar", 7, 3),
        yes_no("angular_interface", 3, 5),
        yes_no("segmental_enhancement", 5, 3),
        Finding(name="t2_signal", levels=("hyper", "hypo"), malignant=(42, 36), benign=(6, 19)),
        Finding(name="adc", levels=("low", "not low"), malignant=(45, 33), benign=(20, 5)),
        yes_no("opposed_phase_drop", 28, 8),
        Finding(
            name="enhancement", levels=("low", "middle", "high"), malignant=(51, 12, 15), benign=(14, 7, 4)
        ),
        Finding(
            name="enhancement_pattern",
            levels=("wash-in wash-out", "persistent", "delayed"),
            malignant=(25, 19, 34),
            benign=(12, 2, 11),
        ),
    )


class ObserverSettings(CohortPart):
    """How two observers draw a region of interest in the largest solid part of a lesion.

    Area and its range are those of Zhong 2025; how far the observers differ is not printed there, except as the
    agreement of what they measure.
    """

    area_mm2: Positive = 82.3
    area_range_mm2: tuple[Positive, Positive] = (56.4, 160.0)
    area_sd: NonNegative = 0.22
    """Of the logarithm of the area."""
    centre_sd_mm: NonNegative = 2.5
    other_slice_rate: Probability = 0.25
    """How often an observer takes the slice next to the one with the largest solid part."""


class T1MappingSettings(CohortSettings):
    """Small renal masses (4 cm or less) of one centre, one a patient, on a 1.5 T scanner.

    Images are small volumes round each mass: fat-suppressed T1-weighted before contrast (`T1WI`), in the
    corticomedullary (`CMP`) and nephrographic (`NP`) phase, and maps of T1 in ms before (`T1map`) and after
    contrast (`T1emap`), which are fitted to two noisy images of different flip angle. `effect` scales every
    difference between the classes: 1 is what the publication prints, 0 makes the classes the same in distribution.

    Example:
        >>> settings = T1MappingSettings()
        >>> settings.count("malignant"), settings.count("benign")
        (78, 25)
    """

    kind: Literal["renal-t1-mapping"] = "renal-t1-mapping"
    seed: Annotated[int, Field(ge=0)] = 2025
    effect: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    subtypes: tuple[Subtype, ...] = default_subtypes()
    measures: Measures = Measures()
    findings: tuple[Finding, ...] = default_findings()
    observers: ObserverSettings = ObserverSettings()
    first_day: dt.date = dt.date(2014, 9, 1)
    last_day: dt.date = dt.date(2021, 9, 30)
    voxels: Annotated[int, Field(ge=36, le=96)] = 44
    """In plane, both ways."""
    in_plane_mm: Annotated[float, Field(ge=1.0, le=2.5)] = 1.39
    slice_mm: Annotated[float, Field(ge=2.0, le=8.0)] = 5.0
    repetition_ms: Positive = 4.38
    flip_deg: tuple[Positive, Positive] = (2.0, 12.0)
    """The two flip angles of the T1 maps."""
    noise: NonNegative = 0.006
    """SD of each noise channel, relative to the signal of renal cortex at the larger flip angle."""
    texture: NonNegative = 0.2
    """SD of the logarithm of T1 within a mass."""
    perfusion: NonNegative = 0.3
    """SD of the logarithm of enhancement, and of T1 after contrast, within a mass."""

    @model_validator(mode="after")
    def _both_classes(self) -> Self:
        check_subtypes(self.subtypes)
        lacking = sorted({"sex", "necrosis", "shape"} - {finding.name for finding in self.findings})
        if lacking:
            msg = f"the finding '{lacking[0]}' is needed: list it under 'findings'"
            raise ValueError(msg)
        return self

    def count(self, label: str) -> int:
        """Return the number of lesions of a class."""
        return sum(subtype.count for subtype in self.subtypes if subtype.label == label)

    @property
    def share_malignant(self) -> float:
        """The share of malignant lesions."""
        malignant = self.count("malignant")
        return malignant / (malignant + self.count("benign"))
