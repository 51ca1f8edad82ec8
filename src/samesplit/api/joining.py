"""Submitted predictions joined to the benchmark, and the run that judges them."""

from __future__ import annotations

import warnings
from pathlib import Path

from samesplit.api.study_data import StudyData
from samesplit.api.submissions import Submissions
from samesplit.errors import PredictionsError
from samesplit.extras import has_extra
from samesplit.run.external_predictions import keep_external, load_externals, remove_external, slug
from samesplit.run.plan import RunOptions, load_plan
from samesplit.run.progress import Reporter, RichReporter, SilentReporter
from samesplit.tasks import DEFAULT_TASK
from samesplit.workflows.run import run_benchmark

__all__ = ["SOURCE", "join_submissions", "run_study", "withdraw_submission"]

SOURCE = "submitted from Python"
"""Where joined predictions say that they come from."""


def join_submissions(data: StudyData, submissions: Submissions) -> None:
    """Join every submitted model to the benchmark, as `samesplit compare` joins a CSV.

    Raises:
        PredictionsError: A model lacks folds, or predictions from elsewhere have its name.
    """
    tables = {title: submissions.table(name) for name, title in submissions.titles().items()}
    tasks, name_of_task = data.tasks, data.task_name or DEFAULT_TASK
    kept = load_externals(data.workspace, data.definition.name, tasks)
    there = {model.title: model.source for model in kept if model.task == name_of_task}
    for title, table in tables.items():
        if there.get(title, SOURCE) != SOURCE:
            raise PredictionsError(
                f"other predictions were joined under this name, from {there[title]}",
                where=title,
                remedy="submit under another name, or take them out: "
                f'samesplit forget {data.definition.name} --name "{title}"',
            )
        keep_external(
            data.workspace,
            data.definition.name,
            title=title,
            predictions=table,
            source=Path(SOURCE),
            replace=True,
            task=data.task,
            task_name=name_of_task,
        )


def withdraw_submission(data: StudyData, submissions: Submissions, title: str) -> None:
    """Remove what was submitted under a name, and what was joined of it.

    Raises:
        PredictionsError: Nothing was submitted under this name.
    """
    submissions.remove(title)
    tasks, name_of_task = data.tasks, data.task_name or DEFAULT_TASK
    kept = load_externals(data.workspace, data.definition.name, tasks)
    joined = {model.name: model for model in kept if model.task == name_of_task}
    if slug(title) in joined and joined[slug(title)].source == SOURCE:
        remove_external(data.workspace, data.definition.name, title=title, tasks=tasks, task=name_of_task)


def run_study(
    data: StudyData, *, only: tuple[str, ...], jobs: int | None, track: bool, progress: bool
) -> tuple[Path, dict[str, str]]:
    """Run the benchmark with what was joined to it.

    Returns:
        The run's folder, and the reason for each model that failed.
    """
    # As the user named it: a built-in benchmark runs in the workspace that it was opened from.
    plan = load_plan(data.asked, RunOptions(jobs=jobs, only=only), start=data.start)
    reporter: Reporter = SilentReporter()
    if progress:
        from rich.console import Console

        reporter = RichReporter(Console())
    outcome = run_benchmark(plan, reporter)
    if track:
        _track(outcome.folder, data.workspace.tracking_store)
    return outcome.folder, dict(outcome.failures)


def _track(folder: Path, store: Path) -> None:
    if not has_extra("tracking"):
        warnings.warn(
            "the run was not tracked, since MLflow is not installed: pip install 'samesplit[tracking]', or say "
            "track=False",
            stacklevel=4,
        )
        return
    from samesplit.tracking import is_pushed, push

    if not is_pushed(folder, store):
        push(folder, store)
