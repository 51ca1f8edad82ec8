"""The patients of the synthetic CT cohort and their masses, before any image is made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtri

from samesplit.benchmarks.synthetic.base import number_in_order
from samesplit.benchmarks.synthetic.ct.settings import (
    CT_PROPERTIES,
    PHASES,
    CtProperty,
    CtSettings,
    CtSite,
    MassType,
    Phase,
)
from samesplit.benchmarks.synthetic.seeds import stream

__all__ = ["CtPatient", "Mass", "draw_patient"]

Side = Literal["right", "left"]
Pole = Literal["upper", "lower"]

# One mass a pole, so that no two of them overlap.
_PLACES: tuple[tuple[Side, Pole], ...] = (
    ("right", "upper"),
    ("right", "lower"),
    ("left", "upper"),
    ("left", "lower"),
)
_LARGEST_MM = 46.0
_AGGRESSIVE: tuple[CtProperty, ...] = ("size", "irregularity", "necrosis")
_FIRST_DAY, _DAYS = dt.date(2009, 8, 3), 4300


@dataclass(frozen=True)
class Mass:
    """One mass.

    `number` counts the masses of a patient from 1 and is its value in the mask file. `diameter_mm` is the true
    largest diameter, `size_mm` what was measured, `irregularity` the standard deviation of the relative radius,
    `necrosis` the share of the volume that does not enhance (in a solid mass: necrosis, in a cystic one: the
    fluid inside an enhancing wall; 0 in a cyst without a wall), `texture_mm` the correlation length of the
    texture, `fat` the share of fat, `enhancement_hu` by how much the rest is brighter in the arterial and the
    venous phase, `fluid_hu` the density of the fluid.
    """

    number: int
    lesion_id: str
    mass_type: MassType
    label: Literal["benign", "malignant"]
    aggressiveness: Literal["indolent", "aggressive"]
    side: Side
    pole: Pole
    diameter_mm: float
    size_mm: float
    irregularity: float
    necrosis: float
    texture_mm: float
    fat: float
    enhancement_hu: tuple[float, float]
    fluid_hu: float


@dataclass(frozen=True)
class CtPatient:
    """One patient: the scan's phases, and the masses in both kidneys."""

    index: int
    patient_id: str
    site: CtSite
    date: str
    age: int
    sex: Literal["F", "M"]
    phases: tuple[Phase, ...]
    masses: tuple[Mass, ...]


def draw_patient(settings: CtSettings, index: int) -> CtPatient:
    """Draw the patient at `index` with all masses, the same whatever the number of patients.

    Only with `sites_in_order` the number of patients decides whose patient it is.
    """
    rng = stream(settings.seed, index, "ct-patient")
    patient_id = f"P{index + 1:03d}"
    shares = np.array([site.share for site in settings.sites])
    drawn = int(rng.choice(len(shares), p=shares / shares.sum()))
    site = settings.sites[
        number_in_order(shares.tolist(), index, settings.n_patients) if settings.sites_in_order else drawn
    ]
    numbers = np.array(site.number_shares or settings.number_shares)
    count = 1 + int(rng.choice(len(numbers), p=numbers / numbers.sum()))
    places = rng.permutation(len(_PLACES))[:count]
    absent = {phase for phase in PHASES if rng.random() < settings.missing_rates.get(phase, 0.0)}
    if {"A", "V"} <= absent:
        absent.discard("A" if rng.random() < 0.5 else "V")
    if site.one_phase and not {"A", "V"} & absent:
        absent.add("A" if rng.random() < 0.5 else "V")
    masses = tuple(
        _draw_mass(settings, site, index, f"{patient_id}-L{number}", number, _PLACES[place])
        for number, place in enumerate(places, start=1)
    )
    malignant = any(mass.label == "malignant" for mass in masses)
    age = 52.0 + 12.0 * rng.standard_normal() + 4.0 * malignant * settings.effect
    male = 0.5 + 0.12 * malignant * settings.effect
    return CtPatient(
        index=index,
        patient_id=patient_id,
        site=site,
        date=(_FIRST_DAY + dt.timedelta(days=int(rng.integers(_DAYS)))).isoformat(),
        age=int(np.clip(round(age), 18, 90)),
        sex="M" if rng.random() < male else "F",
        phases=tuple(phase for phase in PHASES if phase not in absent),
        masses=masses,
    )


def _draw_mass(
    settings: CtSettings, site: CtSite, index: int, lesion_id: str, number: int, place: tuple[Side, Pole]
) -> Mass:
    rng = stream(settings.seed, index, number, "ct-mass")
    type_shares = site.type_shares or settings.type_shares
    kinds = list(type_shares)
    shares = np.array([type_shares[kind] for kind in kinds])
    mass_type = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
    malignant = bool(rng.random() < settings.malignant_rates.get(mass_type, 0.0))
    half = (0.5 if malignant else -0.5) * settings.effect
    residual = {name: float(rng.standard_normal()) for name in CT_PROPERTIES}
    z = {name: residual[name] + half * getattr(settings.effects, name) for name in CT_PROPERTIES}
    seen = float(np.sum([residual[name] for name in _AGGRESSIVE])) / np.sqrt(len(_AGGRESSIVE))
    rho = settings.aggressive_correlation
    drive = float(rho * seen + np.sqrt(1 - rho**2) * rng.standard_normal())
    aggressive = malignant and drive > ndtri(1 - settings.aggressive_rate)
    median_mm = settings.median_mm[mass_type]
    diameter_mm = float(
        np.clip(median_mm * np.exp(settings.size_sd * z["size"]), settings.smallest_mm, _LARGEST_MM)
    )
    measured, poor, share_of_fat, fluid = rng.random(4)
    fat = 0.0
    if mass_type == "AML" and poor >= settings.fat_poor_rate:
        fat = float(0.35 + 0.45 * share_of_fat)
    necrosis = 0.0
    if mass_type == "solid":
        necrosis = float(1 / (1 + np.exp(2.5 - 1.2 * z["necrosis"])))
    elif mass_type == "cystic" and malignant:
        necrosis = float(np.clip(0.72 + 0.08 * z["necrosis"], 0.5, 0.9))
    return Mass(
        number=number,
        lesion_id=lesion_id,
        mass_type=mass_type,
        label="malignant" if malignant else "benign",
        aggressiveness="aggressive" if aggressive else "indolent",
        side=place[0],
        pole=place[1],
        diameter_mm=diameter_mm,
        size_mm=round(diameter_mm * float(np.exp(0.05 * ndtri(0.001 + 0.998 * measured))), 1),
        irregularity=float(
            (0.03 if mass_type == "cystic" else 0.06) * np.exp(0.45 * np.clip(z["irregularity"], -3.0, 2.0))
        ),
        necrosis=necrosis,
        texture_mm=float(4.5 * np.exp(0.35 * np.clip(z["texture_length"], -2.5, 2.5))),
        fat=fat,
        enhancement_hu=(
            float(75.0 * np.exp(0.35 * z["enhancement"])),
            float(55.0 * np.exp(0.25 * z["enhancement"])),
        ),
        # One cyst in ten is dense (blood or protein), and does not enhance either.
        fluid_hu=float(45.0 if fluid < 0.1 else 2.0 + 14.0 * fluid),
    )
