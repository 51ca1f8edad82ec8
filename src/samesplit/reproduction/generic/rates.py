"""Rates of a two-by-two table: they must all come from one table of whole lesions."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.agrees import agrees, agrees_within, is_double_rounded, span
from samesplit.reproduction.confusion import counts_that_print, rate_of, rate_text
from samesplit.reproduction.generic.groups import RateGroup, rate_groups
from samesplit.reproduction.names import canonical_metric
from samesplit.reproduction.numbers import PrintedNumber, Recomputed, Verdict, cell_text, parse
from samesplit.statistics.proportions import Confusion

__all__ = ["f1_of_precision_and_recall", "rates_of_tables"]

_FREE = 2
"""With the class sizes given, a table has two free counts: up to two rates check nothing but whole numbers."""


def rates_of_tables(published: pd.DataFrame) -> list[Recomputed]:
    """Compute every rate of a model or reader from the table of whole lesions that prints the most of them.

    A rate is `reproduced` where at least three different rates of the same lesions come from one table, and
    `inconsistent` where no table that prints the others prints it too, or where no whole number of lesions does.
    Where several tables print as many and leave out different rates, those rates contradict each other.

    Args:
        published: Rows of one study; `n_pos` and `n_neg` must be filled in.
    """
    found = []
    for group in rate_groups(published):
        for row, metric, number in group.rates:
            found.append(_of_one(group, row, metric, number))
    return found


def _of_one(group: RateGroup, row: int, metric: str, number: PrintedNumber) -> Recomputed:
    if not group.fit.tables:
        note = "too many lesions to try every table"
        return Recomputed(row, "value", None, "", "not derivable", note)
    values = [rate_of(table, metric) for table in group.fit.tables]
    agreeing = [agrees(number, value) for value in values]
    table = group.fit.table
    formula = _formula(group, metric)
    value: float | str = values[0] if len({f"{v:.12g}" for v in values}) == 1 else _range(values)
    if group.distinct <= _FREE:
        return _of_few(group, row, metric, number, formula if any(agreeing) else "")
    if any(agreeing) and not all(agreeing) and group.fit.fitting < group.fit.printed:
        note = f"the rates of this row contradict each other: {group.fit.fitting} of {group.fit.printed} at most "
        note += "come from one table of lesions; which of them is wrong is not known"
        return Recomputed(row, "value", value, formula, "inconsistent", note)
    if any(agreeing):
        return Recomputed(row, "value", value, formula, "reproduced", _how_unique(group))
    twice = table is not None and is_double_rounded(number, rate_of(table, metric))
    note = f"rounded twice: {values[0]:.4f}, {values[0]:.3f}, {number.text}" if twice else _how_unique(group)
    return Recomputed(row, "value", value, formula, "inconsistent", note)


def _of_few(group: RateGroup, row: int, metric: str, number: PrintedNumber, formula: str) -> Recomputed:
    """Judge one of at most two rates: only whether whole lesions print it can be asked."""
    n = {"sensitivity": group.n_pos, "fnr": group.n_pos, "specificity": group.n_neg, "fpr": group.n_neg}
    size = n.get(metric, group.n_pos + group.n_neg if metric == "accuracy" else 0)
    if size:
        counts = counts_that_print(number, size)
        if not counts:
            why = f"no whole number of {size} lesions prints as {number.text}"
            return Recomputed(row, "value", _nearest(number, size), why, "inconsistent")
        said = " or ".join(f"{count}/{size}" for count in counts[:3]) + (" ..." if len(counts) > 3 else "")
        return Recomputed(
            row, "value", said, "", "not derivable", f"whole lesions: {said}; no further rate checks it"
        )
    verdict: Verdict = "not derivable" if formula else "inconsistent"
    return Recomputed(row, "value", None, formula, verdict, "too few rates to check it")


def _nearest(number: PrintedNumber, size: int) -> str:
    share = float(number.number or 0.0)
    count = round(share * size)
    return f"nearest: {count}/{size} = {count / size:.{number.decimals + 1}f}"


def _formula(group: RateGroup, metric: str) -> str:
    table = group.fit.table
    if table is None:
        return f"from {len(group.fit.tables)} tables of {group.n_pos} + {group.n_neg} lesions"
    return f"{rate_text(table, metric)}; {counts_text(table)}"


def counts_text(table: Confusion) -> str:
    """Write the four counts of a table.

    Example:
        >>> counts_text(Confusion(tp=58, fn=5, tn=20, fp=29))
        'TP 58, FN 5, TN 20, FP 29'
    """
    return f"TP {table.tp}, FN {table.fn}, TN {table.tn}, FP {table.fp}"


def _how_unique(group: RateGroup) -> str:
    if len(group.fit.tables) > 1:
        return f"{len(group.fit.tables)} tables print the same {group.fit.fitting} rates"
    if group.by_intervals:
        return f"of {group.without_intervals} tables that print the rates, the one that prints the intervals"
    return ""


def _range(values: list[float]) -> str:
    return f"{min(values):.4f} to {max(values):.4f}"


def f1_of_precision_and_recall(published: pd.DataFrame) -> list[Recomputed]:
    """Compute F1 as the harmonic mean of the printed precision and recall, within their rounding.

    Args:
        published: Rows of one study. Rows of one table, part and model belong together.
    """
    found = []
    keys = ["table_figure", "task", "cohort_split", "n", "model_or_reader"]
    for _, rows in published.groupby(keys, sort=False, dropna=False):
        printed: dict[str, list[tuple[int, PrintedNumber]]] = {}
        for row, record in rows.iterrows():
            number = parse(cell_text(record, "value"))
            if number.number is not None and not number.bound:
                printed.setdefault(canonical_metric(str(record["metric"])), []).append(
                    (int(str(row)), number)
                )
        if not all(len(printed.get(name, [])) == 1 for name in ("ppv", "sensitivity")):
            continue
        (_, precision), (_, recall) = printed["ppv"][0], printed["sensitivity"][0]
        low, high = (_f1(p, r) for p, r in zip(span(precision), span(recall), strict=True))
        value = _f1(float(precision.number or 0), float(recall.number or 0))
        for row, number in printed.get("f1", []):
            fits = agrees_within(number, low, high)
            formula = f"2 P R / (P + R), P = {precision.text}, R = {recall.text}"
            found.append(Recomputed(row, "value", value, formula, "reproduced" if fits else "inconsistent"))
    return found


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
