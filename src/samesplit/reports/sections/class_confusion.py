"""Confusion matrices of a task with several classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Figure, Row, Section, Table
from samesplit.reports.figures.class_confusion import ClassConfusion, draw_class_confusion
from samesplit.reports.formatting import count_cell, counted, number, number_cell, text_cell
from samesplit.reports.rows import records

__all__ = ["class_confusion"]

_MOST_DRAWN = 12


def class_confusion(context: Context) -> Section | None:
    """Build a matrix a model, with its counts behind it."""
    table = context.data.table("confusion_classes")
    if table.empty:
        return None
    table = table[table["group"] == "all"] if "group" in table else table
    classes = context.data.task.classes
    counts = {
        model.title: (model.name, _counts(mine, classes))
        for model in context.models
        if len(mine := table[table["model"] == model.name])
    }
    if not counts:
        return None
    drawn = [
        ClassConfusion(title, context.style(name).colour, matrix)
        for title, (name, matrix) in list(counts.items())[:_MOST_DRAWN]
    ]
    averaged = any(np.any(matrix % 1 != 0) for _, matrix in counts.values())
    alt = f"Confusion matrices of {counted(len(drawn), 'model')} for {len(classes)} classes."
    figure = Figure(
        id="confusion-figure",
        title="Called class against true class",
        caption=(
            "Rows: the true class; columns: the class that the model calls, the one of the highest probability; "
            "percentages are of the row."
            + (" Several calls of a lesion (repeats, seeds) are averaged." if averaged else "")
        ),
        alt=alt,
        svg=draw_class_confusion(drawn, classes=classes, name="confusion", alt=alt),
        table=_table(counts, classes),
    )
    return Section(id="confusion", title="Confusion matrices", blocks=(figure,))


def _counts(table: pd.DataFrame, classes: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Shape (n classes, n classes): true by row, called by column."""
    matrix = np.zeros((len(classes), len(classes)))
    place = {name: i for i, name in enumerate(classes)}
    for row in records(table):
        matrix[place[str(row["true"])], place[str(row["predicted"])]] += float(row["n"])
    return matrix


def _table(counts: dict[str, tuple[str, npt.NDArray[np.float64]]], classes: tuple[str, ...]) -> Table:
    columns = [Column(key="true", title="True class"), Column(key="n", title="Lesions", kind="number")]
    columns += [Column(key=f"c{i}", title=f"called {name}", kind="number") for i, name in enumerate(classes)]
    rows = []
    for title, (name, matrix) in counts.items():
        for label, line in zip(classes, matrix, strict=True):
            total = float(line.sum())
            cells: dict[str, Cell] = {"true": text_cell(label), "n": _count(total)}
            for i, value in enumerate(line):
                share = number(100 * value / total, 0) if total else "–"
                cells[f"c{i}"] = _count(float(value), note=f"{share} % of the lesions of this class")
            rows.append(Row(cells=cells, group=title, key=name))
    return Table(
        id="confusion-table",
        title="Counts of called and true classes",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=("A lesion that a model was asked about several times (repeats, seeds) counts once in all.",),
        sortable=False,
    )


def _count(value: float, note: str = "") -> Cell:
    return count_cell(value, note=note) if value.is_integer() else number_cell(value, 1, note=note)
