"""The tables of the T1 mapping cohort, and the files of each mass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.synthetic.files import Volume, no_readings, write_volume
from samesplit.benchmarks.synthetic.t1_mapping.imaging import OBSERVERS, SEQUENCES, render
from samesplit.benchmarks.synthetic.t1_mapping.population import T1Lesion, draw_lesions
from samesplit.benchmarks.synthetic.t1_mapping.settings import T1MappingSettings

__all__ = ["T1MappingCohort"]


@dataclass(frozen=True)
class T1MappingCohort:
    """Makes the T1 mapping cohort of its settings, mass by mass."""

    settings: T1MappingSettings
    version: int = 1

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return lesions, images and readings (none)."""
        lesions = self.units()
        table = pd.DataFrame(
            [
                {
                    "lesion_id": lesion.lesion_id,
                    "patient_id": lesion.lesion_id,
                    "label": lesion.label,
                    "label_provenance": "pathology",
                    "site": "centre",
                    "scanner_vendor": "Siemens",
                    "date": lesion.date,
                    "size_mm": lesion.size_mm,
                    "age": lesion.age,
                    **lesion.findings,
                    "subtype": lesion.subtype,
                }
                for lesion in lesions
            ]
        )
        rows = [
            (lesion.lesion_id, sequence, observer, _image(lesion, sequence), _region(lesion, observer), 1)
            for lesion in lesions
            for sequence in SEQUENCES
            for observer in OBSERVERS
        ]
        columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label"]
        return table, pd.DataFrame(rows, columns=columns), no_readings()

    def units(self) -> list[T1Lesion]:
        """Return the masses."""
        return draw_lesions(self.settings)

    def write(self, unit: T1Lesion, directory: Path) -> None:
        """Write the images and regions of one mass that are not there yet."""
        names = [_image(unit, sequence) for sequence in SEQUENCES]
        names += [_region(unit, observer) for observer in OBSERVERS]
        if all((directory / name).is_file() for name in names):
            return
        made = render(self.settings, unit)
        arrays: list[Volume] = [made.images[sequence] for sequence in SEQUENCES]
        arrays += [made.regions[observer] for observer in OBSERVERS]
        for name, array in zip(names, arrays, strict=True):
            if not (directory / name).is_file():
                write_volume(directory / name, array, made.grid)


def _image(lesion: T1Lesion, sequence: str) -> str:
    return f"images/{lesion.lesion_id}/{sequence}.nii.gz"


def _region(lesion: T1Lesion, observer: str) -> str:
    """Return the file of an observer's region, which is drawn on NP and copied to the other sequences."""
    return f"images/{lesion.lesion_id}/{observer}.nii.gz"
