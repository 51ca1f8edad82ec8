"""Models against readers: their mean, hypotheses declared beforehand, each reader's operating point."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Details, Figure, Prose, Row, Section, Table
from samesplit.reports.figures.differences import Difference, draw_differences
from samesplit.reports.formatting import (
    capitalised,
    count_cell,
    counted,
    estimate_cell,
    interval_text,
    lowest_to_highest,
    number,
    number_cell,
    p_cell,
    p_text,
    text_cell,
)
from samesplit.reports.rows import records
from samesplit.reports.sections.readers.each_reader import QUANTITIES, mrmc_cell

__all__ = ["reader_models"]

_TITLES = dict(QUANTITIES)
_MOST_SHOWN = 4
"""Of more models than these the long table is one click away; the figure has them all."""


def reader_models(context: Context) -> Section | None:
    """Build the section; None without models or readers."""
    every = context.data.table("readers/against_model")
    shown = {model.name for model in context.models if not model.is_constant}
    mine = every[every["model"].isin(shown)] if len(every) else every
    if mine.empty:
        return None
    blocks: list[Block] = [*_hypotheses(context)]
    figure = _forest(context, mine)
    if figure is not None:
        blocks.append(figure)
    table = _table(context, mine)
    many = len(set(mine["model"])) > _MOST_SHOWN
    blocks.append(Details(summary=table.title, blocks=(table,)) if many else table)
    blocks += _constant(context, mine)
    panel = _panel(context)
    if panel is not None:
        blocks.append(panel)
    matched = _matched(context)
    if matched is not None:
        blocks.append(matched)
    lead = (
        "Each model against the mean of the readers, on the lesions that the readers read. Readers and "
        "lesions are "
        "both random, and the model is the same for all readers; a model that was trained in folds is judged by "
        "the mean over its folds, with the variance that is due to its training patients. Differences are model "
        "minus readers."
    )
    return Section(id="reader-models", title="Models against readers", lead=lead, blocks=tuple(blocks))


def _hypotheses(context: Context) -> list[Block]:
    table = context.data.table("readers/hypotheses")
    if table.empty:
        return [
            Prose(
                text=(
                    "No hypothesis about models and readers was declared beforehand (statistics.hypotheses): "
                    "what follows is exploratory."
                ),
                tone="plain",
            )
        ]
    columns = (
        Column(key="place", title="Step"),
        Column(key="what", title="Hypothesis"),
        Column(key="margin", title="Margin", kind="number"),
        Column(key="p1", title="One-sided P", kind="number"),
        Column(key="alpha", title="Tested at", kind="number"),
        Column(key="p2", title="Two-sided P", kind="number"),
        Column(key="decision", title="Decision"),
    )
    rows = tuple(
        Row(
            cells={
                "place": count_cell(row["place"]),
                "what": text_cell(
                    f"{context.title(row['model'])}: {row['hypothesis']} to the readers, {row['modality']} "
                    f"({_TITLES[row['quantity']]})"
                ),
                "margin": number_cell(row["margin"], 3),
                "p1": p_cell(row["p_one_sided"]),
                "alpha": number_cell(row["alpha"], 3),
                "p2": p_cell(row["p_two_sided"]),
                "decision": text_cell(row["decision"]),
            },
            emphasis=row["decision"] == "shown",
        )
        for row in records(table)
    )
    return [
        Table(
            id="reader-hypotheses",
            title="Hypotheses declared beforehand",
            columns=columns,
            rows=rows,
            notes=(
                "Tested in this order; each only where the one before was shown. The two-sided P is against the "
                "same value (minus the margin, or 0) in both directions.",
            ),
            sortable=False,
        )
    ]


def _forest(context: Context, table: pd.DataFrame) -> Figure | None:
    mine = table[(table["quantity"] == "auc") & table["ci_low"].notna()]
    if mine.empty:
        return None
    several = len(set(mine["modality"])) > 1
    lines = []
    for row in records(_ordered(context, mine)):
        title = context.title(row["model"]) + (f", readers {row['modality']}" if several else "")
        lines.append(
            Difference(
                title=title,
                estimate=row["estimate"],
                low=row["ci_low"],
                high=row["ci_high"],
                text=f"{number(row['estimate'], signed=True)} "
                f"({interval_text(row['ci_low'], row['ci_high'], signed=True)})",
                colour=context.style(row["model"]).colour,
                strong=bool(row["primary"]),
            )
        )
    alt = f"Forest plot: AUC of {counted(mine['model'].nunique(), 'model')} minus the readers' mean AUC."
    caption = f"{context.percent()} intervals, readers and lesions random. Filled: the primary comparison."
    return Figure(
        id="reader-models-figure",
        title="AUC, model minus the readers' mean",
        caption=caption,
        alt=alt,
        svg=draw_differences(
            lines, axis="AUC of the model − mean AUC of the readers", name="reader-models", alt=alt
        ),
        table=_table(context, mine, "reader-models-auc"),
    )


def _ordered(context: Context, table: pd.DataFrame) -> pd.DataFrame:
    order = {model.name: place for place, model in enumerate(context.models)}
    return table.sort_values("model", key=lambda names: names.map(order), kind="stable")


def _table(context: Context, table: pd.DataFrame, ident: str = "reader-models-table") -> Table:
    columns = [
        Column(key="who", title="Model"),
        Column(key="modality", title="Readers"),
        Column(key="readers", title="Readers' mean", kind="number"),
        Column(key="model", title="Model", kind="number"),
        Column(key="difference", title="Model − readers", kind="interval"),
        Column(key="df", title="df", kind="number"),
        Column(key="p", title="P", kind="number", help="Two-sided, of no difference"),
        Column(
            key="better", title="One-sided P", kind="number", help="That the model is not above the readers"
        ),
    ]
    margin = table["margin"].dropna()
    if len(margin):
        columns.append(
            Column(
                key="ni",
                title=f"Non-inferiority P, margin {margin.iloc[0]:g}",
                kind="number",
                help="One-sided: that the model lies below the readers by the margin or more",
            )
        )
    columns.append(Column(key="n", title="Lesions", kind="number"))
    rows = []
    for quantity, title in QUANTITIES:
        for row in records(_ordered(context, table[table["quantity"] == quantity])):
            digits = 3 if quantity == "auc" else 2
            cells = {
                "who": text_cell(context.title(row["model"])),
                "modality": text_cell(row["modality"]),
                "readers": number_cell(row["readers_value"], digits),
                "model": number_cell(row["model_value"], digits),
                "difference": mrmc_cell(row, digits, signed=True),
                "df": number_cell(row["df"], 0 if row["df"] >= 100 else 1),
                "p": p_cell(row["p_value"]),
                "better": p_cell(row["p_superiority"]),
                "ni": p_cell(row["p_non_inferiority"]),
                "n": count_cell(row["n"]),
            }
            rows.append(
                Row(
                    cells={column.key: cells[column.key] for column in columns},
                    group=title,
                    key=row["model"],
                    emphasis=bool(row["primary"]),
                )
            )
    methods = "; ".join(dict.fromkeys(table["method"]))
    readers = lowest_to_highest(table["n_readers"], 0)
    positive = lowest_to_highest(table["n_positive"], 0)
    return Table(
        id=ident,
        title="Models and the mean of the readers",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            f"{readers} readers; {positive} of the lesions {context.data.positive}. Method: {methods}. P "
            "values are "
            "not adjusted for the number of comparisons; the primary one is printed in bold.",
        ),
    )


def _constant(context: Context, table: pd.DataFrame) -> list[Block]:
    """Warn of the P value that takes the model's figure for a known number."""
    primary = table[table["primary"].astype(bool)]
    if primary.empty:
        return []
    row = primary.iloc[0]
    text = (
        f"Not to be claimed: taking the AUC of {context.title(row['model'])} as a known constant and "
        "testing over the "
        f"readers alone would give P {_p(row['p_constant'])} instead of {p_text(row['p_value'])}. That "
        "ignores that "
        "other patients would have given another AUC."
    )
    return [Prose(text=text, tone="warning")]


