"""How the networks learned."""

from __future__ import annotations

import pandas as pd

from samesplit.ordering import first_best
from samesplit.reports.context import Context, slug
from samesplit.reports.figures.history import draw_history
from samesplit.reports.formatting import count_cell, counted, number_cell, text_cell
from samesplit.reports.model import Block, Column, Figure, Row, Section, Table
from samesplit.reports.rows import groups
from samesplit.reports.sections.split import fold_name

__all__ = ["training"]

_FIT = ["seed", "repeat", "fold"]
_MOST_METRICS = 3
_MOST_ROWS = 150


def training(context: Context) -> Section | None:
    """Build a figure for every model with a training history."""
    table = context.data.table("details/history")
    if not {"model", "epoch", "metric", "value"} <= set(table.columns):
        return None
    blocks: list[Block] = []
    for model in context.models:
        history = table[(table["model"] == model.name) & table["value"].notna()]
        if len(history):
            blocks.append(_figure(context, model.name, history))
    if not blocks:
        return None
    return Section(
        id="training",
        title="Network training",
        lead="Early stopping looks at the validation part of the fold; the test part plays no role.",
        blocks=tuple(blocks),
    )


def _figure(context: Context, model: str, history: pd.DataFrame) -> Figure:
    metrics = sorted(history["metric"].unique(), key=_rank)[:_MOST_METRICS]
    history = history[history["metric"].isin(metrics)]
    history = history.sort_values("metric", key=lambda column: column.map(metrics.index), kind="stable")
    fits = history.groupby(_FIT).ngroups
    name = f"history-{slug(model)}"
    alt = f"Training history of {counted(fits, 'fit')} of {context.title(model)}: {', '.join(metrics)}."
    return Figure(
        id=name,
        title=f"{context.title(model)}: training history",
        caption=(
            f"A thin line a fit ({counted(fits, 'fit')}: folds, repeats, seeds); the thick line is their "
            "mean, as far "
            "as at least half of them were trained."
        ),
        alt=alt,
        svg=draw_history(history, style=context.style(model), name=name, alt=alt),
        table=_table(context, name, history, metrics),
    )


def _rank(metric: str) -> tuple[int, str]:
    """Losses first, validation scores after them, everything else last."""
    text = str(metric).lower()
    if "loss" in text:
        return (0 if "train" in text else 1), text
    return (2 if "val" in text else 3), text


def _table(context: Context, name: str, history: pd.DataFrame, metrics: list[str]) -> Table:
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    columns = [Column(key="fit", title="Fit"), Column(key="epochs", title="Epochs", kind="number")]
    for i, metric in enumerate(metrics):
        what = "lowest" if "loss" in str(metric).lower() else "highest"
        columns.append(Column(key=f"m{i}", title=f"{metric}, {what}", kind="number"))
        columns.append(Column(key=f"e{i}", title="in epoch", kind="number"))
    rows = []
    fits = groups(history, _FIT)
    for (seed, repeat, fold), part in fits[:_MOST_ROWS]:
        cells = {
            "fit": text_cell(f"{fold_name(int(repeat), int(fold), pairs)}, seed {seed}"),
            "epochs": count_cell(part["epoch"].nunique()),
        }
        for i, metric in enumerate(metrics):
            values = part[part["metric"] == metric].set_index("epoch")["value"]
            if values.empty:
                cells[f"m{i}"], cells[f"e{i}"] = number_cell(None), number_cell(None)
                continue
            best = first_best(values, largest="loss" not in str(metric).lower())
            cells[f"m{i}"] = number_cell(float(values.iloc[best]))
            cells[f"e{i}"] = count_cell(int(values.index[best]))
        rows.append(Row(cells=cells))
    rest = len(fits) - len(rows)
    notes = (f"{rest} more in details/history.parquet.",) if rest else ()
    return Table(id=f"{name}-table", title="Each fit", columns=tuple(columns), rows=tuple(rows), notes=notes)
