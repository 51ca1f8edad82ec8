"""Making a submission: a header record for the split as it is now, before predictions of whatever origin."""

from __future__ import annotations

import difflib
import io
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.csv_files import comment_lines
from samesplit.csv_text import read_text
from samesplit.errors import Faults, PredictionsError, WorkspaceError
from samesplit.kept import read_kept_json
from samesplit.run.external_predictions import slug
from samesplit.run.latest import latest_run
from samesplit.run_folder import PREDICTIONS_TABLE, RUN_RECORD, task_folder
from samesplit.storage import temporary_directory, write_text
from samesplit.tables import read_table as read_parquet
from samesplit.workflows.leaderboard.frozen import Frozen
from samesplit.workflows.leaderboard.header import Header, ModelCard, check_card, header_text
from samesplit.workflows.leaderboard.submissions import Submission, read_submission, read_table

__all__ = ["make_from_run", "make_submission"]

_KEY = ["seed", "repeat", "fold", "subset", "lesion_id"]


def make_submission(
    frozen: Frozen,
    predictions: Path,
    card: ModelCard,
    *,
    output: Path | None = None,
    task: str | None = None,
    threshold: float | None = None,
    replace: bool = False,
) -> tuple[Path, Submission]:
    """Write a submission from predictions that were made anywhere.

    The table is checked first and goes into the submission as it is; a header that it has already is left out.

    Args:
        frozen: The benchmark.
        predictions: CSV as `samesplit compare` takes it.
        card: The model card.
        output: A path that ends in .csv, or a folder, made where it is not there, for a file that is called after
            the title; default: the current folder.
        task: The task that is answered; may be left out where the benchmark has one.
        threshold: The operating point, fixed on development data.
        replace: Put it in the place of a file that is there.

    Returns:
        The file that was written, and what it holds.

    Raises:
        PredictionsError: The card or the table is at fault (all of it is told), or the file is there already.
    """
    faults = Faults()
    check_card(card, faults)
    asked = _asked(frozen, task, faults)
    if asked is not None:
        with faults.kept():
            read_table(predictions, frozen, asked, [])
    faults.raise_any()
    content, _ = read_text(predictions, error=PredictionsError)
    lines = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    table = "\n".join(_body(lines))
    header = _header(frozen, card, asked, threshold)
    return _write(frozen, header_text(header) + table.rstrip("\n") + "\n", card, output, replace, predictions)


def make_from_run(
    frozen: Frozen,
    model: str,
    card: ModelCard,
    *,
    run: Path | None = None,
    output: Path | None = None,
    task: str | None = None,
    replace: bool = False,
) -> tuple[Path, Submission]:
    """Write a submission of a model that a run fitted, such as a baseline of one's own for the board.

    Predictions of test and validation lesions under the masks of the benchmark's own rater go into it.

    Args:
        frozen: The benchmark.
        model: The model's name in the run.
        card: The model card; an empty title takes the model's own.
        run: The run's folder; default: the latest run of the benchmark.
        output: A path that ends in .csv, or a folder, made where it is not there, for a file that is called after
            the title; default: the current folder.
        task: The task that is answered; may be left out where the benchmark has one.
        replace: Put it in the place of a file that is there.

    Returns:
        The file that was written, and what it holds.

    Raises:
        WorkspaceError: The benchmark has not been run.
        PredictionsError: The run is of another split or has no such model, the card is at fault, or the file
            is there already.
    """
    folder = run or latest_run(frozen.workspace.reports / frozen.name, benchmark=frozen.name)
    record, damage = read_kept_json(folder / RUN_RECORD, "split", "models")
    if not record:
        raise WorkspaceError(
            f"holds no finished run ({damage or f'there is no {RUN_RECORD}'})",
            where=folder,
            remedy="name the folder of a run, reports/<benchmark>/<run>, or leave --from-run out for the latest",
        )
    if record["split"]["sha256"] != frozen.split.sha256:
        raise PredictionsError(
            f"was made on another split ({record['split']['sha256'][:12]}...) than {frozen.name} has now "
            f"({frozen.split.sha256[:12]}...)",
            where=folder / RUN_RECORD,
            remedy=f"run the benchmark on the split as it is now: samesplit run {frozen.name}",
        )
    if record.get("options", {}).get("shuffle_labels"):
        raise PredictionsError(
            "is a label permutation check, whose models learned from shuffled labels",
            where=folder / RUN_RECORD,
            remedy="name another run with --from-run",
        )
    titles = {str(one["name"]): str(one["title"]) for one in record["models"]}
    card = changed(card, title=card.title or titles.get(model, model))
    faults = Faults()
    check_card(card, faults)
    asked = _asked(frozen, task, faults)
    faults.raise_any()
    assert asked is not None
    table = read_parquet(task_folder(folder, asked if frozen.named else None) / PREDICTIONS_TABLE)
    own = table[(table["model"] == model) & (table["rater"] == frozen.definition.cohort.rater)]
    own = own[own["subset"].isin(["test", "validation"])]
    if own.empty:
        names = list(dict.fromkeys(table["model"].astype(str)))
        near = difflib.get_close_matches(model, names, n=1)
        raise PredictionsError(
            f"has no predictions of a model '{model}'" + (f" in the task '{asked}'" if frozen.named else ""),
            where=folder,
            remedy=(f"did you mean '{near[0]}'? " if near else "") + f"Models: {', '.join(names)}",
        )
    columns = [name for name in (*_KEY, "class", "probability", "risk") if name in own]
    text = header_text(_header(frozen, card, asked, _threshold(record, model))) + _as_csv(own[columns])
    return _write(frozen, text, card, output, replace, folder / f"predictions of {model}")


