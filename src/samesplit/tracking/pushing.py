"""A finished run's folder is pushed into `mlflow.db`.

The run's folder is the truth; the push can be repeated and never doubles. One parent run per benchmark run,
one child run per model.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from samesplit.errors import TrackingError
from samesplit.extras import require_extra
from samesplit.kept import read_kept_json
from samesplit.run_folder import (
    DETAILS,
    LEDGER_CSV,
    MODELS,
    PREDICTIONS_CSV,
    PUSHED,
    REPORT_DATA,
    REPORT_PAGE,
    REPORT_TEXT,
    RESULTS_CSV,
    RESULTS_TABLE,
    RUN_RECORD,
    task_folder,
)
from samesplit.storage import hash_file, locked, write_json
from samesplit.tables import RESULTS, read_table
from samesplit.tracking.places import artifacts_of, come_home, folder_of, remove_artifacts

__all__ = ["is_pushed", "push", "store_uri"]

ARTIFACTS = (REPORT_PAGE, REPORT_DATA, REPORT_TEXT, RESULTS_CSV, PREDICTIONS_CSV, LEDGER_CSV, RUN_RECORD)
_MOST_CSV_ROWS = 50_000


def store_uri(store: Path) -> str:
    """Return the MLflow address of a SQLite file."""
    return f"sqlite:///{store.resolve().as_posix()}"


def is_pushed(run_folder: Path, store: Path) -> bool:
    """Whether this very content of the run's folder has been pushed to this store."""
    try:
        pushed = json.loads((run_folder / PUSHED).read_text(encoding="utf-8"))
        here = pushed["store"] == store_uri(store) and store.exists()
        same = here and pushed["results"] == hash_file(run_folder / RESULTS_CSV)
        return same and _is_in(store, pushed["parent"])
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        sqlite3.Error,
    ):  # a push says what is wrong, if anything is
        return False


def _is_in(store: Path, run: str) -> bool:
    """Whether the store has the run: it may have been deleted and made anew by another benchmark."""
    with closing(sqlite3.connect(store)) as connection:
        asked = "SELECT 1 FROM runs WHERE run_uuid = ? AND lifecycle_stage = 'active'"
        return connection.execute(asked, (run,)).fetchone() is not None