def _p(p: float) -> str:
    shown = p_text(p)
    return shown if shown.startswith("<") else f"= {shown}"


def _panel(context: Context) -> Table | None:
    table = context.data.table("readers/panel")
    mine = _reference_rows(context, table)
    if mine.empty:
        return None
    columns = (
        Column(key="panel", title="Panel of the readers"),
        Column(key="modality", title="Condition"),
        Column(key="theirs", title="Panel", kind="number"),
        Column(key="model", title="Model", kind="number"),
        Column(key="difference", title="Model − panel", kind="interval"),
        Column(key="p", title="P", kind="number"),
        Column(key="n", title="Lesions", kind="number"),
    )
    rows = []
    for row in records(mine.sort_values("quantity", key=_by_quantity, kind="stable")):
        digits = 3 if row["quantity"] == "auc" else 2
        rows.append(
            Row(
                cells={
                    "panel": text_cell(row["panel"]),
                    "modality": text_cell(row["modality"]),
                    "theirs": number_cell(row["panel_value"], digits),
                    "model": number_cell(row["model_value"], digits),
                    "difference": mrmc_cell(row, digits, signed=True),
                    "p": p_cell(row["p_value"]),
                    "n": count_cell(row["n"]),
                },
                group=_TITLES[row["quantity"]],
            )
        )
    return Table(
        id="reader-panel",
        title=f"{context.title(str(mine['model'].iloc[0]))} and the readers as a panel",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "A panel is one opinion of all readers together: the mean or median of their scores, or the "
            "majority of "
            "their decisions (a tie is left out). It says nothing of other readers.",
        ),
    )


