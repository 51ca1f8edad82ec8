"""Files of a run and of its models, as MLflow's users find them: tables to look at, whole tables, models."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from samesplit.run_folder import (
    DETAILS,
    LEDGER_CSV,
    PREDICTIONS_CSV,
    REPORT_DATA,
    REPORT_PAGE,
    REPORT_TEXT,
    RESULTS_CSV,
    RUN_RECORD,
)
from samesplit.tables import read_table
from samesplit.tracking.places import folder_of

__all__ = [
    "PREDICTIONS",
    "RESULTS",
    "artifact_folder",
    "put_details",
    "put_file",
    "put_run_files",
    "put_shared_details",
    "put_table",
    "shown_tables",
]

RUN_FILES = (REPORT_PAGE, REPORT_DATA, REPORT_TEXT, RESULTS_CSV, PREDICTIONS_CSV, LEDGER_CSV, RUN_RECORD)
RESULTS, PREDICTIONS = "results.json", "predictions.json"
"""Tables that MLflow's page of a run shows."""
MOST_SHOWN_ROWS = 5_000
"""Of a table to look at: MLflow's page reads all of it."""
MOST_CSV_ROWS = 50_000


@contextmanager
def artifact_folder(address: str, upload: Callable[[str], None]) -> Iterator[Path]:
    """Give the folder that artifacts are to be put in.

    Args:
        address: Where MLflow looks for them.
        upload: Called with the path of a temporary folder when the block is done, where the address lies on no
            disk of this machine.
    """
    home = folder_of(address)
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
        yield home
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
        if any(Path(folder).iterdir()):
            upload(folder)


def shown_tables(*names: str) -> dict[str, str]:
    """Return the tag by which MLflow knows which artifacts are tables to look at."""
    return {"mlflow.loggedArtifacts": json.dumps([{"path": name, "type": "table"} for name in names])}


def put_table(home: Path, table: pd.DataFrame, name: str) -> None:
    """Write a table to look at, as `MlflowClient.log_table` does; where it is long the whole of it as parquet too.

    Args:
        home: The folder of artifacts.
        table: Its first rows are shown.
        name: Ends in `.json`.
    """
    shown = table.head(MOST_SHOWN_ROWS)
    shown.to_json(home / name, orient="split", index=False, date_format="iso", double_precision=15)
    if len(table) > len(shown):
        table.to_parquet((home / name).with_suffix(".parquet"), index=False)


def put_file(source: Path, target: Path) -> None:
    """Link a file that is never written again; copy it to another disk, or to one that knows no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def put_run_files(home: Path, run_folder: Path) -> None:
    """Copy the report, the tables that belong to it, and the record of the run."""
    for name in RUN_FILES:
        if (run_folder / name).exists():
            shutil.copyfile(run_folder / name, home / name)


def put_details(home: Path, details: Path, model: str) -> None:
    """Write the tables that a model told while it was fitted."""
    for path in sorted(details.glob("*.parquet")):
        table = read_table(path)
        if "model" not in table:  # of no one model, see `put_shared_details`
            continue
        table = table[table["model"] == model]
        if len(table) > MOST_CSV_ROWS:  # as text it would be twenty times as large
            (home / DETAILS).mkdir(exist_ok=True)
            table.to_parquet(home / DETAILS / path.name, index=False)
        elif len(table):
            _put_csv(table, home / DETAILS / f"{path.stem}.csv")


def put_shared_details(home: Path, details: Path, task: str) -> None:
    """Write the tables that are of no one model, such as the lesions that a chain has found."""
    for path in sorted(details.glob("*.parquet")):
        table = read_table(path)
        if "model" not in table and len(table):
            _put_csv(table, home / DETAILS / task / f"{path.stem}.csv")


def _put_csv(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
