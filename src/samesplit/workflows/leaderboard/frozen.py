"""What a submission must fit: split, lesions and tasks of a benchmark; its images are not looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import BenchmarkDefinition, read_benchmark
from samesplit.benchmarks.splits import Split, read_split
from samesplit.errors import CohortError
from samesplit.tables import IMAGES, LEDGER, LESIONS, empty_table, read_csv
from samesplit.tasks import SegmentationTask, Task
from samesplit.workspace import Workspace, find_benchmark

__all__ = ["Frozen", "load_frozen", "submission_files", "submissions_folder"]

SUBMISSIONS = "submissions"
"""The folder of a benchmark that its submissions lie in."""


@dataclass(frozen=True)
class Frozen:
    """A benchmark as far as a submission has to fit it.

    Attributes:
        workspace: Where evaluations go.
        folder: The benchmark's folder.
        definition: `benchmark.yaml`.
        cohort: Lesions and outcomes, no images; without outcomes where the labels are not at hand.
        split: The frozen split.
        labels_known: Whether the labels are at hand, so that submissions can be judged.
    """

    workspace: Workspace
    folder: Path
    definition: BenchmarkDefinition
    cohort: Cohort
    split: Split
    labels_known: bool

    @property
    def name(self) -> str:
        """The benchmark's name."""
        return self.definition.name

    @property
    def tasks(self) -> Mapping[str, Task]:
        """The tasks that can be answered by a table alone, by name."""
        return {
            name: task
            for name, task in self.definition.all_tasks().items()
            if not isinstance(task, SegmentationTask)
        }

    @property
    def named(self) -> bool:
        """Whether its tasks have names."""
        return bool(self.definition.tasks)

    @property
    def submissions(self) -> Path:
        """Where its submissions lie, see `submissions_folder`."""
        return submissions_folder(self.workspace, self.folder, self.name)

    @cached_property
    def expected(self) -> pd.DataFrame:
        """Which lesions stand where in the split: repeat, fold, subset and lesion_id."""
        return self.split.places(self.cohort.lesions)

    def answered(self, task: str) -> pd.Index[str] | None:
        """Return the lesions that have an outcome in a task; None where that is not known."""
        return self.cohort.outcomes[task].index if self.labels_known else None

    def truth(self, task: str) -> pd.DataFrame:
        """Return the lesions that have an outcome in a task: patient_id, label, time, and named test sets."""
        outcomes = self.cohort.outcomes[task]
        lesions = self.split.with_test_sets(self.cohort.lesions).set_index("lesion_id")
        columns = [name for name in ("patient_id", "test_set") if name in lesions]
        known = lesions.loc[lesions.index.isin(outcomes.index), columns]
        return known.assign(**{str(column): outcomes[column] for column in outcomes})


def submissions_folder(workspace: Workspace, folder: Path, name: str) -> Path:
    """Return where submissions lie: of a benchmark that comes built in, in the workspace under its name.

    Args:
        workspace: Where one works.
        folder: The benchmark's folder.
        name: Its name.
    """
    root = workspace.root.resolve()
    built_in = not folder.resolve().is_relative_to(root)
    return (root / "benchmarks" / name if built_in else folder) / SUBMISSIONS


def submission_files(folder: Path) -> list[Path]:
    """Return the submissions in a folder by name; none where it is not there.

    Args:
        folder: Where they lie.
    """
    inside = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in inside if path.suffix.lower() == ".csv" and path.name[0] != ".")


def load_frozen(benchmark: str | Path, *, start: Path | None = None) -> Frozen:
    """Read what a submission to a benchmark must fit.

    The labels need not be at hand: a lesions.csv with lesion_id and patient_id alone, or with empty labels, is
    enough to check a submission, and not to judge it.

    Args:
        benchmark: Folder or name.
        start: Where to look for the benchmark; default: the current folder.

    Raises:
        SamesplitError: (one of its kinds) The benchmark, its lesions or its split are missing or wrong, or all of
            its tasks are of masks.
    """
    workspace, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    if all(isinstance(task, SegmentationTask) for task in definition.all_tasks().values()):
        raise CohortError(
            "asks for masks alone, and a submission is one table",
            where=folder / "benchmark.yaml",
            remedy="join masks with samesplit compare, whose report ranks them",
        )
    without = _without_labels(folder, definition)
    if without is not None:
        bare = Cohort(without, empty_table(IMAGES), {}, empty_table(LEDGER), "")
        split = read_split(folder, bare, labels_known=False)
        return Frozen(workspace, folder, definition, bare, split, labels_known=False)
    cohort = load_cohort(folder, definition, outcomes_alone=True)
    split = read_split(folder, cohort, settings=definition.split)
    return Frozen(workspace, folder, definition, cohort, split, labels_known=True)


def _without_labels(folder: Path, definition: BenchmarkDefinition) -> pd.DataFrame | None:
    """Return lesion_id and patient_id where lesions.csv lacks outcomes; None where it has them, or is not here."""
    path = folder / "lesions.csv"
    if not path.is_file():
        return None  # beside the data, or missing: whoever reads the cohort says so
    known = [*LESIONS.columns, *definition.cohort.clinical, *definition.outcome_columns()]
    lesions = read_csv(path, error=CohortError, known=known, missing=definition.missing_values)
    columns = [column for column in definition.outcome_columns() if column in lesions]
    absent = len(columns) < len(definition.outcome_columns())
    hidden = any(lesions[column].isna().all() for column in columns)
    some = any(lesions[column].isna().any() for column in columns)
    if not (absent or hidden or (some and _stripped(folder))):
        return None
    if not {"lesion_id", "patient_id"} <= set(lesions):
        return None
    return lesions[["lesion_id", "patient_id"]].astype("str").sort_values("lesion_id", ignore_index=True)


def _stripped(folder: Path) -> bool:
    """Whether splits.json tells nothing of single patients, as it is handed out without labels."""
    try:
        record = json.loads((folder / "splits.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("patients") == {}
