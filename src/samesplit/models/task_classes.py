"""What models ask of a task: its classes by name, whether all are there, and what a saved model was fitted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from samesplit.errors import ModelError
from samesplit.tasks import Task

__all__ = ["check_classes", "check_task_of_saved", "class_names", "read_task"]

_TASK: TypeAdapter[Task] = TypeAdapter(Task)


def class_names(task: Task) -> tuple[str, ...]:
    """Name a task's classes as messages of models do: two classes are `negative` and `positive`.

    Raises:
        ModelError: The task has no classes.
    """
    if task.kind == "binary":
        return ("negative", "positive")
    if task.kind == "multiclass":
        return task.classes
    raise ModelError(f"a {task.kind} task has no classes to learn")


def check_classes(labels: pd.Series[int], *, model: str, task: Task | None = None) -> None:
    """See to it that all classes are there to learn from.

    Args:
        labels: Class numbers.
        model: The model's name, for messages.
        task: Whose classes they are; None: two.

    Raises:
        ModelError: A label is the number of no class, or a class is missing.
    """
    names = ("negative", "positive") if task is None else class_names(task)
    found = {int(label) for label in labels.unique()}
    if not found <= set(range(len(names))):
        known = "0 or 1" if len(names) == 2 else f"0 to {len(names) - 1}"
        raise ModelError(f"labels must be {known}, found {sorted(found)}", where=f"model '{model}'")
    missing = [name for number, name in enumerate(names) if number not in found]
    if missing:
        what = f"class {', '.join(missing)}"
        if len(names) == 2:
            what = f"{' and no lesion of the '.join(missing)} class"
        raise ModelError(
            f"the training part of the fold ({len(labels)} lesions) has no lesion of the {what}",
            where=f"model '{model}'",
            remedy="make a split with fewer folds, or one that is stratified by the label",
        )


def read_task(record: Any) -> Task:
    """Return the task that a saved model was fitted for, from its record.

    Raises:
        ValueError: It is none.
    """
    try:
        return _TASK.validate_python(record)
    except ValidationError:
        raise ValueError(f"its task is none that is known: {record!r}") from None


def check_task_of_saved(known: Task, wanted: Task, where: Path) -> None:
    """See to it that a saved model answers what it is to answer.

    Args:
        known: What it was fitted for.
        wanted: What it is to answer.
        where: Its file, for the message.

    Raises:
        ModelError: Kind or classes are others.
    """
    told = [_in_words(each) for each in (known, wanted)]
    if told[0] != told[1]:
        raise ModelError(
            f"was fitted for {told[0]} and is to answer {told[1]}",
            where=where,
            remedy="load a model that was fitted for the same classes in the same order, or fit it again",
        )


def _in_words(task: Task) -> str:
    if task.kind in ("binary", "multiclass"):
        return f"a {task.kind} task of the classes {', '.join(task.classes)}"
    return f"a {task.kind} task"
