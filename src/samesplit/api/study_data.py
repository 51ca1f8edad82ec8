"""What a study is made of: the benchmark's declaration, cohort and frozen split, and one of its tasks."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from samesplit.api.cases import LesionCase
from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import BenchmarkDefinition, read_benchmark
from samesplit.benchmarks.splits import Split, read_split
from samesplit.errors import CohortError, DataMissingError, DeclarationError
from samesplit.imaging.case import read_case
from samesplit.imaging.mask_label import parse_mask_label
from samesplit.near_ids import which_id_is_meant
from samesplit.tasks import DEFAULT_TASK, Task
from samesplit.workspace import Workspace, find_benchmark

__all__ = ["StudyData", "load_study"]


@dataclass(frozen=True)
class StudyData:
    """A benchmark, read and checked.

    Attributes:
        workspace: Where results go.
        folder: The benchmark's folder.
        definition: `benchmark.yaml`.
        cohort: Lesions, images and outcomes.
        split: The frozen split.
        task_name: The task in use; None where there are several and none has been chosen.
        asked: How the user named the benchmark.
        start: Where it was looked for.
    """

    workspace: Workspace
    folder: Path
    definition: BenchmarkDefinition
    cohort: Cohort
    split: Split
    task_name: str | None
    asked: str | Path
    start: Path

    @property
    def tasks(self) -> dict[str, Task]:
        """The tasks by name."""
        return self.definition.all_tasks()

    @property
    def named_tasks(self) -> bool:
        """Whether the tasks have names that outputs show: the benchmark says `tasks:` and not `task:`."""
        return list(self.tasks) != [DEFAULT_TASK]

    @property
    def task(self) -> Task:
        """The task in use.

        Raises:
            DeclarationError: The benchmark has several, and none has been chosen.
        """
        return self.tasks[self._chosen()]

    @property
    def outcomes(self) -> pd.DataFrame:
        """The outcomes of the task in use by lesion_id: `label`, and `time` for survival."""
        return self.cohort.outcomes[self._chosen()]

    @property
    def ledger(self) -> pd.DataFrame:
        """The cohort's case ledger, without what tells the outcome of a lesion.

        A task that is asked among the lesions of some outcome (`among: {label: [malignant]}`) leaves the others
        out for a reason that is their label.
        """
        ledger = self.cohort.ledger
        outcomes = set(self.definition.outcome_columns())
        telling = [f"task {name}" for name, task in self.tasks.items() if outcomes & set(task.among)]
        hidden = "left out of the task; the reason is an outcome, which only the evaluation reads"
        reasons = ledger["reason"].mask(ledger["stage"].isin(telling), hidden)
        return ledger.assign(reason=reasons).drop_duplicates(ignore_index=True)

    def _chosen(self) -> str:
        if self.task_name is None:
            names = list(self.tasks)
            raise DeclarationError(
                f"the benchmark has the tasks {', '.join(names)}, and none has been chosen",
                where=self.folder / "benchmark.yaml",
                remedy=f"study.task({names[0]!r}), or samesplit.open_benchmark(..., task={names[0]!r})",
            )
        return self.task_name

    def check_sequences(self, sequences: Sequence[str] | None) -> tuple[str, ...]:
        """Check names of sequences; all of the benchmark's when None.

        Raises:
            CohortError: The benchmark has no such sequence, or no images at all.
        """
        there = self.definition.cohort.sequences
        wanted = there if sequences is None else tuple(sequences)
        for name in wanted:
            if name not in there:
                near = difflib.get_close_matches(name, there, n=1)
                raise CohortError(
                    f"the benchmark has no sequence '{name}'",
                    where=self.definition.name,
                    remedy=(f"did you mean '{near[0]}'? " if near else "")
                    + f"its sequences are: {', '.join(there) or 'none'}",
                )
        if not wanted:
            raise CohortError(
                "the benchmark has no images", where=self.definition.name, remedy="use study.features()"
            )
        return wanted

    def check_rater(self, rater: str | None) -> str:
        """Check the name of a rater; the benchmark's own when None.

        Raises:
            CohortError: There is no such rater.
        """
        cohort = self.definition.cohort
        known = [cohort.rater, *cohort.other_raters]
        if rater is not None and rater not in known:
            raise CohortError(
                f"the benchmark has no rater '{rater}'",
                where=self.definition.name,
                remedy=f"its raters are: {', '.join(known)}",
            )
        return rater or cohort.rater

    def image_rows(self, lesions: Sequence[str], sequences: Sequence[str], rater: str) -> pd.DataFrame:
        """Find the rows of the images table of some lesions, sequences and a rater."""
        images = self.cohort.images
        chosen = (
            images["lesion_id"].isin(lesions)
            & images["sequence"].isin(sequences)
            & (images["rater"] == rater)
        )
        return images[chosen]

    def read(self, lesion: str, sequence: str, rater: str) -> LesionCase:
        """Read one image and its mask, with the checks and repairs of a run.

        Raises:
            CohortError: There is no such lesion.
            DataMissingError: The lesion has no such image, or not with a mask of this rater.
            LesionError: The image or the mask cannot be used.
        """
        known = set(self.cohort.lesions["lesion_id"])
        if lesion not in known:
            raise CohortError(
                f"there is no lesion '{lesion}'",
                where=self.definition.name,
                remedy=f"{which_id_is_meant(lesion, known)}The ids are in study.lesions.index",
            )
        rows = self.image_rows([lesion], [sequence], rater)
        if rows.empty:
            raise DataMissingError(
                f"the lesion '{lesion}' has no image {sequence} with a mask of {rater}",
                where=self.definition.name,
                remedy="see study.images for what there is",
            )
        row = rows.iloc[0]
        settings = self.definition.cohort
        case = read_case(
            str(row["image"]),
            str(row["mask"]),
            lesion_id=lesion,
            mask_label=parse_mask_label(str(row["mask_label"])),
            spacing_mm=None if pd.isna(row["spacing_mm"]) else float(row["spacing_mm"]),
            geometry_repair=settings.geometry_repair,
            minimum_voxels=settings.minimum_voxels,
        )
        return LesionCase(case, lesion_id=lesion, sequence=sequence, rater=rater)


def load_study(benchmark: str | Path, *, task: str | None = None, start: Path | None = None) -> StudyData:
    """Read and check a benchmark.

    Args:
        benchmark: Its folder or name.
        task: One of its tasks; None takes the only one, or leaves the choice open.
        start: Where to look for a benchmark that is given by name; default: the current folder.

    Raises:
        SamesplitError: (one of its kinds) The benchmark, its data or its split is missing or wrong.
    """
    workspace, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    cohort = load_cohort(folder, definition)
    split = read_split(folder, cohort, settings=definition.split)
    here = (start or Path.cwd()).resolve()
    return with_task(StudyData(workspace, folder, definition, cohort, split, None, benchmark, here), task)


def with_task(data: StudyData, task: str | None) -> StudyData:
    """Choose one of the tasks of a study.

    Raises:
        DeclarationError: There is no such task.
    """
    names = list(data.tasks)
    if task is not None and task not in names:
        near = difflib.get_close_matches(task, names, n=1)
        there = ", ".join(names) if data.named_tasks else "one without a name: leave task out"
        raise DeclarationError(
            f"the benchmark has no task '{task}'",
            where=data.folder / "benchmark.yaml",
            remedy=(f"did you mean '{near[0]}'? " if near else "") + f"its tasks are: {there}",
        )
    chosen = task or (names[0] if len(names) == 1 else None)
    return replace(data, task_name=chosen)
