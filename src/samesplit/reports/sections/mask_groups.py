"""Predicted masks in each test set and group, sequence by sequence, and the differences between test sets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.ordering import below
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Details, Figure, Prose, Row, Section, Table
from samesplit.reports.figures.differences import Difference, draw_differences
from samesplit.reports.figures.named_test_sets import SetEstimate, SetsOfModel, draw_test_sets
from samesplit.reports.formatting import (
    count_cell,
    counted,
    estimate_cell,
    interval_text,
    is_missing,
    join_words,
    number,
    p_cell,
    text_cell,
)
from samesplit.reports.named_test_sets import names_of_test_sets
from samesplit.reports.rows import records
from samesplit.reports.sections.subgroups import column_title

__all__ = ["mask_groups"]

_TEST_SET = "test_set"
_MOST_LINES = 60
"""Beyond as many differences the figure would be too long; the table has them all."""


def mask_groups(context: Context) -> Section | None:
    """Build the medians in each test set, their differences, and the tables of all groups; None without groups."""
    table, pairs = context.data.table("dice_by_group"), context.data.table("dice_between_groups")
    if table.empty or not (table["column"] != "").any():
        return None
    columns = [column for column in dict.fromkeys(table["column"]) if column]
    first = _TEST_SET if _TEST_SET in columns else columns[0]
    values = _values(context, table, first)
    blocks: list[Block] = [*_found_anywhere(context, table, first, values)]
    blocks.append(_medians(context, table, first, values))
    drawn = pairs[pairs["column"] == first]
    if len(drawn):
        blocks.append(_differences(context, drawn, first))
    blocks.append(Details(summary="All groups", blocks=(_groups_table(context, table),)))
    if len(pairs) > len(drawn):
        blocks.append(
            Details(
                summary="Differences between the values of all columns",
                blocks=(_pairs_table(context, pairs),),
            )
        )
    lead = (
        "The median of the Dice coefficient and the share of lesions that were found, in each group and sequence. "
        "With all sequences together a lesion has the mean of its Dice over them, and it is found where any of "
        "them finds it. A lesion that was missed counts."
    )
    return Section(id="mask-groups", title="Masks by group and sequence", lead=lead, blocks=tuple(blocks))


def _values(context: Context, table: pd.DataFrame, column: str) -> list[str]:
    there = list(dict.fromkeys(table.loc[table["column"] == column, "value"]))
    if column != _TEST_SET:
        return there
    return [name for name in names_of_test_sets(context) if name in there]


def _found_anywhere(context: Context, table: pd.DataFrame, column: str, values: list[str]) -> list[Prose]:
    """Say how many lesions each model found in at least one of several sequences."""
    if len(set(table["sequence"])) == 1 or table["found"].isna().all():
        return []
    together = records(table[(table["sequence"] == "") & (table["column"] == column)])
    told = []
    for model in [one for one in context.models if one.name in set(table["model"])]:
        own = {str(row["value"]): row for row in together if row["model"] == model.name}
        sets = [
            f"{value} {number(own[value]['found'], 2)} "
            f"({interval_text(own[value]['found_low'], own[value]['found_high'], 2)}; "
            f"{counted(int(own[value]['n']), 'lesion')})"
            for value in values
            if value in own
        ]
        told.append(f"{model.title}: {join_words(sets)}")
    return [Prose(text=f"Share of the lesions that were found in at least one sequence. {'. '.join(told)}.")]


def _slice_title(context: Context, model: str, sequence: str, *, several: bool) -> str:
    """Return a model and sequence in words."""
    title = context.title(model)
    return f"{title}, {sequence or 'all sequences together'}" if several else title


def _medians(context: Context, table: pd.DataFrame, column: str, values: list[str]) -> Figure:
    several = len(set(table["sequence"])) > 1
    found = {
        (str(row["model"]), str(row["sequence"]), str(row["value"])): row
        for row in records(table[table["column"].isin([column, ""])])
    }
    blocks, rows = [], []
    for model in [one for one in context.models if one.name in set(table["model"])]:
        for sequence in dict.fromkeys(map(str, table["sequence"])):
            cells: dict[str, Cell] = {"sequence": text_cell(sequence or "all together")}
            estimates = []
            for place, value in enumerate(["", *values]):
                if (model.name, sequence, value) not in found:
                    continue
                row = found[(model.name, sequence, value)]
                cells[f"v{place}"] = _interval_cell(row, "dice_median", 3)
                cells[f"f{place}"] = _interval_cell(row, "found", 2)
                estimates.append(_mark(row, value or "all lesions", together=not value))
            title = _slice_title(context, model.name, sequence, several=several)
            blocks.append(SetsOfModel(title, context.style(model.name), estimates))
            rows.append(Row(cells=cells, group=model.title, key=model.name))
    alt = (
        f"Median Dice of {counted(len(blocks), 'model and sequence', 'models and sequences')} in each group."
    )
    heads = [Column(key="sequence", title="Sequence")] if several else []
    names = ["all lesions", *values]
    heads += [Column(key=f"v{i}", title=f"Median, {name}", kind="interval") for i, name in enumerate(names)]
    heads += [
        Column(
            key=f"f{i}", title=f"Found, {name}", kind="interval", help="Share of the lesions that were found"
        )
        for i, name in enumerate(names)
    ]
    return Figure(
        id="mask-groups-figure",
        title=f"Median Dice by {column_title(column).lower()}",
        caption=(
            f"Bars: {context.percent()} intervals of a bootstrap over patients. Hollow: all lesions. The groups "
            "hold different patients, so some difference is chance."
        ),
        alt=alt,
        svg=draw_test_sets(blocks, axis="Median Dice", chance=None, name="mask-groups", alt=alt),
        table=Table(
            id="mask-groups-table",
            title=f"Median Dice and found lesions by {column_title(column).lower()}",
            columns=tuple(heads),
            rows=tuple(rows),
            notes=(_sizes(table, column, values),),
            sortable=False,
        ),
    )


def _sizes(table: pd.DataFrame, column: str, values: list[str]) -> str:
    most = table[table["column"] == column].groupby("value")["n"].max()
    return "; ".join(f"{value}: {counted(int(most[value]), 'lesion')}" for value in values) + "."


def _mark(row: dict[str, Any], title: str, *, together: bool) -> SetEstimate:
    estimate, low, high = (float(row[f"dice_median{end}"]) for end in ("", "_low", "_high"))
    known = not is_missing(low)
    words = f"{number(estimate)} ({interval_text(low, high)})" if known else number(estimate)
    text = f"{words}, {counted(int(row['n']), 'lesion')}"
    return SetEstimate(
        title, estimate, low if known else None, high if known else None, text, together=together
    )


def _interval_cell(row: dict[str, Any], name: str, digits: int) -> Cell:
    return estimate_cell(row[name], row[f"{name}_low"], row[f"{name}_high"], digits)


def _differences(context: Context, pairs: pd.DataFrame, column: str) -> Figure:
    several = len(set(pairs["sequence"])) > 1
    shown = pairs.head(_MOST_LINES)
    lines = []
    for row in records(shown):
        model = _slice_title(context, str(row["model"]), str(row["sequence"]), several=several)
        estimate, low, high = (row[f"median_{end}"] for end in ("difference", "low", "high"))
        known = not is_missing(low)
        words = number(estimate, signed=True)
        lines.append(
            Difference(
                title=f"{model}: {row['first']} − {row['second']}",
                estimate=float(estimate),
                low=float(low) if known else None,
                high=float(high) if known else None,
                text=f"{words} ({interval_text(low, high, signed=True)})" if known else words,
                colour=context.style(str(row["model"])).colour,
                strong=known and bool(below(0.0, float(low)) or below(float(high), 0.0)),
            )
        )
    left = len(pairs) - len(shown)
    alt = f"Forest plot of {counted(len(lines), 'difference')} of the median Dice."
    return Figure(
        id="mask-differences-figure",
        title=f"Difference of the median Dice between values of {column_title(column).lower()}",
        caption=(
            f"First minus second, unpaired. Bars: {context.percent()} intervals of a bootstrap over patients. "
            "Filled: the interval leaves 0 out, not adjusted. Two test sets of the same centres differ by what "
            "else tells them apart, such as the scanner vendor."
            + (f" {counted(left, 'further difference')} in the table alone." if left else "")
        ),
        alt=alt,
        svg=draw_differences(lines, axis="Difference of the median Dice", name="mask-differences", alt=alt),
        table=_pairs_table(context, pairs, name="mask-differences-table"),
    )


def _groups_table(context: Context, table: pd.DataFrame) -> Table:
    columns = (
        Column(key="group", title="Lesions"),
        Column(key="sequence", title="Sequence"),
        Column(key="n", title="n", kind="number"),
        Column(key="median", title="Dice, median", kind="interval"),
        Column(key="mean", title="Dice, mean", kind="interval"),
        Column(key="found", title="Found", kind="interval", help="Share of the lesions that were found"),
    )
    rows = [
        Row(
            cells={
                "group": text_cell(
                    f"{column_title(str(row['column']))}: {row['value']}" if row["column"] else "All lesions"
                ),
                "sequence": text_cell(row["sequence"] or "all together"),
                "n": count_cell(row["n"]),
                "median": _interval_cell(row, "dice_median", 3),
                "mean": _interval_cell(row, "dice", 3),
                "found": _interval_cell(row, "found", 2),
            },
            group=context.title(str(row["model"])),
            key=str(row["model"]),
        )
        for row in records(table)
    ]
    return Table(
        id="mask-groups-all", title="All groups", columns=columns, rows=tuple(rows), notes=(), sortable=True
    )


def _pairs_table(context: Context, pairs: pd.DataFrame, *, name: str = "mask-differences-all") -> Table:
    columns = (
        Column(key="what", title="Compared"),
        Column(key="sequence", title="Sequence"),
        Column(key="n", title="n"),
        Column(key="median", title="Difference of medians", kind="interval"),
        Column(key="mean", title="Difference of means", kind="interval"),
        Column(
            key="p",
            title="Adjusted P",
            kind="number",
            help="Of the difference of means, patients as clusters; Holm's method over the pairs and sequences of "
            "a column",
        ),
    )
    rows = [
        Row(
            cells={
                "what": text_cell(f"{column_title(str(row['column']))}: {row['first']} − {row['second']}"),
                "sequence": text_cell(row["sequence"] or "all together"),
                "n": text_cell(f"{row['n_first']} / {row['n_second']}"),
                "median": estimate_cell(
                    row["median_difference"],
                    row["median_low"],
                    row["median_high"],
                    3,
                    note=str(row["note"] or ""),
                    signed=True,
                ),
                "mean": estimate_cell(
                    row["mean_difference"], row["mean_low"], row["mean_high"], 3, signed=True
                ),
                "p": p_cell(row["p_adjusted"]),
            },
            group=context.title(str(row["model"])),
            key=str(row["model"]),
        )
        for row in records(pairs)
    ]
    return Table(
        id=name,
        title="Differences of the Dice coefficient between groups",
        columns=columns,
        rows=tuple(rows),
        notes=("Unpaired: the groups hold different lesions.",),
        sortable=False,
    )
