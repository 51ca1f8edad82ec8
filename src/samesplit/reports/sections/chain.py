"""From image to diagnosis: what a classifier reaches on predicted masks, and where lesions are lost."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Figure, Row, Section, Table
from samesplit.reports.figures.chain import PARTS, StageBar, draw_stages
from samesplit.reports.formatting import counted, estimate_cell, number, p_cell, text_cell
from samesplit.reports.rows import records

__all__ = ["chain"]

_ARMS = (("accuracy", "Accuracy"), ("sensitivity", "Sensitivity"), ("specificity", "Specificity"))
_OTHERS = (
    ("lesions_found", "Lesions found", "Share of the test lesions that the segmentation found"),
    ("false_positives_per_patient", "False positives per patient", "Predicted components that are no lesion"),
    ("error_classification", "Wrong with the manual mask", "Errors that no segmentation could help"),
    ("loss_localisation", "Lost: not found", "Right with the manual mask, and not found"),
    ("loss_not_classified", "Lost: not classified", "Found, but the predicted mask could not be classified"),
    (
        "loss_segmentation",
        "Lost: mask inaccurate",
        "Wrong on the predicted mask only, less those right on it only",
    ),
    (
        "auc_all",
        "AUC, missed as wrong as can be",
        "Of the chain on all lesions; a missed one ranks last in its class",
    ),
    ("correlation_dice_right", "r (Dice, right)", "Pearson's correlation over the lesions that were found"),
)


def chain(context: Context) -> Section | None:
    """Build the bars of what became of the lesions, the intention-to-diagnose table and the cost of each stage."""
    table = context.data.table("chain")
    if table.empty:
        return None
    cases = context.data.table("chain_cases")
    first = _arms_table(context, table)
    blocks = [] if cases.empty else [_figure(context, cases)]
    lead = (
        "The classifiers as fitted on manual masks, given the masks that a segmentation model predicted of the "
        "same test lesions. All of these lesions count: one that was not found, or could not be classified, is an "
        "error."
    )
    return Section(
        id="chain",
        title="From image to diagnosis",
        lead=lead,
        blocks=(*blocks, first, _stages_table(context, table)),
    )


def _figure(context: Context, cases: pd.DataFrame) -> Figure:
    bars = []
    for (segmentation, model), mine in cases.groupby(["segmentation", "model"], sort=False):
        right = float(mine["manual_right"].mean())
        who = context.title(str(model))
        bars.append(StageBar(f"{who}, manual masks", {"right": right, "classification": 1 - right}))
        shares = {part: float((mine["stage"] == part).mean()) for part, _, _ in PARTS}
        bars.append(StageBar(f"{who}, masks of {_drawer(context, segmentation)}", shares))
    pairs = counted(len(bars) // 2, "pair")
    alt = f"Bars of what became of the test lesions, {pairs} of manual and predicted masks."
    return Figure(
        id="chain-figure",
        title="Where lesions are lost",
        caption="All test lesions of each classifier, with the manual masks and with the predicted ones.",
        alt=alt,
        svg=draw_stages(bars, name="chain", alt=alt),
    )


def _drawer(context: Context, segmentation: object) -> str:
    """Return the title of a model of masks, which answers another task than this one."""
    titles = {
        str(one["name"]): str(one.get("title", one["name"])) for one in context.data.run.get("models", [])
    }
    return titles.get(str(segmentation), str(segmentation))


def _found(table: pd.DataFrame) -> list[tuple[str, str, dict[str, dict[str, float]]]]:
    """Return the rows of each segmentation model and classifier by quantity."""
    return [
        (str(segmentation), str(model), {str(row["quantity"]): row for row in records(part)})
        for (segmentation, model), part in table.groupby(["segmentation", "model"], sort=False)
    ]


def _cell(rows: dict[str, dict[str, float]], quantity: str, digits: int = 3, *, signed: bool = False) -> Cell:
    row = rows.get(quantity)
    if row is None:
        return text_cell(None)
    bounds = (row["ci_low"], row["ci_high"])
    return estimate_cell(row["estimate"], *bounds, digits, note=str(row["note"] or ""), signed=signed)


def _arms_table(context: Context, table: pd.DataFrame) -> Table:
    columns = (
        Column(key="what", title="Quantity"),
        Column(key="n", title="Lesions", kind="number"),
        Column(key="manual", title="Manual masks", kind="interval"),
        Column(key="chain", title="Predicted masks", kind="interval"),
        Column(key="difference", title="Difference", kind="interval"),
        Column(key="p", title="P", kind="number"),
    )
    out = []
    for segmentation, model, rows in _found(table):
        for quantity, title in (*_ARMS, ("auc", "AUC, lesions with both answers")):
            if f"{quantity}_manual" not in rows:
                continue
            cells = {
                "what": text_cell(title),
                "n": Cell(
                    text=number(rows[f"{quantity}_manual"]["n"], 0), value=rows[f"{quantity}_manual"]["n"]
                ),
                "manual": _cell(rows, f"{quantity}_manual"),
                "chain": _cell(rows, f"{quantity}_chain"),
                "difference": _cell(rows, f"{quantity}_difference", signed=True),
                "p": p_cell(rows[f"{quantity}_difference"]["p_value"]),
            }
            group = f"{context.title(model)} on masks of {_drawer(context, segmentation)}"
            out.append(Row(cells=cells, group=group, key=model))
    return Table(
        id="chain-table",
        title="Intention to diagnose",
        columns=columns,
        rows=tuple(out),
        notes=(
            "Differences are paired, predicted minus manual, with patients as clusters; P is not adjusted. The "
            "AUC leaves out lesions that were lost, so it says nothing of them.",
        ),
        sortable=False,
    )


def _stages_table(context: Context, table: pd.DataFrame) -> Table:
    columns = (
        Column(key="what", title="Stage"),
        Column(key="value", title="Estimate", kind="interval"),
    )
    out = []
    for segmentation, model, rows in _found(table):
        for quantity, title, text in _OTHERS:
            if quantity in rows:
                cells = {"what": Cell(text=title, value=title, note=text), "value": _cell(rows, quantity)}
                out.append(
                    Row(
                        cells=cells,
                        group=f"{context.title(model)} on masks of {_drawer(context, segmentation)}",
                        key=model,
                    )
                )
    return Table(
        id="chain-stages",
        title="What each stage costs",
        columns=columns,
        rows=tuple(out),
        notes=(
            "Shares of all test lesions. Wrong with the manual mask, not found, not classified and mask "
            "inaccurate add up to the error of the chain.",
        ),
        sortable=False,
    )
