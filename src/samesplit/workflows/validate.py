"""Look at a benchmark before anything slow starts: all that is wrong with any of its tables and files, at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import BenchmarkDefinition, read_benchmark_leniently
from samesplit.benchmarks.image_hashes import image_differences
from samesplit.benchmarks.published import load_published
from samesplit.benchmarks.readings import load_readings
from samesplit.benchmarks.splits import read_fixed, read_split
from samesplit.benchmarks.studies import explain_missing_columns, missing_columns
from samesplit.errors import Faults, SamesplitError
from samesplit.imaging.thumbnails import thumbnails
from samesplit.near_ids import alike_ids
from samesplit.run.chain.check import check_chain
from samesplit.run.external_predictions import load_externals
from samesplit.run.models import load_models
from samesplit.run.plan import check_organ_masks
from samesplit.run.profiles import read_profiles
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.run.provenance import ContentHashes
from samesplit.tables import LEDGER, empty_table, write_csv
from samesplit.tasks import SegmentationTask, SurvivalTask, Task
from samesplit.workflows.validation_table import validation_table
from samesplit.workspace import Workspace, find_benchmark

__all__ = ["Findings", "validate"]


@dataclass(frozen=True)
class Findings:
    """What was found in a benchmark.

    Attributes:
        name: The benchmark.
        summary: Counts in words, by what is counted.
        faults: What is wrong with benchmark.yaml, its tables and its models.
        problems: Ledger rows: missing, failed, repaired, noted, excluded.
        doubled: Pairs of images of different patients with the same content.
        notes: What was found out about the files: their separators, their missing values, ids that look alike.
        split: Whether the split has been made.
        unchecked: What could not be looked at because of the faults.
        file: All of it as a table, `validation.csv`.
        absent_files: How many lines of images.csv name a file that does not exist.
    """

    name: str
    summary: dict[str, str]
    faults: tuple[SamesplitError, ...]
    problems: pd.DataFrame
    doubled: pd.DataFrame
    notes: tuple[str, ...]
    split: bool
    unchecked: tuple[str, ...] = ()
    file: Path | None = None
    absent_files: int = 0

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong, nothing failed, no file is absent and no image stands under two patients."""
        failed = self.problems["status"].eq("failed")
        return not (self.faults or self.absent_files or failed.any()) and self.doubled.empty


def validate(
    benchmark: str | Path,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    reporter: Reporter | None = None,
    start: Path | None = None,
) -> Findings:
    """Check benchmark.yaml, every table, the frozen split, profiles, models, and open every image and mask once.

    Nothing stops at the first fault: what is wrong in one table is no reason not to look at the next. All that is
    found is written to `reports/<benchmark>/validation.csv` too.

    Args:
        benchmark: Folder or name.
        jobs: Processes that open images; one per core when None.
        scheduler: Address of a Dask scheduler whose workers are to open them instead.
        reporter: Told what is going on.
        start: Where to look for the benchmark.

    Raises:
        WorkspaceError: There is no such benchmark, the file cannot be written, or the scheduler is not there.
    """
    workspace, folder = find_benchmark(benchmark, start=start)
    definition, faults = read_benchmark_leniently(folder)
    if definition is None:
        unchecked = ("the tables, the split and the models: benchmark.yaml comes first",)
        found = Findings(
            folder.name, {}, tuple(faults.found), empty_table(LEDGER), _no_images(), (), False, unchecked
        )
    else:
        found = _look(workspace, folder, definition, faults, jobs, scheduler, reporter or SilentReporter())
    path = workspace.reports / folder.name / "validation.csv"
    write_csv(validation_table(found.faults, found.problems, found.doubled, found.notes), path)
    return replace(found, file=path)


def _look(
    workspace: Workspace,
    folder: Path,
    definition: BenchmarkDefinition,
    faults: Faults,
    jobs: int | None,
    scheduler: str | None,
    reporter: Reporter,
) -> Findings:
    unchecked: list[str] = []
    of_yaml = len(faults.found)
    with faults.kept():
        read_profiles(workspace, definition)
    loaded = load_models(workspace, folder, definition, faults=faults)
    if not faults.found:
        with faults.kept():
            check_chain(definition, loaded.models, loaded.tasks, folder)
    before = len(faults.found)
    cohort = None
    with faults.kept():
        cohort = load_cohort(folder, definition, faults=faults)
    whole = len(faults.found) == before
    notes = list(cohort.notes) if cohort is not None else []
    ledgers = [cohort.ledger] if cohort is not None else []
    with faults.kept():
        load_published(folder, missing=definition.missing_values, notes=notes, faults=faults)
    with faults.kept():
        load_externals(workspace, definition.name, definition.all_tasks())
    made = (folder / "splits.csv").exists() or (folder / "splits.json").exists()
    if cohort is None:
        unchecked.append("readings, split and images: they need lesions.csv")
    else:
        with faults.kept():
            ledgers.append(load_readings(folder, definition, cohort, notes=notes, faults=faults)[1])
        if whole:
            with faults.kept():
                check_organ_masks(loaded.models, cohort, folder)
        notes += _alike(cohort.lesions)
        with faults.kept():
            notes += image_differences(folder, cohort.images, ContentHashes().of)
        if made and whole and not of_yaml:
            with faults.kept():
                read_split(folder, cohort, settings=definition.split)
        elif not made and whole and definition.split.scheme == "fixed":
            with faults.kept():
                read_fixed(definition.split, folder, cohort.lesions)
        elif made:
            unchecked.append(
                "the frozen split: it is compared with a benchmark.yaml and tables without faults"
            )
        ledgers.append(_opened(workspace, definition, cohort, jobs, scheduler, reporter))
    with faults.kept():
        faults.found = explain_missing_columns(faults.found, missing_columns(folder, definition))
    tables = [table for table in ledgers if len(table)]
    return Findings(
        name=definition.name,
        summary=_summary(cohort, definition) if cohort is not None else {},
        faults=tuple(faults.found),
        problems=pd.concat(tables, ignore_index=True) if tables else empty_table(LEDGER),
        doubled=_doubled(cohort.images, cohort.lesions) if cohort is not None else _no_images(),
        notes=tuple(notes),
        split=made,
        unchecked=tuple(unchecked),
        absent_files=cohort.absent_files if cohort is not None else 0,
    )


