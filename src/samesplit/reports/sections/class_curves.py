"""The ROC curves of each class against the rest."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Column, Figure, Row, Section, Table
from samesplit.reports.figures.class_roc import draw_class_roc
from samesplit.reports.figures.roc import Curve
from samesplit.reports.formatting import counted, number, number_cell, text_cell

__all__ = ["class_curves"]


def class_curves(context: Context) -> Section | None:
    """Build the figure with a panel a class, and the AUC of each class behind it."""
    table = context.data.table("curves/roc")
    if table.empty or "class" not in table:
        return None
    classes = {
        name: curves
        for name in context.data.task.classes
        if (curves := _curves(context, table[table["class"] == name]))
    }
    if not classes:
        return None
    models = {curve.title for curves in classes.values() for curve in curves}
    alt = (
        f"ROC curves of {counted(len(models), 'model')} for each of {len(classes)} classes against the rest."
    )
    figure = Figure(
        id="roc",
        title="One-versus-rest ROC curves",
        caption="Numbers in the key: macro AUC, the mean of the AUCs of the classes, which are in the table.",
        alt=alt,
        svg=draw_class_roc(classes, name="roc", alt=alt),
        table=_table(context),
    )
    return Section(id="curves", title="ROC curves by class", lead=_lead(table), blocks=(figure,))


def _lead(table: pd.DataFrame) -> str:
    folds = int(table["n_folds"].max()) if "n_folds" in table else 1
    if folds == 1:
        return "One split: each curve is the empirical one."
    return (
        f"Each curve is the average of up to {folds} curves, one for each fold, repeat and seed, at equal "
        "1 − specificity; its area is the mean of their areas."
    )


def _curves(context: Context, points: pd.DataFrame) -> list[Curve]:
    found = []
    for model in (model for model in context.models if not model.is_constant):
        mine = points[points["model"] == model.name]
        if mine.empty:
            continue
        macro = context.numbers.get("auc", model.name)
        area = f" ({number(macro.estimate)})" if macro else ""
        x, y = mine["fpr"].tolist(), mine["tpr"].tolist()
        found.append(Curve(f"{model.title}{area}", context.style(model.name), x, y, model.is_control))
    return sorted(found, key=lambda curve: curve.control)


def _table(context: Context) -> Table:
    classes = context.data.task.classes
    columns = [Column(key="who", title="Model"), Column(key="macro", title="Macro AUC", kind="interval")]
    columns += [Column(key=f"c{i}", title=name, kind="interval") for i, name in enumerate(classes)]
    rows = []
    for model in context.models:
        cells = {"who": text_cell(model.title), "macro": context.numbers.cell("auc", model.name)}
        for i, name in enumerate(classes):
            found = context.numbers.get("auc", model.name, group=f"class={name}")
            cells[f"c{i}"] = found.cell() if found is not None else number_cell(None)
        rows.append(Row(cells=cells, key=model.name))
    return Table(
        id="roc-table",
        title="AUC of each class against the rest",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=("All points: curves/roc.parquet.",),
    )
