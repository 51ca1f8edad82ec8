"""Location-specific readings: FROC curves, and weighted AFROC with readers and cases random."""

from __future__ import annotations

from samesplit.reports.context import Context
from samesplit.reports.document import Column, Figure, Row, Section, Table
from samesplit.reports.figures.reader_study.froc import FrocCurve, draw_froc
from samesplit.reports.formatting import count_cell, counted, number_cell, p_cell, text_cell
from samesplit.reports.rows import groups, records
from samesplit.reports.sections.readers.each_reader import mrmc_cell

__all__ = ["reader_marks"]

_TITLES = {"wAFROC": "Weighted AFROC", "AFROC": "AFROC"}


def reader_marks(context: Context) -> Section | None:
    """Build the section; None where readings have no positions."""
    table, curve = (
        context.data.table("readers/free_response"),
        context.data.table("readers/free_response_curve"),
    )
    if table.empty or curve.empty:
        return None
    parts = groups(curve, ["modality", "reader_id"])
    curves = [
        FrocCurve(modality, part["false_marks_per_case"].tolist(), part["lesions_found"].tolist())
        for (modality, _), part in parts
    ]
    alt = f"FROC curves of {counted(len(curves), 'reader and condition', 'readers and conditions')}."
    radius = float(table["hit_radius_mm"].iloc[0])
    figure = Figure(
        id="reader-froc",
        title="FROC curves",
        caption="A line a reader: share of lesions found against false marks a case.",
        alt=alt,
        svg=draw_froc(curves, name="reader-froc", alt=alt),
        table=Table(
            id="reader-froc-table",
            title="Where the FROC curves end",
            columns=(
                Column(key="who", title="Reader"),
                Column(key="modality", title="Condition"),
                Column(key="x", title="False marks a case", kind="number"),
                Column(key="y", title="Lesions found", kind="number"),
            ),
            rows=tuple(
                Row(
                    cells={
                        "who": text_cell(reader),
                        "modality": text_cell(modality),
                        "x": number_cell(part["false_marks_per_case"].max(), 2),
                        "y": number_cell(part["lesions_found"].max(), 2),
                    }
                )
                for (modality, reader), part in parts
            ),
        ),
    )
    lead = (
        f"A mark hits a lesion within {radius:g} mm, declared beforehand; one mark a lesion. The areas below take "
        "readers and cases as random."
    )
    return Section(
        id="reader-marks", title="Location-specific reading", lead=lead, blocks=(figure, _table(context))
    )


def _table(context: Context) -> Table:
    table = context.data.table("readers/free_response")
    columns = (
        Column(key="what", title="Condition"),
        Column(key="estimate", title="Mean of the readers", kind="interval"),
        Column(key="df", title="df", kind="number"),
        Column(key="p", title="P", kind="number"),
        Column(key="readers", title="Readers", kind="number"),
        Column(key="cases", title="Cases", kind="number"),
        Column(key="lesions", title="Lesions", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "what": text_cell(
                    f"{row['modality']} − {row['reference']}" if row["reference"] else row["modality"]
                ),
                "estimate": mrmc_cell(row, 3, signed=bool(row["reference"])),
                "df": number_cell(row["df"], 1),
                "p": p_cell(row["p_value"] if row["reference"] else None),
                "readers": count_cell(row["n_readers"]),
                "cases": count_cell(row["n"]),
                "lesions": count_cell(row["n_lesions"]),
            },
            group=_TITLES[row["figure"]],
            emphasis=bool(row["reference"]),
        )
        for row in records(table)
    )
    methods = "; ".join(dict.fromkeys(table["method"]))
    return Table(
        id="reader-marks-table",
        title="Weighted AFROC and AFROC",
        columns=columns,
        rows=rows,
        notes=(f"Method: {methods}.",),
        sortable=False,
    )
