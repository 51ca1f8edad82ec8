"""The second stage of a run: every model in every fold, to predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from samesplit.models.settings import ModelSettings
from samesplit.run.chain.inputs import ChainInputs
from samesplit.run.chain.stage import (
    begin_chain,
    chain_classifiers,
    chain_tables,
    members_on_predicted_masks,
    with_predicted_masks,
)
from samesplit.run.ensemble_raters import under_other_raters
from samesplit.run.feature_stage import FeatureStage
from samesplit.run.fold_parts import FoldPart, PartsOfModels
from samesplit.run.fold_result import FoldResult
from samesplit.run.fold_tasks import FoldTask, run_folds, with_members
from samesplit.run.grid_tasks import run_searches, searching
from samesplit.run.model_inputs import ModelInputs, inputs_of
from samesplit.run.out_of_fold import fold_subsets, inner_seconds, plan_parts, tell_extra_fits, why_lost
from samesplit.run.part_results import PartResults
from samesplit.run.plan import Plan, jobs_of
from samesplit.run.progress import Reporter
from samesplit.tables import LEDGER, empty_table, prediction_schema, stack_ledgers

__all__ = ["ModelStage", "TaskModels", "fold_task", "predict_folds"]


@dataclass
class ModelStage:
    """Result of the model stage.

    Attributes:
        tasks: Their result in each task, by its name.
        ledger: Lesions that a model could not judge.
        folds: Every fold's result, of all tasks.
        seconds: Computing time by model, summed over folds and tasks.
        chain: What classifiers are given besides, once masks are predicted; None without a chain.
    """

    tasks: dict[str, TaskModels]
    ledger: pd.DataFrame
    folds: list[FoldResult] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    chain: ChainInputs | None = None

    @property
    def failures(self) -> dict[str, str]:
        """The first error of each model that failed in any task."""
        found: dict[str, str] = {}
        for task in self.tasks.values():
            for name, why in task.failures.items():
                found.setdefault(name, why)
        return found


@dataclass
class TaskModels:
    """Result of the models in one task.

    Attributes:
        predictions: Validation and test predictions of every model that did not fail.
        details: The models' own tables, by name.
        failures: The first error of each model that failed.
    """

    predictions: pd.DataFrame
    details: dict[str, pd.DataFrame] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def predict_folds(plan: Plan, images: FeatureStage, reporter: Reporter) -> ModelStage:
    """Fit every model in every fold, members before the ensembles made of them.

    Members of an ensemble that learns from their predictions are fitted on inner folds as well; see
    `samesplit.run.fold_parts`.
    """
    inputs = {
        m.name: inputs_of(m, plan, images.features, images.unreadable, images.repeats) for m in plan.models
    }
    nothing = {name: TaskModels(empty_table(prediction_schema(task))) for name, task in plan.tasks.items()}
    stage = ModelStage(nothing, stack_ledgers([given.ledger for given in inputs.values()]))
    parts = plan_parts(plan)
    tell_extra_fits(plan, parts, reporter)
    for (asked, name), why in parts.failures.items():
        stage.tasks[asked].failures[name] = why
    results = PartResults()
    depth = _depths(plan)
    for level in range(max(depth.values()) + 1):
        models = [model for model in plan.models if depth[model.name] == level]
        if level == 1 and chain_classifiers(plan):
            drawn = {name: of_task.predictions for name, of_task in stage.tasks.items()}
            stage.chain = begin_chain(plan, drawn, images, reporter)
        wanted = _tasks(plan, models, inputs, stage, parts, results)
        tasks = [task for _, task in wanted]
        title = "Ensembles" if all(model.needs().members for model in models) else "Models"
        failed = _search(plan, tasks, reporter)
        with reporter.stage(title) as advance:
            folds = run_folds(
                tasks,
                jobs=jobs_of(plan),
                advance=advance,
                failed=failed,
                scheduler=plan.options.scheduler,
            )
            results.take([part for part, _ in wanted], folds)
            _collect([fold for (part, _), fold in zip(wanted, folds, strict=True) if not part.within], stage)
        for model in models:
            if seconds := inner_seconds(plan, model, parts, results):
                stage.seconds[model.name] = round(stage.seconds.get(model.name, 0.0) + seconds, 2)
    _part_chain(plan, stage)
    return stage


def _part_chain(plan: Plan, stage: ModelStage) -> None:
    """Put predictions on predicted masks where the evaluation of the chain looks for them."""
    if stage.chain is None:
        return
    stage.ledger = stack_ledgers([stage.ledger, stage.chain.ledger])
    chained = chain_classifiers(plan)
    for name, of_task in stage.tasks.items():
        if (
            any(name in plan.model_tasks[model] for model in chained)
            and plan.tasks[name].kind != "segmentation"
        ):
            of_task.predictions, tables = chain_tables(plan, stage.chain, name, of_task.predictions)
            of_task.details |= tables


def _depths(plan: Plan) -> dict[str, int]:
    """Return how many rounds of models come before each: its members', and of the chain that of the masks."""
    depth: dict[str, int] = {"": -1}  # where only predictions made elsewhere are judged
    chained = chain_classifiers(plan)
    for model in plan.models:
        members = [depth[member] for member in model.needs().members]
        depth[model.name] = max(1 + max(members, default=-1), int(model.name in chained))
    return depth


