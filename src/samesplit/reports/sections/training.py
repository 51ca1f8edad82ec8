"""Training of the networks: histories and selected epochs."""

from __future__ import annotations

import pandas as pd

from samesplit.ordering import first_best
from samesplit.reports.context import Context, slug
from samesplit.reports.document import Block, Column, Figure, Row, Section, Table
from samesplit.reports.figures.history import draw_history
from samesplit.reports.formatting import count_cell, counted, number_cell, text_cell
from samesplit.reports.rows import groups, records
from samesplit.reports.sections.fold_assignment import fold_name

__all__ = ["training"]

_FIT = ["seed", "repeat", "fold"]
_MOST_METRICS = 3
_MOST_ROWS = 150


def training(context: Context) -> Section | None:
    """Build a figure for every model with a training history, and the table of the epochs that were kept."""
    table = context.data.table("details/history")
    if not {"model", "epoch", "metric", "value"} <= set(table.columns):
        return None
    blocks: list[Block] = []
    for model in context.models:
        history = table[(table["model"] == model.name) & table["value"].notna()]
        if len(history):
            blocks.append(_figure(context, model.name, history))
        kept = _kept_table(context, model.name)
        if kept is not None:
            blocks.append(kept)
    if not blocks:
        return None
    return Section(
        id="training",
        title="Network training",
        lead="Early stopping uses the validation part of the fold; the test part plays no role.",
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
            f"Each thin line is a fit ({counted(fits, 'fit')}: folds, repeats, seeds); the thick line is "
            "their mean, up to the epoch that at least half of them reached."
        ),
        alt=alt,
        svg=draw_history(history, style=context.style(model), name=name, alt=alt),
        table=_table(context, name, history, metrics),
    )


def _kept_table(context: Context, model: str) -> Table | None:
    """Return the kept epoch of each fit, and the AUC of its weights on the parts of the fold."""
    kept = context.found_by(model, "kept_epoch")
    if kept.empty:
        return None
    folds = context.data.table("folds")
    test = folds[folds["model"] == model].set_index(_FIT)["auc"].to_dict() if len(folds) else {}
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    rows = []
    for row in records(kept.sort_values(_FIT, kind="stable").head(_MOST_ROWS)):
        seed, repeat, fold = (int(row[key]) for key in _FIT)
        cells = {
            "fit": text_cell(f"{fold_name(repeat, fold, pairs)}, seed {seed}"),
            "epoch": count_cell(row["epoch"]),
            "epochs": count_cell(row["epochs"]),
            "training": number_cell(row["training_auc"]),
            "validation": number_cell(row["validation_auc"]),
            "test": number_cell(test.get((seed, repeat, fold))),
        }
        rows.append(Row(cells=cells))
    notes = [
        "AUC of the weights of the selected epoch, without augmentation. The epoch was selected on the "
        "validation part, so the validation AUC is too high. A training AUC far above the test AUC means "
        "overfitting, and one near 0.5 a network that did not learn."
    ]
    if len(kept) > len(rows):
        notes.append(f"{len(kept) - len(rows)} more in details/kept_epoch.parquet.")
    columns = (
        Column(key="fit", title="Fit"),
        Column(key="epoch", title="Selected epoch", kind="number"),
        Column(key="epochs", title="Epochs trained", kind="number"),
        Column(key="training", title="Training AUC", kind="number"),
        Column(key="validation", title="Validation AUC", kind="number"),
        Column(key="test", title="Test AUC", kind="number"),
    )
    return Table(
        id=f"kept-{slug(model)}",
        title=f"{context.title(model)}: selected epochs",
        columns=columns,
        rows=tuple(rows),
        notes=tuple(notes),
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
