"""The tasks of a run, as run.json names them: the questions, the classes and the words for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from samesplit.tasks import DEFAULT_TASK, TaskKind

__all__ = ["TaskInfo", "tasks_of_run"]

_KINDS: dict[str, str] = {
    "binary": "classification, two classes",
    "multiclass": "classification, {count} classes",
    "survival": "time to event",
    "segmentation": "segmentation",
}


@dataclass(frozen=True)
class TaskInfo:
    """A task as the report calls it.

    Attributes:
        name: As declared; empty for the one task of a benchmark that declares it under `task:`.
        kind: What is asked.
        question: In one sentence.
        classes: The names of the classes by number; empty where there are none.
        columns: The columns of lesions.csv that hold the outcome.
        unit: Of the time, for survival.
        reference: The model that the others are compared with in this task; empty for that of the run, if any.
    """

    name: str
    kind: TaskKind
    question: str
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ("label",)
    unit: str = ""
    reference: str = ""

    @property
    def title(self) -> str:
        """As a heading.

        Example:
            >>> TaskInfo("time_to_recurrence", "survival", "How long?").title
            'Time to recurrence'
        """
        words = self.name.replace("_", " ").replace("-", " ").strip()
        return words[:1].upper() + words[1:]

    @property
    def prefix(self) -> str:
        """What stands before the ids of its sections; empty when it is the only one."""
        return f"task-{self.name.lower().replace('_', '-').replace(' ', '-')}" if self.name else ""

    @property
    def positive(self) -> str:
        """The positive class of two; empty for other kinds."""
        return self.classes[1] if self.kind == "binary" else ""

    @property
    def negative(self) -> str:
        """The negative class of two; empty for other kinds."""
        return self.classes[0] if self.kind == "binary" else ""

    @property
    def counted(self) -> str:
        """What the column `n_positive` of the results counts: the positive class, or events."""
        return "with an event" if self.kind == "survival" else self.positive

    @property
    def kind_in_words(self) -> str:
        """What is asked, in words."""
        return _KINDS[self.kind].format(count=len(self.classes))


def tasks_of_run(run: Mapping[str, Any]) -> tuple[TaskInfo, ...]:
    """Read the tasks out of run.json, also out of one from before it named them.

    Args:
        run: The content of run.json.

    Example:
        >>> tasks_of_run({"question": "Malignant?", "positive": "malignant", "negative": "benign"})[0].classes
        ('benign', 'malignant')
    """
    declared = run.get("tasks")
    items = [item for item in declared if isinstance(item, dict)] if isinstance(declared, list) else []
    if not items:
        return (_task(dict(run)),)
    return tuple(_task(dict(run) | item if len(items) == 1 else item) for item in items)


def _task(item: dict[str, Any]) -> TaskInfo:
    kind = cast("TaskKind", str(item.get("kind") or "binary"))
    name = str(item.get("name") or "")
    return TaskInfo(
        name="" if name == DEFAULT_TASK else name,
        kind=kind,
        question=str(item.get("question") or ""),
        classes=_classes(kind, item),
        columns=_columns(kind, item),
        unit=str(item.get("unit") or ("months" if kind == "survival" else "")),
        reference=str(item.get("reference") or ""),
    )


def _classes(kind: str, item: dict[str, Any]) -> tuple[str, ...]:
    if kind == "binary" and item.get("positive"):
        return (str(item["negative"]), str(item["positive"]))
    return tuple(str(name) for name in item.get("classes") or ())


def _columns(kind: str, item: dict[str, Any]) -> tuple[str, ...]:
    if kind == "survival":
        return (str(item.get("time") or "time"), str(item.get("event") or "event"))
    return () if kind == "segmentation" else (str(item.get("column") or "label"),)
