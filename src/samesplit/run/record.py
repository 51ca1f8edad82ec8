"""`run.json`: what was run, on what, with what, where and for how long, as plain data."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from samesplit.run.feature_stage import FeatureStage
from samesplit.run.model_stage import ModelStage
from samesplit.run.plan import Plan
from samesplit.run.prognostic_scores import records_of_scores
from samesplit.run.provenance import git_state, machine
from samesplit.run.versions import versions
from samesplit.storage import hash_object
from samesplit.tables import hash_table
from samesplit.tasks import BinaryTask, Task

__all__ = ["run_record"]


def run_record(
    plan: Plan, images: FeatureStage, models: ModelStage, results: pd.DataFrame, *, started: datetime
) -> dict[str, Any]:
    """Return the record of a run that has just ended.

    Args:
        plan: What was asked.
        images: Result of the feature stage.
        models: Result of the model stage.
        results: The results of all tasks.
        started: When the run began (UTC).
    """
    return {
        "run": plan.run_id,
        **_question(plan),
        "tasks": [_task(plan, name, task, models) for name, task in plan.tasks.items()],
        "models": [*_models(plan), *_externals(plan), *records_of_scores(plan)],
        "simple_arm": plan.simple_arm,
        "failures": models.failures,
        "profiles": _profiles(plan),
        "features": _features(plan),
        "split": {
            "scheme": plan.split.scheme,
            "seed": plan.split.seed,
            "sha256": plan.split.sha256,
            "cohort_sha256": plan.split.cohort_sha256,
            "settings": plan.split.settings,
        },
        "hashes": _hashes(plan, results),
        "versions": versions(),
        "machine": {**machine(), "device": _device(models)},
        "fitted_on": _fitted_on(models),
        "seconds": {
            **{f"features {name}": round(seconds, 2) for name, seconds in images.seconds.items()},
            **{f"model {name}": seconds for name, seconds in models.seconds.items()},
        },
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "options": {
            "shuffle_labels": plan.options.shuffle_labels is not None,
            "shuffle_seed": plan.options.shuffle_labels,
            "models": list(plan.options.only),
        },
        "command": _command(plan),
        "git": git_state(plan.workspace.root),
    }


def _question(plan: Plan) -> dict[str, Any]:
    definition = plan.definition
    asked = definition.task
    return {
        "benchmark": definition.name,
        "title": definition.title,
        "description": definition.description,
        "question": asked.question
        if asked is not None
        else "; ".join(t.question for t in plan.tasks.values()),
        **({"positive": asked.positive, "negative": asked.negative} if asked is not None else {}),
        "statistics": {**definition.statistics.model_dump(mode="json"), "reference": plan.reference},
        "cohort": definition.cohort.model_dump(mode="json"),
        "data": {
            "licence": definition.data.licence,
            "source": definition.data.source,
            "synthetic": definition.data.synthetic is not None,
        },
    }


def _task(plan: Plan, name: str, task: Task, models: ModelStage) -> dict[str, Any]:
    """Return what a task asks, the model that others are compared with in it, and the models that failed in it."""
    told = task.model_dump(mode="json")
    if isinstance(task, BinaryTask):
        told["classes"] = list(task.classes)
    return {
        "name": name,
        **told,
        "lesions": len(plan.outcomes[name]),
        "reference": plan.reference_of(name),
        "failures": models.tasks[name].failures,
    }


def _models(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "name": model.name,
            "title": model.title,
            "kind": model.to_dict()["kind"],
            "description": model.description,
            "seeds": list(model.seeds),
            "control": model.name in plan.added,
            "tasks": list(plan.model_tasks[model.name]),
            "settings": model.to_dict(),
            **({"weights": told} if (told := model.provenance()) else {}),
        }
        for model in plan.models
    ]


def _externals(plan: Plan) -> list[dict[str, Any]]:
    """Return the models made elsewhere, by name; one may answer several tasks."""
    found: dict[str, dict[str, Any]] = {}
    for external in plan.externals:
        seeds = {int(seed) for seed in external.predictions["seed"].unique()}
        known = found.setdefault(
            external.name,
            {
                "name": external.name,
                "title": external.title,
                "kind": "external",
                "description": f"Predictions made elsewhere, read from {external.source}.",
                "seeds": [],
                "tasks": [],
                "settings": {"sha256": external.sha256, "threshold": external.threshold},
            },
        )
        known["seeds"] = sorted(seeds.union(known["seeds"]))
        known["tasks"].append(external.task)
    return list(found.values())


def _profiles(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "engine": plan.profiles[name].engine,
            "description": plan.profiles[name].description,
            "sequences": list(sequences),
            "settings": plan.profiles[name].effective(),
            **({"weights": told} if (told := plan.profiles[name].settings.provenance()) else {}),
        }
        for name, sequences in plan.definition.profiles.items()
    ]


def _features(plan: Plan) -> dict[str, Any]:
    """Return the table of features of one's own; empty without one."""
    own = plan.cohort.features
    if own is None:
        return {}
    return {"file": own.file, "columns": len(own.table.columns), "lesions": len(own.table)}


def _hashes(plan: Plan, results: pd.DataFrame) -> dict[str, str]:
    return {
        "cohort": plan.cohort.sha256,
        **({"features": plan.cohort.features.sha256} if plan.cohort.features is not None else {}),
        "images": hash_object(sorted(plan.content.values())),
        "labels": hash_object([hash_table(table.reset_index()) for table in plan.outcomes.values()]),
        "lesions": hash_table(plan.cohort.lesions),
        "split": plan.split.sha256,
        "results": hash_table(results),
        **{f"profile {name}": profile.digest() for name, profile in plan.profiles.items()},
    }


def _device(models: ModelStage) -> str:
    """Where the networks were trained: cpu, cuda, or both."""
    devices = set()
    for result in models.folds:
        if result.folder is not None:
            devices.add(str(result.record["device"]))
    return " and ".join(sorted(devices)) or "cpu"


def _fitted_on(models: ModelStage) -> list[dict[str, Any]]:
    """On which processors, with which instructions, models were fitted: kept ones may be from elsewhere."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for result in models.folds:
        if result.folder is not None:
            made = result.record
            key = str(made.get("processor", "not recorded")), str(made.get("instructions", ""))
            found.setdefault(key, {})[str(made["model"])] = None
    return [
        {"processor": name, "instructions": used, "models": list(which)}
        for (name, used), which in found.items()
    ]


def _command(plan: Plan) -> str:
    words = ["samesplit", "run", plan.definition.name]
    for name in plan.options.only:
        words += ["--model", name]
    if plan.options.shuffle_labels is not None:
        words += ["--shuffle-labels", str(plan.options.shuffle_labels)]
    return shlex.join(words)
