"""How far each test set is from the patients that its models were trained on: the variables and the prevalence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from samesplit.benchmarks.lesion_classes import LesionClasses, as_lesion_classes
from samesplit.benchmarks.splits.balance import describe
from samesplit.benchmarks.splits.split import Split
from samesplit.errors import SplitError
from samesplit.ordering import above
from samesplit.statistics.boundary import apart
from samesplit.statistics.interval import Interval
from samesplit.statistics.proportions import proportion_interval

__all__ = ["LARGE", "SHIFT_COLUMNS", "shift"]

SHIFT_COLUMNS = [
    "test_set",
    "variable",
    "level",
    "n_train",
    "n_test",
    "train",
    "test",
    "smd",
    "large",
    "difference",
    "ci_low",
    "ci_high",
]
LARGE = 0.25
"""A standardised difference beyond this is called large (Stuart 2010, doi 10.1214/09-STS313)."""


def shift(
    split: Split,
    lesions: pd.DataFrame,
    labels: pd.Series[int] | Sequence[LesionClasses],
    columns: Sequence[str] = (),
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare each test set with the training part of the folds that test it.

    A test set is compared where none of its patients is in the training part of a fold that tests the set: named
    test sets, and the test part of a split with one fold. The folds of a cross-validation train on each other's
    test patients, so there is nothing to compare.

    Args:
        split: The split.
        lesions: The lesions table.
        labels: 0 or 1, indexed by `lesion_id`; or the classes in each of several tasks.
        columns: Columns of the lesions table to compare: as numbers when their type is a number, else as
            categories.
        confidence: Two-sided coverage of the intervals.

    Returns:
        The columns of `SHIFT_COLUMNS`; no rows where nothing is compared. `train` and `test` are means of numbers
        and shares of categories; `smd` as in `balance`, and `large` tells whether it is beyond `LARGE`. Of the
        classes (variable `label`, or the task) `difference` is that of the shares of lesions, test minus train,
        with Newcombe's interval, in which a patient with several lesions counts once.

    Raises:
        SplitError: A column does not exist.

    References:
        Newcombe RG. Interval estimation for the difference between independent proportions. Stat Med
        1998;17:873-890. doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
    """
    unknown = [column for column in columns if column not in lesions]
    if unknown:
        raise SplitError(
            f"there is no column '{unknown[0]}' to compare",
            where="lesions.csv",
            remedy=f"columns: {', '.join(map(str, lesions))}",
        )
    known = lesions.set_index("lesion_id", drop=False)
    tasks = as_lesion_classes(labels)
    rows: list[dict[str, Any]] = []
    for name, train, test in _compared(split, known):
        values = {row[:2]: row for row in describe(train, None, tasks, columns, known)}
        classes = {task.task or "label": task for task in tasks}
        for variable, level, _, value, smd in describe(test, train, tasks, columns, known):
            if variable in ("patients", "lesions") or level == "sd":
                continue
            row = {
                "test_set": name,
                "variable": variable,
                "level": level,
                "n_train": _counted(train, variable, level, classes),
                "n_test": _counted(test, variable, level, classes),
                "train": values[variable, level][3],
                "test": value,
                "smd": smd,
                "large": _is_large(smd, value - values[variable, level][3]),
            }
            if variable in classes:
                found = _difference(classes[variable], level, train, test, confidence)
                row |= {"difference": found.estimate, "ci_low": found.ci_low, "ci_high": found.ci_high}
            rows.append(row)
    return pd.DataFrame(rows, columns=SHIFT_COLUMNS)


def _compared(split: Split, known: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Yield each test set that can be compared, with the lesions that its models were trained on."""
    set_of = split.test_set_of()
    names = split.test_sets()
    table = split.table
    tested = table[table["subset"] == "test"]
    for name in names or ("test",):
        patients = set(tested["patient_id"]) if not names else set(set_of.index[set_of == name])
        folds = tested.loc[tested["patient_id"].isin(patients), ["repeat", "fold"]].drop_duplicates()
        trained = table[table["subset"] == "train"].merge(folds, on=["repeat", "fold"])["patient_id"]
        if patients.isdisjoint(trained):
            yield (
                name,
                known[known["patient_id"].isin(set(trained))],
                known[known["patient_id"].isin(patients)],
            )


def _is_large(smd: float, difference: float) -> bool:
    """Tell whether a difference is large; one without any spread is, as of a site that is tested alone."""
    if math.isnan(smd):
        return not math.isnan(difference) and difference != 0
    return bool(above(abs(smd), LARGE))


def _counted(part: pd.DataFrame, variable: str, level: str, classes: dict[str, LesionClasses]) -> int:
    """Count the lesions that a mean or share is of: those whose value is known, or all for the missing ones."""
    if level == "(missing)":
        return len(part)
    if variable in classes:
        return int(classes[variable].numbers.index.isin(part.index).sum())
    return int(part[variable].notna().sum())


def _difference(
    task: LesionClasses, level: str, train: pd.DataFrame, test: pd.DataFrame, confidence: float
) -> Interval:
    """Return the difference of the shares of a class with Newcombe's interval."""
    number = 1 if not task.task else task.classes.index(level)
    parts = []
    for part in (test, train):
        mine = task.numbers.reindex(part.index).dropna()
        patients = part.loc[mine.index, "patient_id"].nunique()
        share = float((mine == number).mean()) if len(mine) else float("nan")
        found = (
            proportion_interval(share * patients, patients, confidence=confidence, method="Wilson")
            if patients
            else Interval(share, share, share, "Wilson")
        )
        parts.append(found)
    return apart(*parts, confidence=confidence)
