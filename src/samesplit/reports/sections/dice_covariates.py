"""What the Dice coefficient depends on: the regression on lesion and scanner, and lesion types compared."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.ordering import below
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Figure, Prose, Row, Section, Table
from samesplit.reports.figures.differences import Difference, draw_differences
from samesplit.reports.formatting import (
    count_cell,
    counted,
    estimate_cell,
    interval_text,
    is_missing,
    number,
    number_cell,
    p_cell,
    p_text,
    text_cell,
)
from samesplit.reports.rows import records

__all__ = ["dice_covariates"]

_INTERCEPT = "intercept"
_PER = {"diameter_mm": ("diameter, per 10 mm", 10.0), "size_mm": ("size, per 10 mm", 10.0)}
"""Terms whose unit is too small to be read, and by what they are multiplied."""


def dice_covariates(context: Context) -> Section | None:
    """Build the forest plot of the regression and the table of types and sequences."""
    blocks: list[Block] = []
    regression = context.data.table("dice_covariates")
    if len(regression):
        blocks += _regression(context, regression)
    types = context.data.table("dice_by_type")
    if len(types):
        blocks.append(_types(context, types))
    if not blocks:
        return None
    return Section(id="dice-covariates", title="What the Dice coefficient depends on", blocks=tuple(blocks))


def _regression(context: Context, table: pd.DataFrame) -> list[Block]:
    """Return the forest plot of what was fitted, and a sentence for what could not be."""
    fitted = table[table["coefficient"].notna()]
    failed = table[table["coefficient"].isna()]
    blocks: list[Block] = [
        Prose(text=f"{context.title(str(row['model']))}: the regression was {row['note']}.", tone="note")
        for row in records(failed)
    ]
    terms = fitted[fitted["term"] != _INTERCEPT]
    if terms.empty:
        return blocks
    lines = [_line(context, row) for row in records(terms)]
    alt = f"Forest plot of {counted(len(lines), 'coefficient')} of the regression of Dice."
    figure = Figure(
        id="dice-covariates-figure",
        title="Regression of the Dice coefficient",
        caption=(
            "How much the Dice coefficient changes with one covariate while the others stay as they are (multiple "
            f"linear regression over lesions and sequences). Bars: {context.percent()} intervals, with patients "
            "as clusters. Filled: P below "
            f"{1 - context.data.confidence:.2g}, not adjusted for the number of covariates."
        ),
        alt=alt,
        svg=draw_differences(lines, axis="Change of Dice", name="dice-covariates", alt=alt),
        table=_table(context, fitted),
    )
    return [*blocks, figure]


def _scaled(row: dict[str, Any]) -> dict[str, Any]:
    """Return the coefficient of a term in a unit that can be read, with the term in words."""
    words, factor = _PER.get(str(row["term"]), (str(row["term"]).replace("_", " "), 1.0))
    values = {name: factor * float(row[name]) for name in ("coefficient", "ci_low", "ci_high")}
    return row | values | {"term": words}


def _line(context: Context, found: dict[str, Any]) -> Difference:
    row = _scaled(found)
    estimate, low, high = (float(row[name]) for name in ("coefficient", "ci_low", "ci_high"))
    several = len({model.name for model in context.models}) > 1
    title = f"{context.title(str(row['model']))}: {row['term']}" if several else str(row["term"])
    return Difference(
        title=title,
        estimate=estimate,
        low=low,
        high=high,
        text=f"{number(estimate, signed=True)} ({interval_text(low, high, signed=True)}) "
        f"· p {p_text(row['p_value'])}",
        colour=context.style(str(row["model"])).colour,
        strong=bool(below(float(row["p_value"]), 1 - context.data.confidence)),
    )


def _table(context: Context, table: pd.DataFrame) -> Table:
    columns = (
        Column(key="term", title="Term"),
        Column(key="coefficient", title="Change of Dice", kind="interval"),
        Column(key="p", title="P", kind="number"),
        Column(
            key="inflation",
            title="VIF",
            kind="number",
            help="Variance inflation factor: above 10 the other covariates tell most of this one",
        ),
    )
    rows, notes = [], []
    for model, part in table.groupby("model", sort=False):
        first = records(part)[0]
        notes.append(
            f"{context.title(str(model))}: {counted(int(first['n']), 'row')} of "
            f"{counted(int(first['n_patients']), 'patient')}, R² {number(first['r_squared'], 2)}"
            + _counts(first)
            + (f"; {first['note']}" if first["note"] else "")
            + "."
        )
        for row in map(_scaled, records(part)):
            cells = {
                "term": text_cell(row["term"]),
                "coefficient": estimate_cell(
                    row["coefficient"], row["ci_low"], row["ci_high"], 3, signed=True
                ),
                "p": p_cell(row["p_value"]),
                "inflation": number_cell(row.get("inflation"), 1),
            }
            rows.append(Row(cells=cells, group=context.title(str(model)), key=str(model)))
    return Table(
        id="dice-covariates-table",
        title="Regression of the Dice coefficient",
        columns=columns,
        rows=tuple(rows),
        notes=tuple(notes),
        sortable=False,
    )


def _counts(row: dict[str, Any]) -> str:
    """Return how many rows were missed and the condition number, as far as the run's version told them."""
    told = ""
    if not is_missing(row.get("n_missed")):
        told += f"; {counted(int(row['n_missed']), 'row')} of lesions that were missed among them"
    if not is_missing(row.get("condition")):
        told += f"; condition number {number(row['condition'], 0)}"
    return told


def _types(context: Context, table: pd.DataFrame) -> Table:
    columns = (
        Column(key="what", title="Compared"),
        Column(key="first", title="First"),
        Column(key="second", title="Second"),
        Column(
            key="design",
            title="Design",
            help="Paired: the same lesions; unpaired: lesions of different kinds",
        ),
        Column(key="n", title="n"),
        Column(key="dice_first", title="Dice, first", kind="number"),
        Column(key="dice_second", title="Dice, second", kind="number"),
        Column(key="difference", title="Difference", kind="interval"),
        Column(key="p", title="Adjusted P", kind="number", help="Holm's method over the pairs of a column"),
    )
    rows = [
        Row(
            cells={
                "what": text_cell(str(row["column"]).replace("_", " ")),
                "first": text_cell(row["first"]),
                "second": text_cell(row["second"]),
                "design": text_cell(row["design"]),
                "n": text_cell(f"{count_cell(row['n_first']).text} / {count_cell(row['n_second']).text}"),
                "dice_first": number_cell(row["dice_first"]),
                "dice_second": number_cell(row["dice_second"]),
                "difference": estimate_cell(
                    row["difference"], row["ci_low"], row["ci_high"], note=str(row["note"] or ""), signed=True
                ),
                "p": p_cell(row["p_adjusted"]),
            },
            group=context.title(str(row["model"])),
            key=str(row["model"]),
        )
        for row in records(table)
    ]
    return Table(
        id="dice-by-type",
        title="Dice of lesion types and sequences",
        columns=columns,
        rows=tuple(rows),
        notes=("Tests of the difference of means with patients as clusters.",),
        sortable=False,
    )
