"""Calibration of a task with several classes: a figure a class, and the scores of the probabilities."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context, ModelInfo, slug
from samesplit.reports.document import Block, Column, Details, Figure, Row, Section, Table
from samesplit.reports.figures.calibration import Calibration, draw_calibration
from samesplit.reports.formatting import counted, estimate_cell, number, number_cell, text_cell
from samesplit.reports.rows import records
from samesplit.reports.sections.calibrated_pairs import before_and_after, fitted_maps, in_pairs, lead

__all__ = ["class_calibration"]

_OPEN = 4
"""So many classes stand open in the page; the others are one click away."""
_SCORES = (
    ("brier", "Brier", 3, "Mean squared error of the probabilities of all classes; 0 is best"),
    ("log_loss", "Log loss", 3, "0 is best"),
    ("expected_calibration_error", "ECE", 3, "Expected calibration error, mean over the classes; 0 is best"),
)
_OF_A_CLASS = (
    ("expected_calibration_error", "ECE", "Expected calibration error; 0 is best"),
    ("calibration_slope", "Calibration slope", "1 is best; below 1 the probabilities are too extreme"),
    (
        "calibration_in_the_large",
        "Calibration in the large",
        "0 is best; above 0 the probabilities are too low",
    ),
)


def class_calibration(context: Context) -> Section | None:
    """Build the panels of each class and the table of scores."""
    table = context.data.table("curves/calibration")
    figures: list[Block] = []
    if len(table) and "class" in table:
        for name in context.data.task.classes:
            figure = _figure(context, name, table[table["class"] == name])
            figures += [figure] if figure is not None else []
    blocks = figures[:_OPEN]
    if len(figures) > _OPEN:
        blocks.append(Details(summary="Calibration of the other classes", blocks=tuple(figures[_OPEN:])))
    scores = _scores(context)
    quantities = tuple((key, title, text) for key, title, _, text in _SCORES)
    pairs = before_and_after(context, quantities, digits=3)
    by_class = before_and_after(context, _OF_A_CLASS, classes=context.data.task.classes)
    blocks += [table for table in (pairs, by_class) if table is not None]
    blocks += fitted_maps(context) if pairs is not None else []
    blocks += [scores] if scores.rows else []
    if not blocks:
        return None
    return Section(
        id="calibration",
        title="Calibration by class",
        lead=lead(context),
        blocks=tuple(blocks),
    )


def _figure(context: Context, name: str, table: pd.DataFrame) -> Figure | None:
    models = [m for m in in_pairs(context) if not m.is_constant and (table["model"] == m.name).any()]
    if not models:
        return None
    id_ = f"calibration-{context.data.task.classes.index(name)}-{slug(name)}"
    alt = f"Calibration of the probability of {name} in {counted(len(models), 'model')}."
    return Figure(
        id=id_,
        title=f"Probability of {name}: predicted against observed",
        caption=(
            f"Points: bins of predicted probability, with the {context.percent()} interval of the observed share. "
            "Below: how the probabilities are spread. The dashed line is perfect calibration."
        ),
        alt=alt,
        svg=draw_calibration([_panel(context, name, table, m) for m in models], name=id_, alt=alt),
        table=_bins(id_, table, models),
    )


def _panel(context: Context, name: str, table: pd.DataFrame, model: ModelInfo) -> Calibration:
    points = table[table["model"] == model.name].sort_values("mean_probability")
    test = context.data.test_predictions()
    mine = test[(test["model"] == model.name) & (test["class"] == name)]
    error = context.numbers.get("expected_calibration_error", model.name, group=f"class={name}")
    return Calibration(
        title=model.title,
        style=context.style(model.name),
        mean=points["mean_probability"].tolist(),
        observed=points["observed"].tolist(),
        low=points["ci_low"].tolist(),
        high=points["ci_high"].tolist(),
        probabilities=mine["probability"].tolist(),
        text=f"ECE {number(error.estimate, 2)}" if error is not None and error.is_known() else "",
    )


def _bins(id_: str, table: pd.DataFrame, models: list[ModelInfo]) -> Table:
    rows = [
        Row(
            cells={
                "who": text_cell(model.title),
                "mean": number_cell(row["mean_probability"], 2),
                "observed": estimate_cell(row["observed"], row["ci_low"], row["ci_high"], 2),
                "n": number_cell(row["n"], 1 if float(row["n"]) % 1 else 0),
            },
            key=model.name,
        )
        for model in models
        for row in records(table[table["model"] == model.name].sort_values("mean_probability"))
    ]
    columns = (
        Column(key="who", title="Model"),
        Column(key="mean", title="Mean probability", kind="number"),
        Column(key="observed", title="Observed share", kind="interval"),
        Column(key="n", title="Lesions", kind="number"),
    )
    return Table(id=f"{id_}-table", title="Bins of predicted probability", columns=columns, rows=tuple(rows))


def _scores(context: Context) -> Table:
    present = [s for s in _SCORES if any(context.numbers.get(s[0], m.name) for m in context.models)]
    by_class = [
        name
        for name in context.data.task.classes
        if any(
            context.numbers.get("expected_calibration_error", m.name, group=f"class={name}")
            for m in context.models
        )
    ]
    columns = [Column(key="who", title="Model")]
    columns += [Column(key=key, title=title, kind="interval", help=text) for key, title, _, text in present]
    columns += [
        Column(key=f"c{i}", title=f"ECE, {name}", kind="interval", help=f"Of the probability of {name}")
        for i, name in enumerate(by_class)
    ]
    rows = []
    for model in in_pairs(context) if present else ():
        cells = {"who": text_cell(model.title)}
        for key, _, digits, _ in present:
            cells[key] = context.numbers.cell(key, model.name, digits=digits)
        for i, name in enumerate(by_class):
            found = context.numbers.get("expected_calibration_error", model.name, group=f"class={name}")
            cells[f"c{i}"] = found.cell() if found is not None else number_cell(None)
        rows.append(Row(cells=cells, key=model.name))
    methods = "; ".join(context.numbers.methods(tuple(key for key, *_ in present)))
    return Table(
        id="calibration-table",
        title="Scores of the probabilities",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(f"Intervals: {context.percent()}. Methods: {methods}.",),
    )
