"""How well the predicted masks overlap with those of the rater, lesion by lesion."""

from __future__ import annotations

import pandas as pd

from samesplit.ordering import ranked
from samesplit.reports.context import Context
from samesplit.reports.document import Column, Figure, Row, Section, Table
from samesplit.reports.figures.overlap import Overlap, draw_overlap
from samesplit.reports.formatting import counted, number_cell, text_cell
from samesplit.reports.rows import records

__all__ = ["overlap"]

_MOST_ROWS = 60


def overlap(context: Context) -> Section | None:
    """Build the plot of all lesions and the table of those with the least overlap."""
    table = context.data.table("overlap")
    if table.empty:
        return None
    models = []
    for model in context.models:
        values = table.loc[table["model"] == model.name, "dice"].dropna()
        mean = context.numbers.get("dice", model.name)
        if len(values):
            middle = mean.estimate if mean is not None else float("nan")
            models.append(Overlap(model.title, context.style(model.name), values.tolist(), middle))
    if not models:
        return None
    alt = f"Dice coefficient of every lesion in {counted(len(models), 'model')}."
    figure = Figure(
        id="overlap-figure",
        title="Dice coefficient of every lesion",
        caption=(
            "A point a lesion and sequence: 1 where the predicted mask is the rater's, 0 where they share "
            "no voxel."
        ),
        alt=alt,
        svg=draw_overlap(models, name="overlap", alt=alt),
        table=_table(context, table),
    )
    return Section(id="overlap", title="Overlap with the rater's masks", blocks=(figure,))


def _table(context: Context, table: pd.DataFrame) -> Table:
    known = table[table["dice"].notna()].sort_values(["lesion_id", "sequence", "model"], kind="stable")
    ordered = known.iloc[ranked(known["dice"])]
    columns = (
        Column(key="lesion", title="Lesion", kind="code"),
        Column(key="sequence", title="Sequence"),
        Column(key="who", title="Model"),
        Column(key="dice", title="Dice", kind="number"),
    )
    rows = [
        Row(
            cells={
                "lesion": text_cell(row["lesion_id"]),
                "sequence": text_cell(row["sequence"]),
                "who": text_cell(context.title(str(row["model"]))),
                "dice": number_cell(row["dice"]),
            }
        )
        for row in records(ordered.head(_MOST_ROWS))
    ]
    rest = len(ordered) - len(rows)
    notes = (f"The {len(rows)} with the least overlap; {rest} more in overlap.parquet.",) if rest else ()
    return Table(
        id="overlap-table",
        title="Lesions with the least overlap",
        columns=columns,
        rows=tuple(rows),
        notes=notes,
    )
