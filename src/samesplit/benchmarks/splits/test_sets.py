"""Named test sets: which patients belong to them by the rules of `split.test_sets`."""

from __future__ import annotations

import difflib

import pandas as pd

from samesplit.benchmarks.definition import DATE_BOUNDS, SplitSettings
from samesplit.errors import SplitError

__all__ = ["patients_of_test_sets"]


def patients_of_test_sets(lesions: pd.DataFrame, settings: SplitSettings) -> dict[str, str]:
    """Find the test set of each patient whom a rule of `split.test_sets` names.

    A lesion fits a rule when it meets all of its conditions, and one such lesion puts the patient into the set. A
    patient who fits several rules belongs to the first of them.

    Args:
        lesions: The lesions table.
        settings: The `split` section.

    Returns:
        Patient -> name of the set, for the patients of a set.

    Raises:
        SplitError: A rule names an unknown column or value, a lesion's cell is empty, or a rule fits nobody whom
            the rules before it do not take.
    """
    found: dict[str, str] = {}
    for name, rule in settings.test_sets.items():
        where = f"split.test_sets.{name}"
        fits = pd.Series(data=True, index=lesions.index)
        for key, values in rule.items():
            column = "date" if key in DATE_BOUNDS else key
            _check_column(lesions, column, where)
            cells = lesions[column].astype(str)
            if key == "from":
                fits &= cells >= values[0]
            elif key == "until":
                fits &= cells <= values[0]
            else:
                _check_values(cells, values, column, where)
                fits &= cells.isin(values)
        members = {str(patient) for patient in lesions.loc[fits, "patient_id"]} - found.keys()
        if not members:
            raise SplitError(
                "no patient belongs to the test set" + (", or all belong to one before it" if found else ""),
                where=where,
                remedy="correct the rule, or take the test set out",
            )
        found |= dict.fromkeys(members, name)
    return found


def _check_column(lesions: pd.DataFrame, column: str, where: str) -> None:
    if column not in lesions:
        near = difflib.get_close_matches(column, lesions.columns, n=1)
        raise SplitError(
            f"lesions.csv has no column '{column}'",
            where=where,
            remedy=(f"did you mean '{near[0]}'? " if near else "")
            + f"Columns: {', '.join(map(str, lesions))}",
        )
    empty = lesions.loc[lesions[column].isna(), "lesion_id"]
    if len(empty):
        raise SplitError(
            f"column '{column}' is empty for {len(empty)} lesions, the first {empty.iloc[0]!r}",
            where=where,
            remedy="fill it in: nobody can say whether such a patient belongs to the test set",
        )


def _check_values(cells: pd.Series[str], values: tuple[str, ...], column: str, where: str) -> None:
    known = sorted(set(cells))
    for value in values:
        if value not in known:
            near = difflib.get_close_matches(value, known, n=1)
            raise SplitError(
                f"no lesion has {value!r} in the column '{column}'",
                where=where,
                remedy=(f"did you mean {near[0]!r}? " if near else "")
                + f"Values: {', '.join(map(repr, known[:10]))}",
            )