def _by_quantity(names: pd.Series[str]) -> pd.Series[int]:
    return names.map({name: place for place, name in enumerate(_TITLES)})


def _reference_rows(context: Context, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the reference model, or of the first model where it has none."""
    if table.empty:
        return table
    wanted = context.reference.name if context.reference else ""
    there = [name for name in (wanted, *(m.name for m in context.models)) if (table["model"] == name).any()]
    return table[table["model"] == there[0]] if there else table.iloc[:0]


def _matched(context: Context) -> Block | None:
    mine = _reference_rows(context, context.data.table("readers/matched"))
    if mine.empty:
        return None
    columns: tuple[Column, ...] = (
        Column(key="who", title="Reader"),
        Column(key="at", title="Matched", kind="number", help="The reader's specificity or sensitivity"),
        Column(key="reached", title="Model there", kind="number"),
        Column(key="theirs", title="Reader's other rate", kind="number"),
        Column(key="ours", title="Model's", kind="number"),
        Column(key="difference", title="Model − reader", kind="interval"),
        Column(
            key="p", title="P", kind="number", help="Bootstrap, the threshold chosen anew in every sample"
        ),
        Column(key="exact", title="McNemar", kind="number", help="Exact P, the threshold taken as given"),
        Column(key="mid", title="Mid-p", kind="number", help="McNemar, the threshold taken as given"),
        Column(key="n", title="Lesions", kind="number"),
    )
    rows = [
        Row(cells=_matched_cells(row), group=_matched_group(row), emphasis=not row["reader_id"])
        for row in records(mine)
    ]
    known = {key for row in rows for key, cell in row.cells.items() if cell.value is not None}
    columns = tuple(column for column in columns if column.key in known or column.key not in ("exact", "mid"))
    kept = {column.key for column in columns}
    rows = [
        row.model_copy(update={"cells": {k: c for k, c in row.cells.items() if k in kept}}) for row in rows
    ]
    methods = "; ".join(dict.fromkeys(mine["method"]))
    notes = "; ".join(dict.fromkeys(part for note in mine["note"] for part in str(note).split("; ") if part))
    table = Table(
        id="reader-matched",
        title=f"{context.title(str(mine['model'].iloc[0]))} at each reader's operating point",
        columns=columns,
        rows=tuple(rows),
        notes=(
            f"Threshold: {notes}. Methods: {methods}. The threshold is read off the test lesions: this compares "
            "the two at one point, and is not an operating point for use.",
        ),
    )
    return Details(summary=table.title, blocks=(table,))


def _matched_group(row: dict[str, Any]) -> str:
    return f"{capitalised(row['modality'])}: at the reader's {row['matched']}, {row['compared']} compared"


def _matched_cells(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "who": text_cell(row["reader_id"] or "Mean of the readers"),
        "at": number_cell(row["reader_matched"], 2),
        "reached": number_cell(row["model_matched"], 2),
        "theirs": number_cell(row["reader_compared"], 2),
        "ours": number_cell(row["model_compared"], 2),
        "difference": estimate_cell(row["estimate"], row["ci_low"], row["ci_high"], 2, signed=True),
        "p": p_cell(row["p_value"]),
        "exact": p_cell(row["mcnemar_p"]),
        "mid": p_cell(row["mid_p"]),
        "n": count_cell(row["n"]),
    }
