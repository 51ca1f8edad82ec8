"""Who the synthetic patients are and what their lesions are like, before any image is made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtri

from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.settings import SiteSettings, SyntheticSettings

Label = Literal["benign", "malignant"]
Side = Literal["left", "right"]
Location = Literal["upper", "middle", "lower"]

IMAGING_PROPERTIES = (
    "size",
    "irregularity",
    "enhancement",
    "necrosis",
    "texture_length",
    "t2",
)

_SUBTYPES: dict[Label, tuple[tuple[str, float], ...]] = {
    "malignant": (("ccRCC", 0.65), ("pRCC", 0.22), ("chRCC", 0.13)),
    "benign": (("AML", 0.6), ("oncocytoma", 0.4)),
}
# Deviation of a subtype from its class in SD units; the mean over a class is taken off, so that the
# class difference stays the stated one.
_SUBTYPE_SHIFTS: dict[str, dict[str, float]] = {
    "ccRCC": {"enhancement": 0.4, "necrosis": 0.2, "t2": 0.5},
    "pRCC": {"enhancement": -0.8, "necrosis": -0.2, "t2": -0.9},
    "chRCC": {"enhancement": -0.3, "necrosis": -0.5, "t2": -0.2},
    "AML": {"enhancement": -0.3, "texture_length": -0.1, "t2": -0.7},
    "oncocytoma": {"enhancement": 0.6, "texture_length": 0.2, "t2": 0.6},
}
_LOCATIONS: tuple[Location, ...] = ("upper", "middle", "lower")
_PATIENT_LABEL_CORRELATION = 0.3
_PATHOLOGY_RATE_OF_BENIGN = 0.6
_FIRST_DAY = dt.date(2014, 1, 6)
_DAYS = 3600


@dataclass(frozen=True)
class Patient:
    """What the lesions of one patient share."""

    index: int
    patient_id: str
    site: SiteSettings
    date: str
    age: int
    sex: Literal["F", "M"]
    symptoms: int
    labels: tuple[Label, ...]


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


def draw_patient(settings: SyntheticSettings, index: int) -> Patient:
    """Draw the patient at `index`, the same whatever the number of patients.

    Clinical variables shift with the mean label of the patient's lesions.
    """
    rng = stream(settings.seed, index, "patient")
    count = 1 + int(rng.random() < settings.two_lesion_rate)
    shared, own = rng.standard_normal(), rng.standard_normal(2)
    latent = np.sqrt(_PATIENT_LABEL_CORRELATION) * shared
    latent = latent + np.sqrt(1 - _PATIENT_LABEL_CORRELATION) * own
    is_malignant = latent < ndtri(settings.malignant_rate)
    labels: tuple[Label, ...] = tuple("malignant" if flag else "benign" for flag in is_malignant[:count])
    burden = settings.effect * (float(np.mean(is_malignant[:count])) - 0.5)
    sizes = settings.effects
    age = 58.0 + 11.5 * (rng.standard_normal() + burden * sizes.age)
    male = rng.standard_normal() + burden * sizes.male > ndtri(1 - 0.6)
    symptoms = rng.standard_normal() + burden * sizes.symptoms > ndtri(1 - 0.3)
    shares = np.array([site.share for site in settings.sites])
    site = settings.sites[int(rng.choice(len(shares), p=shares / shares.sum()))]
    date = _FIRST_DAY + dt.timedelta(days=int(rng.integers(_DAYS)))
    return Patient(
        index=index,
        patient_id=f"P{index + 1:03d}",
        site=site,
        date=date.isoformat(),
        age=int(np.clip(round(age), 21, 90)),
        sex="M" if male else "F",
        symptoms=int(symptoms),
        labels=labels,
    )


def subtype_shift(subtype: str, name: str) -> float:
    """Deviation of a subtype from the mean of its class, in SD units of property `name`.

    Example:
        >>> round(0.6 * subtype_shift("AML", "t2") + 0.4 * subtype_shift("oncocytoma", "t2"), 12)
        0.0
    """
    shares = next(group for group in _SUBTYPES.values() if subtype in dict(group))
    mean = sum(share * _SUBTYPE_SHIFTS[other].get(name, 0.0) for other, share in shares)
    return _SUBTYPE_SHIFTS[subtype].get(name, 0.0) - mean


def _conspicuity(settings: SyntheticSettings, residual: dict[str, float]) -> float:
    weights = np.array([getattr(settings.effects, name) for name in IMAGING_PROPERTIES])
    norm = float(np.linalg.norm(weights))
    if norm == 0.0:
        return residual[IMAGING_PROPERTIES[0]]
    return float(weights @ np.array([residual[name] for name in IMAGING_PROPERTIES])) / norm


def draw_lesion(settings: SyntheticSettings, patient: Patient, number: int) -> Lesion:
    """Draw lesion `number` (0 or 1) of a patient."""
    rng = stream(settings.seed, patient.index, number, "lesion")
    label = patient.labels[number]
    names, shares = zip(*_SUBTYPES[label], strict=True)
    subtype = str(rng.choice(names, p=shares))
    half = 0.5 if label == "malignant" else -0.5
    residual = {name: float(rng.standard_normal()) for name in IMAGING_PROPERTIES}
    z = {
        name: residual[name]
        + settings.effect * (half * getattr(settings.effects, name) + subtype_shift(subtype, name))
        for name in IMAGING_PROPERTIES
    }
    diameter_mm = float(34.0 * np.exp(0.33 * np.clip(z["size"], -2.2, 1.7)))
    first_side: Side = "left" if stream(settings.seed, patient.index, "side").random() < 0.5 else "right"
    other_side: Side = "right" if first_side == "left" else "left"
    location = _LOCATIONS[int(rng.integers(3))]
    by_pathology = label == "malignant" or rng.random() < _PATHOLOGY_RATE_OF_BENIGN
    return Lesion(
        patient=patient,
        number=number,
        lesion_id=f"{patient.patient_id}-L{number + 1}",
        label=label,
        subtype=subtype,
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
    patients = (draw_patient(settings, index) for index in range(settings.n_patients))
    return [
        draw_lesion(settings, patient, number)
        for patient in patients
        for number in range(len(patient.labels))
    ]
