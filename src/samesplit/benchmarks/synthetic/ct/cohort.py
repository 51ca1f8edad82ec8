"""The tables of the synthetic CT cohort, and the files of each patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.synthetic.ct.imaging import Scan
from samesplit.benchmarks.synthetic.ct.population import CtPatient, Mass, draw_patient
from samesplit.benchmarks.synthetic.ct.settings import CtSettings, Phase
from samesplit.benchmarks.synthetic.files import Volume, no_readings, write_volume

__all__ = ["RATER", "CtCohort", "phase_files", "write_phases"]

RATER = "R1"
SEQUENCE = "CT"
"""The name of the one sequence where each series is a case of its own."""


@dataclass(frozen=True)
class CtCohort:
    """Makes the CT cohort of its settings, patient by patient."""

    settings: CtSettings
    version: int = 1

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return lesions, images and readings (none)."""
        lesions: list[dict[str, object]] = []
        images: list[tuple[object, ...]] = []
        for patient in self.units():
            for case, phases in self._cases(patient):
                for mass in patient.masses:
                    lesion_id = f"{mass.lesion_id}-{case['series']}" if case else mass.lesion_id
                    lesions.append(self._lesion(patient, mass, lesion_id) | case)
                    if case:
                        lesions[-1]["mass_id"] = mass.lesion_id
                    for phase in phases:
                        sequence = SEQUENCE if case else phase
                        image, masks, kidneys = phase_files(patient, phase)
                        images.append((lesion_id, sequence, RATER, image, masks, mass.number, kidneys))
        columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label", "organ_mask"]
        return pd.DataFrame(lesions), pd.DataFrame(images, columns=columns), no_readings()

    def _cases(self, patient: CtPatient) -> list[tuple[dict[str, object], tuple[Phase, ...]]]:
        """Return what is a case of its own: all phases together or, where series are named, each of them."""
        series = [(name, phase) for name, phase in self.settings.series.items() if phase in patient.phases]
        if not self.settings.series:
            return [({}, patient.phases)]
        return [
            ({"series": name, "series_number": number}, (phase,))
            for number, (name, phase) in enumerate(series, start=1)
        ]

    def _lesion(self, patient: CtPatient, mass: Mass, lesion_id: str) -> dict[str, object]:
        """Return the row of one lesion."""
        by_type = "pathology" if mass.mass_type == "solid" else "imaging"
        return {
            "lesion_id": lesion_id,
            "patient_id": patient.patient_id,
            "label": mass.label,
            "label_provenance": by_type
            if self.settings.provenance == "by-type"
            else self.settings.provenance,
            "site": patient.site.name,
            "scanner_vendor": patient.site.vendor,
            "date": patient.date,
            "size_mm": mass.size_mm,
            "age": patient.age,
            "sex": patient.sex,
            "side": mass.side,
            "location": mass.pole,
            "mass_type": mass.mass_type,
            "aggressiveness": mass.aggressiveness,
        }

    def units(self) -> list[CtPatient]:
        """Return the patients."""
        return [draw_patient(self.settings, index) for index in range(self.settings.n_patients)]

    def write(self, unit: CtPatient, directory: Path) -> None:
        """Write the images and masks of one patient that are not there yet."""
        phases = [phase for _, phases in self._cases(unit) for phase in phases]
        write_phases(lambda: Scan(self.settings, unit), unit, phases, directory)


def write_phases(
    prepare: Callable[[], Scan], patient: CtPatient, phases: Iterable[Phase], directory: Path
) -> None:
    """Write the images and masks of a patient that are not there yet.

    Args:
        prepare: Makes the scan; not called where nothing is missing.
        patient: The patient.
        phases: The phases to write.
        directory: The cohort's folder.
    """
    scan: Scan | None = None
    for phase in phases:
        paths = [directory / name for name in phase_files(patient, phase)]
        if all(path.is_file() for path in paths):
            continue
        scan = scan or prepare()
        scanned = scan.phase(phase)
        arrays: tuple[Volume, ...] = (scanned.image, scanned.masses, scanned.kidneys)
        for path, array in zip(paths, arrays, strict=True):
            if not path.is_file():
                write_volume(path, array, scanned.grid)


def phase_files(patient: CtPatient, phase: Phase) -> tuple[str, str, str]:
    """Return the paths of the image, the masses and the kidneys, relative to the cohort's folder."""
    folder = f"images/{patient.patient_id}"
    return f"{folder}/{phase}.nii.gz", f"{folder}/{phase}-masses.nii.gz", f"{folder}/{phase}-kidneys.nii.gz"
