"""Predictions that were made anywhere else, brought into the benchmark's own table and checked line by line."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.csv_files import MISSING_WORDS
from samesplit.errors import Faults, PredictionsError, gathering
from samesplit.models.external_values import (
    as_rows_of_schema,
    checked_values,
    required_columns,
    to_one_line_a_lesion,
)
from samesplit.near_ids import which_id_is_meant
from samesplit.tables import check_table, prediction_schema, read_csv
from samesplit.tasks import BinaryTask, Task

__all__ = ["read_predictions"]

_TWO_CLASSES = BinaryTask(question="", positive="positive", negative="negative")
_WHOLE = ("seed", "repeat", "fold")
_OPTIONAL = (*_WHOLE, "subset", "rater", "model")
_SUBSETS = ("train", "validation", "test")
_SHOWN = 10
"""How many lesions a message lists."""


def read_predictions(
    path: Path,
    *,
    name: str,
    expected: pd.DataFrame,
    task: Task = _TWO_CLASSES,
    answered: Collection[str] | None = None,
    rater: str = "R1",
    sequences: Sequence[str] = (),
    allow_missing: bool = False,
    missing: Collection[str] = MISSING_WORDS,
    notes: list[str] | None = None,
) -> pd.DataFrame:
    """Read a CSV of predictions and place each of them in the split.

    Columns: `lesion_id` and `probability` (of the positive class), and where they are needed `seed`
    (default 0), `repeat`, `fold`, `subset` and `rater`. With a `fold` column a row stands for that fold
    (and repeat, 0 where there is no such column) and for its test part unless `subset` says otherwise.
    Without one, a lesion's probability counts in the test part of every repeat and fold in which it is
    tested; where the split has one fold only, lesions of the other parts may be given too and count in
    theirs, so that an operating point can be set on the validation part.

    Instead of `probability`, a task of several classes has one column a class, or a line for each class with the
    columns `class` and `probability`; a survival task has `risk`; a segmentation task has `mask`, the path of a
    file, and `sequence`.

    Args:
        path: A CSV with one header row; lines before it that begin with # are passed over, so that a submission
            to a board is read as well.
        name: What the model is called in the table.
        expected: The split as columns repeat, fold, subset, lesion_id, one row for each.
        task: What the predictions answer.
        answered: The lesions that have an outcome in the task; predictions of others are left out with a note.
            None: all of them.
        rater: Whose masks the predictions refer to where the file does not say.
        sequences: Those whose masks are asked for; where there is one, the column `sequence` may be left out.
        allow_missing: Accept that lesions have no probability: they are reported, and left out for all models.
        missing: Words that stand for a missing value.
        notes: What was found out about the file is added to these.

    Returns:
        A predictions table in the schema of the task, sorted by its key.

    Raises:
        PredictionsError: The file cannot be read, has unknown columns, holds an unknown or doubled lesion,
            a probability that is missing, not a number or outside [0, 1], or leaves out lesions (unless
            `allow_missing`). The message names the file, the line and the lesion.
    """
    answers = [*task.prediction_columns, *(("class", "probability") if task.kind == "multiclass" else ())]
    rows = read_csv(
        path,
        error=PredictionsError,
        known=["lesion_id", *answers, *_OPTIONAL, "sequence"],
        numbers=[*(name for name in answers if name not in ("class", "mask")), *_WHOLE],
        missing=missing,
        notes=notes,
        comments=True,
    )
    _check_columns(rows, task, path)
    everybody = set(expected["lesion_id"])
    expected = expected if answered is None else expected[expected["lesion_id"].isin(answered)]
    with gathering(None) as faults:
        as_given = rows
        rows = _of_the_task(rows, everybody - set(expected["lesion_id"]), path, notes)
        rows = to_one_line_a_lesion(rows, task, list(_OPTIONAL), path, faults)
        if allow_missing:
            rows = rows[rows[list(task.prediction_columns)].notna().all(axis=1)]
        numbers = checked_values(rows, task, path, faults, notes)
        _check_known(as_given, everybody, path, faults)
    rows = rows.drop(columns="model", errors="ignore").assign(
        **{str(column): numbers[column] for column in numbers}, line=rows.index
    )
    for column in _WHOLE:
        if column in rows:
            rows[column] = _whole_numbers(rows, column, path)
    rows["rater"] = rows["rater"].fillna(rater) if "rater" in rows else rater
    rows["seed"] = rows.get("seed", 0)
    if "fold" in rows and "repeat" not in rows:
        rows["repeat"] = 0
    if task.kind == "segmentation":
        rows = _with_sequences(rows, sequences, path)
    placed = _place(rows, expected, path)
    _check_doubled(placed, path)
    if not allow_missing:
        _check_complete(placed, expected, path)
    schema = prediction_schema(task)
    table = as_rows_of_schema(placed.assign(model=name), task)[list(schema.columns)]
    key = list((schema.metadata or {})["key"])
    return check_table(table.sort_values(key, ignore_index=True), schema, where=path, error=PredictionsError)


def _of_the_task(rows: pd.DataFrame, others: set[str], path: Path, notes: list[str] | None) -> pd.DataFrame:
    """Return the predictions of lesions that have an outcome in the task; the others are noted."""
    outside = rows["lesion_id"].isin(others)
    if outside.any() and notes is not None:
        notes.append(
            f"{path.name}: predictions of {rows.loc[outside, 'lesion_id'].nunique()} lesions that "
            "have no outcome in "
            "the task were left out"
        )
    return rows[~outside]


def _with_sequences(rows: pd.DataFrame, sequences: Sequence[str], path: Path) -> pd.DataFrame:
    """Return the predictions with the sequence of each mask.

    Raises:
        PredictionsError: There are several and the file does not say which, or says one that is not asked for.
    """
    if "sequence" not in rows:
        if len(sequences) == 1:
            return rows.assign(sequence=sequences[0])
        raise PredictionsError(
            "lacks the column 'sequence'",
            where=path,
            remedy=f"add it; the sequences are: {', '.join(sequences)}",
        )
    wrong = rows.index[~rows["sequence"].isin(list(sequences))]
    if len(wrong):
        raise PredictionsError(
            f"the sequence {rows.loc[wrong[0], 'sequence']!r} is not asked for",
            where=_line(path, wrong[0], rows.loc[wrong[0], "lesion_id"]),
            remedy=f"the sequences are: {', '.join(sequences)}",
        )
    return rows


def _check_columns(rows: pd.DataFrame, task: Task, path: Path) -> None:
    found = [str(column) for column in rows.columns]
    required = ["lesion_id", *required_columns(task, found)]
    known = [*required, *_OPTIONAL, *(("sequence",) if task.kind == "segmentation" else ())]
    missing = [column for column in required if column not in found]
    if missing:
        near = difflib.get_close_matches(missing[0], found, n=1, cutoff=0.5)
        hint = f"rename the column '{near[0]}'" if near else "add it"
        raise PredictionsError(
            f"lacks the column '{missing[0]}'",
            where=path,
            remedy=f"{hint}; columns found: {', '.join(found) or 'none'}",
        )
    unknown = [column for column in found if column not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1, cutoff=0.6)
        hint = f"did you mean '{near[0]}'? " if near else "remove it. "
        raise PredictionsError(
            f"has the unknown column '{unknown[0]}'", where=path, remedy=f"{hint}Known: {', '.join(known)}"
        )
    if rows.empty:
        raise PredictionsError("holds no predictions", where=path, remedy="write one line a lesion")
    if "model" in rows and len(rows["model"].dropna().unique()) > 1:
        raise PredictionsError(
            f"holds several models: {', '.join(sorted(rows['model'].dropna().unique()))}",
            where=path,
            remedy="write one file a model",
        )
    nameless = rows.index[rows["lesion_id"].isna()]
    if len(nameless):
        raise PredictionsError(
            "the lesion_id is empty",
            where=f"{path}, line {nameless[0]}",
            remedy="write the id of the lesion, or take the line out",
        )


def _check_known(rows: pd.DataFrame, known: set[str], path: Path, faults: Faults) -> None:
    for line, lesion_id in rows["lesion_id"].items():
        if lesion_id not in known:
            faults.add(
                PredictionsError(
                    f"the lesion '{lesion_id}' is not in the benchmark",
                    where=f"{path}, line {line}",
                    remedy=f"{which_id_is_meant(str(lesion_id), known)}Ids must be those of lesions.csv, letter "
                    "by letter",
                )
            )


def _whole_numbers(rows: pd.DataFrame, column: str, path: Path) -> pd.Series[int]:
    numbers = pd.to_numeric(rows[column], errors="coerce").astype("float64")
    bad = rows.index[~(numbers >= 0) | (numbers % 1 != 0)]
    if len(bad):
        text: Any = rows.loc[bad[0], column]
        raise PredictionsError(
            f"column '{column}' must hold a whole number from 0 on, found "
            f"{'nothing' if pd.isna(text) else repr(text)}",
            where=_line(path, bad[0], rows.loc[bad[0], "lesion_id"]),
            remedy=f"fill in '{column}' in every line, or remove the column",
        )
    return numbers.astype("int64")


def _place(rows: pd.DataFrame, expected: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Join the rows to the places of the split that they stand for."""
    if "subset" in rows:
        bad = rows.index[~rows["subset"].isin(_SUBSETS)]
        if len(bad):
            raise PredictionsError(
                f"column 'subset' must hold one of {', '.join(_SUBSETS)}, found {rows.loc[bad[0], 'subset']!r}",
                where=_line(path, bad[0], rows.loc[bad[0], "lesion_id"]),
                remedy="write one of them in every line; without the column all lines are of the test part",
            )
    one_fold = len(expected[["repeat", "fold"]].drop_duplicates()) == 1
    places = expected[["repeat", "fold", "subset", "lesion_id"]]
    if "subset" not in rows and ("fold" in rows or not one_fold):
        places = places[places["subset"] == "test"]
    keys = [column for column in ("repeat", "fold", "subset", "lesion_id") if column in rows]
    placed = rows.merge(places, on=keys, how="inner")
    homeless = rows[~rows["line"].isin(placed["line"])]
    if len(homeless):
        _explain_homeless(homeless.iloc[0], expected, keys, path)
    if "test" not in set(placed["subset"]):
        raise PredictionsError(
            "holds no prediction of a test lesion",
            where=path,
            remedy="models are compared on the test parts of the split (splits.csv)",
        )
    return placed


