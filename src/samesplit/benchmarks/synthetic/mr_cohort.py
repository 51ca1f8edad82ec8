"""The synthetic MR cohort: its tables, and the images and masks of each lesion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri

from samesplit.benchmarks.synthetic.files import Volume, write_volume
from samesplit.benchmarks.synthetic.imaging import SEQUENCES, LesionScene
from samesplit.benchmarks.synthetic.lesion_shape import volume_ml
from samesplit.benchmarks.synthetic.mr_study_settings import GradeSettings, OutcomeSettings
from samesplit.benchmarks.synthetic.outcomes import INDETERMINATE, draw_outcome
from samesplit.benchmarks.synthetic.population import Lesion, draw_population
from samesplit.benchmarks.synthetic.raters import RATERS
from samesplit.benchmarks.synthetic.readings import make_readings
from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.settings import SyntheticSettings

__all__ = ["MrCohort", "lesion_files"]

MASK_LABEL = 1


@dataclass(frozen=True)
class MrCohort:
    """Makes the MR cohort of its settings, lesion by lesion."""

    settings: SyntheticSettings
    version: int = 1

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return lesions, images and readings."""
        settings, population = self.settings, draw_population(self.settings)
        lesions = _lesions_table(population)
        if settings.outcomes is not None:
            lesions = _with_outcomes(lesions, settings.outcomes, settings.seed, population)
        if settings.volume:
            lesions = lesions.assign(volume_ml=[_volume_ml(settings, lesion) for lesion in population])
        if settings.grades is not None:
            lesions = lesions.assign(grade=_grades(settings.grades, settings.seed, population))
        return lesions, _images_table(settings, population), make_readings(settings, population)

    def units(self) -> list[Lesion]:
        """Return the lesions."""
        return draw_population(self.settings)

    def write(self, unit: Lesion, directory: Path) -> None:
        """Write the images and masks of one lesion that are not there yet."""
        scene: LesionScene | None = None
        raters = raters_of(self.settings, unit)
        for sequence in _sequences(unit):
            named = _name(self.settings, sequence)
            paths = [directory / name for name in lesion_files(unit, named, raters)]
            if all(path.is_file() for path in paths):
                continue
            scene = scene or LesionScene(self.settings, unit)
            rendered = scene.render(sequence)
            arrays: tuple[Volume, ...] = (rendered.image, *rendered.masks[: len(raters)])
            for path, array in zip(paths, arrays, strict=True):
                if not path.is_file():
                    write_volume(path, array, rendered.grid)


def lesion_files(lesion: Lesion, sequence: str, raters: Sequence[str] = RATERS) -> list[str]:
    """Return the paths of the image and of every rater's mask, relative to the cohort's folder."""
    folder = f"images/{lesion.lesion_id}"
    names = [sequence, *(f"{sequence}-{rater}" for rater in raters)]
    return [f"{folder}/{name}.nii.gz" for name in names]


def raters_of(settings: SyntheticSettings, lesion: Lesion) -> tuple[str, ...]:
    """Return the raters who drew a lesion."""
    alone = settings.other_raters_of == "pathology" and lesion.label_provenance != "pathology"
    return RATERS[:1] if alone else RATERS


def _name(settings: SyntheticSettings, sequence: str) -> str:
    return settings.t2_name if sequence == "T2" else sequence


def _volume_ml(settings: SyntheticSettings, lesion: Lesion) -> float:
    """Return the true volume of a lesion."""
    return round(volume_ml(stream(settings.seed, lesion.patient.index, lesion.number, "shape"), lesion), 2)


def _grades(settings: GradeSettings, seed: int, population: Sequence[Lesion]) -> pd.Series[str]:
    """Return the grades: missing where a lesion is benign or was not graded."""
    cuts = ndtri(np.cumsum([*settings.shares.values()])[:-1] / sum(settings.shares.values()))
    rho = settings.image_correlation
    found: list[str | None] = []
    for lesion in population:
        rng = stream(seed, lesion.patient.index, lesion.number, "grade")
        aggressiveness = rho * lesion.conspicuity + np.sqrt(1 - rho**2) * rng.standard_normal()
        ungraded = lesion.label == "benign" or rng.random() < settings.unknown
        place = int(np.searchsorted(cuts, aggressiveness))
        found.append(None if ungraded else [*settings.shares][place])
    return pd.Series(found, dtype="str")


def _sequences(lesion: Lesion) -> tuple[str, ...]:
    return SEQUENCES if lesion.has_t2 else SEQUENCES[:1]


def _lesions_table(population: Sequence[Lesion]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "lesion_id": lesion.lesion_id,
                "patient_id": lesion.patient.patient_id,
                "label": lesion.label,
                "label_provenance": lesion.label_provenance,
                "site": lesion.patient.site.name,
                "scanner_vendor": lesion.patient.site.vendor,
                "field_strength_t": lesion.patient.site.field_strength_t,
                "date": lesion.patient.date,
                "size_mm": float(lesion.size_mm),
                "age": lesion.patient.age,
                "sex": lesion.patient.sex,
                "symptoms": lesion.patient.symptoms,
                "side": lesion.side,
                "location": lesion.location,
                "subtype": lesion.subtype,
            }
            for lesion in population
        ]
    )


def _with_outcomes(
    lesions: pd.DataFrame, settings: OutcomeSettings, seed: int, population: Sequence[Lesion]
) -> pd.DataFrame:
    """Return the lesions table with what became of each lesion; what is not known of a lesion is empty."""
    found = [draw_outcome(settings, seed, lesion) for lesion in population]
    open_diagnosis = pd.Series([outcome.label == INDETERMINATE for outcome in found], index=lesions.index)
    return lesions.assign(
        label=[outcome.label for outcome in found],
        subtype=lesions["subtype"].mask(open_diagnosis, INDETERMINATE),
        grade=pd.Series([outcome.grade for outcome in found], index=lesions.index, dtype="str"),
        months=[np.nan if outcome.months is None else outcome.months for outcome in found],
        recurrence=pd.array([outcome.recurrence for outcome in found], dtype="Int8"),
    )


def _images_table(settings: SyntheticSettings, population: Sequence[Lesion]) -> pd.DataFrame:
    rows = []
    for lesion in population:
        raters = raters_of(settings, lesion)
        for sequence in (_name(settings, one) for one in _sequences(lesion)):
            image, *masks = lesion_files(lesion, sequence, raters)
            rows += [
                (lesion.lesion_id, sequence, rater, image, mask, MASK_LABEL)
                for rater, mask in zip(raters, masks, strict=True)
            ]
    columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label"]
    return pd.DataFrame(rows, columns=columns)
