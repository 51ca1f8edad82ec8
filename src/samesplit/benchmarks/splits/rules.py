"""Rules about lesions in the section `split`: which of them fit, and whether a rule can be looked up at all."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from samesplit.benchmarks.split_settings import DATE_BOUNDS
from samesplit.errors import SplitError
from samesplit.tables import PROVENANCES

__all__ = ["lesions_that_fit"]

_ALLOWED = {"label_provenance": PROVENANCES}
"""Columns whose values are known beforehand: a cohort may lack one of them."""


def lesions_that_fit(
    lesions: pd.DataFrame,
    rule: Mapping[str, Sequence[str]],
    where: str,
    *,
    decided: Collection[str] = (),
) -> pd.Series[bool]:
    """Tell which lesions meet all conditions of a rule.

    Args:
        lesions: The lesions table.
        rule: Columns and the values that count; `from` and `until` bound the column `date`, both included.
        where: The key of benchmark.yaml that holds the rule, for messages.
        decided: Patients of whom a rule before this one has decided; their empty cells do no harm.

    Returns:
        One value a lesion, on the index of the table.

    Raises:
        SplitError: The rule names an unknown column or a value that no lesion has, or the cell of a lesion of an
            undecided patient is empty.

    Example:
        >>> table = pd.DataFrame({"lesion_id": ["a", "b"], "site": ["north", "south"]})
        >>> lesions_that_fit(table, {"site": ["south"]}, "split.test_sets.external").tolist()
        [False, True]
    """
    fits = pd.Series(data=True, index=lesions.index)
    for key, values in rule.items():
        column = "date" if key in DATE_BOUNDS else key
        _check_column(lesions, column, where, decided)
        cells = lesions[column].astype(str)
        if key == "from":
            fits &= cells >= values[0]
        elif key == "until":
            fits &= cells <= values[0]
        else:
            _check_values(cells, values, column, where)
            fits &= cells.isin(values)
    return fits


def _check_column(lesions: pd.DataFrame, column: str, where: str, decided: Collection[str]) -> None:
    if column not in lesions:
        near = difflib.get_close_matches(column, lesions.columns, n=1)
        raise SplitError(
            f"lesions.csv has no column '{column}'",
            where=where,
            remedy=(f"did you mean '{near[0]}'? " if near else "")
            + f"Columns: {', '.join(map(str, lesions))}",
        )
    empty = lesions[lesions[column].isna()]
    if decided:
        empty = empty[~empty["patient_id"].astype(str).isin(list(decided))]
    if len(empty):
        raise SplitError(
            f"column '{column}' is empty for {len(empty)} lesions, the first {empty['lesion_id'].iloc[0]!r}",
            where=where,
            remedy="fill it in: nobody can say whether the rule fits such a lesion",
        )


def _check_values(cells: pd.Series[str], values: Sequence[str], column: str, where: str) -> None:
    known = sorted({*cells, *_ALLOWED.get(column, ())})
    for value in values:
        if value not in known:
            near = difflib.get_close_matches(value, known, n=1)
            raise SplitError(
                f"no lesion has {value!r} in the column '{column}'",
                where=where,
                remedy=(f"did you mean {near[0]!r}? " if near else "")
                + f"Values: {', '.join(map(repr, known[:10]))}",
            )