def push(run_folder: Path, store: Path, *, timeout_s: float = 60.0) -> str:
    """Write a run into the tracking store: parameters, metrics with their intervals, hashes, artifacts, models.

    Runs of an earlier push of the same run folder are replaced, so that pushing twice does not double; nothing
    outside the store's workspace is deleted for that. With named tasks a model has a run for each task, named by
    both. Of the fitted models those of the first repeat are copied;
    all of them stay in the run's folder. The parent's start and end are the run's, and a model's run lasts as long
    as the model was computed on (over all its folds), however long the push takes.

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
    record, damage = read_kept_json(run_folder / RUN_RECORD, "run", "benchmark", "models", "hashes")
    if not record:
        problem, remedy = damage or "does not exist", "run the benchmark again, which makes it anew"
        raise TrackingError(problem, where=run_folder / RUN_RECORD, remedy=remedy)
    tables = {
        task: read_table(task_folder(run_folder, task) / RESULTS_TABLE, RESULTS)
        for task in _named_tasks(run_folder, record) or [""]
    }
    lock = store.with_name(f"{store.name}.lock")
    with locked(lock, timeout_s=timeout_s), _store_errors(store):
        _check_writable(store, timeout_s)
        _make_store(store)
        come_home(store)
        client = _client(store)
        experiment = _experiment(client, record["benchmark"], store)
        _delete_earlier(client, experiment, record["run"], store)
        started, finished = _moment(record, "started"), _moment(record, "finished")
        parent = _start(client, experiment, record["run"], _parent_tags(record), started)
        _log_parent(client, parent, record, run_folder)
        for task, results in tables.items():
            _log_shared(client, parent, task_folder(run_folder, task) / DETAILS, task)
            for model in record["models"]:
                _log_model(client, experiment, parent, model, record, results, run_folder, task)
        client.set_terminated(parent, "FINISHED", end_time=finished)
    marker = {"store": store_uri(store), "parent": parent, "results": hash_file(run_folder / RESULTS_CSV)}
    write_json(run_folder / PUSHED, marker)
    return parent


def _make_store(store: Path) -> None:
    """Make the store whole or not at all: MLflow cannot go on from tables that a kill or a full disk left half."""
    if store.exists() and store.stat().st_size:
        return
    fresh = store.with_name(f".{store.name}.new")
    for left in (fresh, fresh.with_name(f"{fresh.name}-journal")):
        left.unlink(missing_ok=True)
    _client(fresh).search_experiments(max_results=1)
    fresh.replace(store)


def _check_writable(store: Path, timeout_s: float) -> None:
    """Fail with one clear error before MLflow retries for minutes."""
    connection = sqlite3.connect(store, timeout=timeout_s)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()
    finally:
        connection.close()


def _client(store: Path) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient  # slow to import, and needed by this function alone

    for name in ("alembic", "mlflow"):  # set by MLflow on import; its table-making is no news to the user
        logging.getLogger(name).setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=store_uri(store))


def _experiment(client: Any, benchmark: str, store: Path) -> str:
    found = client.get_experiment_by_name(benchmark)
    if found is not None:
        return str(found.experiment_id)
    location = (artifacts_of(store) / benchmark).resolve().as_uri()
    return str(client.create_experiment(benchmark, artifact_location=location))


def _delete_earlier(client: Any, experiment: str, run_id: str, store: Path) -> None:
    for run in client.search_runs([experiment], f"tags.`samesplit.run` = '{run_id}'"):
        client.delete_run(run.info.run_id)
        remove_artifacts(run.info.artifact_uri, store)


def _start(client: Any, experiment: str, name: str, tags: dict[str, str], started: int | None) -> str:
    return str(client.create_run(experiment, run_name=name, tags=tags, start_time=started).info.run_id)


def _moment(record: dict[str, Any], when: str) -> int | None:
    """When the run began or ended, in milliseconds since 1970; None where its record does not say."""
    given = record.get(when)
    return round(1000 * datetime.fromisoformat(given).timestamp()) if given else None


def _parent_tags(record: dict[str, Any]) -> dict[str, str]:
    hashes = {f"samesplit.sha256.{name}": value for name, value in record["hashes"].items()}
    return {
        "samesplit.run": record["run"],
        "samesplit.benchmark": record["benchmark"],
        "samesplit.shuffled_labels": str(record["options"]["shuffle_labels"]).lower(),
        "mlflow.note.content": f"{record['title']}\n\n{record['question']}",
        **hashes,
    }


def _named_tasks(run_folder: Path, record: dict[str, Any]) -> list[str]:
    """List the tasks with results in folders of their own; none where benchmark.yaml declares `task:`.

    A task that no model of the run answered has a folder and no results.
    """
    names = (str(task["name"]) for task in record.get("tasks", ()))
    return [name for name in names if (task_folder(run_folder, name) / RESULTS_TABLE).is_file()]


def _log_parent(client: Any, parent: str, record: dict[str, Any], run_folder: Path) -> None:
    parameters = {
        "split.scheme": record["split"]["scheme"],
        "split.seed": record["split"]["seed"],
        "statistics.reference": record["statistics"]["reference"],
        "statistics.operating_point": record["statistics"]["operating_point"]["policy"],
        **{f"version.{name}": value for name, value in record["versions"].items()},
        **{f"machine.{name}": value for name, value in record["machine"].items()},
    }
    _log_batch(client, parent, {}, parameters)
    for name in ARTIFACTS:
        if (run_folder / name).exists():
            client.log_artifact(parent, str(run_folder / name))


def _log_model(
    client: Any,
    experiment: str,
    parent: str,
    model: dict[str, Any],
    record: dict[str, Any],
    results: pd.DataFrame,
    run_folder: Path,
    task: str,
) -> None:
    own = results[(results["model"] == model["name"]) & (results["group"] == "all")]
    if own.empty:
        return
    tags = _claims(own) | {
        "mlflow.parentRunId": parent,
        "samesplit.run": record["run"],
        "samesplit.model": model["name"],
        "samesplit.sha256.split": record["hashes"]["split"],
        "samesplit.sha256.cohort": record["hashes"]["cohort"],
    }
    if task:
        tags["samesplit.task"] = task
    started, folder = _moment(record, "started"), task_folder(run_folder, task)
    title = f"{model['title']} ({task})" if task else model["title"]
    run = _start(client, experiment, title, tags, started)
    parameters = _flat({"kind": model["kind"], "seeds": model["seeds"], "settings": model["settings"]})
    _log_batch(client, run, _metrics(own), parameters)
    for path in sorted((folder / DETAILS).glob("*.parquet")):
        table = read_table(path)
        if "model" not in table:  # of no one model, see _log_shared
            continue
        table = table[table["model"] == model["name"]]
        if len(table) > _MOST_CSV_ROWS:
            _log_parquet(client, run, table, path.name)
        elif len(table):
            client.log_text(run, table.to_csv(index=False), f"details/{path.stem}.csv")
    # Of repeated splits the store gets the first repeat's fitted models, and that whose weights were kept.
    home = folder_of(client.get_run(run).info.artifact_uri)
    for fitted in sorted((folder / MODELS / model["name"]).glob("seed*-repeat*-fold*")):
        if "-repeat0-" in fitted.name or (fitted / "weights.pt").exists():
            _log_fitted(client, run, home, fitted)
    seconds = record.get("seconds", {}).get(f"model {model['name']}", 0.0)
    client.set_terminated(run, "FINISHED", end_time=started and started + round(1000 * seconds))


def _log_shared(client: Any, parent: str, details: Path, task: str) -> None:
    """Log the tables that are of no one model, such as the lesions that a chain has found, with the run itself."""
    for path in sorted(details.glob("*.parquet")):
        table = read_table(path)
        if "model" not in table and len(table):
            place = f"details/{task}/" if task else "details/"
            client.log_text(parent, table.to_csv(index=False), f"{place}{path.stem}.csv")


def _log_fitted(client: Any, run: str, home: Path | None, fitted: Path) -> None:
    """Log a fitted model as an artifact; where store and run lie on one disk its files are linked, not copied."""
    place = f"model/{fitted.name}"
    for path in sorted(path for path in fitted.rglob("*") if path.is_file()):
        inside = path.relative_to(fitted)
        try:
            if home is None:
                raise OSError
            target = home / place / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
        except OSError:  # another disk, one that knows no links, or a store elsewhere
            client.log_artifact(run, str(path), (PurePosixPath(place) / inside.parent.as_posix()).as_posix())


def _log_parquet(client: Any, run: str, table: pd.DataFrame, name: str) -> None:
    """Log a table of many rows as parquet: as text it would be twenty times as large."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        table.to_parquet(path, index=False)
        client.log_artifact(run, str(path), "details")


