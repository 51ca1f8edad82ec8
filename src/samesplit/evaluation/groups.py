"""Groups of lesions: how they are called in tables of results, and which lesions are in them.

The name of a group is `all`, `<column>=<value>` (`site=north`, `test_set=external`, `rater=R2`), `class=<class>`
(of a task with several classes: the class against the rest), or both, as in `test_set=external, class=AML`. Names
are made and read here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.validation import common_units

__all__ = [
    "ALL",
    "CLASS",
    "TEST_SET",
    "Group",
    "cut_column",
    "cut_into_groups",
    "grouping_columns",
    "models_by_group",
    "parse_group",
    "values_of_columns",
]

ALL = "all"
"""The group of all lesions, all classes."""
TEST_SET = "test_set"
"""The column, and the key of groups, of named test sets."""
CLASS = "class"
"""The key of groups of one class against the rest; no column may be called so."""

_MOST_LEVELS = 20


@dataclass(frozen=True)
class Group:
    """A group of lesions.

    Attributes:
        column: The column whose value the lesions share; empty for all lesions.
        value: That value.
        of_class: The class that is told from the rest; empty for all classes together.

    Example:
        >>> Group("test_set", "external", "AML").name, Group().name
        ('test_set=external, class=AML', 'all')
    """

    column: str = ""
    value: str = ""
    of_class: str = ""

    @property
    def name(self) -> str:
        """How the group is called in tables of results."""
        lesions = f"{self.column}={self.value}" if self.column else ""
        told = f"{CLASS}={self.of_class}" if self.of_class else ""
        return ", ".join(part for part in (lesions, told) if part) or ALL

    def with_class(self, name: str) -> Group:
        """Return the same lesions, one class against the rest."""
        return Group(self.column, self.value, name)


def parse_group(name: str) -> Group:
    """Read the name of a group.

    Args:
        name: As `Group.name` makes it; the class comes last.

    Example:
        >>> parse_group("test_set=external, class=AML")
        Group(column='test_set', value='external', of_class='AML')
        >>> parse_group("class=solid").of_class, parse_group("all") == Group()
        ('solid', True)
    """
    lesions, found, of_class = name.rpartition(f", {CLASS}=")
    if not found:
        lesions, of_class = ("", name[len(CLASS) + 1 :]) if name.startswith(f"{CLASS}=") else (name, "")
    column, _, value = lesions.partition("=")
    return Group("", "", of_class) if lesions in ("", ALL) else Group(column, value, of_class)


def grouping_columns(truth: pd.DataFrame, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that results are grouped by: those that are asked for, and named test sets before them.

    Args:
        truth: Indexed by lesion_id; with a column `test_set` where the split names test sets.
        columns: The columns that are asked for.

    Example:
        >>> grouping_columns(pd.DataFrame({"test_set": ["internal"], "site": ["a"]}), ["site"])
        ('test_set', 'site')
    """
    named = (TEST_SET,) if TEST_SET in truth.columns and TEST_SET not in columns else ()
    return (*named, *columns)


def cut_column(column: str) -> str:
    """Return where the truth has the groups that a column of numbers is cut into, beside the column itself.

    Example:
        >>> cut_column("size_mm")
        'size_mm, in groups'
    """
    return f"{column}, in groups"


def cut_into_groups(values: pd.Series[float], cuts: Sequence[float]) -> pd.Series[str]:
    """Cut numbers into groups that are named by their bounds; a bound belongs to the group above it.

    Args:
        values: Numbers; missing ones are in no group.
        cuts: One or more, increasing.

    Returns:
        Ordered categories.

    Example:
        >>> cut_into_groups(pd.Series([12.0, 20.0, 55.0]), [20, 40]).tolist()
        ['under 20', '20 to under 40', '40 and over']
    """
    names = [
        f"under {cuts[0]:g}",
        *(f"{low:g} to under {high:g}" for low, high in pairwise(cuts)),
        f"{cuts[-1]:g} and over",
    ]
    return pd.cut(values, [-math.inf, *cuts, math.inf], right=False, labels=names)


def values_of_columns(
    truth: pd.DataFrame, lesions: pd.Series[str], columns: Sequence[str], *, notes: list[str]
) -> Iterator[tuple[Group, pd.Index[str]]]:
    """Yield each value of each column with its lesions.

    Args:
        truth: Indexed by lesion_id.
        lesions: The lesions that are judged.
        columns: Columns of the truth; of one that is cut into groups (`cut_column`) the groups are taken.
        notes: Gets what is in no group, and why.

    Raises:
        StatisticsError: A column is not there or has too many values.
    """
    for column in columns:
        if column not in truth.columns:
            raise StatisticsError(f"the truth has no column {column!r} to group by")
        source = cut_column(column) if cut_column(column) in truth.columns else column
        values = truth.loc[truth.index.isin(lesions), source]
        if values.nunique() > _MOST_LEVELS:
            raise StatisticsError(
                f"{column!r} has {values.nunique()} different values, too many to group by",
                remedy="cut it into a few classes first",
            )
        if values.isna().any():
            notes.append(f"{int(values.isna().sum())} lesions have no {column}; they are in no such group")
        for value in _in_order(values.dropna()):
            yield Group(column, str(value)), values.index[values == value]


def _in_order(values: pd.Series[Any]) -> list[Any]:
    """Return the different values: by size where they are cuts of a number, else by name."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        there = set(values)
        return [value for value in values.cat.categories if value in there]
    return sorted(values.unique(), key=str)


def models_by_group(
    tables: dict[str, pd.DataFrame],
    test: pd.DataFrame,
    truth: pd.DataFrame,
    make_tables: Callable[[pd.DataFrame], dict[str, pd.DataFrame]],
    *,
    rater: str,
    columns: Sequence[str],
    notes: list[str],
) -> Iterator[tuple[Group, dict[str, pd.DataFrame]]]:
    """Yield all lesions, then the other raters, then named test sets and each value of each column.

    Args:
        tables: The table of each model on all lesions, with the primary rater's masks.
        test: Test predictions of all raters.
        truth: Indexed by lesion_id.
        make_tables: Makes the table of each model from test predictions of one rater.
        rater: The primary rater.
        columns: Columns of the truth that results are grouped by.
        notes: Gets what was left out, and why.

    Yields:
        A group, and the table of each model on its lesions.

    Raises:
        StatisticsError: A column is not there or has too many values.
    """
    yield Group(), tables
    for other in sorted(set(test["rater"]) - {rater}):
        common, lacking = common_units(test[test["rater"] == other])
        notes += [f"rater {other}: {note}" for note in lacking]
        yield Group("rater", other), make_tables(common)
    lesions = next(iter(tables.values()))["lesion_id"]
    for group, inside in values_of_columns(truth, lesions, grouping_columns(truth, columns), notes=notes):
        yield group, {model: t[t["lesion_id"].isin(inside)] for model, t in tables.items()}
