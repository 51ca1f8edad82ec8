"""A benchmark opened from Python: frozen folds, images, features, and the evaluation of one's own models."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from samesplit.api.cases import LesionCase
from samesplit.api.folds import Fold
from samesplit.api.joining import join_submissions, run_study
from samesplit.api.report import Report
from samesplit.api.study_data import StudyData, load_study, with_task
from samesplit.api.study_features import study_features
from samesplit.api.submissions import Submissions
from samesplit.tables import LEDGER, empty_table
from samesplit.tasks import Task

__all__ = ["Study", "open_benchmark"]

_ALWAYS_SHOWN = ("patient_id", "site", "size_mm")


def open_benchmark(
    benchmark: str | Path, *, task: str | None = None, workspace: str | Path | None = None
) -> Study:
    """Open a benchmark: its cohort, its frozen split, and the way into its report.

    Args:
        benchmark: The benchmark's folder, or the name of one in the workspace or among the built-in ones.
        task: One of its tasks, where it declares several.
        workspace: The folder in which a name is looked for and results are written; default: the current
            folder and what lies around it, as on the command line.

    Returns:
        The study. Nothing has been computed yet.

    Raises:
        SamesplitError: (one of its kinds) The benchmark, its data or its split is missing or wrong; the
            message says what to do, for example `samesplit fetch` or `samesplit split`.
    """
    start = None if workspace is None else Path(workspace)
    return Study(load_study(benchmark, task=task, start=start))


class Study:
    """One benchmark, and one of its tasks.

    Made by `open_benchmark`. What a model may learn from is here: training and validation labels, images,
    features and clinical variables. The labels of test lesions are not; `evaluate` compares predictions
    with them.
    """

    def __init__(self, data: StudyData) -> None:
        self._data = data
        self._features: dict[tuple[str, str], pd.DataFrame] = {}
        self._ledger = data.ledger

    @property
    def name(self) -> str:
        """The benchmark's name."""
        return self._data.definition.name

    @property
    def folder(self) -> Path:
        """The benchmark's folder."""
        return self._data.folder

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the benchmark's tasks; none where it has a single one under `task:`."""
        return tuple(self._data.tasks) if self._data.named_tasks else ()

    def task(self, name: str) -> Study:
        """Return the same study with another of its tasks.

        Raises:
            DeclarationError: There is no such task.
        """
        other = Study(with_task(self._data, name))
        other._features, other._ledger = self._features, self._ledger
        return other

    @property
    def question(self) -> Task:
        """The task in use: its kind, its question and its classes.

        Raises:
            DeclarationError: The benchmark has several, and none has been chosen.
        """
        return self._data.task

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes by number: label 0 is the first. None for survival and segmentation."""
        return tuple(getattr(self._data.task, "classes", ()))

    @property
    def sequences(self) -> tuple[str, ...]:
        """The names of the images of each lesion."""
        return self._data.definition.cohort.sequences

    @property
    def lesions(self) -> pd.DataFrame:
        """All lesions with what a model may see of them, indexed by lesion_id.

        The columns are `patient_id`, `site` and `size_mm` where they are known, and the clinical variables that
        the benchmark declares. No outcome of any task is among them.
        """
        table = self._data.cohort.lesions.set_index("lesion_id")
        outcomes = {column for task in self._data.tasks.values() for column in task.columns}
        allowed = dict.fromkeys([*_ALWAYS_SHOWN, *self._data.definition.cohort.clinical])
        return table[[name for name in allowed if name in table and name not in outcomes]].copy()

    @property
    def images(self) -> pd.DataFrame:
        """Every image and mask: lesion_id, sequence, rater, paths, mask_label and spacing_mm (of arrays)."""
        return self._data.cohort.images.copy()

    @property
    def ledger(self) -> pd.DataFrame:
        """What was missing, repaired or failed so far, with the reason: one row each.

        Where a task is asked among the lesions of some outcome, the reason does not say which outcome.
        """
        parts = [part for part in (self._ledger,) if len(part)]
        return pd.concat(parts, ignore_index=True) if parts else empty_table(LEDGER)

    def folds(self) -> list[Fold]:
        """Every repeat and fold of the frozen split, in order.

        Raises:
            DeclarationError: The benchmark has several tasks, and none has been chosen.
        """
        submissions = self._submissions()
        return [Fold(self._data, submissions, *pair) for pair in self._data.split.pairs()]

    def case(self, lesion: str, sequence: str | None = None, *, rater: str | None = None) -> LesionCase:
        """Read one image of a lesion with its mask, checked and on one grid, as a run reads it.

        Args:
            lesion: The lesion_id.
            sequence: Which image; may be left out where there is one.
            rater: Whose mask; the benchmark's rater when None.

        Raises:
            CohortError: There is no such lesion, sequence or rater, or several sequences and none is named.
            DataMissingError: The lesion has no such image.
            LesionError: The image or mask cannot be used; the message says why.
        """
        from samesplit.errors import CohortError

        wanted = self._data.check_sequences(None if sequence is None else [sequence])
        if len(wanted) > 1:
            raise CohortError(
                f"the benchmark has several sequences: {', '.join(wanted)}",
                where=self.name,
                remedy=f"name one: study.case({lesion!r}, {wanted[0]!r})",
            )
        return self._data.read(lesion, wanted[0], self._data.check_rater(rater))

    def features(
        self,
        profile: str | None = None,
        *,
        sequences: Sequence[str] | None = None,
        rater: str | None = None,
        jobs: int | None = None,
    ) -> pd.DataFrame:
        """Extract the features of all lesions, or take them from the cache that runs use.

        Args:
            profile: A profile of the benchmark, or any other in `features/`. None: the benchmark's only
                profile, or its own table of features.
            sequences: The images to extract from; default: those that the benchmark names for the profile,
                else all.
            rater: Whose masks; the benchmark's rater when None.
            jobs: Processes; one per core when None.

        Returns:
            One row a lesion, indexed by lesion_id, one float column per `<profile>/<sequence>/<feature>`. A
            lesion without features has NaN in every column; a warning names it, and `study.ledger` says
            why.

        Raises:
            WorkspaceError: There is no such profile; the message names the nearest.
            DeclarationError: The profile says something that cannot be, or none is named and there are
                several.
        """
        whose = self._data.check_rater(rater)
        key = (f"{profile} {whose}", "" if sequences is None else " ".join(sequences))
        if key not in self._features:
            table, ledger = study_features(self._data, profile, sequences=sequences, rater=whose, jobs=jobs)
            self._features[key] = table
            kept = [part for part in (self._ledger, ledger) if len(part)]
            self._ledger = pd.concat(kept, ignore_index=True).drop_duplicates() if kept else self._ledger
            empty = table.index[table.isna().all(axis="columns")].tolist()
            if empty:
                more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
                warnings.warn(
                    f"{len(empty)} of {len(table)} lesions have no features: {', '.join(empty[:5])}{more}; "
                    "study.ledger says why",
                    stacklevel=2,
                )
        return self._features[key].copy()

    @property
    def submitted(self) -> tuple[str, ...]:
        """The names of the models of which predictions of any fold are kept."""
        return tuple(self._submissions().titles().values())

    def withdraw(self, name: str) -> None:
        """Remove everything that was submitted under a name, from the next evaluation too.

        Raises:
            PredictionsError: Nothing was.
        """
        from samesplit.api.joining import withdraw_submission

        withdraw_submission(self._data, self._submissions(), name)

    def evaluate(
        self,
        *,
        models: Sequence[str] | None = None,
        jobs: int | None = None,
        track: bool = True,
        progress: bool = False,
    ) -> Report:
        """Judge what was submitted beside the benchmark's own models, and write the report.

        The same as `samesplit run`: what has been done before is not done again, all models are judged on
        the same lesions, and the submitted models stay part of the benchmark until they are withdrawn.

        Args:
            models: Which of the benchmark's own models to run; all when None.
            jobs: Processes; one per core when None.
            track: Push the run to the workspace's `mlflow.db` (needs the extra `tracking`; without it a
                warning says that nothing was tracked).
            progress: Draw progress bars.

        Returns:
            The results as tables, and the path of the report.

        Raises:
            PredictionsError: A submitted model lacks folds.
            SamesplitError: (or another of its kinds) The run cannot go on; what was finished is kept.
        """
        for task in self._data.tasks:
            data = with_task(self._data, task)
            join_submissions(data, Study(data)._submissions())
        folder, failures = run_study(
            self._data, only=tuple(models or ()), jobs=jobs, track=track, progress=progress
        )
        task_name = self._data.task_name if self._data.named_tasks else None
        return Report(folder, task=task_name, failures=failures)

    def _submissions(self) -> Submissions:
        data = self._data
        place = data.workspace.reports / data.definition.name / "submissions"
        task = data.task
        return Submissions(
            folder=place / str(data.task_name) if data.named_tasks else place,
            task=task,
            split_sha256=data.split.sha256,
            pairs=tuple(data.split.pairs()),
            rater=data.definition.cohort.rater,
        )

    def __repr__(self) -> str:
        patients = self._data.cohort.lesions["patient_id"].nunique()
        chosen = f", task {self._data.task_name}" if self._data.named_tasks and self._data.task_name else ""
        return (
            f"<Study {self.name}{chosen}: {len(self._data.cohort.lesions)} lesions of {patients} patients, "
            f"{len(self._data.split.pairs())} folds>"
        )
