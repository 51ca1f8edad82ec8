"""The patients of a synthetic CT study of several cohorts, before any image is made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from samesplit.benchmarks.synthetic.ct.population import CtPatient, Mass, Pole, Side
from samesplit.benchmarks.synthetic.ct.settings import CT_PROPERTIES, PHASES, CtProperty
from samesplit.benchmarks.synthetic.ct.study_pathology import (
    SUBTYPES,
    draw_grade,
    draw_renal_points,
    draw_stage,
    mass_type_of,
)
from samesplit.benchmarks.synthetic.ct.study_settings import (
    COHORT_CLASSES,
    CohortClass,
    CtStudySettings,
    StudyCohort,
)
from samesplit.benchmarks.synthetic.seeds import stream

__all__ = ["StudyPatient", "draw_cohorts"]

# The most patients of a cohort: streams of patient k of cohort c are numbered c * _MOST + k.
_MOST = 1_000_000
_MEDIAN_MM = 42.0
_SMALLEST_MM, _LARGEST_MM = 12.0, 100.0


@dataclass(frozen=True)
class StudyPatient:
    """One patient with one mass.

    Attributes:
        scanned: What the scan needs: the mass, the scanner and the phases.
        cohort: The patient's cohort.
        subset: train, validation or test in the published assignment.
        day: When the patient was operated on; None where that is not known.
        cohort_class: The class of the mass.
        subtype: Its histology.
        t_category: By size, and T3 or T4 where a malignant mass grows beyond the kidney; of benign ones by size.
        tnm_stage: I to IV of a malignant mass, else None.
        isup_grade: 1 to 4 of a clear cell or papillary carcinoma whose grade is known, else None.
        race: As the cohort knows it.
        renal: The points of the R.E.N.A.L. nephrometry score by column.
        looks: How malignant the mass looks within its class, standard normal; readers go by it.
        severity: How aggressive it looks within its class, standard normal; follow-up depends on it.
    """

    scanned: CtPatient
    cohort: StudyCohort
    subset: str
    day: dt.date | None
    cohort_class: CohortClass
    subtype: str
    t_category: str
    tnm_stage: str | None
    isup_grade: int | None
    race: str
    renal: Mapping[str, int | str]
    looks: float
    severity: float

    @property
    def mass(self) -> Mass:
        """The patient's one mass."""
        return self.scanned.masses[0]


def draw_cohorts(settings: CtStudySettings) -> list[StudyPatient]:
    """Draw the patients of all cohorts in order.

    The number of each class is the stated one; which patient of a cohort has which class is drawn.

    Args:
        settings: The study's settings.

    Example:
        >>> patients = draw_cohorts(CtStudySettings(scale=0.002, fewest=1))
        >>> patients[0].cohort.name, patients[0].mass.lesion_id
        ('train', 'P10001-L1')
    """
    found = []
    for number, cohort in enumerate(settings.cohorts, start=1):
        numbers = settings.numbers(cohort)
        classes = np.repeat(COHORT_CLASSES, [numbers[name] for name in COHORT_CLASSES])
        order = stream(settings.seed, number, "ct-study-classes").permutation(len(classes))
        found += [
            _draw(settings, cohort, number, k, COHORT_CLASSES[COHORT_CLASSES.index(classes[place])])
            for k, place in enumerate(order)
        ]
    return found


def _draw(
    settings: CtStudySettings, cohort: StudyCohort, number: int, k: int, cohort_class: CohortClass
) -> StudyPatient:
    index = number * _MOST + k
    rng = stream(settings.seed, index, "ct-study-patient")
    malignant, effect = cohort_class != "benign", settings.effect * cohort.effect
    residual = {name: float(rng.standard_normal()) for name in CT_PROPERTIES}
    z = {name: residual[name] + effect * _shift(settings, cohort_class, name) for name in CT_PROPERTIES}
    sites = [site for site in settings.sites if site.name in cohort.sites]
    site = sites[_place(rng, [one.share for one in sites])]
    subtype = _one_of(rng, SUBTYPES[cohort_class])
    race = _one_of(rng, cohort.race_shares)
    absent = {phase for phase in PHASES if rng.random() < cohort.missing_rates.get(phase, 0.0)}
    if {"A", "V"} <= absent:
        absent.discard("A" if rng.random() < 0.5 else "V")
    day_at, subset_at = rng.random(2)
    day = _day(cohort, float(day_at))
    mass = _mass(settings, rng, f"P{number}{k + 1:04d}", cohort_class, subtype, z)
    age = (
        56.0
        + 11.0 * rng.standard_normal()
        + effect * (2.0 * malignant + 3.0 * (cohort_class == "aggressive"))
    )
    male = 0.55 + 0.1 * malignant * effect
    scanned = CtPatient(
        index=index,
        patient_id=f"P{number}{k + 1:04d}",
        site=site,
        date="" if day is None else day.isoformat(),
        age=int(np.clip(round(age), 18, 90)),
        sex="M" if rng.random() < male else "F",
        phases=tuple(phase for phase in PHASES if phase not in absent),
        masses=(mass,),
    )
    t_category, tnm_stage = draw_stage(rng, cohort_class, mass.size_mm)
    trains = cohort.subset == "train"
    return StudyPatient(
        scanned=scanned,
        cohort=cohort,
        subset="validation" if trains and subset_at < settings.validation_share else cohort.subset,
        day=day,
        cohort_class=cohort_class,
        subtype=subtype,
        t_category=t_category,
        tnm_stage=tnm_stage,
        isup_grade=draw_grade(rng, cohort_class, subtype),
        race=race,
        renal=draw_renal_points(rng, mass.size_mm),
        looks=_weighted(residual, settings, "effects"),
        severity=_weighted(residual, settings, "aggressive_effects"),
    )


