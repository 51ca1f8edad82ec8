"""Who the synthetic patients are and what their lesions are like, before any image is made."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.settings import (
    ImagingProperty,
    SiteSettings,
    SubtypeSettings,
    SyntheticSettings,
)
from samesplit.benchmarks.synthetic.whole_numbers import whole_numbers

_Thing = TypeVar("_Thing")
Label = Literal["benign", "malignant"]
Side = Literal["left", "right"]
Location = Literal["upper", "middle", "lower"]

IMAGING_PROPERTIES: tuple[ImagingProperty, ...] = (
    "size",
    "irregularity",
    "enhancement",
    "necrosis",
    "texture_length",
    "t2",
)

_LOCATIONS: tuple[Location, ...] = ("upper", "middle", "lower")
_PATIENT_LABEL_CORRELATION = 0.3


@dataclass(frozen=True)
class Patient:
    """What the lesions of one patient share; `effect` multiplies the effects that make their classes differ."""

    index: int
    patient_id: str
    site: SiteSettings
    date: str
    age: int
    sex: Literal["F", "M"]
    symptoms: int
    labels: tuple[Label, ...]
    effect: float = 1.0


@dataclass(frozen=True)
class Lesion:
    """One lesion and its latent properties.

    `diameter_mm` is the true largest diameter, `size_mm` what was measured. `irregularity` is the
    standard deviation of the relative radius, `uptake_mm` gadolinium in mM, `necrosis` the
    fraction of the volume that does not enhance, `texture_mm` the correlation length of its
    texture, `t2_scale` a factor on T2. `conspicuity` is standard normal within a class: how malignant
    the imaging properties look beyond what the class explains.
    """

    patient: Patient
    number: int
    lesion_id: str
    label: Label
    subtype: str
    side: Side
    location: Location
    label_provenance: Literal["pathology", "imaging"]
    has_t2: bool
    diameter_mm: float
    size_mm: float
    irregularity: float
    uptake_mm: float
    necrosis: float
    texture_mm: float
    t2_scale: float
    conspicuity: float


class Allotted(NamedTuple):
    """What a patient is given where a cohort has exact numbers; see `quotas.allot`."""

    site: SiteSettings
    labels: tuple[Label, ...]
    subtypes: tuple[str, ...]


def latent_classes(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw what decides on the classes of a patient's two lesions: standard normal, and alike; malignant below."""
    shared, own = rng.standard_normal(), rng.standard_normal(2)
    latent = np.sqrt(_PATIENT_LABEL_CORRELATION) * shared
    return np.asarray(latent + np.sqrt(1 - _PATIENT_LABEL_CORRELATION) * own)


def draw_patient(settings: SyntheticSettings, index: int, allotted: Allotted | None = None) -> Patient:
    """Draw the patient at `index`, the same whatever the number of patients.

    Clinical variables shift with the mean label of the patient's lesions.

    Args:
        settings: The cohort's settings.
        index: The number of the patient, from 0.
        allotted: The site and classes, where they are not drawn.
    """
    rng = stream(settings.seed, index, "patient")
    count = 1 + int(rng.random() < settings.two_lesion_rate)
    latent = latent_classes(rng)
    noise_of_age, noise_of_sex, noise_of_symptoms = rng.standard_normal(3)
    shares = np.array([site.share for site in settings.sites])
    site = settings.sites[int(rng.choice(len(shares), p=shares / shares.sum()))]
    date = settings.dates.first + dt.timedelta(days=int(rng.integers(settings.dates.days)))
    site = site if allotted is None else allotted.site
    shifts = [shift for shift in settings.shifts if shift.concerns(site.name, date)]
    effect = math.prod(shift.effect for shift in shifts)
    if shifts:
        site = site.model_copy(update={"noise": site.noise * math.prod(shift.noise for shift in shifts)})
    rates = [shift.malignant_rate for shift in shifts if shift.malignant_rate is not None]
    is_malignant = latent < ndtri(rates[-1] if rates else settings.malignant_rate)
    if allotted is not None:
        is_malignant, count = np.array([x == "malignant" for x in allotted.labels]), len(allotted.labels)
    labels: tuple[Label, ...] = tuple("malignant" if flag else "benign" for flag in is_malignant[:count])
    burden = settings.effect * effect * (float(np.mean(is_malignant[:count])) - 0.5)
    sizes = settings.effects
    age = 58.0 + 11.5 * (noise_of_age + burden * sizes.age) + sum(shift.age_years for shift in shifts)
    return Patient(
        index=index,
        patient_id=f"P{index + 1:03d}",
        site=site,
        date=date.isoformat(),
        age=int(np.clip(round(age), 21, 90)),
        sex="M" if noise_of_sex + burden * sizes.male > ndtri(1 - 0.6) else "F",
        symptoms=int(noise_of_symptoms + burden * sizes.symptoms > ndtri(1 - 0.3)),
        labels=labels,
        effect=effect,
    )


