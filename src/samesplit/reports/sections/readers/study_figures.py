"""The two figures of a reader study: operating points, and the change in AUC of each reader."""

from __future__ import annotations

import pandas as pd

from samesplit.reader_names import ReaderName
from samesplit.reports.context import Context
from samesplit.reports.document import Column, Figure, Row, Table
from samesplit.reports.figures.differences import Difference, draw_differences
from samesplit.reports.figures.reader_study.operating_points import ModelLine, Move, draw_operating_points
from samesplit.reports.formatting import (
    counted,
    estimate_cell,
    interval_text,
    join_words,
    number,
    number_cell,
    text_cell,
)
from samesplit.reports.palette import READER
from samesplit.reports.rows import records

__all__ = ["changes_figure", "operating_points_figure"]

_MOST_CURVES = 4


def operating_points_figure(context: Context) -> Figure | None:
    """Draw the readers at their decisions, and how aid moves them.

    Args:
        context: Of the report.

    Returns:
        The figure; None where no reader made decisions.
    """
    modalities = list(dict.fromkeys(reader.modality for reader in context.readers))[:2]
    people = sorted({reader.reader for reader in context.readers if not reader.is_mean})
    moves = []
    for person in [*people, ""]:
        points = [_point(context, person, modality) for modality in modalities]
        if any(point is not None for point in points):
            moves.append(
                Move(person or "Mean", points[0], points[1] if len(points) > 1 else None, mean=not person)
            )
    if not moves:
        return None
    alt = f"{counted(len(people), 'reader')} at sensitivity and 1 − specificity, {join_words(modalities)}" + (
        ", with an arrow from one to the other." if len(modalities) > 1 else "."
    )
    lines = _curves(context)
    several = len(modalities) > 1
    caption = "Each point is a reader at the decisions that the reader made"
    caption += f"; arrows go from {modalities[0]} to {modalities[1]}." if several else "."
    return Figure(
        id="reader-points",
        title="Readers' operating points",
        caption=caption + (" Behind them the ROC curves of models." if lines else ""),
        alt=alt,
        width="half",
        svg=draw_operating_points(moves, lines, modalities, name="reader-points", alt=alt),
        table=_points_table(moves, modalities),
    )


def _points_table(moves: list[Move], modalities: list[str]) -> Table:
    columns = [Column(key="who", title="Reader")]
    for i, modality in enumerate(modalities):
        columns += [
            Column(key=f"se{i}", title="Sensitivity", kind="number", group=modality),
            Column(key=f"sp{i}", title="Specificity", kind="number", group=modality),
        ]
    rows = []
    for move in moves:
        cells = {"who": text_cell(move.title)}
        for i, point in enumerate((move.before, move.after)[: len(modalities)]):
            cells[f"se{i}"] = number_cell(None if point is None else point[1], 2)
            cells[f"sp{i}"] = number_cell(None if point is None else 1 - point[0], 2)
        rows.append(Row(cells=cells, emphasis=move.mean))
    return Table(
        id="reader-points-table",
        title="Readers' operating points",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=("Intervals: in the tables of sensitivity and specificity below.",),
    )


def _point(context: Context, person: str, modality: str) -> tuple[float, float] | None:
    name = str(ReaderName(person, modality))
    found = [context.numbers.get(quantity, name) for quantity in ("specificity", "sensitivity")]
    if any(one is None or not one.is_known() for one in found):
        return None
    specificity, sensitivity = (one.estimate for one in found if one is not None)
    return 1 - specificity, sensitivity


def _curves(context: Context) -> list[ModelLine]:
    table = context.data.table("curves/roc")
    found = []
    for model in [model for model in context.models if not model.is_control][:_MOST_CURVES]:
        points = table[table["model"] == model.name] if "model" in table else pd.DataFrame()
        if len(points):
            estimate = context.numbers.get("auc", model.name)
            area = f" ({number(estimate.estimate)})" if estimate else ""
            found.append(
                ModelLine(
                    model.title + area,
                    context.style(model.name),
                    points["fpr"].tolist(),
                    points["tpr"].tolist(),
                )
            )
    return found


def changes_figure(context: Context) -> Figure | None:
    """Draw the change in AUC of each reader and of the mean, readers fixed and random.

    Args:
        context: Of the report.

    Returns:
        The figure; None with one condition, or without scores.
    """
    modalities = list(dict.fromkeys(reader.modality for reader in context.readers))
    if len(modalities) < 2:
        return None
    first, second = modalities[:2]
    people = sorted({reader.reader for reader in context.readers if not reader.is_mean})
    lines = []
    for person in [*people, ""]:
        found = context.numbers.difference(
            "auc", str(ReaderName(person, second)), str(ReaderName(person, first))
        )
        if found is None or not found.is_known():
            continue
        cell = found.cell(3, signed=True)
        lines.append(
            Difference(
                title=person or "Mean, readers fixed",
                estimate=found.estimate,
                low=cell.low,
                high=cell.high,
                text=found.words(signed=True),
                colour=READER,
                strong=False,
            )
        )
    table = context.data.table("readers/mrmc")
    if len(table):
        mine = table[
            (table["quantity"] == "auc")
            & (table["group"] == "all")
            & (table["modality"] == second)
            & (table["reference"] == first)
        ]
        for row in records(mine):
            cell = estimate_cell(row["estimate"], row["ci_low"], row["ci_high"], signed=True)
            low, high = interval_text(row["ci_low"], row["ci_high"], signed=True), row["estimate"]
            lines.append(
                Difference(
                    title="Mean, readers random (MRMC)",
                    estimate=row["estimate"],
                    low=cell.low,
                    high=cell.high,
                    text=f"{number(high, signed=True)} ({low})",
                    colour=READER,
                    strong=True,
                )
            )
    if not lines:
        return None
    alt = f"Forest plot: AUC {second} minus {first}, {counted(len(people), 'reader')} and their mean."
    return Figure(
        id="reader-changes",
        title=f"Change in AUC, {second} minus {first}",
        caption=(
            f"{context.percent()} intervals. Hollow: other patients only. Filled: other readers and other "
            "patients "
            "(MRMC)."
        ),
        alt=alt,
        svg=draw_differences(lines, axis=f"AUC {second} − AUC {first}", name="reader-changes", alt=alt),
        table=_changes_table(lines, f"AUC, {second} − {first}"),
    )


def _changes_table(lines: list[Difference], title: str) -> Table:
    columns = (Column(key="who", title="Reader"), Column(key="change", title=title, kind="interval"))
    rows = tuple(
        Row(
            cells={
                "who": text_cell(line.title),
                "change": estimate_cell(line.estimate, line.low, line.high, signed=True),
            },
            emphasis=line.strong,
        )
        for line in lines
    )
    return Table(id="reader-changes-table", title="Change in AUC", columns=columns, rows=rows)