def _asked(frozen: Frozen, task: str | None, faults: Faults) -> str | None:
    """Return the name of the task that is answered; None where it cannot be told."""
    names = list(frozen.tasks)
    if task is None and len(names) == 1:
        return names[0]
    if task in frozen.tasks and frozen.named:
        return task
    listed = ", ".join(names) if frozen.named else "none by name, so leave --task out"
    faults.add(
        PredictionsError(
            "the benchmark has several tasks" if task is None else f"the benchmark has no task '{task}'",
            where=frozen.name,
            remedy=f"say with --task which one is answered; tasks are: {listed}",
        )
    )
    return None


def _header(frozen: Frozen, card: ModelCard, task: str | None, threshold: float | None) -> Header:
    stripped = {name: " ".join(str(value).split()) for name, value in vars(card).items()}
    return Header(
        frozen.split.sha256,
        frozen.split.cohort_sha256,
        ModelCard(**stripped),
        task if frozen.named else None,
        threshold,
    )


def _body(lines: list[str]) -> list[str]:
    """Return the lines from the header row on."""
    head = comment_lines("\n".join(lines))
    return lines[head[-1][0] if head else 0 :]


def _as_csv(table: pd.DataFrame) -> str:
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue()


def _threshold(record: dict[str, Any], model: str) -> float | None:
    """Return the threshold of a model that was made elsewhere and joined with one."""
    for one in record["models"]:
        if one["name"] == model and one.get("kind") == "external":
            found = one.get("settings", {}).get("threshold")
            return None if found is None else float(found)
    return None


def _write(
    frozen: Frozen, text: str, card: ModelCard, output: Path | None, replace: bool, source: Path
) -> tuple[Path, Submission]:
    """Write a submission that was read back and found whole; what is wrong is said of its source."""
    path = output or Path(f"{slug(card.title)}.csv")
    if path.is_dir() or path.suffix.lower() != ".csv":  # a folder, which may not be there yet
        path = path / f"{slug(card.title)}.csv"
    if path.exists() and not replace:
        raise PredictionsError(
            "is there already",
            where=path,
            remedy="add --replace to write this submission in its place, or name another file with --output",
        )
    with temporary_directory(path) as folder:
        trial = write_text(folder / path.name, text)
        try:
            made = read_submission(trial, frozen)
        except PredictionsError as error:
            faults = Faults()
            for one in (error, *error.more):
                where = (one.where or "").replace(str(trial), str(source))
                faults.add(PredictionsError(one.problem, where=where, remedy=one.remedy))
            faults.raise_any()
            raise
    write_text(path, text)
    return path, made
