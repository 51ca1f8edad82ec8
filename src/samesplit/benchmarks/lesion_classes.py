"""The classes of lesions in the tasks of a benchmark, as the split, its checks and its hashes need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from samesplit.tasks import DEFAULT_TASK, BinaryTask, MulticlassTask, SurvivalTask, Task, TaskKind

__all__ = ["LesionClasses", "as_lesion_classes", "classes_of_tasks"]

_ALL_PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class LesionClasses:
    """The class of each lesion in one task.

    Attributes:
        task: The name of the task; "" for the only task of a benchmark that declares `task:`.
        classes: The names of the classes, by number.
        numbers: The number of the class, indexed by `lesion_id`; without the lesions that the task is not asked of
            or whose class is not known.
        needed: The classes without which nothing can be learnt or tested.
        parts: The parts of every fold that must hold all needed classes.
        kind: The kind of the task; the classes of a survival task are `no event` and `event`.
    """

    task: str
    classes: tuple[str, ...]
    numbers: pd.Series[int]
    needed: tuple[int, ...] = (0, 1)
    parts: tuple[str, ...] = _ALL_PARTS
    kind: TaskKind = "binary"

    def by_patient(self, lesions: pd.DataFrame) -> dict[str, frozenset[int]]:
        """Return the classes among each patient's lesions; patients without a known class have none.

        Args:
            lesions: The lesions table, with the columns lesion_id and patient_id.
        """
        owners = dict(zip(lesions["lesion_id"], lesions["patient_id"], strict=True))
        found: dict[str, set[int]] = {str(patient): set() for patient in lesions["patient_id"]}
        for lesion, number in self.numbers.items():
            if lesion in owners:
                found[str(owners[lesion])].add(int(number))
        return {patient: frozenset(numbers) for patient, numbers in found.items()}


def as_lesion_classes(labels: pd.Series[int] | Sequence[LesionClasses]) -> tuple[LesionClasses, ...]:
    """Take plain labels of one binary task for what they are: 0 is negative, 1 is positive.

    Example:
        >>> as_lesion_classes(pd.Series([0, 1], index=["a", "b"]))[0].classes
        ('negative', 'positive')
    """
    if isinstance(labels, pd.Series):
        return (LesionClasses("", ("negative", "positive"), labels),)
    return tuple(labels)


def classes_of_tasks(
    tasks: Mapping[str, Task], outcomes: Mapping[str, pd.DataFrame]
) -> tuple[LesionClasses, ...]:
    """Return the classes by which patients are assigned: of classification tasks, and events of survival tasks.

    Args:
        tasks: The tasks by name.
        outcomes: By task: a table indexed by `lesion_id` with the column `label`.

    Returns:
        One entry a task, in the order of the tasks; a segmentation task has no classes.
    """
    found = []
    for name, task in tasks.items():
        shown = "" if name == DEFAULT_TASK else name
        if isinstance(task, BinaryTask):
            names = ("negative", "positive") if not shown else task.classes
            parts = _ALL_PARTS if not shown else _ALL_PARTS[:2]
            found.append(LesionClasses(shown, names, outcomes[name]["label"], parts=parts))
        elif isinstance(task, MulticlassTask):
            numbers = tuple(range(len(task.classes)))
            label = outcomes[name]["label"]
            found.append(LesionClasses(shown, task.classes, label, numbers, ("train",), task.kind))
        elif isinstance(task, SurvivalTask):
            names = ("no event", "event")
            label = outcomes[name]["label"]
            found.append(LesionClasses(shown, names, label, (1,), ("train",), task.kind))
    return tuple(found)
