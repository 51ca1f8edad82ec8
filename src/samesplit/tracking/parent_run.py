"""The run of MLflow that stands for a whole run of a benchmark; those of its models hang below it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.run_folder import DETAILS
from samesplit.tracking.artifacts import (
    RESULTS,
    artifact_folder,
    put_run_files,
    put_shared_details,
    put_table,
    shown_tables,
)
from samesplit.tracking.finished_run import FinishedRun
from samesplit.tracking.measured import log_in_batches
from samesplit.tracking.system_metrics import system_metrics

__all__ = ["begin_parent", "end_parent"]


def begin_parent(client: Any, experiment: str, run: FinishedRun) -> str:
    """Create the parent run, with all that is not of one model; return its id.

    Args:
        client: MLflow's.
        experiment: Its id.
        run: What is pushed.
    """
    created = client.create_run(
        experiment, run_name=run.name, tags=_tags(run.record), start_time=run.moment("started")
    )
    parent = str(created.info.run_id)
    log_in_batches(client, parent, system_metrics(run.folder), _parameters(run.record))
    datasets = [part.as_input() for task in run.tasks for part in task.parts]
    if datasets:
        client.log_inputs(parent, datasets=datasets)
    with artifact_folder(
        created.info.artifact_uri, lambda place: client.log_artifacts(parent, place)
    ) as home:
        put_run_files(home, run.folder)
        put_table(home, _results(run), RESULTS)
        for task in run.tasks:
            put_shared_details(home, task.folder / DETAILS, task.name)
    return parent


def end_parent(client: Any, parent: str, run: FinishedRun, models: list[str]) -> None:
    """Name the logged models that came of the run, and end it.

    Args:
        client: MLflow's.
        parent: The id of the parent run.
        run: What is pushed.
        models: Their ids.
    """
    from mlflow.entities import LoggedModelOutput

    if models:
        client.log_outputs(parent, [LoggedModelOutput(model, step=0) for model in models])
    client.set_terminated(parent, "FINISHED", end_time=run.moment("finished"))


def _results(run: FinishedRun) -> pd.DataFrame:
    tables = [task.results.assign(task=task.name) if task.name else task.results for task in run.tasks]
    return pd.concat(tables, ignore_index=True)


def _tags(record: dict[str, Any]) -> dict[str, str]:
    hashes = {f"samesplit.sha256.{name}": value for name, value in record["hashes"].items()}
    return {
        "samesplit.run": record["run"],
        "samesplit.benchmark": record["benchmark"],
        "samesplit.shuffled_labels": str(record["options"]["shuffle_labels"]).lower(),
        "mlflow.note.content": f"{record['title']}\n\n{record['question']}",
        **shown_tables(RESULTS),
        **hashes,
    }


def _parameters(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "split.scheme": record["split"]["scheme"],
        "split.seed": record["split"]["seed"],
        "statistics.reference": record["statistics"]["reference"],
        "statistics.operating_point": record["statistics"]["operating_point"]["policy"],
        **{f"version.{name}": value for name, value in record["versions"].items()},
        **{f"machine.{name}": value for name, value in record["machine"].items()},
    }
