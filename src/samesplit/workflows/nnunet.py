"""A benchmark handed to nnU-Net, and its predictions taken back into the same frozen split."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samesplit.benchmarks.cohort import Cohort
from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.benchmarks.nnunet import (
    Case,
    cases_of_images,
    read_results,
    readable_cases,
    split_of_cases,
    write_dataset,
)
from samesplit.benchmarks.nnunet.dataset import SPLITS_FILE
from samesplit.benchmarks.splits.checks import some
from samesplit.errors import CohortError, PredictionsError
from samesplit.run.external_predictions import slug
from samesplit.run.plan import Plan, RunOptions, load_plan
from samesplit.storage import write_text
from samesplit.tables import write_csv
from samesplit.tasks import SegmentationTask
from samesplit.workflows.compare import compare

__all__ = ["Exported", "export_dataset", "import_results"]


@dataclass(frozen=True)
class Exported:
    """A dataset as it was written.

    Attributes:
        folder: `DatasetXXX_Name`.
        n_cases: How many cases it has.
        n_folds: How many folds `splits_final.json` has.
        notes: What was resampled, missing or left out.
    """

    folder: Path
    n_cases: int
    n_folds: int
    notes: tuple[str, ...]


def export_dataset(
    benchmark: str | Path,
    folder: Path,
    *,
    sequences: Sequence[str] = (),
    hounsfield: Sequence[str] = (),
    start: Path | None = None,
) -> Exported:
    """Write a benchmark as a dataset of nnU-Net v2, with the frozen split as its splits_final.json.

    A case is an image with all lesions in it. All sequences are channels on the grid of the first.

    Args:
        benchmark: Folder or name.
        folder: `nnUNet_raw/DatasetXXX_Name`.
        sequences: The channels; the first has the masks. Default: all sequences of the benchmark.
        hounsfield: Sequences in Hounsfield units.
        start: Where to look for the benchmark.

    Raises:
        CohortError: A sequence that the benchmark does not have, or nothing to write.
        SplitError: There is no frozen split.
    """
    plan = load_plan(benchmark, RunOptions(), start=start)
    definition, cohort = plan.definition, plan.cohort
    channels = _channels(definition, sequences, hounsfield)
    found = _cases(cohort, definition, channels)
    lacking = set(cohort.lesions["lesion_id"]) - {lesion for case in found for lesion in case.lesions}
    cases, notes = write_dataset(
        folder,
        found,
        channels,
        title=definition.title,
        hounsfield=hounsfield,
        geometry_repair=definition.cohort.geometry_repair,
        minimum_voxels=definition.cohort.minimum_voxels,
    )
    folds = split_of_cases(plan.split, cohort.lesions, cases)
    write_text(folder / SPLITS_FILE, json.dumps(folds, indent=4, ensure_ascii=False) + "\n")
    if lacking:
        count = f"{len(lacking)} lesion{'s' * (len(lacking) > 1)}"
        notes = (f"left out: {count} without {channels[0]}, the first sequence: {some(lacking)}", *notes)
    return Exported(folder, len(cases), len(folds), notes)


def import_results(
    benchmark: str | Path,
    results: Path,
    *,
    title: str,
    task: str | None = None,
    sequences: Sequence[str] = (),
    splits: Path | None = None,
    replace: bool = False,
    jobs: int | None = None,
    start: Path | None = None,
) -> tuple[Plan, tuple[str, ...]]:
    """Join the validation masks of a trained nnU-Net to a segmentation task.

    Args:
        benchmark: Folder or name.
        results: `nnUNet_results/DatasetXXX_Name/<trainer>__<plans>__<configuration>`.
        title: What to call the model.
        task: The segmentation task; may be left out where the benchmark has one.
        sequences: The channels that the dataset was exported with.
        splits: The splits_final.json that was trained with; looked for beside the results when not given.
        replace: Put the masks in the place of others that are kept under the same name.
        jobs: Processes for what has not been run yet.
        start: Where to look for the benchmark.

    Returns:
        The plan of the run that has the model in it, and notes.

    Raises:
        PredictionsError: A fold is missing or is not that of the frozen split, or there is no segmentation task.
        SplitError: nnU-Net was trained with another split.
    """
    plan = load_plan(benchmark, RunOptions(), start=start)
    asked = _segmentation_task(plan, task)
    channels = _channels(plan.definition, sequences, ())
    cohort = plan.definition.cohort
    settings: dict[str, Any] = {
        "geometry_repair": cohort.geometry_repair,
        "minimum_voxels": cohort.minimum_voxels,
    }
    cases = readable_cases(_cases(plan.cohort, plan.definition, channels), channels, **settings)
    folds = split_of_cases(plan.split, plan.cohort.lesions, cases)
    table, notes = read_results(results, cases, folds, plan.split.pairs(), splits=splits, **settings)
    declared = plan.tasks[asked]
    wanted = (declared.sequences if isinstance(declared, SegmentationTask) else ()) or cohort.sequences
    table = table[table["sequence"].isin(wanted)]
    path = plan.workspace.reports / plan.definition.name / "external" / f"{slug(title)}-nnunet.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(table, path)
    joined = compare(
        benchmark, path, title=title, task=asked if plan.definition.tasks else None, replace=replace, jobs=jobs,
        start=start, allow_missing=True,
    )  # fmt: skip
    return joined, tuple(dict.fromkeys(notes))


def _segmentation_task(plan: Plan, task: str | None) -> str:
    """Return the name of the segmentation task that is meant."""
    there = [name for name, one in plan.tasks.items() if isinstance(one, SegmentationTask)]
    if task is None and len(there) == 1:
        return there[0]
    if task in there:
        return str(task)
    raise PredictionsError(
        "the benchmark has no such segmentation task" if task or not there else "the benchmark has several",
        where=plan.definition.name,
        remedy=f"say with --task which one is meant; segmentation tasks are: {', '.join(there) or 'none'}",
    )


def _channels(
    definition: BenchmarkDefinition, sequences: Sequence[str], hounsfield: Sequence[str]
) -> tuple[str, ...]:
    """Return the sequences that are channels; each must be one of the benchmark's."""
    known = definition.cohort.sequences
    for name in (*sequences, *hounsfield):
        if name not in known:
            raise CohortError(
                f"the benchmark has no sequence '{name}'",
                where=definition.name,
                remedy=f"its sequences are: {', '.join(known)}",
            )
    return tuple(sequences) or tuple(known)


def _cases(cohort: Cohort, definition: BenchmarkDefinition, channels: Sequence[str]) -> tuple[Case, ...]:
    own = cohort.images[cohort.images["rater"] == definition.cohort.rater]
    return cases_of_images(own, channels)
