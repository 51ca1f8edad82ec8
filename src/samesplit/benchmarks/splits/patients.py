"""Patients as a split sees them: their labels taken together, and the stratum they belong to."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from samesplit.errors import SplitError

__all__ = ["GROUPS", "Patient", "stratified_patients"]

GROUPS = ("negative", "both", "positive")
"""A patient's lesions are all negative, of both classes, or all positive; in this order the patients with a
positive lesion stand next to each other, and so do those with a negative one."""

REST = "(rare strata)"
MISSING = "(missing)"


@dataclass(frozen=True, order=True)
class Patient:
    """One patient: the unit of every split. Patients sort by group, stratum and id."""

    group: int
    """Index into `GROUPS`."""
    stratum: str
    patient_id: str

    @property
    def classes(self) -> frozenset[int]:
        """The classes among the patient's lesions."""
        return (frozenset({0}), frozenset({0, 1}), frozenset({1}))[self.group]


def stratified_patients(
    lesions: pd.DataFrame, labels: pd.Series[int], strata: Sequence[str], *, parts: int
) -> list[Patient]:
    """The patients of a cohort with their strata, sorted.

    A patient's stratum is the combination of the levels of the strata columns over all of the patient's
    lesions. A column of numbers with more than three values is cut at its terciles; a missing value is a
    level of its own. Within each combination of labels (`GROUPS`), strata of fewer patients than
    `parts` are merged into one stratum of rare ones, so that they are still drawn at random.

    Args:
        lesions: The lesions table.
        labels: 0 or 1, indexed by `lesion_id`.
        strata: Columns to balance besides the label.
        parts: How many parts the patients are to be dealt into.

    Raises:
        SplitError: A strata column does not exist.
    """
    known = lesions.assign(_label=lesions["lesion_id"].map(labels).astype("int64"))
    levels = [_levels(known, column) for column in strata]
    groups: dict[str, int] = {}
    names: dict[str, str] = {}
    for patient, rows in known.groupby("patient_id", sort=True):
        positive = rows["_label"].mean()
        groups[str(patient)] = 0 if positive == 0 else 2 if positive == 1 else 1
        names[str(patient)] = " / ".join("+".join(sorted(set(level[rows.index]))) for level in levels)
    sizes = Counter((groups[patient], names[patient]) for patient in groups)
    return sorted(
        Patient(group, names[patient] if sizes[group, names[patient]] >= parts else REST, patient)
        for patient, group in groups.items()
    )


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