def subtype_shift(
    subtype: SubtypeSettings, name: ImagingProperty, others: Sequence[SubtypeSettings]
) -> float:
    """Deviation of a subtype from the mean of its class, in SD units of property `name`.

    Args:
        subtype: The subtype.
        name: An imaging property.
        others: All subtypes of the cohort.

    Example:
        >>> from samesplit.benchmarks.synthetic.settings import default_subtypes
        >>> everyone = default_subtypes()
        >>> by_name = {one.name: subtype_shift(one, "t2", everyone) for one in everyone}
        >>> round(0.6 * by_name["AML"] + 0.4 * by_name["oncocytoma"], 12)
        0.0
    """
    same = [other for other in others if other.label == subtype.label]
    total = sum(other.share for other in same)
    mean = sum(other.share / total * other.shifts.get(name, 0.0) for other in same)
    return subtype.shifts.get(name, 0.0) - mean


def _conspicuity(settings: SyntheticSettings, residual: Mapping[ImagingProperty, float]) -> float:
    weights = np.array([getattr(settings.effects, name) for name in IMAGING_PROPERTIES])
    norm = float(np.linalg.norm(weights))
    if norm == 0.0:
        return residual[IMAGING_PROPERTIES[0]]
    return float(weights @ np.array([residual[name] for name in IMAGING_PROPERTIES])) / norm


def draw_lesion(
    settings: SyntheticSettings, patient: Patient, number: int, allotted: Allotted | None = None
) -> Lesion:
    """Draw lesion `number` (0 or 1) of a patient.

    Args:
        settings: The cohort's settings.
        patient: The patient.
        number: Which lesion.
        allotted: The subtypes of the patient's lesions, where they are not drawn.
    """
    rng = stream(settings.seed, patient.index, number, "lesion")
    label = patient.labels[number]
    of_class = [subtype for subtype in settings.subtypes if subtype.label == label]
    shares = np.array([subtype.share for subtype in of_class])
    subtype = of_class[int(rng.choice(len(of_class), p=shares / shares.sum()))]
    if allotted is not None:
        subtype = next(one for one in of_class if one.name == allotted.subtypes[number])
    effect = settings.effect * patient.effect
    half = 0.5 if label == "malignant" else -0.5
    residual = {name: float(rng.standard_normal()) for name in IMAGING_PROPERTIES}
    z = {
        name: residual[name]
        + effect * (half * getattr(settings.effects, name) + subtype_shift(subtype, name, settings.subtypes))
        for name in IMAGING_PROPERTIES
    }
    diameter_mm = float(34.0 * np.exp(0.33 * np.clip(z["size"], -2.2, 1.7)))
    first_side: Side = "left" if stream(settings.seed, patient.index, "side").random() < 0.5 else "right"
    other_side: Side = "right" if first_side == "left" else "left"
    location = _LOCATIONS[int(rng.integers(3))]
    proven = (
        getattr(settings.pathology_rates, label) if subtype.pathology_rate is None else subtype.pathology_rate
    )
    of_chance = rng if label == "benign" else stream(settings.seed, patient.index, number, "provenance")
    by_pathology = of_chance.random() < proven
    return Lesion(
        patient=patient,
        number=number,
        lesion_id=f"{patient.patient_id}-L{number + 1}",
        label=label,
        subtype=subtype.name,
        side=first_side if number == 0 else other_side,
        location=location,
        label_provenance="pathology" if by_pathology else "imaging",
        has_t2=bool(rng.random() >= settings.missing_t2_rate),
        diameter_mm=diameter_mm,
        size_mm=round(diameter_mm * float(np.exp(0.04 * rng.standard_normal()))),
        irregularity=float(0.06 * np.exp(0.45 * np.clip(z["irregularity"], -3.0, 2.0))),
        uptake_mm=float(0.42 * np.exp(0.4 * z["enhancement"])),
        necrosis=float(1 / (1 + np.exp(3.0 - 1.2 * z["necrosis"]))),
        texture_mm=float(3.2 * np.exp(0.35 * np.clip(z["texture_length"], -2.5, 3.0))),
        t2_scale=float(np.exp(0.2 * z["t2"])),
        conspicuity=_conspicuity(settings, residual),
    )


