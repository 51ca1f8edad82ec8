"""The run of MLflow for one model in one task, and the logged model that comes of it."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from samesplit.run_folder import DETAILS
from samesplit.tracking.artifacts import (
    PREDICTIONS,
    RESULTS,
    artifact_folder,
    put_details,
    put_table,
    shown_tables,
)
from samesplit.tracking.curves import curves_of
from samesplit.tracking.finished_run import FinishedRun, TaskOfRun
from samesplit.tracking.logged_models import create_logged_model, put_fitted
from samesplit.tracking.measured import claims, log_in_batches, metrics_of

__all__ = ["push_model"]


def push_model(
    client: Any, experiment: str, parent: str, run: FinishedRun, task: TaskOfRun, model: dict[str, Any]
) -> str | None:
    """Push a model with all that is known of it in a task.

    Args:
        client: MLflow's.
        experiment: Its id.
        parent: The id of the parent run.
        run: What is pushed.
        task: The task.
        model: The model's record.

    Returns:
        The id of the logged model; None for a model that the task has no results of.
    """
    from mlflow.entities import LoggedModelOutput, Metric

    results = task.results[task.results["model"] == model["name"]]
    if not (results["group"] == "all").any():
        return None
    started = run.moment("started")
    title = f"{model['title']} ({task.name})" if task.name else str(model["title"])
    own = _tags(run.record, task, model) | claims(results)
    predictions = task.predictions[task.predictions["model"] == model["name"]]
    tables = (RESULTS, PREDICTIONS) if len(predictions) else (RESULTS,)
    tags = own | {"mlflow.parentRunId": parent} | shown_tables(*tables)
    created = client.create_run(experiment, run_name=title, tags=tags, start_time=started)
    child, at = str(created.info.run_id), int(created.info.start_time)
    parameters = _flat({"kind": model["kind"], "seeds": model["seeds"], "settings": model["settings"]})
    logged = create_logged_model(
        client, experiment, run=child, model=model, task=task.name, parameters=parameters, tags=own
    )
    if task.parts:
        client.log_inputs(child, datasets=[part.as_input() for part in task.parts])
    metrics = metrics_of(results, task.parts, model_id=logged.model_id, at=at)
    metrics += [Metric(p.name, p.value, at, p.step) for p in curves_of(task.folder, str(model["name"]))]
    log_in_batches(client, child, metrics, parameters)
    with artifact_folder(created.info.artifact_uri, lambda place: client.log_artifacts(child, place)) as home:
        put_table(home, results, RESULTS)
        if len(predictions):
            put_table(home, _answers_first(predictions), PREDICTIONS)
        put_details(home, task.folder / DETAILS, str(model["name"]))
    put_fitted(client, logged, task.folder, str(model["name"]))
    client.log_outputs(child, [LoggedModelOutput(logged.model_id, step=0)])
    client.finalize_logged_model(logged.model_id, "READY")
    seconds = run.record.get("seconds", {}).get(f"model {model['name']}", 0.0)
    client.set_terminated(child, "FINISHED", end_time=started and started + round(1000 * seconds))
    return str(logged.model_id)


def _tags(record: dict[str, Any], task: TaskOfRun, model: dict[str, Any]) -> dict[str, str]:
    tags = {
        "samesplit.run": str(record["run"]),
        "samesplit.model": str(model["name"]),
        "samesplit.sha256.split": str(record["hashes"]["split"]),
        "samesplit.sha256.cohort": str(record["hashes"]["cohort"]),
    }
    return tags | {"samesplit.task": task.name} if task.name else tags


def _answers_first(predictions: pd.DataFrame) -> pd.DataFrame:
    """Put the columns first that a reader of a table looks for: which lesion, what it is, what was said of it."""
    fits = ["subset", "repeat", "fold", "seed", "rater", "model"]
    return predictions[[name for name in predictions if name not in fits] + fits]


def _flat(value: Any, name: str = "") -> dict[str, str]:
    if isinstance(value, dict) and value:
        inner = (_flat(part, f"{name}.{key}" if name else str(key)) for key, part in value.items())
        return {key: text for part in inner for key, text in part.items()}
    return {name: json.dumps(value) if isinstance(value, list | dict) else str(value)}
