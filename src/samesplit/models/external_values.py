"""The answers in a table of predictions made elsewhere, by the kind of task, each cell checked."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.errors import Faults, PredictionsError
from samesplit.tables import SUM_TOLERANCE
from samesplit.tasks import MulticlassTask, Task

__all__ = ["as_rows_of_schema", "checked_values", "required_columns", "to_one_line_a_lesion"]

_ROUNDED = 0.01
"""How far the probabilities of all classes may miss 1 because they were rounded."""


def required_columns(task: Task, found: list[str]) -> tuple[str, ...]:
    """Return the columns with answers that a file must have.

    Args:
        task: What is answered.
        found: The columns of the file; they tell which of two forms the answers of several classes have.

    Example:
        >>> task = MulticlassTask(question="Which?", classes=("a", "b", "c"))
        >>> required_columns(task, ["lesion_id", "class", "probability"])
        ('class', 'probability')
        >>> required_columns(task, ["lesion_id", "a"])
        ('a', 'b', 'c')
    """
    if isinstance(task, MulticlassTask):
        return ("class", "probability") if "class" in found or "probability" in found else task.classes
    return task.prediction_columns


def to_one_line_a_lesion(
    rows: pd.DataFrame, task: Task, keys: list[str], path: Path, faults: Faults
) -> pd.DataFrame:
    """Return a table with one row a prediction, whatever the form of the file.

    Args:
        rows: The file as text; the index is the line.
        task: What is answered.
        keys: The columns besides the answers that the file may have.
        path: The file, for messages.
        faults: Gathers classes that the task does not have, and classes without a probability.

    Returns:
        The rows; of a file with one line a class the index is the first line of each lesion.
    """
    if not isinstance(task, MulticlassTask) or "class" not in rows:
        return rows
    unknown = rows.index[~rows["class"].isin(task.classes)]
    for line in unknown:
        given = rows.loc[line, "class"]
        near = difflib.get_close_matches(str(given), task.classes, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        faults.add(
            PredictionsError(
                "the class is empty" if pd.isna(given) else f"the class {given!r} is none of the task's",
                where=_line(path, line, rows),
                remedy=f"{hint}classes are: {', '.join(task.classes)}",
            )
        )
    rows = rows.drop(index=unknown)
    by = [column for column in ("lesion_id", *keys) if column in rows and column != "model"]
    kept = []
    for _, part in rows.groupby(by, dropna=False, sort=False):
        fault = _of_one_lesion(part, task, path)
        if fault is not None:
            faults.add(fault)
            continue
        values = dict(zip(part["class"], part["probability"], strict=True))
        kept.append(part.iloc[:1].drop(columns=["class", "probability"]).assign(**values))
    return pd.concat(kept) if kept else rows.iloc[:0].assign(**dict.fromkeys(task.classes))


def _of_one_lesion(part: pd.DataFrame, task: MulticlassTask, path: Path) -> PredictionsError | None:
    """Return what is wrong with the lines of one prediction; None where each class has one."""
    lesion = part["lesion_id"].iloc[0]
    doubled = part["class"][part["class"].duplicated()]
    if len(doubled):
        lines = part.index[part["class"] == doubled.iloc[0]]
        return PredictionsError(
            f"the class '{doubled.iloc[0]}' of the lesion '{lesion}' stands twice",
            where=f"{path}, lines {', '.join(map(str, lines))}",
            remedy="keep one line a class; to give several seeds or folds, add the columns 'seed' or 'fold'",
        )
    lacking = [one for one in task.classes if one not in set(part["class"])]
    if lacking:
        return PredictionsError(
            f"the lesion has no probability of the class '{lacking[0]}'",
            where=_line(path, part.index[0], part),
            remedy="give a probability of each class; they must sum to 1",
        )
    return None


def checked_values(
    rows: pd.DataFrame, task: Task, path: Path, faults: Faults, notes: list[str] | None
) -> pd.DataFrame:
    """Return the answers as numbers, one column each of `task.prediction_columns`.

    Args:
        rows: One row a prediction, the answers as text; the index is the line.
        task: What is answered.
        path: The file, for messages.
        faults: Gathers answers that are missing, no numbers, or outside what they may be.
        notes: What was done about rounded probabilities is added to these.
    """
    columns = list(task.prediction_columns)
    if task.kind == "segmentation":
        for line in rows.index[rows["mask"].isna()]:
            faults.add(
                PredictionsError(
                    "the mask is missing",
                    where=_line(path, line, rows),
                    remedy="give the path of a file, or allow missing lesions (--allow-missing)",
                )
            )
        return rows[columns]
    numbers = pd.DataFrame(
        {name: pd.to_numeric(rows[name], errors="coerce").astype("float64") for name in columns},
        index=rows.index,
    )
    for line in rows.index:
        for name in columns:
            text, number = rows.loc[line, name], numbers.loc[line, name]
            fine = np.isfinite(number) if task.kind == "survival" else 0.0 <= number <= 1.0
            if not fine:
                faults.add(_wrong(text, number, name, task, _line(path, line, rows)))
    if len(columns) == 1 or numbers.empty:
        return numbers
    return _summed(numbers, rows, path, faults, notes)


def _summed(
    numbers: pd.DataFrame, rows: pd.DataFrame, path: Path, faults: Faults, notes: list[str] | None
) -> pd.DataFrame:
    """Return the probabilities of all classes, which sum to 1."""
    total = numbers.sum(axis=1)
    off = (total - 1.0).abs()
    for line in numbers.index[(off > _ROUNDED) & numbers.notna().all(axis=1)]:
        faults.add(
            PredictionsError(
                f"the probabilities of all classes sum to {total[line]:g} and not to 1",
                where=_line(path, line, rows),
                remedy="divide them by their sum, or give the output of a softmax",
            )
        )
    rounded = (off > SUM_TOLERANCE) & (off <= _ROUNDED)
    if rounded.any() and notes is not None:
        notes.append(
            f"{path.name}: the probabilities of {int(rounded.sum())} predictions sum to 1 only within "
            f"{_ROUNDED:g}, as rounded ones do; they were divided by their sum"
        )
    return numbers.div(total.where(rounded, 1.0), axis=0)


def as_rows_of_schema(placed: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return predictions with one row a class where the task has several; else as they are.

    Args:
        placed: One row a prediction, one column each of `task.prediction_columns`.
        task: What they answer.
    """
    if not isinstance(task, MulticlassTask):
        return placed
    others = [column for column in placed if column not in task.classes]
    return placed.melt(
        id_vars=others, value_vars=list(task.classes), var_name="class", value_name="probability"
    )


def _wrong(text: Any, number: float, name: str, task: Task, where: str) -> PredictionsError:
    """Return what is wrong with one answer."""
    what = "risk" if task.kind == "survival" else "probability"
    of = f" of the class '{name}'" if task.kind == "multiclass" else ""
    if pd.isna(text):
        problem = f"the {what}{of} is missing"
        remedy = "give a number, or allow missing lesions (--allow-missing)"
    elif np.isnan(number):
        problem, remedy = f"the {what}{of} {text!r} is not a number", "write it with a point, as 0.25"
    elif task.kind == "survival":
        problem, remedy = f"the risk {text} is not finite", "give a number, higher for an earlier event"
    else:
        problem = f"the probability{of} {text} lies outside [0, 1]"
        wanted = "probabilities of the positive class" if task.kind == "binary" else "probabilities"
        scores = "1 / (1 + exp(-x))" if task.kind == "binary" else "softmax"
        remedy = f"turn scores into {wanted} (percentages: divide by 100; logits: {scores})"
    return PredictionsError(problem, where=where, remedy=remedy)


def _line(path: Path, line: Any, rows: pd.DataFrame) -> str:
    return f"{path}, line {line}, lesion {rows['lesion_id'][line]}"