def _search(plan: Plan, tasks: list[FoldTask], reporter: Reporter) -> dict[int, str]:
    """Do the pieces of the models that search; the tasks that failed, with the reason."""
    places = searching(tasks)
    if not places:
        return {}
    with reporter.stage("Grid") as advance:
        jobs, scheduler = jobs_of(plan), plan.options.scheduler
        return run_searches(tasks, places, jobs=jobs, scheduler=scheduler, advance=advance)


def _tasks(
    plan: Plan,
    models: list[ModelSettings],
    inputs: dict[str, ModelInputs],
    stage: ModelStage,
    parts: PartsOfModels,
    results: PartResults,
) -> list[tuple[FoldPart, FoldTask]]:
    """Return the fits of some models in all tasks, those that open images (the longest) first."""
    tasks = []
    for model in sorted(models, key=lambda model: not model.needs().images):
        for asked in plan.model_tasks[model.name]:
            failures = stage.tasks[asked].failures
            if model.name not in failures and (why := why_lost(model, asked, failures, parts, results)):
                failures[model.name] = why
        for part in parts.parts[model.name]:
            if model.name not in stage.tasks[part.task].failures:
                for seed in model.seeds:
                    task = _task(plan, model, inputs, part, seed, stage, parts, results)
                    tasks.append((part, task))
    return tasks


def _task(
    plan: Plan,
    model: ModelSettings,
    inputs: dict[str, ModelInputs],
    part: FoldPart,
    seed: int,
    stage: ModelStage,
    parts: PartsOfModels,
    results: PartResults,
) -> FoldTask:
    """One fit, with the predictions of the model's members where it is made of others."""
    given = inputs[model.name]
    task = fold_task(
        plan, part.task, model, given, seed=seed, repeat=part.repeat, fold=part.fold, subsets=part.subsets
    )
    if part.within:  # what it is asked for are lesions of the training part, under the benchmark's own masks
        task = replace(task, inner=part.what, cases={task.primary_rater: task.cases[task.primary_rater]})
    else:
        task = with_predicted_masks(task, stage.chain)
    members = model.needs().members
    if not members:
        return task
    inner = parts.inner.get((model.name, part, seed), [])
    told = results.predictions(members, part, inner, task.task)
    if not part.within:
        told = members_on_predicted_masks(told, stage.chain, task.primary_rater)
        raters_of = {member: tuple(inputs[member].by_rater) for member in members}
        task, told = under_other_raters(task, told, raters_of, plan.definition.cohort.other_raters)
    digest = task.digest + results.digest(members, [part, *inner])
    return replace(task, cases=with_members(task.cases, told, task.task), digest=digest)


def fold_task(
    plan: Plan,
    asked: str,
    model: ModelSettings,
    given: ModelInputs,
    *,
    seed: int,
    repeat: int,
    fold: int,
    subsets: Mapping[str, str] | None = None,
) -> FoldTask:
    """Describe one fit: the lesions that have an outcome in the task, and the outcomes of those not tested.

    Args:
        plan: The run.
        asked: The name of the task.
        model: The model, of no others.
        given: What it is given.
        seed: Of the fit.
        repeat: Of the split.
        fold: Of the split.
        subsets: The subset of each lesion; None: that of the fold.
    """
    outcomes = plan.outcomes[asked]
    subsets = fold_subsets(plan, asked, repeat, fold) if subsets is None else subsets
    learnt = [lesion for lesion, subset in subsets.items() if subset != "test"]
    return FoldTask(
        settings=model,
        seed=seed,
        repeat=repeat,
        fold=fold,
        cases=given.by_rater,
        subsets=pd.Series(dict(subsets), dtype=str),
        outcomes=outcomes.loc[sorted(learnt)],
        primary_rater=plan.definition.cohort.rater,
        digest=given.digest,
        store=plan.workspace.cache / "folds",
        task=plan.tasks[asked],
        task_name=asked,
    )


def _collect(results: list[FoldResult], stage: ModelStage) -> None:
    for result in results:
        if result.folder is None:
            stage.tasks[result.task_name].failures.setdefault(result.model, result.error)
    for name, models in stage.tasks.items():
        good = [
            result for result in results if result.task_name == name and result.model not in models.failures
        ]
        tables = [result.predictions() for result in good]
        if tables:
            models.predictions = pd.concat([models.predictions, *tables], ignore_index=True)
        details: dict[str, list[pd.DataFrame]] = {}
        for result in good:
            stage.seconds[result.model] = round(stage.seconds.get(result.model, 0.0) + result.seconds, 2)
            for detail, table in result.details().items():
                if (
                    detail == "skipped"
                ):  # lines for the case ledger, the same in every fold that had the lesion
                    told = table[list(LEDGER.columns)].assign(stage=f"model {result.model}")
                    stage.ledger = stack_ledgers([stage.ledger, told]).drop_duplicates(ignore_index=True)
                    continue
                keyed = table.assign(
                    model=result.model, seed=result.seed, repeat=result.repeat, fold=result.fold
                )
                details.setdefault(detail, []).append(keyed)
        for detail, parts in details.items():
            before = [models.details[detail]] if detail in models.details else []
            models.details[detail] = pd.concat([*before, *parts], ignore_index=True)
    stage.folds += results
