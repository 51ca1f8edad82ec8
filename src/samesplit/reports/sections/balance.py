"""Balance between the subsets of the split: standardised mean differences of the variables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.ordering import ranked
from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Figure, Row, Table
from samesplit.reports.figures.balance import draw_balance
from samesplit.reports.formatting import number, number_cell, text_cell
from samesplit.reports.named_test_sets import names_of_test_sets

__all__ = ["balance"]

_MOST_VARIABLES = 24
_MOST_SETS = 6


def balance(context: Context) -> Figure | None:
    """Build the figure of the differences, with the values of each subset behind it."""
    table = context.data.table("balance")
    if not {"subset", "variable", "level", "value", "smd"} <= set(table.columns):
        return None
    table = table.assign(level=table["level"].fillna("").astype(str))
    compared = table[table["smd"].notna()]
    keys = list(dict.fromkeys(zip(compared["variable"], compared["level"], strict=True)))
    if not keys:
        return None
    worst = compared.groupby(["variable", "level"])["smd"].agg(lambda values: values.abs().max())
    keys.sort()
    shown = [keys[i] for i in ranked([float(worst[key]) for key in keys], descending=True)][:_MOST_VARIABLES]
    titles = [_variable(context, *key) for key in shown]
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
    alt = (
        f"Standardised mean differences; the largest, {number(float(worst[largest]), 2)}, is of {titles[0]}."
    )
    return Figure(
        id="balance",
        title="Balance between subsets",
        caption=(
            "Each point is a fold. Subsets of a random split differ by chance, and small subsets differ "
            f"more; a large difference shows where results need care.{rest}"
        ),
        alt=alt,
        svg=draw_balance(titles, by_side, name="balance", alt=alt),
        table=_balance_table(context, table, keys),
    )


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


def _variable(context: Context, variable: str, level: str) -> str:
    name = variable.replace("label_provenance", "reference standard").replace("_mm", ", mm").replace("_", " ")
    if variable == "label":
        return f"class: {context.data.positive}"
    return name if level in ("", "mean") else f"{name}: {level}"


def _balance_table(context: Context, table: pd.DataFrame, keys: list[tuple[str, str]]) -> Table:
    columns = [Column(key="what", title="Variable")]
    sides = {"train": "train"} | _sides(context, table)
    columns += [
        Column(key=side, title=title, kind="number", help="Mean over folds") for side, title in sides.items()
    ]
    columns += [
        Column(key="smd", title="SMD test, mean", kind="number"),
        Column(
            key="worst",
            title="largest |SMD|",
            kind="number",
            help="Of the subsets against train, over all folds",
        ),
    ]
    rows = []
    for key in keys:
        cells: dict[str, Cell] = {"what": text_cell(_variable(context, *key))}
        shares = key[1] not in ("", "mean")
        for side in sides:
            value = float(_of(table, side, key)["value"].mean())
            cells[side] = (
                Cell(text=f"{number(100 * value, 0)} %", value=value)
                if shares and not np.isnan(value)
                else number_cell(value, 2)
            )
        cells["smd"] = number_cell(float(_of(table, "test", key)["smd"].mean()), 2, signed=True)
        both = table[(table["variable"] == key[0]) & (table["level"] == key[1])]["smd"].abs()
        cells["worst"] = number_cell(float(both.max()), 2)
        rows.append(Row(cells=cells))
    return Table(
        id="balance-table",
        title="Balance between subsets",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=("SMD: standardised mean difference against train (Austin 2009, doi 10.1002/sim.3697).",),
    )
