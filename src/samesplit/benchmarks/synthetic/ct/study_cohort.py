"""The tables of a synthetic CT study of several cohorts, and the files of each patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.synthetic.ct.cohort import RATER, phase_files, write_phases
from samesplit.benchmarks.synthetic.ct.imaging import MassScan
from samesplit.benchmarks.synthetic.ct.outcomes import FollowUp, draw_follow_up
from samesplit.benchmarks.synthetic.ct.readings import make_study_readings
from samesplit.benchmarks.synthetic.ct.study_cohorts import StudyPatient, draw_cohorts
from samesplit.benchmarks.synthetic.ct.study_settings import CtStudySettings

__all__ = ["CtStudy"]


@dataclass(frozen=True)
class CtStudy:
    """Makes the CT study of its settings, patient by patient."""

    settings: CtStudySettings
    version: int = 1

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return lesions, images and readings."""
        patients = self.units()
        lesions = pd.DataFrame([_row(patient) for patient in patients])
        lesions = lesions.astype({"isup_grade": "Int8"})
        readings = make_study_readings(self.settings, patients)
        return (
            pd.concat([lesions, self._follow_up(patients)], axis=1),
            _images(patients),
            readings,
        )

    def units(self) -> list[StudyPatient]:
        """Return the patients of all cohorts."""
        return draw_cohorts(self.settings)

    def write(self, unit: StudyPatient, directory: Path) -> None:
        """Write the images and masks of one patient that are not there yet."""
        patient = unit.scanned
        write_phases(lambda: MassScan(self.settings, patient), patient, patient.phases, directory)

    def _follow_up(self, patients: Sequence[StudyPatient]) -> pd.DataFrame:
        """Return the columns of follow-up; they are empty for those who were not followed up."""
        names = [field.name for field in fields(FollowUp)]
        found = [draw_follow_up(self.settings.outcomes, self.settings.seed, patient) for patient in patients]
        table = pd.DataFrame(
            [dict.fromkeys(names) if one is None else asdict(one) for one in found], columns=names
        )
        return table.astype({name: "Int8" if name.endswith("_event") else "float64" for name in names})


def _images(patients: Sequence[StudyPatient]) -> pd.DataFrame:
    """Return one row a mass and phase."""
    columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label", "organ_mask"]
    rows = [
        (patient.mass.lesion_id, phase, RATER, image, masses, patient.mass.number, kidneys)
        for patient in patients
        for phase in patient.scanned.phases
        for image, masses, kidneys in [phase_files(patient.scanned, phase)]
    ]
    return pd.DataFrame(rows, columns=columns)


def _row(patient: StudyPatient) -> dict[str, object]:
    scanned, mass = patient.scanned, patient.mass
    consistency = "cystic" if mass.mass_type == "cystic" else "solid"
    return {
        "lesion_id": mass.lesion_id,
        "patient_id": scanned.patient_id,
        "label": mass.label,
        "label_provenance": "pathology",
        "aggressiveness": "indeterminate" if patient.cohort_class == "indeterminate" else mass.aggressiveness,
        "subset": patient.subset,
        "test_set": patient.cohort.name if patient.subset == "test" else "",
        "site": scanned.site.name,
        "scanner_vendor": scanned.site.vendor,
        "date": scanned.date,
        "size_mm": mass.size_mm,
        "age": scanned.age,
        "sex": scanned.sex,
        "race": patient.race,
        "side": mass.side,
        "subtype": patient.subtype,
        "consistency": consistency,
        "t_category": patient.t_category,
        "solid_t1": _solid_t1(consistency, patient.t_category),
        "tnm_stage": patient.tnm_stage,
        "isup_grade": patient.isup_grade,
        **patient.renal,
    }


def _solid_t1(consistency: str, t_category: str) -> str:
    """Name the stratum of solid masses of category T1 apart from all others."""
    small = consistency == "solid" and t_category in ("T1a", "T1b")
    return f"solid {t_category}" if small else "cystic, or T2 and above"
