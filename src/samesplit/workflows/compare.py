"""A model of one's own, from a predictions CSV: judged on the same lesions, nothing else done again."""

from __future__ import annotations

import difflib
from pathlib import Path

import pandas as pd

from samesplit.errors import PredictionsError
from samesplit.models.external import read_predictions
from samesplit.run.external_predictions import keep_external, slug
from samesplit.run.mask_overlap import check_masks
from samesplit.run.plan import Plan, RunOptions, load_plan
from samesplit.tasks import SegmentationTask

__all__ = ["compare"]


def compare(
    benchmark: str | Path,
    predictions: Path,
    *,
    title: str,
    task: str | None = None,
    threshold: float | None = None,
    allow_missing: bool = False,
    replace: bool = False,
    jobs: int | None = None,
    start: Path | None = None,
) -> Plan:
    """Join predictions made anywhere to a benchmark.

    The table is checked against the split and kept beside the benchmark's runs; it is in this and every later
    run until it is replaced or removed.

    Args:
        benchmark: Folder or name.
        predictions: CSV with `lesion_id` and `probability` (and optionally `seed`, `repeat`, `fold`, `subset`).
        title: What to call the model.
        task: The task that they answer; may be left out where the benchmark has one.
        threshold: The operating point, fixed on the model's own development data; without it, predictions of
            validation lesions in the table decide, and without those there is no sensitivity or specificity.
        allow_missing: Accept lesions without a probability; they are reported and left out for all
            models.
        replace: Put the predictions in the place of others that are kept under the same name.
        jobs: Processes for what has not been run yet.
        start: Where to look for the benchmark; default: the current folder.

    Returns:
        The plan of the run that has the model in it.

    Raises:
        PredictionsError: The table does not fit the benchmark, or others have the name.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise PredictionsError(
            f"the threshold {threshold:g} lies outside [0, 1]",
            where=title,
            remedy="give the probability from which on a lesion is called positive, for example 0.5",
        )
    options = RunOptions(jobs=jobs)
    plan = load_plan(benchmark, options, start=start)
    asked = _asked(plan, task)
    name = slug(title)
    if name in {model.name for model in plan.models}:
        raise PredictionsError(
            f"the benchmark has a model called '{name}' already", where=title, remedy="choose another --name"
        )
    notes: list[str] = []
    table = read_predictions(
        predictions,
        name=name,
        task=plan.tasks[asked],
        expected=plan.split.places(plan.cohort.lesions),
        answered=plan.cohort.outcomes[asked].index,
        rater=plan.definition.cohort.rater,
        sequences=_sequences(plan, asked),
        allow_missing=allow_missing,
        missing=plan.definition.missing_values,
        notes=notes,
    )
    _check_raters(table, plan, predictions)
    if isinstance(plan.tasks[asked], SegmentationTask):
        images = plan.cohort.images
        own = images[images["rater"] == plan.definition.cohort.rater]
        table = check_masks(table, own, predictions, notes)
    keep_external(
        plan.workspace,
        plan.definition.name,
        title=title,
        predictions=table,
        source=predictions,
        threshold=threshold,
        replace=replace,
        notes=notes,
        task=plan.tasks[asked],
        task_name=asked,
    )
    return load_plan(benchmark, options, start=start)


def _asked(plan: Plan, task: str | None) -> str:
    """Return the name of the task that predictions answer.

    Raises:
        PredictionsError: The benchmark has several and none was named, or not the one that was.
    """
    names = list(plan.tasks)
    if task is None and len(names) == 1:
        return names[0]
    if task is not None and task in names and plan.definition.tasks:
        return task
    listed = ", ".join(names) if plan.definition.tasks else "none by name, so leave --task out"
    near = difflib.get_close_matches(task or "", names, n=1)
    raise PredictionsError(
        "the benchmark has several tasks" if task is None else f"the benchmark has no task '{task}'",
        where=plan.definition.name,
        remedy=(f"did you mean '{near[0]}'? " if near else "")
        + (f"say with --task which one they answer; tasks are: {listed}"),
    )


def _sequences(plan: Plan, task: str) -> tuple[str, ...]:
    """Return the sequences whose masks a task asks for."""
    asked = plan.tasks[task]
    named = asked.sequences if isinstance(asked, SegmentationTask) else ()
    return named or plan.definition.cohort.sequences


def _check_raters(table: pd.DataFrame, plan: Plan, path: Path) -> None:
    """Predictions under the masks of nobody the benchmark knows would be judged beside all others, unseen."""
    cohort = plan.definition.cohort
    known = [cohort.rater, *cohort.other_raters]
    found = set(table["rater"])
    unknown = sorted(found - set(known))
    if unknown or cohort.rater not in found:
        raise PredictionsError(
            f"the benchmark has no rater '{unknown[0]}'"
            if unknown
            else f"holds no predictions under the masks of the benchmark's own rater '{cohort.rater}'",
            where=path,
            remedy=f"raters are: {', '.join(known)}; without a column 'rater' a line is of {cohort.rater}",
        )
