"""The stages of a run: images to features, folds to predictions, predictions to numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import pandas as pd

from samesplit.benchmarks.definition import OperatingPoint
from samesplit.features.changes import relative_changes
from samesplit.features.extraction import NOTE_COLUMNS, STEP_COLUMNS, extract
from samesplit.features.thumbnails import COLUMNS, thumbnails
from samesplit.models.settings import ModelSettings
from samesplit.run.folds import FoldResult, FoldTask, run_folds, with_members
from samesplit.run.inputs import ModelInputs, inputs_of
from samesplit.run.plan import Plan
from samesplit.run.progress import Reporter
from samesplit.run.repeats import measure_again
from samesplit.run.searches import run_searches, searching
from samesplit.statistics import Evaluation, evaluate
from samesplit.tables import FEATURES, LEDGER, PREDICTIONS, empty_table

__all__ = [
    "FeatureStage",
    "ModelStage",
    "evaluate_predictions",
    "extract_features",
    "predict_folds",
]


@dataclass(frozen=True)
class FeatureStage:
    """What came of the images.

    Attributes:
        features: All profiles, sequences and raters.
        pictures: One thumbnail an image of the benchmark's own rater.
        ledger: Images that failed or were repaired.
        seconds: Computing time by profile, summed over processes.
        steps: How each image was processed for each profile; see `samesplit.features.extraction`.
        notes: What is to be known about single cases, such as features that are not defined for them.
        repeats: The features measured again, for models that ask for it; see `samesplit.run.repeats`.
    """

    features: pd.DataFrame
    pictures: pd.DataFrame
    ledger: pd.DataFrame
    seconds: dict[str, float]
    steps: pd.DataFrame
    notes: pd.DataFrame
    repeats: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def unreadable(self) -> set[tuple[str, str, str]]:
        """(lesion_id, sequence, rater) of the images that no model is to open."""
        failed = self.ledger[(self.ledger["status"] == "failed") & (self.ledger["stage"] == "images")]
        return set(zip(failed["lesion_id"], failed["sequence"], failed["rater"], strict=True))


@dataclass
class ModelStage:
    """What came of the models.

    Attributes:
        predictions: Validation and test predictions of every model that did not fail.
        details: The models' own tables, by name.
        ledger: Lesions that a model could not judge.
        folds: Every fold's result.
        seconds: Computing time by model, summed over folds.
        failures: The first error of each model that failed.
    """

    predictions: pd.DataFrame
    details: dict[str, pd.DataFrame]
    ledger: pd.DataFrame
    folds: list[FoldResult] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def jobs_of(plan: Plan) -> int:
    """Processes to use: as asked, else one per core that this process may use."""
    return plan.options.jobs or cores()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def extract_features(plan: Plan, reporter: Reporter) -> FeatureStage:
    """Open every image once, draw its thumbnail, and extract every profile; nothing where there are no images."""
    cohort = plan.definition.cohort
    if not cohort.sequences:
        return _no_images()
    raters = [cohort.rater, *cohort.other_raters]
    images = plan.cohort.images[plan.cohort.images["rater"].isin(raters)]
    jobs, cache, scheduler = jobs_of(plan), plan.workspace.cache, plan.options.scheduler
    with reporter.stage("Images") as advance:
        looked = thumbnails(
            images,
            cache=cache / "thumbnails",
            jobs=jobs,
            progress=advance,
            geometry_repair=cohort.geometry_repair,
            minimum_voxels=cohort.minimum_voxels,
            scheduler=scheduler,
        )
    failed = _keys(looked.ledger[looked.ledger["status"] == "failed"])
    tables, ledgers, seconds = [], [looked.ledger], {}
    steps, notes = [pd.DataFrame(columns=STEP_COLUMNS)], [pd.DataFrame(columns=NOTE_COLUMNS)]
    for name, sequences in plan.definition.profiles.items():
        wanted = _without(images[images["sequence"].isin(sequences)], failed)
        with reporter.stage(f"Features {name}") as advance:
            done = extract(
                wanted,
                plan.profiles[name],
                cache=cache / "features",
                jobs=jobs,
                progress=advance,
                geometry_repair=cohort.geometry_repair,
                minimum_voxels=cohort.minimum_voxels,
                companions=images,
                scheduler=scheduler,
            )
        tables.append(done.features)
        baseline = plan.profiles[name].relative_change_to
        if baseline is not None:
            tables.append(relative_changes(done.features, sequences[0] if baseline == "first" else baseline))
        ledgers.append(done.ledger[~done.ledger["status"].isin(["repaired", "noted"])])
        seconds[name] = done.seconds
        steps.append(done.steps)
        notes.append(done.notes)
    features = pd.concat(tables, ignore_index=True) if tables else empty_table(FEATURES)
    pictures = looked.thumbnails[looked.thumbnails["rater"] == cohort.rater]
    again = measure_again(plan, _without(images, failed), reporter, jobs=jobs, companions=images)
    ledger = _stack([*ledgers, *again.ledgers])
    return FeatureStage(
        features=features,
        pictures=pictures,
        ledger=ledger,
        seconds=seconds | again.seconds,
        steps=pd.concat(steps, ignore_index=True),
        notes=pd.concat(notes, ignore_index=True),
        repeats=again.tables,
    )


def _no_images() -> FeatureStage:
    """What comes of a benchmark that has a table of features and no images."""
    nothing = (pd.DataFrame(columns=names) for names in (COLUMNS, STEP_COLUMNS, NOTE_COLUMNS))
    pictures, steps, notes = nothing
    return FeatureStage(empty_table(FEATURES), pictures, empty_table(LEDGER), {}, steps, notes)


def _without(images: pd.DataFrame, failed: set[tuple[str, str, str]]) -> pd.DataFrame:
    keys = zip(images["lesion_id"], images["sequence"], images["rater"], strict=True)
    return images.loc[[key not in failed for key in keys]]


def _keys(ledger: pd.DataFrame) -> set[tuple[str, str, str]]:
    return set(zip(ledger["lesion_id"], ledger["sequence"], ledger["rater"], strict=True))


def predict_folds(plan: Plan, images: FeatureStage, reporter: Reporter) -> ModelStage:
    """Fit every model in every fold, members before the ensembles made of them."""
    inputs = {
        m.name: inputs_of(m, plan, images.features, images.unreadable, images.repeats) for m in plan.models
    }
    stage = ModelStage(empty_table(PREDICTIONS), {}, _stack([given.ledger for given in inputs.values()]))
    depth: dict[str, int] = {"": -1}  # where only predictions made elsewhere are judged
    for model in plan.models:
        depth[model.name] = 1 + max((depth[member] for member in model.needs().members), default=-1)
    for level in range(max(depth.values()) + 1):
        models = [model for model in plan.models if depth[model.name] == level]
        tasks = _tasks(plan, models, inputs, stage)
        title = "Models" if level == 0 else "Ensembles"
        failed = _search(plan, tasks, reporter)
        with reporter.stage(title) as advance:
            _collect(run_folds(tasks, jobs=jobs_of(plan), advance=advance, failed=failed), stage)
    return stage


def _search(plan: Plan, tasks: list[FoldTask], reporter: Reporter) -> dict[int, str]:
    """Do the pieces of the models that search; the tasks that failed, with the reason."""
    places = searching(tasks)
    if not places:
        return {}
    with reporter.stage("Grid") as advance:
        jobs, scheduler = jobs_of(plan), plan.options.scheduler
        return run_searches(tasks, places, jobs=jobs, scheduler=scheduler, advance=advance)


def _tasks(
    plan: Plan, models: list[ModelSettings], inputs: dict[str, ModelInputs], stage: ModelStage
) -> list[FoldTask]:
    """The tasks of some models, those that open images (the longest) first."""
    tasks = []
    for model in sorted(models, key=lambda model: not model.needs().images):
        lost = [member for member in model.needs().members if member in stage.failures]
        if lost:
            stage.failures[model.name] = f"its member {', '.join(lost)} failed"
            continue
        for seed in model.seeds:
            for repeat, fold in plan.split.pairs():
                tasks.append(_task(plan, model, inputs[model.name], stage, seed, repeat, fold))
    return tasks


def _task(
    plan: Plan,
    model: ModelSettings,
    given: ModelInputs,
    stage: ModelStage,
    seed: int,
    repeat: int,
    fold: int,
) -> FoldTask:
    subsets = {
        lesion: subset
        for subset in ("train", "validation", "test")
        for lesion in plan.split.lesions(plan.cohort.lesions, repeat, fold, subset)
    }
    learnt = [lesion for lesion, subset in subsets.items() if subset != "test"]
    cases, digest = given.by_rater, given.digest
    members = model.needs().members
    if members:
        rows = stage.predictions
        here = rows[rows["model"].isin(members) & (rows["repeat"] == repeat) & (rows["fold"] == fold)]
        cases = with_members(cases, here)
        digest += "".join(
            result.folder.name if result.folder else ""
            for result in stage.folds
            if result.model in members and (result.repeat, result.fold) == (repeat, fold)
        )
    return FoldTask(
        settings=model,
        seed=seed,
        repeat=repeat,
        fold=fold,
        cases=cases,
        subsets=pd.Series(subsets, dtype=str),
        labels=plan.labels.loc[sorted(learnt)],
        primary_rater=plan.definition.cohort.rater,
        digest=digest,
        store=plan.workspace.cache / "folds",
    )


def _collect(results: list[FoldResult], stage: ModelStage) -> None:
    for result in results:
        if result.folder is None:
            stage.failures.setdefault(result.model, result.error)
    good = [result for result in results if result.model not in stage.failures]
    tables = [result.predictions() for result in good]
    if tables:
        stage.predictions = pd.concat([stage.predictions, *tables], ignore_index=True)
    details: dict[str, list[pd.DataFrame]] = {}
    for result in good:
        stage.seconds[result.model] = round(stage.seconds.get(result.model, 0.0) + result.seconds, 2)
        for name, table in result.details().items():
            keyed = table.assign(model=result.model, seed=result.seed, repeat=result.repeat, fold=result.fold)
            details.setdefault(name, []).append(keyed)
    for name, parts in details.items():
        before = [stage.details[name]] if name in stage.details else []
        stage.details[name] = pd.concat([*before, *parts], ignore_index=True)
    stage.folds += results


def evaluate_predictions(
    plan: Plan, predictions: pd.DataFrame, details: dict[str, pd.DataFrame], reporter: Reporter
) -> Evaluation:
    """Judge all predictions and readings against the labels; the only place where test labels are read."""
    truth = plan.cohort.lesions.set_index("lesion_id").assign(label=plan.labels)
    settings = plan.definition.statistics
    with reporter.stage("Statistics") as advance:
        advance(0, 1)
        evaluation = evaluate(
            predictions,
            truth,
            readings=plan.readings if len(plan.readings) else None,
            reference=_reference(plan, predictions),
            operating_point=_operating_point(settings.operating_point),
            confidence=settings.confidence,
            n_bootstrap=settings.bootstraps,
            seed=settings.seed,
            primary_rater=plan.definition.cohort.rater,
            details=details,
            apart=plan.added,
            declared_thresholds={e.name: e.threshold for e in plan.externals if e.threshold is not None},
        )
        advance(1, 1)
    return evaluation


def _reference(plan: Plan, predictions: pd.DataFrame) -> str | None:
    """The model to compare with: as planned, unless it failed and has no predictions."""
    return plan.reference if plan.reference in set(predictions["model"]) else None


def _operating_point(asked: OperatingPoint) -> str | float:
    if asked.value is None:
        return asked.policy
    return asked.value if asked.policy == "fixed" else f"{asked.policy}>={asked.value:g}"


def _stack(ledgers: list[pd.DataFrame]) -> pd.DataFrame:
    tables = [ledger for ledger in ledgers if len(ledger)]
    return pd.concat(tables, ignore_index=True) if tables else empty_table(LEDGER)
