"""What a run writes into its folder: the shared tables once, and those of each task where they belong.

A benchmark that declares one question under `task` has the tables of that task in the run's folder itself; with
named tasks each has a folder of its own under `tasks/`, and the run's folder has the results and predictions of
all of them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from samesplit import run_folder
from samesplit.benchmarks.splits import balance, shift
from samesplit.evaluation import Evaluation
from samesplit.features.catalogue import find
from samesplit.features.derived import derived_listing
from samesplit.features.listing import profile_listing
from samesplit.kept import content_of
from samesplit.places import Places
from samesplit.run.feature_stage import FeatureStage
from samesplit.run.model_stage import ModelStage
from samesplit.run.plan import Plan
from samesplit.storage import write_bytes
from samesplit.tables import (
    IMAGES,
    LEDGER,
    check_table,
    hash_table,
    prediction_schema,
    write_csv,
    write_table,
)
from samesplit.tasks import BinaryTask, MulticlassTask

__all__ = ["in_task", "task_folder", "write_cohort", "write_tables"]

_OF_PREDICTIONS = ("class", "probability", "risk", "sequence", "mask")
"""The columns of the predictions of any kind of task, besides those that all have."""


def task_folder(plan: Plan, folder: Path, task: str) -> Path:
    """Return where the tables of a task go inside a run's folder."""
    return run_folder.task_folder(folder, task if plan.definition.tasks else None)


def in_task(plan: Plan, name: str, task: str) -> str:
    """Return a model's name with the task, where the benchmark has named tasks."""
    return f"{name} (task {task})" if plan.definition.tasks else name


def write_cohort(plan: Plan, folder: Path) -> None:
    """Write who is in the benchmark, how the patients are split, and what others have published on it."""
    write_table(plan.cohort.lesions.assign(), folder / run_folder.LESIONS, cohort_sha256=plan.cohort.sha256)
    write_table(plan.cohort.images, folder / run_folder.IMAGES, IMAGES)
    content = pd.DataFrame(sorted(plan.content.items()), columns=["reference", "sha256"])
    write_table(content, folder / run_folder.CONTENT)
    write_table(plan.split.table, folder / run_folder.SPLITS, split_sha256=plan.split.sha256)
    columns = [
        c for c in ("site", "label_provenance", *plan.definition.cohort.clinical) if c in plan.cohort.lesions
    ]
    table = balance(plan.split, plan.cohort.lesions, plan.cohort.classes, columns)
    write_table(table, folder / run_folder.BALANCE)
    confidence = plan.definition.statistics.confidence
    moved = shift(plan.split, plan.cohort.lesions, plan.cohort.classes, columns, confidence=confidence)
    write_table(moved, folder / run_folder.SHIFT)
    write_table(plan.published, folder / run_folder.PUBLISHED)


def _catalogue(plan: Plan) -> pd.DataFrame:
    """Return what every feature of the run's profiles is."""
    columns = ["profile", "feature", "name", "family", "ibsi_code", "aggregation", "unit", "note"]
    columns += ["filter", "filter_code"]
    listings = [pd.DataFrame(columns=columns)]
    for profile in plan.profiles.values():
        listing = profile_listing(profile).assign(profile=profile.name)
        listing["name"] = [" or ".join(one.name for one in find(code)) for code in listing["ibsi_code"]]
        listings.append(listing[columns])
    listings.append(derived_listing(plan.definition.derived()))
    return pd.concat(listings, ignore_index=True)


