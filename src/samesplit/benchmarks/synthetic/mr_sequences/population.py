"""The patients of the five-sequence cohort and their masses, before any image is made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np

from samesplit.benchmarks.synthetic.mr_sequences.settings import (
    MR_SEQUENCES,
    MassSubtype,
    MrSequence,
    MrSequencesSettings,
    ScannerSettings,
)
from samesplit.benchmarks.synthetic.seeds import stream

__all__ = ["SmallMass", "SrmPatient", "draw_patients_of"]

Side = Literal["right", "left"]
Pole = Literal["upper", "middle", "lower"]

_POLES: tuple[Pole, ...] = ("upper", "middle", "lower")
_SIZE_SPREAD = 0.32
_FIRST_DAY, _DAYS = dt.date(2013, 1, 7), 3650


@dataclass(frozen=True)
class SmallMass:
    """One mass, as `LesionShape` and the signals need it.

    `diameter_mm` is the true largest diameter, `size_mm` what was measured, `irregularity` the standard deviation
    of the relative radius, `necrosis` the share of the volume that does not enhance, `texture_mm` the correlation
    length of the texture, `outward` how far its centre lies outside the surface of the kidney, in its radii.
    """

    subtype: MassSubtype
    side: Side
    pole: Pole
    diameter_mm: float
    size_mm: float
    irregularity: float
    necrosis: float
    texture_mm: float
    outward: float

    @property
    def growth(self) -> Literal["exophytic", "endophytic"]:
        """Whether the centre of the mass lies outside the kidney."""
        return "exophytic" if self.outward > 0 else "endophytic"


@dataclass(frozen=True)
class SrmPatient:
    """One patient with one mass, and the sequences that there are."""

    index: int
    patient_id: str
    scanner: ScannerSettings
    date: str
    age: int
    sex: Literal["F", "M"]
    sequences: tuple[MrSequence, ...]
    mass: SmallMass

    @property
    def lesion_id(self) -> str:
        """The id of the one mass."""
        return f"{self.patient_id}-L1"


def draw_patients_of(settings: MrSequencesSettings) -> list[SrmPatient]:
    """Draw all patients, scanner by scanner in the order of the settings.

    Args:
        settings: The cohort's settings.

    Example:
        >>> len(draw_patients_of(MrSequencesSettings()))
        988
    """
    scanners = [scanner for scanner in settings.scanners for _ in range(scanner.patients)]
    return [_draw(settings, scanner, index) for index, scanner in enumerate(scanners)]


def _draw(settings: MrSequencesSettings, scanner: ScannerSettings, index: int) -> SrmPatient:
    rng = stream(settings.seed, index, "srm-patient")
    absent = {name for name in MR_SEQUENCES if rng.random() < settings.missing_rates.get(name, 0.0)}
    sequences = tuple(name for name in MR_SEQUENCES if name not in absent)
    if not sequences:
        sequences = (min(MR_SEQUENCES, key=lambda name: settings.missing_rates.get(name, 0.0)),)
    return SrmPatient(
        index=index,
        patient_id=f"P{index + 1:04d}",
        scanner=scanner,
        date=(_FIRST_DAY + dt.timedelta(days=int(rng.integers(_DAYS)))).isoformat(),
        age=int(np.clip(round(56 + 12 * rng.standard_normal()), 20, 88)),
        sex="M" if rng.random() < 0.63 else "F",
        sequences=sequences,
        mass=_draw_mass(settings, index),
    )


def _draw_mass(settings: MrSequencesSettings, index: int) -> SmallMass:
    rng = stream(settings.seed, index, "srm-mass")
    shares = np.array([subtype.share for subtype in settings.subtypes])
    subtype = settings.subtypes[int(rng.choice(len(shares), p=shares / shares.sum()))]
    size, irregularity, necrosis, texture = np.clip(rng.standard_normal(4), -2.5, 2.5)
    diameter = float(
        np.clip(settings.median_mm * np.exp(_SIZE_SPREAD * size), settings.smallest_mm, settings.largest_mm)
    )
    measured = diameter * float(np.exp(0.04 * np.clip(rng.standard_normal(), -2.5, 2.5)))
    return SmallMass(
        subtype=subtype,
        side="right" if rng.random() < 0.5 else "left",
        pole=_POLES[int(rng.integers(len(_POLES)))],
        diameter_mm=diameter,
        size_mm=round(min(measured, settings.largest_mm), 1),
        irregularity=float(0.05 * np.exp(0.4 * irregularity)),
        necrosis=float(1 / (1 + np.exp(2.6 - 1.1 * necrosis))),
        texture_mm=float(4.5 * np.exp(0.3 * texture)),
        outward=float(rng.uniform(-0.55, 0.5)),
    )
