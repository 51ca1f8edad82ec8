"""What aid changes: advice followed when right and when wrong, and time a case."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Figure, Row, Section, Table
from samesplit.reports.figures.reader_study.rates import Panel, RatePoint, draw_rates
from samesplit.reports.formatting import count_cell, counted, is_missing, number_cell, p_cell, text_cell
from samesplit.reports.rows import records
from samesplit.reports.sections.readers.each_reader import mrmc_cell

__all__ = ["reader_aid"]

_RATES = (
    ("followed_when_right", "Followed, advice right"),
    ("followed_when_wrong", "Followed, advice wrong"),
    ("corrected", "Errors corrected"),
    ("misled", "Right calls given up"),
)


def reader_aid(context: Context) -> Section | None:
    """Build the section; None where readers read under one condition, or nothing is known of aid."""
    blocks: list[Block] = []
    advice, seconds = context.data.table("readers/advice"), context.data.table("readers/seconds")
    if len(advice):
        for (modality, model), part in advice.groupby(["modality", "model"], sort=False):
            blocks.append(_advice(context, str(modality), str(model), part))
    if len(seconds):
        for modality, part in seconds.groupby("modality", sort=False):
            blocks.append(_seconds(str(modality), part))
    if not blocks:
        return None
    lead = (
        "The calls of the same reader on the same lesion with and without aid. Advice is the call of the model on "
        "the lesion when it was not trained on it; whether readers were shown this very model is for the study to "
        "say. Intervals of all readers together take readers and patients as random."
    )
    return Section(id="reader-aid", title="What aid changed", lead=lead, blocks=tuple(blocks))


def _advice(context: Context, modality: str, model: str, part: pd.DataFrame) -> Figure:
    found = {(row["reader_id"], row["quantity"]): row for row in records(part)}
    people = [*sorted({row["reader_id"] for row in records(part)} - {""}), ""]
    panels = [
        Panel(
            title,
            [_point(found.get((person, quantity)), person) for person in people],
            limits=(-0.02, 1.02),
        )
        for quantity, title in _RATES
    ]
    ident = f"reader-advice-{_place(part)}"
    alt = (
        f"How often {counted(len(people) - 1, 'reader')} followed {context.title(model)} when it was "
        "right and when "
        "it was wrong, how many errors it corrected and how many right calls were given up for it."
    )
    return Figure(
        id=ident,
        title=f"Advice of {context.title(model)}, {modality}",
        caption=(
            f"{context.percent()} intervals. Errors corrected: of calls without aid that were wrong where "
            "the advice "
            "was right. Right calls given up: of calls that were right where the advice was wrong "
            "(automation bias)."
        ),
        alt=alt,
        svg=draw_rates(panels, name=ident, alt=alt),
        table=_advice_table(ident, people, found),
    )


def _place(part: pd.DataFrame) -> str:
    return str(int(part.index[0]))


def _point(row: dict[str, Any] | None, person: str) -> RatePoint:
    title = person or "All readers"
    if row is None or is_missing(row["estimate"]):
        return RatePoint(title, float("nan"), None, None, mean=not person)
    low, high = (None if is_missing(row[key]) else float(row[key]) for key in ("ci_low", "ci_high"))
    return RatePoint(title, float(row["estimate"]), low, high, mean=not person)


def _advice_table(ident: str, people: list[str], found: dict[tuple[str, str], dict[str, Any]]) -> Table:
    columns = [Column(key="who", title="Reader")]
    for quantity, title in (*_RATES, ("gain", "Gain in accuracy")):
        columns.append(Column(key=quantity, title=title, kind="interval"))
        columns.append(Column(key=f"n-{quantity}", title="Calls"))
    rows = []
    for person in people:
        cells: dict[str, Cell] = {"who": text_cell(person or "All readers")}
        for quantity, _ in (*_RATES, ("gain", "")):
            row = found.get((person, quantity))
            cells[quantity] = text_cell(None) if row is None else mrmc_cell(row, 2, signed=quantity == "gain")
            cells[f"n-{quantity}"] = text_cell(
                None if row is None else f"{int(row['count'])} of {int(row['n'])}"
            )
        rows.append(Row(cells=cells, emphasis=not person))
    return Table(id=f"{ident}-table", title="Advice followed", columns=tuple(columns), rows=tuple(rows))


def _seconds(modality: str, part: pd.DataFrame) -> Figure:
    reference = str(part["reference"].iloc[0])
    ratios = {row["reader_id"]: row for row in records(part[part["quantity"] == "ratio"])}
    people = [*sorted(set(ratios) - {""}), ""]
    ident = f"reader-seconds-{_place(part)}"
    alt = f"Time a case, {modality} over {reference}, {counted(len(people) - 1, 'reader')} and all together."
    panel = Panel(
        f"Time a case, {modality} ÷ {reference}",
        [_point(ratios[person], person) for person in people],
        line=1.0,
    )
    return Figure(
        id=ident,
        title=f"Time a case, {modality} and {reference}",
        caption=(
            f"Geometric mean of the ratio of times of the same reader and lesion; left of 1 is faster {modality}."
        ),
        alt=alt,
        svg=draw_rates([panel], name=ident, alt=alt),
        table=_seconds_table(ident, part, ratios, people, modality, reference),
    )


def _seconds_table(
    ident: str,
    part: pd.DataFrame,
    ratios: dict[str, dict[str, Any]],
    people: list[str],
    modality: str,
    reference: str,
) -> Table:
    columns = (
        Column(key="who", title="Reader"),
        Column(key="before", title=f"Median seconds, {reference}", kind="number"),
        Column(key="after", title=f"Median seconds, {modality}", kind="number"),
        Column(key="ratio", title="Ratio", kind="interval"),
        Column(key="p", title="P", kind="number"),
        Column(key="n", title="Pairs of readings", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "who": text_cell(person or "All readers"),
                "before": number_cell(ratios[person]["median_reference"], 1),
                "after": number_cell(ratios[person]["median"], 1),
                "ratio": mrmc_cell(ratios[person], 2),
                "p": p_cell(ratios[person]["p_value"]),
                "n": count_cell(ratios[person]["n"]),
            },
            emphasis=not person,
        )
        for person in people
    )
    mean = records(part[part["quantity"] == "difference_seconds"])
    notes = tuple(
        f"Mean difference of all readers: {_words(row)} seconds ({modality} minus {reference})."
        for row in mean
    )
    return Table(
        id=f"{ident}-table", title="Time a case", columns=columns, rows=rows, notes=notes, sortable=False
    )


def _words(row: dict[str, Any]) -> str:
    cell = mrmc_cell(row, 1, signed=True)
    if cell.low is None or cell.high is None:
        return cell.text
    low, high = (f"{value:+.1f}".replace("-", "−") for value in (cell.low, cell.high))
    return f"{cell.text} ({low} to {high})"