def write_tables(
    plan: Plan,
    folder: Path,
    images: FeatureStage,
    models: ModelStage,
    predictions: dict[str, pd.DataFrame],
    judged: dict[str, Evaluation],
) -> pd.DataFrame:
    """Write all tables of a run.

    Args:
        plan: What was asked.
        folder: The run's.
        images: Result of the feature stage.
        models: Result of the model stage.
        predictions: By task: the predictions of all models, those made elsewhere included.
        judged: By task: the evaluation.

    Returns:
        The results of all tasks, as `results.csv` has them.
    """
    ledger = pd.concat([plan.ledger, images.ledger, models.ledger], ignore_index=True)
    places = Places(plan.workspace.root)
    ledger = ledger.fillna("").drop_duplicates(ignore_index=True)  # folds and tasks tell the same of a lesion
    ledger = places.hide_in_table(check_table(ledger, LEDGER), ["reason"]).drop_duplicates(ignore_index=True)
    write_table(ledger, folder / run_folder.LEDGER_TABLE, LEDGER)
    write_csv(ledger, folder / run_folder.LEDGER_CSV)
    for name, part in images.features.groupby("profile", sort=True):
        write_table(
            part, folder / run_folder.FEATURES / f"{name}.parquet", profile=plan.profiles[str(name)].digest()
        )
    own = plan.cohort.features
    if own is not None:
        write_table(
            own.table.reset_index(), folder / run_folder.FEATURES / "table.parquet", content=own.sha256
        )
    write_table(_catalogue(plan), folder / run_folder.CATALOGUE)
    for name, told in (("steps", images.steps), ("notes", images.notes)):
        write_csv(places.hide_in_table(told, told.columns), folder / run_folder.FEATURES / f"{name}.csv")
    write_table(images.pictures, folder / run_folder.THUMBNAILS)
    if len(plan.readings):
        write_table(plan.readings, folder / run_folder.READINGS)
    for name in plan.tasks:
        where = task_folder(plan, folder, name)
        if plan.definition.tasks:
            write_table(plan.outcomes[name].reset_index(), where / run_folder.OUTCOMES)
        _write_predictions(plan, where, name, predictions[name], models)
        if name in judged:
            _write_evaluation(where, judged[name], predictions[name])
    _keep_models(plan, folder, models)
    if not plan.definition.tasks:
        write_csv(next(iter(predictions.values())), folder / run_folder.PREDICTIONS_CSV)
        results = next(iter(judged.values())).results
    else:
        write_csv(_of_all_tasks(plan, predictions), folder / run_folder.PREDICTIONS_CSV)
        tables = [evaluation.results.assign(task=name) for name, evaluation in judged.items()]
        results = _first("task", pd.concat(tables, ignore_index=True))
    write_csv(results, folder / run_folder.RESULTS_CSV)
    return results


def _write_predictions(
    plan: Plan, where: Path, task: str, predictions: pd.DataFrame, models: ModelStage
) -> None:
    """Write what the models of a task predicted, and what they told while they were fitted."""
    schema = prediction_schema(plan.tasks[task])
    write_table(predictions, where / run_folder.PREDICTIONS_TABLE, schema, split_sha256=plan.split.sha256)
    for name, table in models.tasks[task].details.items():
        write_table(table, run_folder.table_in(where / run_folder.DETAILS, name))


def _write_evaluation(where: Path, evaluation: Evaluation, predictions: pd.DataFrame) -> None:
    """Write what the evaluation of a task found."""
    write_table(
        evaluation.results, where / run_folder.RESULTS_TABLE, predictions_sha256=hash_table(predictions)
    )
    for name, table in evaluation.curves.items():
        write_table(table, run_folder.table_in(where / run_folder.CURVES, name))
    for name, table in evaluation.summaries.items():
        write_table(table, run_folder.table_in(where / run_folder.SUMMARIES, name))
    for name in ("confusion", "folds", "pairs", "decisions", "thresholds"):
        write_table(getattr(evaluation, name), run_folder.table_in(where, name))
    for name, table in evaluation.tables.items():
        write_table(table, run_folder.table_in(where, name))


def _of_all_tasks(plan: Plan, predictions: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the predictions of all tasks into one long table; where any has several classes, rows name theirs."""
    classes = any(isinstance(task, MulticlassTask) for task in plan.tasks.values())
    tables = []
    for name, table in predictions.items():
        task = plan.tasks[name]
        if classes and isinstance(task, BinaryTask):
            table = table.assign(**{"class": task.positive})
        tables.append(table.assign(task=name))
    joined = pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)
    last = [column for column in _OF_PREDICTIONS if column in joined]
    return _first("task", joined[[column for column in joined if column not in last] + last])


def _first(column: str, table: pd.DataFrame) -> pd.DataFrame:
    return table[[column, *(name for name in table if name != column)]]


def _keep_models(plan: Plan, folder: Path, models: ModelStage) -> None:
    """Put the fitted models into the run's folder (hard links where the disk allows: they are not copied)."""
    wanted: dict[Path, Path] = {}
    for result in models.folds:
        if result.folder is None:
            continue
        place = run_folder.fitted_folder(
            task_folder(plan, folder, result.task_name),
            result.model,
            seed=result.seed,
            repeat=result.repeat,
            fold=result.fold,
        )
        for source in sorted((result.folder / "model").rglob("*")):
            if source.is_file():
                inside = source.relative_to(result.folder / "model")
                wanted[place / inside] = source
    for place in {task_folder(plan, folder, task) / run_folder.MODELS for task in plan.tasks}:
        for left in sorted(place.rglob("*")):
            if left.is_file() and left not in wanted:  # of an attempt before this one, or damaged
                left.unlink()
    for target, source in wanted.items():
        _link(source, target)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        if target.samefile(source) or content_of(target) == content_of(source):
            return
        target.unlink()
    try:
        os.link(source, target)
    except OSError:  # another disk, or one that knows no hard links
        write_bytes(target, source.read_bytes())
