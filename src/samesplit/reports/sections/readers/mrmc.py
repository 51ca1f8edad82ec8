"""The MRMC analysis: estimates with degrees of freedom, global tests, variance components, subgroups."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Row, Table
from samesplit.reports.formatting import capitalised, count_cell, is_missing, number_cell, p_cell, text_cell
from samesplit.reports.rows import records
from samesplit.reports.sections.readers.each_reader import QUANTITIES, mrmc_cell

__all__ = ["components_table", "mrmc_table", "subgroup_table"]

_TITLES = dict(QUANTITIES)


def mrmc_table(context: Context) -> Table | None:
    """Build the table of estimates; None without an analysis."""
    table = context.data.table("readers/mrmc")
    mine = table[table["group"] == "all"] if len(table) else table
    if mine.empty:
        return None
    columns = (
        Column(key="what", title="Condition"),
        Column(key="estimate", title="Mean of the readers", kind="interval"),
        Column(key="se", title="Standard error", kind="number"),
        Column(key="df", title="df", kind="number", help="Degrees of freedom of t"),
        Column(key="p", title="P", kind="number", help="Two-sided, of no difference"),
        Column(key="readers", title="Readers", kind="number"),
        Column(key="cases", title="Cases", kind="number"),
        Column(key="positive", title=capitalised(context.data.positive), kind="number"),
    )
    methods = {
        _TITLES[str(quantity)]: "; ".join(dict.fromkeys(part["method"]))
        for quantity, part in mine.groupby("quantity", sort=False)
    }
    told = [f"{quantity}: {method}." for quantity, method in methods.items()]
    if len(set(methods.values())) == 1:
        told = [f"Method: {next(iter(methods.values()))}."]
    return Table(
        id="mrmc",
        title="MRMC analysis",
        columns=columns,
        rows=tuple(_row(row, group=_TITLES[row["quantity"]]) for row in records(mine)),
        notes=(
            f"{context.percent()} intervals for other readers and other patients. Crossed designs by "
            "Obuchowski and "
            "Rockette with Hillis' degrees of freedom, others by U-statistics. The interval of one condition is "
            "made on the logit scale, that of a difference is not.",
            *told,
        ),
        sortable=False,
    )


def _row(row: dict[str, object], *, group: str) -> Row:
    difference = bool(row["reference"])
    digits = 3 if row["quantity"] == "auc" else 2
    what = f"{row['modality']} − {row['reference']}" if difference else str(row["modality"])
    return Row(
        cells={
            "what": text_cell(what),
            "estimate": mrmc_cell(row, digits, signed=difference),
            "se": number_cell(row["standard_error"], 4),
            "df": _df(row["df"]),
            "p": p_cell(row["p_value"] if difference else None),
            "readers": count_cell(row["n_readers"]),
            "cases": count_cell(row["n"]),
            "positive": count_cell(row["n_positive"]),
        },
        group=group,
        emphasis=difference,
    )


def _df(value: object) -> Cell:
    if isinstance(value, float) and value == float("inf"):
        return Cell(text="∞")
    return number_cell(value, 1)


def components_table(context: Context) -> Table | None:
    """Build the table of global tests and variance components of crossed analyses; None without any."""
    table = context.data.table("readers/mrmc_tests")
    mine = table[(table["group"] == "all") & table["crossed"].astype(bool)] if len(table) else table
    if mine.empty:
        return None
    names = (
        ("reader", "Reader"),
        ("modality_reader", "Condition × reader"),
        ("cov1", "Cov1"),
        ("cov2", "Cov2"),
        ("cov3", "Cov3"),
        ("error", "Error"),
    )
    tested = bool(mine["statistic"].notna().any())
    columns = [Column(key="what", title="Quantity")]
    if tested:
        columns += [
            Column(key="f", title="F", kind="number"),
            Column(key="df1", title="df1", kind="number"),
            Column(key="df2", title="df2", kind="number"),
            Column(key="p", title="P", kind="number"),
        ]
    helps = {
        "cov1": "Covariance over cases between conditions of one reader",
        "cov2": "Between readers under one condition",
        "cov3": "Between readers and conditions",
        "error": "Variance of one reader's figure over cases",
    }
    columns += [Column(key=key, title=title, kind="number", help=helps.get(key, "")) for key, title in names]
    rows = []
    for row in records(mine):
        cells = {
            "what": text_cell(_TITLES[row["quantity"]]),
            "f": number_cell(row["statistic"], 2),
            "df1": number_cell(row["df1"], 0),
            "df2": _df(row["df2"]),
            "p": p_cell(row["p_value"]),
        }
        cells |= {key: _component(row[key]) for key, _ in names}
        rows.append(Row(cells={column.key: cells[column.key] for column in columns}))
    return Table(
        id="mrmc-components",
        title="Global test and variance components",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            "Components as estimated; a negative one means that the data show no such variance.",
            *(f"{_TITLES[row['quantity']]}: {row['note']}." for row in records(mine) if row["note"]),
        ),
        sortable=False,
    )


def _component(value: object) -> Cell:
    if is_missing(value):
        return text_cell(None)
    assert isinstance(value, float)
    return Cell(text=f"{value:.2e}".replace("-", "−"), value=value)


def subgroup_table(context: Context) -> Table | None:
    """Build the table of MRMC analyses of subgroups; None where no groups were asked for."""
    table = context.data.table("readers/mrmc")
    mine = table[table["group"] != "all"] if len(table) else pd.DataFrame()
    if mine.empty:
        return None
    columns = (
        Column(key="group", title="Subgroup"),
        Column(key="what", title="Condition"),
        Column(key="estimate", title="Mean of the readers", kind="interval"),
        Column(key="p", title="P", kind="number"),
        Column(key="cases", title="Cases", kind="number"),
        Column(key="positive", title=capitalised(context.data.positive), kind="number"),
    )
    rows = []
    for row in records(mine):
        cells = _row(row, group="").cells
        kept = {key: cells[key] for key in ("what", "estimate", "p", "cases", "positive")}
        rows.append(Row(cells={"group": text_cell(row["group"])} | kept, group=_TITLES[row["quantity"]]))
    return Table(
        id="mrmc-subgroups",
        title="MRMC analysis by subgroup",
        columns=columns,
        rows=tuple(rows),
        notes=("P values of subgroups are not adjusted.",),
    )
