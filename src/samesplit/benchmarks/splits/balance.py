"""How alike the parts of a split are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from samesplit.benchmarks.lesion_classes import LesionClasses, as_lesion_classes
from samesplit.benchmarks.splits.split import SUBSETS, Split
from samesplit.errors import SplitError
from samesplit.statistics.standardised_difference import (
    standardised_difference,
    standardised_difference_of_shares,
)

__all__ = ["balance", "describe"]

_COLUMNS = ["repeat", "fold", "subset", "variable", "level", "n", "value", "smd"]

BalanceRow = tuple[str, str, int, float, float]


def balance(
    split: Split,
    lesions: pd.DataFrame,
    labels: pd.Series[int] | Sequence[LesionClasses],
    columns: Sequence[str] = (),
) -> pd.DataFrame:
    r"""Describe every part of a split, and how far it is from the training part.

    The standardised mean difference of validation and test against train is
    $(m_1 - m_0) / \sqrt{(s_1^2 + s_0^2) / 2}$ for numbers, with $s$ the sample standard deviations, and
    $(p_1 - p_0) / \sqrt{(p_1(1 - p_1) + p_0(1 - p_0)) / 2}$ for each level of a category
    (Austin 2009, doi 10.1002/sim.3697). It is missing for train, and where the denominator is zero and the
    means differ.

    Args:
        split: The split.
        lesions: The lesions table.
        labels: 0 or 1, indexed by `lesion_id`; or the classes in each of several tasks.
        columns: Columns of the lesions table to describe: as numbers when their type is a number, else as
            categories.

    Returns:
        Columns repeat, fold, subset, variable, level, n, value, smd. The subset is train, validation, test or, of
        a named test set, `test_set=<name>`. Variables `patients` and `lesions`: n and value are their number.
        `label`, level `positive`: n lesions, value their share; of several tasks, the variable is the task and the
        level the class, and shares are of the lesions whose class is known. Numbers: level `mean` and level `sd`,
        n lesions with a value. Categories: n lesions at the level, value their share of
        the lesions with a known value. Missing values: level `(missing)`, n, value their share of all lesions.

    Raises:
        SplitError: A column does not exist.
    """
    unknown = [column for column in columns if column not in lesions]
    if unknown:
        raise SplitError(
            f"there is no column '{unknown[0]}' to balance",
            where="lesions.csv",
            remedy=f"columns: {', '.join(map(str, lesions))}",
        )
    known = lesions.set_index("lesion_id", drop=False)
    tasks = as_lesion_classes(labels)
    set_of = known["patient_id"].map(split.test_set_of())
    rows = []
    for repeat, fold in split.pairs():
        parts = {subset: known.loc[split.lesions(lesions, repeat, fold, subset)] for subset in SUBSETS}
        tested = set_of.loc[parts["test"].index]
        parts |= {f"test_set={name}": parts["test"][tested == name] for name in split.test_sets()}
        for subset, part in parts.items():
            if subset not in SUBSETS and part.empty:
                continue  # a site that another fold tests
            reference = None if subset == "train" else parts["train"]
            described = describe(part, reference, tasks, columns, known)
            rows += [(repeat, fold, subset, *row) for row in described]
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"n": "int64", "value": "float64", "smd": "float64"})


def describe(
    part: pd.DataFrame,
    train: pd.DataFrame | None,
    tasks: Sequence[LesionClasses],
    columns: Sequence[str],
    everyone: pd.DataFrame,
) -> Iterator[BalanceRow]:
    """Yield what `balance` says of one part: variable, level, n, value and the difference to the training part.

    Args:
        part: Lesions, indexed by `lesion_id`.
        train: Those that they are compared with; None for no comparison.
        tasks: The classes in each task.
        columns: Columns of the lesions table.
        everyone: All lesions, which say what levels there are and whether a column is of numbers.
    """
    patients = part["patient_id"].nunique()
    yield "patients", "", patients, float(patients), math.nan
    yield "lesions", "", len(part), float(len(part)), math.nan
    for task in tasks:
        yield from _of_classes(task, part, train)
    for column in columns:
        others = None if train is None else train[column]
        if pd.api.types.is_numeric_dtype(everyone[column]):
            yield from _of_numbers(column, part[column].dropna(), None if others is None else others.dropna())
        else:
            yield from _of_categories(column, part[column], others, everyone[column])
        if everyone[column].isna().any():
            missing = _share(part[column].isna(), None if others is None else others.isna())
            yield column, "(missing)", *missing


def _of_classes(task: LesionClasses, part: pd.DataFrame, train: pd.DataFrame | None) -> Iterator[BalanceRow]:
    """Yield the share of each class; of one task with two classes, that of the positive one."""
    here = task.numbers.reindex(part.index).dropna()
    there = None if train is None else task.numbers.reindex(train.index).dropna()
    for number, name in enumerate(task.classes):
        if number == 0 and len(task.classes) == 2:
            continue  # says the same as the other class
        variable, level = (task.task, name) if task.task else ("label", "positive")
        yield variable, level, *_share(here == number, None if there is None else there == number)


def _of_numbers(column: str, values: pd.Series[Any], others: pd.Series[Any] | None) -> Iterator[BalanceRow]:
    smd = math.nan
    if others is not None:
        smd = standardised_difference(values, others)
    yield column, "mean", len(values), float(values.mean()), smd
    yield column, "sd", len(values), float(values.std()), math.nan


def _of_categories(
    column: str, values: pd.Series[Any], others: pd.Series[Any] | None, everyone: pd.Series[Any]
) -> Iterator[BalanceRow]:
    values = values.dropna()
    others = None if others is None else others.dropna()
    for level in sorted(everyone.dropna().unique()):
        yield column, str(level), *_share(values == level, None if others is None else others == level)


def _share(inside: pd.Series[bool], reference: pd.Series[bool] | None) -> tuple[int, float, float]:
    share, smd = float(inside.mean()), math.nan
    if reference is not None:
        smd = standardised_difference_of_shares(share, float(reference.mean()))
    return int(inside.sum()), share, smd
