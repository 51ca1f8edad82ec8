"""What the latest run of each benchmark says: its models, its readers, and the checks that did not pass."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import SamesplitError, WorkspaceError
from samesplit.kept import read_kept_json
from samesplit.ordering import ranked
from samesplit.reports.formatting import counted, join_words
from samesplit.reports.main_quantity import main_quantity
from samesplit.run.latest import latest_run
from samesplit.run_folder import CHECKS, RESULTS_TABLE, RUN_RECORD, table_in, task_folder
from samesplit.tables import RESULTS, read_table
from samesplit.tasks import DEFAULT_TASK
from samesplit.workspace import Workspace

__all__ = ["own_rows"]

_UNPASSED = ("issue", "tip")
_SETS = "test_set="
_ONE_SET = r"test_set=[^,]+"
"""A group that is a named test set, and no part of one such as a class in it."""


def own_rows(workspace: Workspace, names: Collection[str] = ()) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows of the latest run of each benchmark of a workspace.

    Of each task: the model that others are compared with and, if another is ranked higher, that one; both in each
    named test set too; and the mean of the readers, with and without aid.

    Args:
        workspace: The workspace.
        names: The benchmarks to take; empty means all that have been run.

    Returns:
        The rows, and what is to be known: runs that cannot be read.

    Raises:
        WorkspaceError: A benchmark that is named has not been run.
    """
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    there = sorted(path.name for path in workspace.reports.glob("*/") if not path.name.startswith("."))
    for name in names or there:
        try:
            folder = latest_run(workspace.reports / name, benchmark=name)
        except WorkspaceError:
            if names:
                raise
            continue
        record, damage = read_kept_json(folder / RUN_RECORD, "tasks")
        if record is None or not record:
            notes.append(
                f"the latest run of {name} cannot be read ({damage or 'it was made by an older version'})"
            )
            continue
        try:
            rows += list(_of_run(folder, record))
        except SamesplitError as error:
            notes.append(f"the latest run of {name} is left out ({error.problem}): run it again")
    return rows, notes


def _of_run(folder: Path, record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    titles = {model["name"]: model["title"] for model in record["models"]}
    # Models that were joined say nothing of it.
    controls = {model["name"] for model in record["models"] if model.get("control")}
    for task in record["tasks"]:
        place = task_folder(folder, None if task["name"] == DEFAULT_TASK else task["name"])
        if not (place / RESULTS_TABLE).is_file():  # a task that no model answered
            continue
        results = read_table(place / RESULTS_TABLE, RESULTS)
        main = main_quantity(task["kind"])
        mine = results[
            results["quantity"].eq(main.quantity) & results["reference"].eq("") & results["subset"].eq("test")
        ]
        mine = mine[mine["group"].eq("all") | mine["group"].str.fullmatch(_ONE_SET)]
        about = _about(folder, record, task, results) | {"quantity": main.title, "flaws": _codes(place)}
        for row in _chosen(mine, str(task["reference"]), controls).to_dict("records"):
            where = str(row["group"]).removeprefix(_SETS)
            model = titles.get(row["model"]) or _reader(str(row["model"]))
            yield about | {
                "label": model if row["group"] == "all" else f"{model}, {where}",
                "n": row["n"],
                "n_positive": row["n_positive"],
                "estimate": row["estimate"],
                "ci_low": row["ci_low"],
                "ci_high": row["ci_high"],
                "interval": row["method"],
            }


def _chosen(mine: pd.DataFrame, reference: str, controls: Collection[str]) -> pd.DataFrame:
    """Return the rows of the reference, of the best model, and of the readers' means."""
    whole = mine[mine["group"].eq("all") & mine["estimate"].notna()]
    readers = whole[whole["model"].str.startswith("readers:mean/")]
    models = whole[~whole["model"].str.startswith(("reader:", "readers:")) & ~whole["model"].isin(controls)]
    best = [str(models["model"].iloc[place]) for place in ranked(models["estimate"], descending=True)[:1]]
    names = list(dict.fromkeys([reference, *best]))
    parts = [mine[mine["model"].eq(name)] for name in names]
    return pd.concat([*parts, readers])


def _about(
    folder: Path, record: dict[str, Any], task: dict[str, Any], results: pd.DataFrame
) -> dict[str, Any]:
    split = record["split"]["settings"]
    groups = results.loc[results["group"].str.fullmatch(_ONE_SET), "group"]
    sets = sorted(groups.str.removeprefix(_SETS).unique())
    several = task["name"] != DEFAULT_TASK
    return {
        "source": "run",
        "study": record["benchmark"],
        "title": record["title"],
        "cohort": "synthetic" if record["data"].get("synthetic") else "patients",
        "task": task["name"] if several else task["question"],
        "modality": ", ".join(record["cohort"]["sequences"]) or "no images",
        "lesions": task["lesions"],
        "readers": _readers(results),
        "validation": _scheme(split) + (f", test sets {join_words(sets)}" if sets else ""),
        "validation_type": "each site in turn" if split["scheme"] == "leave-one-site-out" else "internal",
        "where": str(folder),
    }


def _scheme(split: dict[str, Any]) -> str:
    """Return the scheme of a split in words.

    Example:
        >>> _scheme({"scheme": "kfold", "folds": 5, "repeats": 1}), _scheme({"scheme": "holdout"})
        ('5 folds', 'holdout')
    """
    if split["scheme"] != "kfold":
        return str(split["scheme"])
    return f"{split['folds']} folds" + (f", {split['repeats']} times" if split["repeats"] > 1 else "")


def _readers(results: pd.DataFrame) -> str:
    """Return how many readers there were, and how they read."""
    named = [name.removeprefix("reader:") for name in results["model"].unique() if name.startswith("reader:")]
    pairs = [name.rpartition("/") for name in named]
    how = sorted({modality for _, _, modality in pairs}, reverse=True)  # unaided before aided
    return f"{counted(len({reader for reader, _, _ in pairs}), 'reader')}, {join_words(how)}" if pairs else ""


def _reader(name: str) -> str:
    """Return a reader's mean in words.

    Example:
        >>> _reader("readers:mean/unaided")
        'Mean of readers, unaided'
    """
    return f"Mean of readers, {name.rpartition('/')[2]}" if name.startswith("readers:") else name


def _codes(place: Path) -> str:
    """Return the codes of the checks of a task that did not pass."""
    path = table_in(place, CHECKS)
    if not path.is_file():
        return ""
    checks = read_table(path)
    return " ".join(checks.loc[checks["state"].isin(_UNPASSED), "code"])
