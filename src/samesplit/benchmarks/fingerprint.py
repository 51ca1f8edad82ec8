"""What a split depends on, as hashes: ids, classes and the strata columns, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from samesplit.benchmarks.lesion_classes import LesionClasses, as_lesion_classes
from samesplit.storage import hash_object

__all__ = ["cohort_hash", "patient_fingerprints", "split_columns"]


def split_columns(scheme: str, strata: Sequence[str], rules: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns of the lesions table, besides ids and label, that a split is made from.

    Args:
        scheme: The scheme of the split.
        strata: The columns to stratify by.
        rules: The columns that the rules of named test sets, and of who is never tested, look at.

    Example:
        >>> split_columns("leave-one-site-out", ["sex", "site"])
        ('sex', 'site')
        >>> split_columns("temporal", [], ["site"])
        ('date', 'site')
    """
    own = {"leave-one-site-out": ["site"], "temporal": ["date"]}.get(scheme, [])
    return tuple(sorted({*strata, *own, *rules}))


def cohort_hash(
    lesions: pd.DataFrame, labels: pd.Series[int] | Sequence[LesionClasses], columns: Sequence[str] = ()
) -> str:
    """SHA-256 of what a split depends on; the order of the rows does not count.

    Args:
        lesions: Columns lesion_id, patient_id and the given columns.
        labels: 0 or 1, indexed by lesion_id; or the classes in each of several tasks.
        columns: Further columns that the split uses, see `split_columns`.

    Example:
        >>> lesions = pd.DataFrame({"lesion_id": ["a", "b"], "patient_id": ["p", "q"]})
        >>> labels = pd.Series([0, 1], index=["a", "b"])
        >>> cohort_hash(lesions, labels) == cohort_hash(lesions[::-1], labels[::-1])
        True
    """
    tasks = as_lesion_classes(labels)
    content: dict[str, Any] = {"columns": list(columns), "rows": _rows(lesions, tasks, columns)}
    if not _one_unnamed(tasks):
        content["tasks"] = [[task.task, list(task.classes)] for task in tasks]
    return hash_object(content)


def patient_fingerprints(
    lesions: pd.DataFrame, labels: pd.Series[int] | Sequence[LesionClasses], columns: Sequence[str] = ()
) -> dict[str, str]:
    """One line a patient that changes when the patient's lesions, classes or strata change.

    Example:
        >>> lesions = pd.DataFrame({"lesion_id": ["a", "b"], "patient_id": ["p", "p"]})
        >>> patient_fingerprints(lesions, pd.Series([0, 1], index=["a", "b"]))["p"][:22]
        'lesions=2 positive=1 s'
        >>> types = LesionClasses("type", ("AML", "cyst", "solid"), pd.Series([0, 2], index=["a", "b"]))
        >>> patient_fingerprints(lesions, [types])["p"][:34]
        'lesions=2 classes=type:AML+solid s'
    """
    tasks = as_lesion_classes(labels)
    by_patient: dict[str, list[list[Any]]] = {}
    for row in _rows(lesions, tasks, columns):
        by_patient.setdefault(row[1], []).append(row)
    return {
        patient: f"lesions={len(rows)} {_classes(rows, tasks)} sha256={hash_object(rows)[:16]}"
        for patient, rows in sorted(by_patient.items())
    }


def _one_unnamed(tasks: Sequence[LesionClasses]) -> bool:
    return len(tasks) == 1 and not tasks[0].task


def _classes(rows: list[list[Any]], tasks: Sequence[LesionClasses]) -> str:
    """Return the classes among a patient's lesions; without a space, which separates the parts of a line."""
    if _one_unnamed(tasks):
        return f"positive={sum(row[2] for row in rows)}"
    told = []
    for place, task in enumerate(tasks):
        found = sorted({row[2][place] for row in rows} - {None})
        told.append(f"{task.task}:{'+'.join(task.classes[number] for number in found)}")
    return "classes=" + ";".join(told).replace(" ", "_")


def _rows(lesions: pd.DataFrame, tasks: Sequence[LesionClasses], columns: Sequence[str]) -> list[list[Any]]:
    numbers = [{str(lesion): int(number) for lesion, number in task.numbers.items()} for task in tasks]
    one = _one_unnamed(tasks)
    rows = [
        [
            str(lesion),
            str(patient),
            numbers[0][str(lesion)] if one else [known.get(str(lesion)) for known in numbers],
            *map(_plain, values),
        ]
        for lesion, patient, *values in lesions[["lesion_id", "patient_id", *columns]].itertuples(
            index=False, name=None
        )
    ]
    return sorted(rows, key=lambda row: str(row[0]))


def _plain(value: Any) -> float | str | None:
    if pd.isna(value):
        return None
    return float(value) if isinstance(value, int | float) else str(value)
