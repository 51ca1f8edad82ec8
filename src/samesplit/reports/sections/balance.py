"""Balance between the subsets of the split: standardised mean differences of the variables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.ordering import ranked
from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Figure, Row, Table
from samesplit.reports.figures.balance import draw_balance
from samesplit.reports.formatting import count_cell, number, number_cell, text_cell
from samesplit.reports.named_test_sets import names_of_test_sets

__all__ = ["balance", "variable_title"]

_MOST_VARIABLES = 24
_MOST_SETS = 6


def balance(context: Context) -> Figure | None:
    """Build the figure of the differences, with the baseline characteristics of each subset behind it."""
    table = context.data.table("balance")
    if not {"subset", "variable", "level", "value", "smd"} <= set(table.columns):
        return None
    table = table.assign(level=table["level"].fillna("").astype(str))
    compared = table[table["smd"].notna()]
    keys = list(dict.fromkeys(zip(compared["variable"], compared["level"], strict=True)))
    if not keys:
        return None
    worst = compared.groupby(["variable", "level"])["smd"].agg(lambda values: values.abs().max())
    by_name = sorted(keys)
    sizes = [float(worst[key]) for key in by_name]
    shown = [by_name[place] for place in ranked(sizes, descending=True)][:_MOST_VARIABLES]
    titles = [variable_title(context, *key) for key in shown]
    by_side = {
        title: [_of(compared, side, key)["smd"].tolist() for key in shown]
        for side, title in _sides(context, compared).items()
    }
    rest = (
        f" The {len(shown)} with the largest differences of {len(keys)} are drawn."
        if len(keys) > len(shown)
        else ""
    )
    largest = shown[0]
    several = "Each point is a fold. " if _has_folds(context) else ""
    alt = (
        f"Standardised mean differences; the largest, {number(float(worst[largest]), 2)}, is of {titles[0]}."
    )
    return Figure(
        id="balance",
        title="Balance between subsets",
        caption=(
            f"{several}Subsets of a random split differ by chance, and small subsets differ "
            "more; a large difference shows where results need care. Behind it: baseline characteristics by "
            f"subset.{rest}"
        ),
        alt=alt,
        svg=draw_balance(titles, by_side, name="balance", alt=alt),
        table=_balance_table(context, table, keys),
    )


def _has_folds(context: Context) -> bool:
    return len(context.data.splits[["repeat", "fold"]].drop_duplicates()) > 1


def _sides(context: Context, table: pd.DataFrame) -> dict[str, str]:
    """Return the subsets that are compared with the training part, with titles: each named test set apart."""
    names = [name for name in names_of_test_sets(context) if (table["subset"] == f"test_set={name}").any()]
    tested = (
        {f"test_set={name}": name for name in names} if 1 < len(names) <= _MOST_SETS else {"test": "test"}
    )
    return {
        side: title
        for side, title in {"validation": "validation", **tested}.items()
        if (table["subset"] == side).any()
    }


def _of(table: pd.DataFrame, side: str, key: tuple[str, str]) -> pd.DataFrame:
    return table[(table["subset"] == side) & (table["variable"] == key[0]) & (table["level"] == key[1])]


def variable_title(context: Context, variable: str, level: str) -> str:
    """Return a variable and its level as people read them.

    Args:
        context: The run; of the task `task:` it names the positive class.
        variable: As in the table of balance.
        level: `mean` of numbers, else the level of a category.
    """
    name = variable.replace("label_provenance", "reference standard").replace("_mm", ", mm").replace("_", " ")
    if variable == "label":
        return f"class: {context.data.positive}"
    return name if level in ("", "mean") else f"{name}: {level}"


def _balance_table(context: Context, table: pd.DataFrame, keys: list[tuple[str, str]]) -> Table:
    """Return the baseline characteristics of each subset with their standardised differences."""
    sides = _sides(context, table)
    several = _has_folds(context)
    over = "Mean over folds" if several else ""
    columns = [
        Column(key="what", title="Variable"),
        *(
            Column(key=side, title=title, kind="number", help=over)
            for side, title in ({"train": "train"} | sides).items()
        ),
        *(
            Column(key=f"smd-{side}", title=f"SMD {title}", kind="number", help=over)
            for side, title in sides.items()
        ),
    ]
    if several or len(sides) > 1:
        told = "Of the subsets against train" + (", over all folds" if several else "")
        columns.append(Column(key="worst", title="Largest |SMD|", kind="number", help=told))
    found = [_size_row(table, name, ["train", *sides]) for name in ("patients", "lesions")]
    rows = [row for row in found if row is not None]
    for key in keys:
        row = _variable_row(context, table, key, list(sides))
        if several or len(sides) > 1:
            both = table[(table["variable"] == key[0]) & (table["level"] == key[1])]["smd"].abs()
            row.cells["worst"] = number_cell(float(both.max()), 2)
        rows.append(row)
    notes = (
        "Numbers are mean (standard deviation), categories the share of the lesions whose value is known, missing "
        "values the share of all lesions"
        + (", all averaged over folds" if several else "")
        + ". SMD: standardised mean difference against train (Austin 2009, doi 10.1002/sim.3697)."
    )
    return Table(
        id="balance-table",
        title="Baseline characteristics by subset",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(notes,),
    )


def _size_row(table: pd.DataFrame, name: str, sides: list[str]) -> Row | None:
    """Return how many patients or lesions each subset has; None where the table does not tell."""
    cells: dict[str, Cell] = {"what": text_cell(name.capitalize())}
    for side in sides:
        counts = _of(table, side, (name, ""))["value"]
        if counts.empty:
            return None
        cells[side] = count_cell(counts.mean())
    return Row(cells=cells)


def _variable_row(context: Context, table: pd.DataFrame, key: tuple[str, str], sides: list[str]) -> Row:
    cells: dict[str, Cell] = {"what": text_cell(variable_title(context, *key))}
    for side in ("train", *sides):
        value = float(_of(table, side, key)["value"].mean())
        if np.isnan(value):
            cells[side] = number_cell(value)
        elif key[1] == "mean":
            spread = float(_of(table, side, (key[0], "sd"))["value"].mean())
            cells[side] = Cell(text=f"{number(value, 1)} ({number(spread, 1)})", value=value)
        else:
            cells[side] = Cell(text=f"{number(100 * value, 0)} %", value=value)
    for side in sides:
        cells[f"smd-{side}"] = number_cell(float(_of(table, side, key)["smd"].mean()), 2, signed=True)
    return Row(cells=cells)
