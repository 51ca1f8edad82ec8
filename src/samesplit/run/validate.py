"""Look at a cohort before anything slow starts: tables, files, geometry, masks, doubled images."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import read_benchmark
from samesplit.benchmarks.readings import load_readings
from samesplit.features.thumbnails import thumbnails
from samesplit.run.profiles import read_profiles
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.run.provenance import ContentHashes
from samesplit.tables import LEDGER, empty_table
from samesplit.workspace import find_benchmark

__all__ = ["Findings", "validate"]


@dataclass(frozen=True)
class Findings:
    """What was found in a cohort.

    Attributes:
        name: The benchmark.
        summary: Counts in words, by what is counted.
        problems: Ledger rows: missing, failed, repaired, noted, excluded.
        doubled: Pairs of images of different patients with the same content.
        split: Whether the split has been made.
    """

    name: str
    summary: dict[str, str]
    problems: pd.DataFrame
    doubled: pd.DataFrame
    split: bool

    @property
    def fine(self) -> bool:
        """Whether nothing failed, no named file is absent and no image stands under two patients."""
        failed = self.problems["status"].eq("failed")
        absent = self.problems["reason"].str.contains("does not exist", regex=False)
        return not bool((failed | absent).any()) and self.doubled.empty


def validate(
    benchmark: str | Path,
    *,
    jobs: int | None = None,
    reporter: Reporter | None = None,
    start: Path | None = None,
) -> Findings:
    """Check a benchmark's declarations and tables and open every image and mask once, where it has any.

    Raises:
        SamesplitError: (or one of its kinds) A declaration or table is wrong; problems of single lesions are
            gathered in the findings instead.
    """
    reporter = reporter or SilentReporter()
    workspace, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    read_profiles(workspace, definition)
    cohort = load_cohort(folder, definition)
    ledgers = [cohort.ledger]
    if definition.readings is not None:
        ledgers.append(load_readings(folder, definition, cohort)[1])
    if definition.cohort.sequences:
        with reporter.stage("Images") as advance:
            looked = thumbnails(
                cohort.images,
                cache=workspace.cache / "thumbnails",
                jobs=jobs or os.cpu_count() or 1,
                progress=advance,
                geometry_repair=definition.cohort.geometry_repair,
                minimum_voxels=definition.cohort.minimum_voxels,
            )
        ledgers.append(looked.ledger)
    tables = [table for table in ledgers if len(table)]
    problems = pd.concat(tables, ignore_index=True) if tables else empty_table(LEDGER)
    return Findings(
        name=definition.name,
        summary=_summary(cohort),
        problems=problems,
        doubled=_doubled(cohort.images, cohort.lesions),
        split=(folder / "splits.csv").exists(),
    )


def _summary(cohort: Cohort) -> dict[str, str]:
    lesions = cohort.lesions
    classes = lesions["label"].value_counts()
    summary = {
        "lesions": f"{len(lesions)} of {lesions['patient_id'].nunique()} patients",
        "classes": ", ".join(f"{n} {label}" for label, n in classes.items()),
    }
    if len(cohort.images):
        sequences = cohort.images.groupby("sequence")["lesion_id"].nunique()
        summary["sequences"] = ", ".join(f"{sequence} {n}" for sequence, n in sequences.items())
        summary["raters"] = ", ".join(map(str, sorted(cohort.images["rater"].unique())))
    if cohort.features is not None:
        rows, columns = cohort.features.table.shape
        summary["features"] = f"{columns} of {rows} lesions in {cohort.features.file}"
        for number, note in enumerate(cohort.features.notes):
            summary["left out" if number == 0 else f"left out ({number + 1})"] = note
    for column in ("site", "scanner_vendor", "label_provenance"):
        if column in lesions:
            counts = lesions[column].fillna("unknown").value_counts()
            summary[column] = ", ".join(f"{value} {n}" for value, n in counts.items())
    return summary


def _doubled(images: pd.DataFrame, lesions: pd.DataFrame) -> pd.DataFrame:
    """Images with the same content under different patients: one of the ways a patient gets on two sides."""
    hashes = ContentHashes()
    table = images.drop_duplicates(["lesion_id", "sequence", "image"]).merge(
        lesions[["lesion_id", "patient_id"]], on="lesion_id"
    )
    table = table.assign(content=table["image"].map(hashes.of))
    table = table[~table["content"].str.startswith("missing")]
    patients = table.groupby("content")["patient_id"].transform("nunique")
    return table.loc[patients > 1, ["lesion_id", "patient_id", "sequence", "image"]].reset_index(drop=True)