def _metrics(results: pd.DataFrame) -> dict[str, float]:
    """Return the first row of each quantity, with its interval as `<quantity>.ci_low` and `.ci_high`.

    The P value of a difference is the adjusted one, as everywhere: it decides what is claimed.
    """
    metrics: dict[str, float] = {}
    for row in results.to_dict(orient="records"):
        name = _name_of(row)
        if name in metrics or pd.isna(row["estimate"]):
            continue
        metrics[name] = float(row["estimate"])
        for end in ("ci_low", "ci_high", "p_adjusted"):
            if pd.notna(row[end]):
                metrics[f"{name}.{end}"] = float(row[end])
    return metrics


def _name_of(row: dict[Any, Any]) -> str:
    name = f"{row['quantity']}.versus.{row['reference']}" if row["reference"] else str(row["quantity"])
    return "".join(c if c.isalnum() or c in "_-./ " else "_" for c in name)


def _claims(results: pd.DataFrame) -> dict[str, str]:
    """Return what is claimed of each difference: `higher`, `lower` or `not shown`."""
    claimed = results[results["claim"] != ""].to_dict(orient="records")
    return {f"samesplit.claim.{_name_of(row)}": str(row["claim"]) for row in claimed}


def _flat(value: Any, name: str = "") -> dict[str, str]:
    if isinstance(value, dict) and value:
        inner = (_flat(part, f"{name}.{key}" if name else str(key)) for key, part in value.items())
        return {key: text for part in inner for key, text in part.items()}
    return {name: json.dumps(value) if isinstance(value, list | dict) else str(value)}


def _log_batch(client: Any, run: str, metrics: dict[str, float], parameters: dict[str, Any]) -> None:
    from mlflow.entities import Metric, Param

    given = [Metric(name, value, 0, 0) for name, value in metrics.items()]
    named = [Param(name, str(value)[:6000]) for name, value in parameters.items()]
    for start in range(0, max(len(given), 1), 900):
        client.log_batch(run, metrics=given[start : start + 900])
    for start in range(0, len(named), 90):
        client.log_batch(run, params=named[start : start + 90])


@contextmanager
def _store_errors(store: Path) -> Iterator[None]:
    try:
        yield
    except TrackingError:
        raise
    except Exception as error:
        from sqlalchemy.exc import SQLAlchemyError

        kinds: tuple[type[Exception], ...] = (sqlite3.Error, SQLAlchemyError, OSError)
        if not isinstance(error, kinds) and type(error).__name__ != "MlflowException":
            raise
        told = str(error).splitlines()[0]
        if any(words in str(error) for words in ("not a database", "malformed")):
            raise TrackingError(
                f"the tracking store is damaged ({told})",
                where=store,
                remedy=f"move {store.name} away, then push each run again with: samesplit push; the runs and "
                "their reports are finished and safe",
            ) from error
        raise TrackingError(
            f"the tracking store cannot be written ({told})",
            where=store,
            remedy="close what holds it (another run, `samesplit ui`), then push again with: samesplit push; "
            "the run and its report are finished and safe",
        ) from error
