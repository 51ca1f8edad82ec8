"""Published results beside ours, set apart: they were measured on other patients, or otherwise than ours."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Row, Section, Table
from samesplit.reports.formatting import MISSING, count_cell, estimate_cell, is_missing, text_cell
from samesplit.reports.rows import records

__all__ = ["performance_rows", "published", "verdict_rows"]

_GROUP = "Published results"
_MOST_IN_VERDICT = 8
_QUANTITIES = {
    "auc": "auc",
    "roc_auc": "auc",
    "auroc": "auc",
    "pr_auc": "pr_auc",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "brier": "brier",
    "f1": "f1",
    "accuracy": "accuracy",
    "ppv": "ppv",
    "npv": "npv",
    "fdr": "fdr",
}
_OF_CALLS = ("sensitivity", "specificity", "accuracy", "ppv", "npv", "fdr", "f1")
"""Shown with two digits."""


def _table(context: Context) -> pd.DataFrame:
    table = context.data.table("published")
    if table.empty or not {"study", "model_or_reader", "metric"} <= set(table.columns):
        return pd.DataFrame()
    table = table.copy()
    if "number" not in table:
        table["number"] = pd.to_numeric(table["value"], errors="coerce")
    for column in ("cohort_split", "table_figure", "task", "note", "p_value", "comparator"):
        table[column] = table[column].fillna("").astype(str) if column in table else ""
    for column in ("n", "n_pos", "ci_low", "ci_high"):
        table[column] = pd.to_numeric(table[column], errors="coerce") if column in table else float("nan")
    table["quantity"] = table["metric"].astype(str).str.lower().map(_QUANTITIES)
    return table


def verdict_rows(context: Context) -> list[Row]:
    """Return the published models and readers that stand in the verdict table: those of test sets, a few."""
    table = _table(context)
    if table.empty:
        return []
    table = table[table["quantity"].notna() & table["number"].notna()]
    tested = table[table["cohort_split"].str.contains("test|extern|valid", case=False)]
    table = tested if len(tested) else table
    rows = []
    keys = ["study", "task", "cohort_split", "model_or_reader"]
    for key, part in table.groupby(keys, sort=False):
        study, _, side, who = (str(value) for value in key)
        cells = {"who": text_cell(f"{who} ({study}{', ' + side if side else ''})")}
        for name, column in (("n", "n"), ("positive", "n_pos")):
            counts = part[column].dropna()
            cells[name] = count_cell(counts.iloc[0] if len(counts) else None)
        for row in records(part):
            quantity = str(row["quantity"])
            cells.setdefault(
                quantity,
                estimate_cell(
                    row["number"], row["ci_low"], row["ci_high"], 2 if quantity in _OF_CALLS else 3
                ),
            )
        if "auc" in cells:
            cells["forest"] = cells["auc"]
        rows.append(Row(cells=cells, group=_GROUP))
    return sorted(rows, key=lambda row: "auc" not in row.cells)[:_MOST_IN_VERDICT]


def performance_rows(context: Context, quantities: Collection[str]) -> list[Row]:
    """Return the published models and readers that have several of some quantities, as rows of a table of these.

    Args:
        context: The run.
        quantities: As results call them.
    """
    kept = {"who", "n", "positive", *quantities}
    rows = [row for row in verdict_rows(context) if len(row.cells.keys() & set(quantities)) > 1]
    return [
        row.model_copy(update={"cells": {k: c for k, c in row.cells.items() if k in kept}}) for row in rows
    ]


def published(context: Context) -> Section | None:
    """Build the table of all published numbers."""
    table = _table(context)
    if table.empty:
        return None
    columns = (
        Column(key="study", title="Study"),
        Column(key="where", title="Table or figure"),
        Column(key="split", title="Patients"),
        Column(key="who", title="Model or reader"),
        Column(key="metric", title="Quantity"),
        Column(key="value", title="Published", kind="interval"),
        Column(key="n", title="n", kind="number"),
        Column(key="note", title="Note"),
    )
    rows = tuple(Row(cells=_cells(row)) for row in records(table))
    return Section(
        id="published",
        title="Published results",
        lead=(
            "As printed in the papers. They were measured on other patients or in another way, so no "
            "difference to the results of this run is computed: they say what to expect, not which is "
            "better."
        ),
        blocks=(
            Table(
                id="published-table", title="Published results for this question", columns=columns, rows=rows
            ),
        ),
    )


def _cells(row: dict[str, Any]) -> dict[str, Cell]:
    value = row["number"]
    if is_missing(value):
        shown = text_cell(row.get("value", MISSING))
    else:
        shown = estimate_cell(value, row["ci_low"], row["ci_high"])
    return {
        "study": text_cell(row["study"]),
        "where": text_cell(row["table_figure"]),
        "split": text_cell(", ".join(p for p in (row["task"], row["cohort_split"]) if p)),
        "who": text_cell(row["model_or_reader"]),
        "metric": text_cell(row["metric"]),
        "value": shown,
        "n": count_cell(row["n"]),
        "note": text_cell(row["note"]),
    }
