"""Confusion matrices of models and readers at the operating point."""

from __future__ import annotations

from typing import Any

from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Figure, Row, Section, Table
from samesplit.reports.figures.confusion import Confusion, draw_confusion
from samesplit.reports.formatting import count_cell, counted, number_cell, text_cell
from samesplit.reports.rows import records

__all__ = ["confusion"]

_MOST_DRAWN = 25
_RATES = (("ppv", "PPV"), ("npv", "NPV"), ("accuracy", "Accuracy"), ("f1", "F1"))


def confusion(context: Context) -> Section | None:
    """Build the matrices and their counts."""
    counts = context.data.table("confusion")
    if counts.empty:
        return None
    rows = counts[counts["group"] == "all"].set_index("model")
    who = [(m.name, m.title) for m in context.models] + [
        (r.name, r.title) for r in context.readers if not r.is_mean
    ]
    who = [(name, title) for name, title in who if name in rows.index]
    if not who:
        return None
    calls = {str(row["model"]): row for row in records(rows.reset_index())}
    scaled = {name: _scaled(calls[name]) for name, _ in who}
    drawn = [Confusion(title, context.style(name).colour, *scaled[name]) for name, title in who[:_MOST_DRAWN]]
    averaged = any(int(rows["n_calls"][name]) != int(rows["n_lesions"][name]) for name, _ in who)
    alt = f"Confusion matrices of {counted(len(drawn), 'model or reader', 'models and readers')}."
    data = context.data
    readers = ", or the reader's decision" if any(name.startswith("reader") for name, _ in who) else ""
    figure = Figure(
        id="confusion-figure",
        title="Predicted against true class",
        caption=(
            f"Rows: the true class. Columns: the class at the operating point of the model{readers}. "
            "Percentages are of the row."
            + (" Several predictions of a lesion (repeats, seeds) are averaged." if averaged else "")
        ),
        alt=alt,
        svg=draw_confusion(drawn, positive=data.positive, negative=data.negative, name="confusion", alt=alt),
        table=_table(context, who, scaled),
    )
    return Section(id="confusion", title="Confusion matrices", blocks=(figure,))


def _scaled(row: dict[str, Any]) -> tuple[float, float, float, float]:
    """tp, fn, tn, fp per lesion: sums over repeats and seeds are divided by the calls a lesion got."""
    calls, lesions = float(row["n_calls"]), float(row["n_lesions"])
    times = calls / lesions if lesions else 1.0
    tp, fn, tn, fp = (float(row[key]) / times for key in ("tp", "fn", "tn", "fp"))
    return tp, fn, tn, fp


def _table(
    context: Context, who: list[tuple[str, str]], scaled: dict[str, tuple[float, float, float, float]]
) -> Table:
    columns = [Column(key="who", title="Model or reader")]
    names = {"tp": "true positive", "fn": "false negative", "tn": "true negative", "fp": "false positive"}
    columns += [Column(key=key, title=title, kind="number") for key, title in names.items()]
    present = [rate for rate in _RATES if any(context.numbers.get(rate[0], name) for name, _ in who)]
    columns += [Column(key=key, title=title, kind="interval") for key, title in present]
    rows = []
    for name, title in who:
        cells: dict[str, Cell] = {"who": text_cell(title)}
        for key, value in zip(names, scaled[name], strict=True):
            cells[key] = count_cell(value) if float(value).is_integer() else number_cell(value, 1)
        cells |= {key: context.numbers.cell(key, name, digits=2) for key, _ in present}
        rows.append(Row(cells=cells, key=name))
    return Table(
        id="confusion-table",
        title="Counts and rates at the operating point",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            "A lesion without a decision is in no cell. PPV and NPV depend on the prevalence of this cohort.",
        ),
    )
