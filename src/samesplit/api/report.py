"""What an evaluation found: the tables of a run as DataFrames, and the report for people."""

from __future__ import annotations

import json
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import SamesplitError
from samesplit.run_folder import LEDGER_TABLE, NOTES, REPORT_PAGE, RUN_RECORD, task_folder
from samesplit.tables import read_table

__all__ = ["Report"]


class Report:
    """The results of a run, as tables and as one HTML file.

    All tables are read from the run's folder when they are asked for. Reading them changes nothing.

    Attributes:
        folder: The run's folder.
        task: The task whose tables are given; None for those of all tasks, which then say in a first column
            `task` whose they are, or where the benchmark has one question under `task:`.
        failures: The reason for each model that failed.
    """

    def __init__(self, folder: Path, *, task: str | None = None, failures: Mapping[str, str] | None = None):
        self.folder = folder
        self.task = task
        self.failures: dict[str, str] = dict(failures or {})

    @property
    def html(self) -> Path:
        """The report: one self-contained file."""
        return self.folder / REPORT_PAGE

    @property
    def results(self) -> pd.DataFrame:
        """Every estimate with its interval, P value and method: one row each."""
        return self.table("results")

    @property
    def predictions(self) -> pd.DataFrame:
        """Every prediction of the validation and test parts."""
        return self.table("predictions")

    @property
    def pairs(self) -> pd.DataFrame:
        """Every difference between two models."""
        return self.table("pairs")

    @property
    def folds(self) -> pd.DataFrame:
        """The main quantity of every model, seed, repeat and fold."""
        return self.table("folds")

    @property
    def confusion(self) -> pd.DataFrame:
        """The numbers of right and wrong calls."""
        return self.table("confusion")

    @property
    def thresholds(self) -> pd.DataFrame:
        """The operating points, chosen from the validation parts."""
        return self.table("thresholds")

    @property
    def ledger(self) -> pd.DataFrame:
        """The case ledger: what was missing, repaired, excluded or failed, with the reason."""
        return read_table(self.folder / LEDGER_TABLE)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known before the numbers are believed."""
        content = json.loads((self.folder / NOTES).read_text(encoding="utf-8"))
        return tuple(str(note) for note in content)

    @property
    def record(self) -> dict[str, Any]:
        """How the run was made: versions, seeds, hashes, times (run.json)."""
        content: dict[str, Any] = json.loads((self.folder / RUN_RECORD).read_text(encoding="utf-8"))
        return content

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the benchmark's tasks; none where it has one question under `task:`."""
        return tuple(str(task["name"]) for task in self.record.get("tasks", ()) if self._has(task["name"]))

    def for_task(self, name: str) -> Report:
        """Return the report of the same run with the tables of one task.

        Raises:
            SamesplitError: The run has no such task.
        """
        if name not in self.tasks:
            raise SamesplitError(
                f"the run has no task '{name}'",
                where=self.folder,
                remedy=f"its tasks are: {', '.join(self.tasks) or 'none by name'}",
            )
        return Report(self.folder, task=name, failures=self.failures)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of all tables, for `table`."""
        names = {
            path.relative_to(folder).with_suffix("").as_posix()
            for folder in self._folders().values()
            for path in folder.rglob("*.parquet")
        }
        return tuple(sorted(n for n in names if not n.startswith(("features/", "models/", "tasks/"))))

    def table(self, name: str) -> pd.DataFrame:
        """Read one table of the run.

        Args:
            name: One of `tables`, for example "curves/roc".

        Raises:
            SamesplitError: The run has no such table.
        """
        found = {
            task: read_table(folder / f"{name}.parquet")
            for task, folder in self._folders().items()
            if (folder / f"{name}.parquet").is_file()
        }
        if not found:
            raise SamesplitError(
                f"the run has no table '{name}'",
                where=self.folder,
                remedy=f"its tables are: {', '.join(self.tables)}",
            )
        if "" in found:
            return found[""]
        parts = []
        for task, part in found.items():
            if self.task is None:
                part.insert(0, "task", task)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def open(self) -> Path:
        """Show the report in the browser.

        Returns:
            The HTML file.
        """
        webbrowser.open(self.html.resolve().as_uri())
        return self.html

    def __repr__(self) -> str:
        of = f", task {self.task}" if self.task else ""
        return f"<Report of {self.folder.parent.name}{of}: {self.html}>"

    def _folders(self) -> dict[str, Path]:
        """Where the tables of each task are; under "" those of a benchmark with one question."""
        names = (self.task,) if self.task else self.tasks
        return {name: task_folder(self.folder, name) for name in names} or {"": self.folder}

    def _has(self, task: str) -> bool:
        """Whether a task has a folder of its own."""
        return task_folder(self.folder, task).is_dir()
