"""The tables of the five-sequence MR cohort, and the files of each patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.synthetic.files import Volume, no_readings, write_volume
from samesplit.benchmarks.synthetic.mr_sequences.imaging import KidneyScene
from samesplit.benchmarks.synthetic.mr_sequences.population import SrmPatient, draw_patients_of
from samesplit.benchmarks.synthetic.mr_sequences.settings import MrSequence, MrSequencesSettings

__all__ = ["MrSequencesCohort"]

RATER = "R1"
MASK_LABEL = 1


@dataclass(frozen=True)
class MrSequencesCohort:
    """Makes the five-sequence MR cohort of its settings, patient by patient."""

    settings: MrSequencesSettings
    version: int = 2

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return lesions, images and readings (none)."""
        patients = self.units()
        lesions = pd.DataFrame(
            [
                {
                    "lesion_id": patient.lesion_id,
                    "patient_id": patient.patient_id,
                    "label": patient.mass.subtype.label,
                    "label_provenance": "pathology",
                    "site": patient.scanner.site,
                    "scanner_vendor": patient.scanner.vendor,
                    "field_strength_t": patient.scanner.field_strength_t,
                    "date": patient.date,
                    "size_mm": patient.mass.size_mm,
                    "age": patient.age,
                    "sex": patient.sex,
                    "side": patient.mass.side,
                    "location": patient.mass.pole,
                    "growth": patient.mass.growth,
                    "subtype": patient.mass.subtype.name,
                }
                for patient in patients
            ]
        )
        rows = []
        for patient in patients:
            for sequence in patient.sequences:
                image, mass, kidney = _files(patient, sequence)
                rows.append((patient.lesion_id, sequence, RATER, image, mass, MASK_LABEL, kidney))
        columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label", "organ_mask"]
        return lesions, pd.DataFrame(rows, columns=columns), no_readings()

    def units(self) -> list[SrmPatient]:
        """Return the patients."""
        return draw_patients_of(self.settings)

    def write(self, unit: SrmPatient, directory: Path) -> None:
        """Write the images and masks of one patient that are not there yet."""
        scene: KidneyScene | None = None
        for sequence in unit.sequences:
            paths = [directory / name for name in _files(unit, sequence)]
            if all(path.is_file() for path in paths):
                continue
            scene = scene or KidneyScene(self.settings, unit)
            scanned = scene.scan(sequence)
            arrays: tuple[Volume, ...] = (scanned.image, scanned.mass, scanned.kidney)
            for path, array in zip(paths, arrays, strict=True):
                if not path.is_file():
                    write_volume(path, array, scanned.grid)


def _files(patient: SrmPatient, sequence: MrSequence) -> tuple[str, str, str]:
    """Return the paths of the image, the mass and the kidney, relative to the cohort's folder."""
    folder = f"images/{patient.patient_id}"
    return (
        f"{folder}/{sequence}.nii.gz",
        f"{folder}/{sequence}-mass.nii.gz",
        f"{folder}/{sequence}-kidney.nii.gz",
    )