def _shift(settings: CtStudySettings, cohort_class: CohortClass, name: CtProperty) -> float:
    """Return by how much a property lies off the mean of all classes, in standard deviations."""
    half = float(getattr(settings.effects, name)) / 2
    further = float(getattr(settings.aggressive_effects, name))
    part = {"benign": 0.0, "indolent": -0.25, "aggressive": 0.75, "indeterminate": 0.25}[cohort_class]
    return (-half if cohort_class == "benign" else half) + part * further


def _weighted(residual: Mapping[CtProperty, float], settings: CtStudySettings, name: str) -> float:
    """Return what a mass looks like within its class: properties weighted by their effects, standard normal."""
    effects = getattr(settings, name)
    weights = np.array([float(getattr(effects, one)) for one in CT_PROPERTIES])
    values = np.array([residual[one] for one in CT_PROPERTIES])
    length = float(np.linalg.norm(weights))
    return float(values @ weights / length) if length > 0 else 0.0


def _place(rng: np.random.Generator, shares: Iterable[float]) -> int:
    parts = np.array(list(shares), dtype=np.float64)
    return int(rng.choice(len(parts), p=parts / parts.sum()))


def _one_of(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    return list(shares)[_place(rng, shares.values())]


def _day(cohort: StudyCohort, at: float) -> dt.date | None:
    if cohort.first_day is None or cohort.last_day is None:
        return None
    return cohort.first_day + dt.timedelta(days=int(at * ((cohort.last_day - cohort.first_day).days + 1)))


def _mass(
    settings: CtStudySettings,
    rng: np.random.Generator,
    patient_id: str,
    cohort_class: CohortClass,
    subtype: str,
    z: Mapping[CtProperty, float],
) -> Mass:
    """Return the mass with everything that its images show."""
    malignant = cohort_class != "benign"
    mass_type = mass_type_of(rng, subtype)
    measured, poor, share_of_fat, fluid = rng.random(4)
    sides: tuple[Side, Side] = ("right", "left")
    poles: tuple[Pole, Pole] = ("upper", "lower")
    side, pole = (int(one) for one in rng.integers(2, size=2))
    fat = float(0.35 + 0.45 * share_of_fat) if mass_type == "AML" and poor >= settings.fat_poor_rate else 0.0
    necrosis = 0.0
    if mass_type == "solid":
        necrosis = float(1 / (1 + np.exp(2.5 - 1.2 * z["necrosis"])))
    elif mass_type == "cystic" and malignant:
        necrosis = float(np.clip(0.72 + 0.08 * z["necrosis"], 0.5, 0.9))
    diameter_mm = float(np.clip(_MEDIAN_MM * np.exp(0.42 * z["size"]), _SMALLEST_MM, _LARGEST_MM))
    margin = 0.03 if mass_type == "cystic" else 0.06
    return Mass(
        number=1,
        lesion_id=f"{patient_id}-L1",
        mass_type=mass_type,
        label="malignant" if malignant else "benign",
        aggressiveness="aggressive" if cohort_class == "aggressive" else "indolent",
        side=sides[side],
        pole=poles[pole],
        diameter_mm=diameter_mm,
        size_mm=round(diameter_mm * float(np.exp(0.05 * ndtri(0.001 + 0.998 * measured))), 1),
        irregularity=float(margin * np.exp(0.45 * np.clip(z["irregularity"], -3.0, 2.0))),
        necrosis=necrosis,
        texture_mm=float(4.5 * np.exp(0.35 * np.clip(z["texture_length"], -2.5, 2.5))),
        fat=fat,
        enhancement_hu=(
            float(75.0 * np.exp(0.35 * z["enhancement"])),
            float(55.0 * np.exp(0.25 * z["enhancement"])),
        ),
        fluid_hu=float(45.0 if fluid < 0.1 else 2.0 + 14.0 * fluid),
    )
