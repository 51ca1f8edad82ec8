"""Models whose predictions were made elsewhere and joined to a benchmark with `samesplit compare`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import PredictionsError
from samesplit.run.provenance import ContentHashes
from samesplit.storage import hash_file, hash_object, locked
from samesplit.tables import hash_table, prediction_schema, read_record, read_table, write_table
from samesplit.tasks import DEFAULT_TASK, SegmentationTask, Task
from samesplit.workspace import Workspace

__all__ = ["ExternalModel", "keep_external", "load_externals", "remove_external"]


@dataclass(frozen=True)
class ExternalModel:
    """Predictions that came as a table.

    Attributes:
        name: The key in tables and file names.
        title: What the user called it.
        predictions: Its predictions, in the schema of the task.
        sha256: Hash of the predictions, the content of the masks that they name, and the threshold.
        source: Name of the CSV it came from.
        threshold: The operating point that was fixed elsewhere; None when the predictions of the validation
            part decide.
        notes: What was found out about the CSV.
        task: The name of the task that they answer.
    """

    name: str
    title: str
    predictions: pd.DataFrame
    sha256: str
    source: str
    threshold: float | None = None
    notes: tuple[str, ...] = ()
    task: str = DEFAULT_TASK


def slug(title: str) -> str:
    """Return a file name for a title.

    Example:
        >>> slug("My model (v2)")
        'my-model-v2'
    """
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if not name:
        raise PredictionsError(f"'{title}' has no letter or digit", remedy="choose another name")
    return name


def keep_external(
    workspace: Workspace,
    benchmark: str,
    *,
    title: str,
    predictions: pd.DataFrame,
    source: Path,
    threshold: float | None = None,
    replace: bool = False,
    notes: Sequence[str] = (),
    task: Task,
    task_name: str = DEFAULT_TASK,
) -> Path:
    """Keep checked predictions beside the benchmark's runs.

    The very same predictions may be kept again, so that a `compare` that was stopped goes on.

    Raises:
        PredictionsError: Others are kept under this name, and `replace` was not asked for.
    """
    path = _folder(workspace, benchmark, task_name) / f"{slug(title)}.parquet"
    with locked(path.with_name(f".{path.stem}.lock")):  # two that are joined at once under one name
        kept = read_record(path) if path.exists() else {}
        if not replace and _others(path, kept, predictions, title, threshold, task):
            raise PredictionsError(
                f"other predictions are kept under the name '{kept.get('title', path.stem)}' "
                f"(from {kept.get('source', 'a file')})",
                where=benchmark,
                remedy="add --replace to put these in their place, or choose another --name",
            )
        record = {"title": title, "source": source.name, "threshold": threshold, "notes": list(notes)}
        return write_table(predictions, path, prediction_schema(task), **record)


def _others(
    path: Path,
    record: Mapping[str, Any],
    predictions: pd.DataFrame,
    title: str,
    threshold: float | None,
    task: Task,
) -> bool:
    """Whether whole predictions are kept that are not these, or have another title or threshold."""
    if not record or record.get("sha256") != hash_file(path):
        return False
    told = (record.get("title"), record.get("threshold")) == (title, threshold)
    return not told or hash_table(read_table(path, prediction_schema(task))) != hash_table(predictions)


def remove_external(
    workspace: Workspace, benchmark: str, *, title: str, tasks: Mapping[str, Task], task: str | None = None
) -> None:
    """Forget kept predictions.

    Args:
        workspace: Where they are kept.
        benchmark: The benchmark's name.
        title: What they are called.
        tasks: The benchmark's tasks by name.
        task: The task that they answer; None: every task for which predictions of this title are kept.

    Raises:
        PredictionsError: There are none under this title.
    """
    places = [
        _folder(workspace, benchmark, name) / f"{slug(title)}.parquet"
        for name in tasks
        if task in (None, name)
    ]
    there = [path for path in places if path.exists()]
    if not there:
        kept = ", ".join(dict.fromkeys(model.title for model in load_externals(workspace, benchmark, tasks)))
        raise PredictionsError(
            f"no predictions are kept under the name '{title}'",
            where=benchmark,
            remedy=f"kept are: {kept or 'none'}",
        )
    for path in there:
        path.unlink()
        path.with_suffix(".json").unlink(missing_ok=True)


def load_externals(
    workspace: Workspace, benchmark: str, tasks: Mapping[str, Task]
) -> tuple[ExternalModel, ...]:
    """All kept predictions of a benchmark, by task and name.

    Args:
        workspace: Where they are kept.
        benchmark: The benchmark's name.
        tasks: The benchmark's tasks by name.

    Raises:
        PredictionsError: Some were kept by half only.
    """
    found = []
    for name, task in tasks.items():
        for path in sorted(_folder(workspace, benchmark, name).glob("*.parquet")):
            record = read_record(path)
            if record.get("sha256") != hash_file(path):  # the keeping was killed between the two files
                raise PredictionsError(
                    "these kept predictions and the record beside them do not belong together",
                    where=path,
                    remedy=f"samesplit forget {benchmark} --name {path.stem}, then join them again",
                )
            table = read_table(path, prediction_schema(task))
            masks = _content(table["mask"]) if isinstance(task, SegmentationTask) else []
            found.append(
                ExternalModel(
                    path.stem,
                    record["title"],
                    table,
                    hash_object([hash_file(path), record["threshold"], *masks]),
                    record["source"],
                    record["threshold"],
                    tuple(record.get("notes", ())),
                    name,
                )
            )
    return tuple(found)


def _content(masks: pd.Series[str]) -> list[str]:
    """Return the hash of each predicted mask, so that a mask drawn anew makes a new run."""
    hashes = ContentHashes()
    return [hashes.of(str(mask)) for mask in masks]


def _folder(workspace: Workspace, benchmark: str, task: str) -> Path:
    """Where predictions of a task are kept; a benchmark that declares `task` has one folder for all."""
    folder = workspace.reports / benchmark / "external"
    return folder if task == DEFAULT_TASK else folder / task
