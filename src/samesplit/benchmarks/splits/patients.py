"""Patients as a split sees them: the classes of their lesions, and the stratum they belong to."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from samesplit.benchmarks.lesion_classes import LesionClasses, as_lesion_classes
from samesplit.errors import SplitError

__all__ = ["GROUPS", "Patient", "in_three_groups", "stratified_patients"]

GROUPS = ("negative", "both", "positive")
"""Of one task with two classes a patient's lesions are all negative, of both classes, or all positive; in this
order the patients with a positive lesion stand next to each other, and so do those with a negative one."""

REST = "(rare strata)"
MISSING = "(missing)"

_IN_ORDER = (frozenset({0}), frozenset({0, 1}), frozenset({1}))


@dataclass(frozen=True, order=True)
class Patient:
    """One patient: the unit of every split. Patients sort by group, stratum and id."""

    group: int
    """The place of the patient's classes among all combinations of classes; an index into `GROUPS` where there is
    one task with two classes."""
    stratum: str
    patient_id: str
    classes: frozenset[int] = field(compare=False)
    """The classes among the patient's lesions, numbered over all tasks."""


def in_three_groups(classes: Sequence[LesionClasses], lesions: pd.DataFrame) -> bool:
    """Whether there is one task with two classes, and every patient has a lesion of known class in it.

    Args:
        classes: The classes of the lesions in each task.
        lesions: The lesions table.
    """
    if len(classes) != 1 or len(classes[0].classes) != 2:
        return False
    return all(classes[0].by_patient(lesions).values())


def stratified_patients(
    lesions: pd.DataFrame,
    labels: pd.Series[int] | Sequence[LesionClasses],
    strata: Sequence[str],
    *,
    parts: int,
) -> list[Patient]:
    """Return the patients of a cohort with their classes and strata, sorted.

    A patient's stratum is the combination of the levels of the strata columns over all of the patient's
    lesions. A column of numbers with more than three values is cut at its terciles; a missing value is a
    level of its own. Strata of fewer patients than `parts` are merged into one stratum of rare ones, so that they
    are still drawn at random; where there is one task with two classes, this is done within each of `GROUPS`.

    Args:
        lesions: The lesions table.
        labels: 0 or 1, indexed by `lesion_id`; or the classes in each of several tasks.
        strata: Columns to balance besides the classes.
        parts: How many parts the patients are to be dealt into.

    Raises:
        SplitError: A strata column does not exist.
    """
    tasks = as_lesion_classes(labels)
    levels = [_levels(lesions, column) for column in strata]
    names = {
        str(patient): " / ".join("+".join(sorted(set(level[rows.index]))) for level in levels)
        for patient, rows in lesions.groupby("patient_id", sort=True)
    }
    classes = _all_classes(tasks, lesions)
    if in_three_groups(tasks, lesions):
        groups = {patient: _IN_ORDER.index(found) for patient, found in classes.items()}
        within = groups
    else:
        combinations = sorted(set(classes.values()), key=sorted)
        groups = {patient: combinations.index(found) for patient, found in classes.items()}
        within = dict.fromkeys(groups, 0)
    sizes = Counter((within[patient], names[patient]) for patient in names)
    return sorted(
        Patient(
            groups[patient],
            name if sizes[within[patient], name] >= parts else REST,
            patient,
            classes[patient],
        )
        for patient, name in names.items()
    )


def _all_classes(tasks: Sequence[LesionClasses], lesions: pd.DataFrame) -> dict[str, frozenset[int]]:
    """Return the classes of each patient in all tasks; those of later tasks are numbered on."""
    found: dict[str, frozenset[int]] = {str(patient): frozenset() for patient in lesions["patient_id"]}
    first = 0
    for task in tasks:
        for patient, numbers in task.by_patient(lesions).items():
            found[patient] |= {first + number for number in numbers}
        first += len(task.classes)
    return found


def _levels(lesions: pd.DataFrame, column: str) -> pd.Series[str]:
    if column not in lesions:
        near = difflib.get_close_matches(column, lesions.columns, n=1)
        raise SplitError(
            f"there is no column '{column}' to stratify by",
            where="lesions.csv",
            remedy=(f"did you mean '{near[0]}'? " if near else "")
            + f"Columns: {', '.join(map(str, lesions))}",
        )
    values = lesions[column]
    if pd.api.types.is_numeric_dtype(values):
        known = sorted(values.dropna())
        if len(set(known)) > 3:
            cuts = (known[len(known) // 3], known[2 * len(known) // 3])
            numbers = sum((values >= cut).astype("int64") for cut in cuts)
            values = pd.Series(numbers, index=values.index).where(values.notna())
    return values.map(str, na_action="ignore").astype("object").fillna(MISSING)
