"""Learning curves of some models of a benchmark, from the plan to the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import DeclarationError, ModelError
from samesplit.evaluation.learning_curve import CurveTables, judge_curves
from samesplit.models.settings import ModelSettings
from samesplit.run.asked_task import asked_task
from samesplit.run.feature_stage import extract_features
from samesplit.run.fold_result import FoldResult
from samesplit.run.fold_tasks import run_folds
from samesplit.run.grid_tasks import run_searches, searching
from samesplit.run.model_inputs import inputs_of
from samesplit.run.plan import Plan, RunOptions, jobs_of, load_plan
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.tasks import BinaryTask, ClassificationTask, MulticlassTask
from samesplit.uses import using
from samesplit.workflows.learning_curve.output import write_curve
from samesplit.workflows.learning_curve.subsets import (
    SubsetFit,
    check_sizes,
    default_sizes,
    subset_fits,
    training_lesions,
)

__all__ = ["LearningCurve", "run_learning_curve"]


@dataclass(frozen=True)
class LearningCurve:
    """Result of a learning curve.

    Attributes:
        folder: Where it was written.
        tables: The curves, the differences between them, and where they cross.
        record: What it was made from.
        failures: The first error of each model of which a fit failed.
    """

    folder: Path
    tables: CurveTables
    record: dict[str, Any]
    failures: dict[str, str]


def run_learning_curve(
    benchmark: str | Path,
    *,
    models: Sequence[str],
    sizes: Sequence[int] = (),
    draws: int = 3,
    task: str | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    seed: int = 0,
    output: Path | None = None,
    reporter: Reporter | None = None,
    start: Path | None = None,
) -> LearningCurve:
    """Fit models to nested subsets of the training parts of the frozen split, and judge them on its test parts.

    Each subset is drawn by patient and stratified by class, and holds every smaller one of its draw; validation
    and test parts stay as they are. Each fit is kept like a fold of a run: a killed call goes on where it was, a
    call with one more size does only that size, and on the whole training part it is what a run has fitted.

    Args:
        benchmark: Folder or name.
        models: Models of the benchmark.
        sizes: Numbers of training lesions; empty means halves of the smallest training part.
        draws: How many times subsets are drawn.
        task: A task of classes; None: the benchmark's first.
        jobs: Processes; None means one per core.
        scheduler: Address of a Dask scheduler whose workers do the work instead.
        seed: Of the draws.
        output: Folder; default: `reports/<benchmark>/learning-curve`.
        reporter: Progress reporter.
        start: Where to look for the benchmark.

    Raises:
        DeclarationError: There is no such model or task, a size cannot be drawn, or a subset lacks a class.
        ModelError: No subset could be learnt from by all models.
        SamesplitError: (or another of its kinds) The benchmark cannot be read.
    """
    reporter = reporter or SilentReporter()
    if not models or draws < 1:
        raise DeclarationError(
            "there is no curve to draw",
            where="samesplit learning-curve",
            remedy="name models of the benchmark with --model, and one draw of subsets or more",
        )
    wanted = tuple(dict.fromkeys(models))
    plan = load_plan(benchmark, RunOptions(jobs=jobs, scheduler=scheduler, only=wanted), start=start)
    asked = asked_task(
        plan,
        task,
        (BinaryTask, MulticlassTask),
        none="the benchmark has no task of classes, and a learning curve is of AUCs",
        other="is not one of classes, and a learning curve is of AUCs",
        these="tasks of classes",
    )
    settings = _models(plan, wanted, asked)
    training = training_lesions(plan, asked)
    steps = check_sizes(sizes, training, task or "") if sizes else default_sizes(training)
    folder = output or plan.workspace.reports / plan.definition.name / "learning-curve"
    with using(plan.workspace.cache, folder):
        images = extract_features(plan, reporter)
        inputs = {
            m.name: inputs_of(m, plan, images.features, images.unreadable, images.repeats) for m in settings
        }
        fits = subset_fits(plan, asked, settings, inputs, sizes=steps, draws=draws, seed=seed)
        results = _fit(plan, fits, reporter)
        failures: dict[str, str] = {}
        for result in results:
            if result.folder is None:
                failures.setdefault(result.model, result.error)
        predictions = _predictions(fits, results, plan.definition.cohort.rater)
        if predictions.empty:
            raise ModelError("every fit failed", remedy=next(iter(failures.values())))
        with reporter.stage("Curve") as advance:
            advance(0, 1)
            tables = _judge(plan, asked, settings, steps, draws, predictions)
            advance(1, 1)
    lost = sum(result.folder is None for result in results)
    if lost:
        tables = replace(tables, notes=(f"{lost} of {len(fits)} fits failed", *tables.notes))
    asked_for = {
        "sizes": list(steps),
        "draws": draws,
        "seed": seed,
        "fits": len(fits),
        "seconds": {m.name: round(sum(r.seconds for r in results if r.model == m.name), 1) for m in settings},
        "failures": failures,
    }
    record = write_curve(folder, tables, plan, asked, settings, asked_for)
    return LearningCurve(folder, tables, record, failures)


def _fit(plan: Plan, fits: Sequence[SubsetFit], reporter: Reporter) -> list[FoldResult]:
    tasks = [fit.task for fit in fits]
    jobs, scheduler = jobs_of(plan), plan.options.scheduler
    failed: dict[int, str] = {}
    if places := searching(tasks):
        with reporter.stage("Grid") as advance:
            failed = run_searches(tasks, places, jobs=jobs, scheduler=scheduler, advance=advance)
    with reporter.stage("Fits") as advance:
        return run_folds(
            tasks, jobs=jobs, advance=advance, failed=failed, scheduler=scheduler, leave_weights=True
        )


def _predictions(fits: Sequence[SubsetFit], results: Sequence[FoldResult], rater: str) -> pd.DataFrame:
    """Return the test predictions under the benchmark's own rater, with size and draw."""
    tables = []
    for fit, result in zip(fits, results, strict=True):
        if result.folder is not None:
            rows = result.predictions()
            rows = rows[(rows["subset"] == "test") & (rows["rater"] == rater)]
            tables.append(rows.assign(size=fit.size, draw=fit.draw))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _judge(
    plan: Plan,
    asked: str,
    models: Sequence[ModelSettings],
    sizes: Sequence[int],
    draws: int,
    predictions: pd.DataFrame,
) -> CurveTables:
    task, given = plan.tasks[asked], plan.definition.statistics
    assert isinstance(task, ClassificationTask)
    patients = plan.cohort.lesions.set_index("lesion_id")["patient_id"]
    labels = plan.outcomes[asked]["label"]
    truth = pd.DataFrame({"patient_id": patients.reindex(labels.index), "label": labels.astype(int)})
    return judge_curves(
        predictions,
        truth,
        models={model.name: len(model.seeds) for model in models},
        sizes=sizes,
        draws=draws,
        classes=task.classes,
        confidence=given.confidence,
        n_resamples=given.bootstraps,
        seed=given.seed,
    )


def _models(plan: Plan, wanted: Sequence[str], asked: str) -> list[ModelSettings]:
    """Return the models in the order in which they were named."""
    by_name = {model.name: model for model in plan.models}
    found = [by_name[name] for name in wanted]
    what = "several classes" if isinstance(plan.tasks[asked], MulticlassTask) else "two classes"
    for model in found:
        if asked not in plan.model_tasks[model.name]:
            raise DeclarationError(
                f"the model '{model.name}' is not fitted for the task '{asked}' of {what}",
                where=plan.definition.name,
                remedy="leave it out, or name another task with --task",
            )
        if model.needs().members:
            raise DeclarationError(
                f"the model '{model.name}' is made of others and learns no curve of its own",
                where=plan.definition.name,
                remedy=f"draw the curves of its members: {', '.join(model.needs().members)}",
            )
    return found