def _opened(
    workspace: Workspace,
    definition: BenchmarkDefinition,
    cohort: Cohort,
    jobs: int | None,
    scheduler: str | None,
    reporter: Reporter,
) -> pd.DataFrame:
    """Return the ledger of opening every image and mask that is named."""
    if cohort.images.empty:
        return empty_table(LEDGER)
    with reporter.stage("Images") as advance:
        looked = thumbnails(
            cohort.images,
            cache=workspace.cache / "thumbnails",
            jobs=jobs or os.cpu_count() or 1,
            progress=advance,
            geometry_repair=definition.cohort.geometry_repair,
            minimum_voxels=definition.cohort.minimum_voxels,
            scheduler=scheduler,
        )
    return looked.ledger


def _alike(lesions: pd.DataFrame) -> list[str]:
    """Ids that may be meant to be one: a patient under two ids may stand on two sides of the split."""
    told = []
    for column in ("patient_id", "lesion_id"):
        for one, other in alike_ids(lesions[column].dropna()):
            told.append(
                f"lesions.csv: {column} '{one}' and '{other}' differ in zeros or in small and capital letters "
                "only; if they are one, write them alike"
            )
    return told


def _outcomes(task: Task, outcomes: pd.DataFrame, lesions: int) -> str:
    """Return the counts of a task's classes or events, and of the lesions that it leaves out."""
    out = lesions - len(outcomes)
    left_out = f"; {out} of {lesions} lesions left out" if out else ""
    if isinstance(task, SegmentationTask):
        return f"{len(outcomes)} lesions with masks{left_out}"
    if isinstance(task, SurvivalTask):
        seen, longest = int(outcomes["label"].sum()), outcomes["time"].max()
        return f"{seen} events among {len(outcomes)} lesions in up to {longest:g} {task.unit}{left_out}"
    counts = outcomes["label"].value_counts()
    shown = (f"{counts.get(number, 0)} {one}" for number, one in enumerate(task.classes))
    return ", ".join(shown) + left_out


def _summary(cohort: Cohort, definition: BenchmarkDefinition) -> dict[str, str]:
    lesions = cohort.lesions
    summary = {"lesions": f"{len(lesions)} of {lesions['patient_id'].nunique()} patients"}
    if definition.task is not None:
        summary["classes"] = ", ".join(f"{n} {label}" for label, n in lesions["label"].value_counts().items())
    for name, task in definition.tasks.items():
        summary[f"task {name}"] = _outcomes(task, cohort.outcomes[name], len(lesions))
    if len(cohort.images):
        sequences = cohort.images.groupby("sequence")["lesion_id"].nunique()
        summary["sequences"] = ", ".join(f"{sequence} {n}" for sequence, n in sequences.items())
        summary["raters"] = ", ".join(map(str, sorted(cohort.images["rater"].unique())))
    if cohort.features is not None:
        rows, columns = cohort.features.table.shape
        summary["features"] = f"{columns} columns for {rows} lesions in {cohort.features.file}"
        for number, note in enumerate(cohort.features.notes):
            summary["left out" if number == 0 else f"left out ({number + 1})"] = note
    for column in ("site", "scanner_vendor", "label_provenance"):
        if column in lesions:
            counts = lesions[column].fillna("unknown").value_counts()
            summary[column] = ", ".join(f"{value} {n}" for value, n in counts.items())
    return summary


def _no_images() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in _DOUBLED})


_DOUBLED = ("lesion_id", "patient_id", "sequence", "image")


def _doubled(images: pd.DataFrame, lesions: pd.DataFrame) -> pd.DataFrame:
    """Images with the same content under different patients: one of the ways a patient gets on two sides."""
    hashes = ContentHashes()
    table = images.drop_duplicates(["lesion_id", "sequence", "image"]).merge(
        lesions[["lesion_id", "patient_id"]], on="lesion_id"
    )
    table = table.assign(content=table["image"].map(hashes.of))
    table = table[~table["content"].str.startswith("missing")]
    patients = table.groupby("content")["patient_id"].transform("nunique")
    return table.loc[patients > 1, list(_DOUBLED)].reset_index(drop=True)
