"""The printed rates of one model or reader on the same lesions, and the tables of lesions that print them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from samesplit.reproduction.agrees import agrees
from samesplit.reproduction.confusion import TABLE_RATES, Fit, counts_that_print, fit_tables, rate_of
from samesplit.reproduction.intervals import RATE_METHODS, rate_interval, rate_size
from samesplit.reproduction.names import canonical_metric
from samesplit.reproduction.numbers import PrintedNumber, cell_text, parse
from samesplit.statistics.proportions import Confusion

__all__ = ["RateGroup", "interval_method", "interval_rows", "is_given", "rate_groups", "table_of"]

_KEYS = ["study", "task", "cohort_split", "model_or_reader", "n_pos", "n_neg"]
_WITH_INTERVAL = ("accuracy", "sensitivity", "specificity")


@dataclass(frozen=True)
class RateGroup:
    """The printed rates of one model or reader on the same lesions.

    Attributes:
        model: The model or reader.
        cohort_split: On which part.
        n_pos: Lesions of the positive class.
        n_neg: Lesions of the negative class.
        rates: Row, metric (as `canonical_metric` names it) and what is printed.
        fit: The tables that print the most of them. Of several, those that also print the most intervals.
        by_intervals: Whether intervals were needed to tell tables apart.
        without_intervals: How many tables the rates alone leave.
    """

    model: str
    cohort_split: str
    n_pos: int
    n_neg: int
    rates: tuple[tuple[int, str, PrintedNumber], ...]
    fit: Fit
    by_intervals: bool
    without_intervals: int

    @property
    def distinct(self) -> int:
        """How many different rates are printed; up to two fit a table nearly always."""
        return len({metric for _, metric, _ in self.rates})


def rate_groups(published: pd.DataFrame) -> list[RateGroup]:
    """Gather printed rates and search their tables; what was found for the same rows is kept.

    Args:
        published: Rows of one study.
    """
    return list(_groups_of(_Rows(published)))


class _Rows:
    """A table that equals any with the same content, so that what was found for it can be kept."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table
        columns = [*_KEYS, "metric", "n", "value", "ci_low_text", "ci_high_text"]
        self._key = (tuple(table.index), table[columns].to_csv())

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rows) and self._key == other._key


@lru_cache(maxsize=32)
def _groups_of(rows: _Rows) -> tuple[RateGroup, ...]:
    published = rows.table
    method = interval_method(published)
    known = published[published["n_pos"].notna() & published["n_neg"].notna()]
    found = []
    for keys, mine in known.groupby(_KEYS, sort=False):
        _, _, split, model = (str(key) for key in keys[:4])
        n_pos, n_neg = (float(str(key)) for key in keys[4:])
        if not (n_pos.is_integer() and n_neg.is_integer() and min(n_pos, n_neg) >= 1):
            continue
        rates = tuple(_rates(mine))
        if not rates:
            continue
        fit = fit_tables([(metric, number) for _, metric, number in rates], int(n_pos), int(n_neg))
        tables = fit.tables
        if len(tables) > 1 and method is not None:
            tables = _narrowed(tables, mine, method)
        group = RateGroup(
            model,
            split,
            int(n_pos),
            int(n_neg),
            rates,
            Fit(tables, fit.fitting, fit.printed),
            len(tables) < len(fit.tables),
            len(fit.tables),
        )
        found.append(group)
    return tuple(found)


def table_of(groups: Iterable[RateGroup], model: str, split: str) -> Confusion | None:
    """Return the table of a model on a part, None where it is not unique or not there.

    Args:
        groups: Of `rate_groups`.
        model: The model or reader.
        split: The part.
    """
    for group in groups:
        if (group.model, group.cohort_split) == (model, split):
            return group.fit.table
    return None


def is_given(number: object) -> bool:
    """Whether a cell of numbers holds one."""
    return isinstance(number, int | float) and math.isfinite(number)


def interval_rows(published: pd.DataFrame) -> list[tuple[int, str, float, tuple[int, ...], str, str]]:
    """List the rates that are printed with an interval and of how many lesions.

    Args:
        published: Rows of one study.

    Returns:
        Row, metric, of how many, the counts that print as the rate, low and high as printed.
    """
    found = []
    for row, record in published.iterrows():
        metric = canonical_metric(str(record["metric"]))
        size = rate_size(record, metric) if metric in _WITH_INTERVAL else math.nan
        low, high = cell_text(record, "ci_low"), cell_text(record, "ci_high")
        if is_given(size) and size >= 1 and float(size).is_integer() and low and high:
            counts = counts_that_print(parse(cell_text(record, "value")), int(size))
            found.append((int(str(row)), metric, size, tuple(counts), low, high))
    return found


def interval_method(published: pd.DataFrame) -> str | None:
    """Find the method by which most printed intervals of rates come out.

    Args:
        published: Rows of one study.

    Returns:
        A name of `RATE_METHODS`; None where no method gives any.
    """
    rows = interval_rows(published)
    scores = {
        method: sum(
            any(_prints(count, n, method, low, high) for count in counts)
            for _, _, n, counts, low, high in rows
        )
        for method in RATE_METHODS
    }
    best = max(scores.values(), default=0)
    return next((method for method, score in scores.items() if score == best), None) if best else None


def _prints(count: float, n: float, method: str, low: str, high: str) -> bool:
    bounds = rate_interval(count, n, method)
    return agrees(low, bounds[0]) and agrees(high, bounds[1])


def _rates(rows: pd.DataFrame) -> Iterable[tuple[int, str, PrintedNumber]]:
    for row, record in rows.iterrows():
        metric = canonical_metric(str(record["metric"]))
        number = parse(cell_text(record, "value"), row=int(str(row)))
        if metric in TABLE_RATES and number.number is not None and number.number <= 1 and not number.bound:
            yield int(str(row)), metric, number


def _narrowed(tables: tuple[Confusion, ...], rows: pd.DataFrame, method: str) -> tuple[Confusion, ...]:
    """Keep the tables that print the most intervals."""
    printed = interval_rows(rows)
    scores = [_intervals_printed(table, printed, method) for table in tables]
    best = max(scores)
    return tuple(table for table, score in zip(tables, scores, strict=True) if score == best)


def _intervals_printed(table: Confusion, printed: list[tuple[Any, ...]], method: str) -> int:
    score = 0
    for _, metric, n, _, low, high in printed:
        bounds = rate_interval(rate_of(table, metric) * n, n, method)
        score += agrees(low, bounds[0]) + agrees(high, bounds[1])
    return score
