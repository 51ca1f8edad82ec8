"""The SQLite file `mlflow.db`: its address, its making, and what is wrong with it in words."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from samesplit.errors import TrackingError
from samesplit.run_folder import PUSHED, RESULTS_CSV
from samesplit.storage import hash_file

__all__ = [
    "check_writable",
    "is_in",
    "is_pushed",
    "mlflow_client",
    "opened_store",
    "store_errors",
    "store_uri",
]


def store_uri(store: Path) -> str:
    """Return the MLflow address of a SQLite file."""
    return f"sqlite:///{store.resolve().as_posix()}"


def is_pushed(run_folder: Path, store: Path) -> bool:
    """Whether this very content of the run's folder has been pushed to this store."""
    try:
        pushed = json.loads((run_folder / PUSHED).read_text(encoding="utf-8"))
        here = pushed["store"] == store_uri(store) and store.exists()
        same = here and pushed["results"] == hash_file(run_folder / RESULTS_CSV)
        return same and is_in(store, pushed["parent"])
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        sqlite3.Error,
    ):  # a push says what is wrong, if anything is
        return False


def is_in(store: Path, run: str) -> bool:
    """Whether the store has the run: it may have been deleted and made anew by another benchmark."""
    with closing(sqlite3.connect(store)) as connection:
        asked = "SELECT 1 FROM runs WHERE run_uuid = ? AND lifecycle_stage = 'active'"
        return connection.execute(asked, (run,)).fetchone() is not None


def mlflow_client(address: str) -> Any:
    """Return MLflow's client of a store or a server, and keep MLflow from talking of its own affairs."""
    for name in ("MLFLOW_DISABLE_TELEMETRY", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"):
        os.environ.setdefault(name, "true")
    from mlflow import MlflowClient  # slow to import, and needed by this function alone

    for name in ("alembic", "mlflow"):  # set by MLflow on import; its table-making is no news to the user
        logging.getLogger(name).setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=address)


def check_writable(store: Path, timeout_s: float) -> None:
    """Fail with one clear error before MLflow retries for minutes."""
    connection = sqlite3.connect(store, timeout=timeout_s)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()
    finally:
        connection.close()


@contextmanager
def opened_store(store: Path) -> Iterator[Path]:
    """Give the file to write to; a store that is not there yet gets its name when the block is done.

    MLflow cannot go on from tables that a kill or a full disk left half. It also makes them by all the changes
    that they ever went through, each of which SQLite forces to the disk. Under another name that is for nothing: a
    new file is forced to the disk once, before it gets its name.
    """
    if store.exists() and store.stat().st_size:
        yield store
        return
    for left in store.parent.glob(f".{store.name}.*new*"):
        left.unlink(missing_ok=True)
    fresh = store.with_name(
        f".{store.name}.{uuid.uuid4().hex[:8]}.new"
    )  # MLflow keeps files open by their names
    try:
        with _not_forced_to_disk(fresh):
            yield fresh
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        fresh.replace(store)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _not_forced_to_disk(store: Path) -> Iterator[None]:
    """Have SQLite leave the writing of one file to the operating system while the block runs."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def relax(connection: sqlite3.Connection, _record: object) -> None:
        files = {row[2] for row in connection.execute("PRAGMA database_list")}
        if str(store.resolve()) in files:
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", relax)
    try:
        yield
    finally:
        event.remove(Engine, "connect", relax)


@contextmanager
def store_errors(store: Path) -> Iterator[None]:
    """Turn what SQLite and MLflow say of a store into one clear error.

    Raises:
        TrackingError: The store is damaged, of another version of MLflow, or cannot be written.
    """
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
        if "disk is full" in str(error) or "No space left" in str(error):
            raise TrackingError(
                f"the tracking store cannot be written ({told})",
                where=store,
                remedy="free some disk space, then push again with: samesplit push; the run and its report are "
                "finished and safe",
            ) from error
        if "out-of-date database schema" in str(error):
            raise TrackingError(
                "the tracking store was made by an older version of MLflow",
                where=store,
                remedy=f"keep a copy of {store.name}, then: mlflow db upgrade {store_uri(store)}",
            ) from error
        raise TrackingError(
            f"the tracking store cannot be written ({told})",
            where=store,
            remedy="close what holds it (another run, `samesplit ui`), then push again with: samesplit push; "
            "the run and its report are finished and safe",
        ) from error