def _explain_homeless(row: pd.Series[Any], expected: pd.DataFrame, keys: list[str], path: Path) -> None:
    stands = expected[expected["lesion_id"] == row["lesion_id"]]
    for key in ("repeat", "fold"):
        if key in keys:
            stands = stands[stands[key] == row[key]]
    there = " ".join(f"{key} {row[key]}" for key in ("repeat", "fold") if key in keys)
    subset = row.get("subset", "test")
    if stands.empty:
        problem = f"the split has no {there} with the lesion '{row['lesion_id']}'"
    else:
        problem = (
            f"the lesion '{row['lesion_id']}' is not in the {subset} part{' of ' + there if there else ''} "
            f"but in {', '.join(sorted(stands['subset'].unique()))}"
        )
    raise PredictionsError(
        problem,
        where=f"{path}, line {row['line']}",
        remedy="use the benchmark's own split (splits.csv), remove the line, or say in a column 'subset' "
        "which part it stands for",
    )


def _check_doubled(placed: pd.DataFrame, path: Path) -> None:
    key = ["seed", "repeat", "fold", "subset", "rater", "lesion_id"]
    key += [column for column in ("sequence",) if column in placed]
    doubled = placed[placed.duplicated(key, keep=False)].sort_values([*key, "line"])
    if len(doubled):
        first, second = doubled.iloc[0], doubled.iloc[1]
        raise PredictionsError(
            f"the lesion '{first['lesion_id']}' is predicted twice (seed {first['seed']}, "
            f"repeat {first['repeat']}, fold {first['fold']}, {first['subset']})",
            where=f"{path}, lines {first['line']} and {second['line']}",
            remedy="keep one line a lesion; to give several seeds or folds, add the columns 'seed' or 'fold'",
        )


