"""A finished run's folder is pushed into `mlflow.db`, or to a tracking server.

The run's folder is the truth; the push can be repeated and never doubles. One parent run per benchmark run, one
child run and one logged model per model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samesplit.errors import TrackingError
from samesplit.extras import require_extra
from samesplit.run_folder import PUSHED, RESULTS_CSV
from samesplit.storage import hash_file, locked, write_json
from samesplit.tracking.earlier import remove_earlier
from samesplit.tracking.finished_run import FinishedRun, read_finished_run
from samesplit.tracking.model_run import push_model
from samesplit.tracking.parent_run import begin_parent, end_parent
from samesplit.tracking.places import artifacts_of, come_home
from samesplit.tracking.server import check_server, server_errors
from samesplit.tracking.store import (
    check_writable,
    is_in,
    mlflow_client,
    opened_store,
    store_errors,
    store_uri,
)

__all__ = ["push", "push_to_server"]

_KIND = {"mlflow.experimentKind": "custom_model_development"}


def push(run_folder: Path, store: Path, *, timeout_s: float = 60.0) -> str:
    """Write a run into the tracking store: parameters, metrics with their intervals, curves, artifacts, models.

    Runs and logged models of an earlier push of the same run folder are replaced, so that pushing twice does not
    double; nothing outside the store's workspace is deleted for that. With named tasks a model has a run for each
    task, named by both. Of the fitted models those of the first repeat are linked or copied; all of them stay in
    the run's folder. The parent's start and end are the run's, and a model's run lasts as long as the model was
    computed on (over all its folds), however long the push takes.

    Args:
        run_folder: `reports/<benchmark>/<run>`, finished.
        store: The SQLite file, usually `mlflow.db`.
        timeout_s: How long to wait for another process that holds the store, in seconds.

    Returns:
        The id of the parent run.

    Raises:
        TrackingError: The store is locked, read-only or not a database.
        MissingExtraError: MLflow is not installed.
    """
    require_extra("tracking", needed_by="tracking a run")
    run = read_finished_run(run_folder)
    lock = store.with_name(f"{store.name}.lock")
    with locked(lock, timeout_s=timeout_s), store_errors(store):
        check_writable(store, timeout_s)
        location = (artifacts_of(store) / run.record["benchmark"]).resolve().as_uri()
        with opened_store(store) as place:
            client = mlflow_client(store_uri(place))
            come_home(place)
            parent = _push(client, run, store=place, location=location)
        if not is_in(store, parent):
            raise TrackingError(
                "the tracking store was replaced by another file while this process had it open",
                where=store,
                remedy="push again from a new process: samesplit push",
            )
    marker = {"store": store_uri(store), "parent": parent, "results": hash_file(run_folder / RESULTS_CSV)}
    write_json(run_folder / PUSHED, marker)
    return parent


def push_to_server(run_folder: Path, address: str) -> str:
    """Write a run to a tracking server, as `push` does to the workspace's own store, which is left as it is.

    MLflow's own environment variables say who is asking: `MLFLOW_TRACKING_USERNAME`, `MLFLOW_TRACKING_TOKEN`.

    Args:
        run_folder: `reports/<benchmark>/<run>`, finished.
        address: Of the server, such as `http://127.0.0.1:5000`, or `databricks`.

    Returns:
        The id of the parent run.

    Raises:
        TrackingError: Nothing answers there, or the server refuses.
        MissingExtraError: MLflow is not installed.
    """
    require_extra("tracking", needed_by="tracking a run")
    run = read_finished_run(run_folder)
    check_server(address)
    with locked(run_folder.with_name(f".{run_folder.name}.push.lock")), server_errors(address):
        return _push(mlflow_client(address), run, store=None, location=None)


def _push(client: Any, run: FinishedRun, *, store: Path | None, location: str | None) -> str:
    """Push a run into its experiment, in place of what an earlier push left there."""
    experiment = _experiment(client, str(run.record["benchmark"]), location)
    remove_earlier(client, experiment, run.name, store)
    parent = begin_parent(client, experiment, run)
    models = [
        logged
        for task in run.tasks
        # Of equals MLflow shows the newest first: backwards, those stay in the order of the benchmark.
        for model in reversed(run.models)
        if (logged := push_model(client, experiment, parent, run, task, model)) is not None
    ]
    end_parent(client, parent, run, models)
    return parent


def _experiment(client: Any, benchmark: str, location: str | None) -> str:
    """Return the experiment of a benchmark, of the kind that MLflow's pages show models and training runs of."""
    found = client.get_experiment_by_name(benchmark)
    if found is None:
        return str(client.create_experiment(benchmark, artifact_location=location, tags=_KIND))
    for name in set(_KIND) - set(found.tags):
        client.set_experiment_tag(found.experiment_id, name, _KIND[name])
    return str(found.experiment_id)
