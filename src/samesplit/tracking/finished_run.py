"""A finished run's folder, read for a push."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import TrackingError
from samesplit.kept import read_kept_json
from samesplit.run_folder import PREDICTIONS_TABLE, RESULTS_TABLE, RUN_RECORD, task_folder
from samesplit.tables import RESULTS, read_table
from samesplit.tracking.datasets import Part, labels_of, parts_of_split

__all__ = ["FinishedRun", "TaskOfRun", "read_finished_run"]

_NEEDED = (
    "run", "benchmark", "title", "question", "models", "hashes", "split", "statistics", "options", "versions",
    "machine",
)  # fmt: skip
"""What a push needs of run.json; one that an older version wrote may lack some of it."""


@dataclass(frozen=True)
class TaskOfRun:
    """What a push needs of a task of a run.

    Attributes:
        name: Empty where benchmark.yaml declares `task:`.
        folder: With its tables.
        results: Its table of results.
        predictions: Of the test part first, with the label of the lesion where it has one.
        parts: The parts of the split.
    """

    name: str
    folder: Path
    results: pd.DataFrame
    predictions: pd.DataFrame
    parts: list[Part]


@dataclass(frozen=True)
class FinishedRun:
    """A run's folder.

    Attributes:
        folder: `reports/<benchmark>/<run>`.
        record: Its run.json.
        tasks: What there is of each task that has results.
    """

    folder: Path
    record: dict[str, Any]
    tasks: list[TaskOfRun]

    @property
    def name(self) -> str:
        """The run's id."""
        return str(self.record["run"])

    @property
    def models(self) -> list[dict[str, Any]]:
        """The models' records, in the order of the benchmark."""
        return list(self.record["models"])

    def moment(self, when: str) -> int | None:
        """Return when the run `started` or `finished`, in milliseconds since 1970; None where it does not say."""
        given = self.record.get(when)
        return round(1000 * datetime.fromisoformat(given).timestamp()) if given else None


def read_finished_run(folder: Path) -> FinishedRun:
    """Read what a push needs of a run's folder.

    Raises:
        TrackingError: There is no record of a run.
    """
    record, damage = read_kept_json(folder / RUN_RECORD, *_NEEDED)
    if not record:
        problem, remedy = damage or "does not exist", "run the benchmark again, which makes it anew"
        raise TrackingError(problem, where=folder / RUN_RECORD, remedy=remedy)
    return FinishedRun(
        folder, record, [_task(folder, record, name) for name in _named(folder, record) or [""]]
    )


def _named(folder: Path, record: dict[str, Any]) -> list[str]:
    """List the tasks with results in folders of their own; none where benchmark.yaml declares `task:`.

    A task that no model of the run answered has a folder and no results.
    """
    names = (str(task["name"]) for task in record.get("tasks", ()))
    return [name for name in names if (task_folder(folder, name) / RESULTS_TABLE).is_file()]


def _task(folder: Path, record: dict[str, Any], name: str) -> TaskOfRun:
    home = task_folder(folder, name)
    results = read_table(home / RESULTS_TABLE, RESULTS)
    return TaskOfRun(
        name, home, results, _predictions(folder, record, name), parts_of_split(folder, record, name)
    )


def _predictions(folder: Path, record: dict[str, Any], task: str) -> pd.DataFrame:
    path = task_folder(folder, task) / PREDICTIONS_TABLE
    if not path.is_file():
        return pd.DataFrame({"model": []}, dtype=str)
    table = read_table(path)
    labels = labels_of(folder, record, task)
    if len(labels):
        table.insert(list(table.columns).index("lesion_id") + 1, "label", table["lesion_id"].map(labels))
    return table.sort_values("subset", key=lambda subset: subset != "test", kind="stable", ignore_index=True)