def _check_complete(placed: pd.DataFrame, expected: pd.DataFrame, path: Path) -> None:
    """Every lesion of the test part, and of any other part that the file begins, must be there."""
    for (seed, rater), rows in placed.groupby(["seed", "rater"]):
        wanted = expected[expected["subset"].isin({"test", *rows["subset"]})]
        given = rows[["repeat", "fold", "subset", "lesion_id"]].assign(given=True)
        joined = wanted.merge(given, on=["repeat", "fold", "subset", "lesion_id"], how="left")
        missing = joined[joined["given"].isna()]
        if missing.empty:
            continue
        lesions = sorted(missing["lesion_id"].unique())
        more = f" and {len(lesions) - _SHOWN} more" if len(lesions) > _SHOWN else ""
        first = missing.iloc[0]
        raise PredictionsError(
            f"{len(lesions)} lesion{'s have' if len(lesions) > 1 else ' has'} no probability "
            f"(seed {seed}, rater {rater}; first in the {first['subset']} part of repeat {first['repeat']} "
            f"fold {first['fold']}): {', '.join(lesions[:_SHOWN])}{more}",
            where=path,
            remedy="add the lines, or allow missing lesions (--allow-missing): they are then reported, and left "
            "out for all models",
        )


def _line(path: Path, line: Any, lesion_id: Any) -> str:
    return f"{path}, line {line}, lesion {lesion_id}"
