"""Who read which case, and when: the design of the reader study."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Figure, Prose, Row, Table
from samesplit.reports.figures.reader_study.design_matrix import draw_design_matrix
from samesplit.reports.formatting import (
    capitalised,
    count_cell,
    counted,
    join_words,
    lowest_to_highest,
    number_cell,
    text_cell,
)
from samesplit.reports.rows import records

__all__ = ["design_blocks"]


def design_blocks(context: Context) -> list[Block]:
    """Build the design matrix with its table, and what is known of sessions and washout.

    Args:
        context: Of the report; runs made before the design was kept have none.
    """
    table, read = context.data.table("readers/design"), context.data.table("readers/read")
    if table.empty or read.empty:
        return []
    blocks: list[Block] = [_matrix(context, table, read)]
    sessions = context.data.table("readers/sessions")
    if len(sessions):
        dated = sessions[sessions["order"] != ""]
        blocks.append(_sessions(dated) if len(dated) else _not_recorded(sessions))
    return blocks


def _matrix(context: Context, table: pd.DataFrame, read: pd.DataFrame) -> Figure:
    modalities = list(dict.fromkeys(read["modality"]))
    people = sorted(set(read["reader_id"]))
    rows = {(row["modality"], row["reader_id"]): row["read"] for row in records(read)}
    n_cases, n_negative = len(read["read"].iloc[0]), int(read["n_negative"].iloc[0])
    shown = np.array([[list(rows.get((m, person), "0" * n_cases)) for person in people] for m in modalities])
    positive = np.arange(n_cases) >= n_negative
    missing = int(table["n_missing"].sum()) + n_cases * (len(people) * len(modalities) - len(table))
    whole = n_cases * len(people) * len(modalities)
    crossed = bool(table["crossed"].all())
    caption = (
        "Crossed: every reader read every case under every condition."
        if crossed
        else f"Not crossed: {whole - missing} of {whole} possible readings are there."
    )
    alt = (
        f"Design matrix: {counted(len(people), 'reader')}, {counted(n_cases, 'case')}, {join_words(modalities)}. "
        + caption
    )
    return Figure(
        id="reader-design",
        title="Who read which case",
        caption=caption,
        alt=alt,
        svg=draw_design_matrix(
            shown == "1",
            positive,
            rows=people,
            modalities=modalities,
            classes=(context.data.negative, context.data.positive),
            name="reader-design",
            alt=alt,
        ),
        table=_table(context, table),
    )


def _table(context: Context, table: pd.DataFrame) -> Table:
    columns = (
        Column(key="who", title="Reader"),
        Column(key="modality", title="Condition"),
        Column(key="cases", title="Cases", kind="number"),
        Column(key="positive", title=capitalised(context.data.positive), kind="number"),
        Column(key="patients", title="Patients", kind="number"),
        Column(key="scores", title="Scores", kind="number"),
        Column(key="calls", title="Decisions", kind="number"),
        Column(key="missing", title="Not read", kind="number"),
    )
    keys = ("n_cases", "n_positive", "n_patients", "n_scores", "n_decisions", "n_missing")
    rows = tuple(
        Row(
            cells={"who": text_cell(row["reader_id"]), "modality": text_cell(row["modality"])}
            | {column.key: count_cell(row[key]) for column, key in zip(columns[2:], keys, strict=True)}
        )
        for row in records(table)
    )
    return Table(id="reader-design-table", title="Cases of each reader", columns=columns, rows=rows)


def _sessions(dated: pd.DataFrame) -> Table:
    columns = (
        Column(key="who", title="Reader"),
        Column(key="pair", title="Conditions"),
        Column(key="cases", title="Cases read both ways", kind="number"),
        Column(key="washout", title="Days between, median", kind="number"),
        Column(key="range", title="Least to most"),
        Column(key="first", title="First condition read first", kind="number"),
        Column(key="last", title="Read last", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "who": text_cell(row["reader_id"]),
                "pair": text_cell(f"{row['reference']}, {row['modality']}"),
                "cases": count_cell(row["n_cases"]),
                "washout": number_cell(row["washout_days_median"], 0),
                "range": text_cell(
                    lowest_to_highest([row["washout_days_least"], row["washout_days_most"]], 0)
                ),
                "first": count_cell(row["n_reference_first"]),
                "last": count_cell(row["n_reference_last"]),
            }
        )
        for row in records(dated)
    )
    recorded = join_words(sorted(set(dated["order"])))
    return Table(
        id="reader-sessions",
        title="Washout and order",
        columns=columns,
        rows=rows,
        notes=(f"From the column {recorded} of the readings.",),
    )


def _not_recorded(sessions: pd.DataFrame) -> Prose:
    pair = f"{sessions['reference'].iloc[0]} and {sessions['modality'].iloc[0]}"
    return Prose(
        text=(
            f"When lesions were read is not recorded: the washout between {pair} readings and their order are not "
            "known (columns date and order of the readings)."
        ),
        tone="plain",
    )
