"""The tables of the synthetic CT cohort, and the files of each patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.synthetic.ct.imaging import Scan
from samesplit.benchmarks.synthetic.ct.population import CtPatient, draw_patient
from samesplit.benchmarks.synthetic.ct.settings import CtSettings, Phase
from samesplit.benchmarks.synthetic.files import Volume, no_readings, write_volume

__all__ = ["CtCohort"]

RATER = "R1"


@dataclass(frozen=True)
class CtCohort:
    """Makes the CT cohort of its settings, patient by patient."""

    settings: CtSettings
    version: int = 1

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return lesions, images and readings (none)."""
        patients = self.units()
        lesions = pd.DataFrame(
            [
                {
                    "lesion_id": mass.lesion_id,
                    "patient_id": patient.patient_id,
                    "label": mass.label,
                    "label_provenance": "pathology" if mass.mass_type == "solid" else "imaging",
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
                for patient in patients
                for mass in patient.masses
            ]
        )
        rows = []
        for patient in patients:
            for mass in patient.masses:
                for phase in patient.phases:
                    image, masses, kidneys = _files(patient, phase)
                    rows.append((mass.lesion_id, phase, RATER, image, masses, mass.number, kidneys))
        columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label", "organ_mask"]
        return lesions, pd.DataFrame(rows, columns=columns), no_readings()

    def units(self) -> list[CtPatient]:
        """Return the patients."""
        return [draw_patient(self.settings, index) for index in range(self.settings.n_patients)]

    def write(self, unit: CtPatient, directory: Path) -> None:
        """Write the images and masks of one patient that are not there yet."""
        scan: Scan | None = None
        for phase in unit.phases:
            paths = [directory / name for name in _files(unit, phase)]
            if all(path.is_file() for path in paths):
                continue
            scan = scan or Scan(self.settings, unit)
            scanned = scan.phase(phase)
            arrays: tuple[Volume, ...] = (scanned.image, scanned.masses, scanned.kidneys)
            for path, array in zip(paths, arrays, strict=True):
                if not path.is_file():
                    write_volume(path, array, scanned.grid)


def _files(patient: CtPatient, phase: Phase) -> tuple[str, str, str]:
    """Return the paths of the image, the masses and the kidneys, relative to the cohort's folder."""
    folder = f"images/{patient.patient_id}"
    return f"{folder}/{phase}.nii.gz", f"{folder}/{phase}-masses.nii.gz", f"{folder}/{phase}-kidneys.nii.gz"