def draw_population(settings: SyntheticSettings) -> list[Lesion]:
    """All lesions of the cohort in order of patient and number."""
    given = allot(settings) if settings.exact else [None] * settings.n_patients
    patients = [(draw_patient(settings, index, given[index]), given[index]) for index in range(len(given))]
    return [
        draw_lesion(settings, patient, number, allotted)
        for patient, allotted in patients
        for number in range(len(patient.labels))
    ]


def allot(settings: SyntheticSettings) -> list[Allotted]:
    """Give patients lesions, classes, subtypes and sites in whole numbers, as near as can be to their shares.

    What would have been drawn decides who is given what: the lesions with the lowest values behind the class are
    malignant, so that lesions of one patient stay alike.

    Args:
        settings: The cohort's settings.

    Example:
        >>> given = allot(SyntheticSettings(n_patients=40, two_lesion_rate=0.25, malignant_rate=0.5, exact=True))
        >>> [label for one in given for label in one.labels].count("malignant")
        25
    """
    seed, everyone = settings.seed, range(settings.n_patients)
    streams = [stream(seed, index, "patient") for index in everyone]
    second = np.array([rng.random() for rng in streams])
    latent = np.array([latent_classes(rng) for rng in streams])
    with_two = set(
        np.argsort(second, kind="stable")[: round(settings.two_lesion_rate * len(streams))].tolist()
    )
    lesions = [(index, number) for index in everyone for number in range(1 + (index in with_two))]
    ordered = sorted(lesions, key=lambda lesion: float(latent[lesion]))
    malignant = round(settings.malignant_rate * len(lesions))
    named: dict[tuple[int, int], tuple[Label, str]] = {}
    classes: tuple[tuple[Label, list[tuple[int, int]]], ...] = (
        ("malignant", ordered[:malignant]),
        ("benign", ordered[malignant:]),
    )
    for label, members in classes:
        of_class = [subtype for subtype in settings.subtypes if subtype.label == label]
        names = _in_whole_numbers([(one.name, one.share) for one in of_class], len(members))
        mixed = sorted(members, key=lambda lesion: float(stream(seed, *lesion, "subtype").random()))
        named |= {lesion: (label, name) for lesion, name in zip(mixed, names, strict=True)}
    places = _in_whole_numbers([(site, site.share) for site in settings.sites], len(streams))
    queue = sorted(everyone, key=lambda index: float(stream(seed, index, "site").random()))
    site_of = dict(zip(queue, places, strict=True))
    found = []
    for index in everyone:
        own = [named[index, number] for number in range(1 + (index in with_two))]
        found.append(Allotted(site_of[index], tuple(x[0] for x in own), tuple(x[1] for x in own)))
    return found


def _in_whole_numbers(shares: Sequence[tuple[_Thing, float]], total: int) -> list[_Thing]:
    whole = sum(share for _, share in shares)
    counts = whole_numbers([share / whole for _, share in shares], total)
    return [thing for (thing, _), count in zip(shares, counts, strict=True) for _ in range(count)]
