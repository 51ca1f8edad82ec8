"""Each reader under each condition, with the difference; the readers' mean with readers fixed and random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samesplit.reader_names import ReaderName, reader_name
from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Row, Table
from samesplit.reports.estimates import Estimate
from samesplit.reports.formatting import count_cell, estimate_cell, p_cell, text_cell
from samesplit.reports.rows import records

__all__ = ["QUANTITIES", "mrmc_cell", "random_mean", "reader_tables", "reading_table"]

QUANTITIES = (
    ("auc", "AUC"),
    ("sensitivity", "Sensitivity"),
    ("specificity", "Specificity"),
    ("accuracy", "Accuracy"),
)
"""What readers are judged by."""


def reader_tables(context: Context) -> list[Table]:
    """Build a table of each quantity: every reader under each condition, and the readers' mean.

    Args:
        context: Of the report.
    """
    modalities = list(dict.fromkeys(reader.modality for reader in context.readers))
    people = sorted({reader.reader for reader in context.readers if not reader.is_mean})
    tables = [_table(context, quantity, title, people, modalities) for quantity, title in QUANTITIES]
    return [table for table in tables if table.rows]


def reading_table(context: Context) -> Table:
    """Build the table of calls and times of each reader.

    Args:
        context: Of the report.
    """
    modalities = list(dict.fromkeys(reader.modality for reader in context.readers))
    people = sorted({reader.reader for reader in context.readers if not reader.is_mean})
    return _reading_table(context, people, modalities)


def _table(context: Context, quantity: str, title: str, people: list[str], modalities: list[str]) -> Table:
    digits = 3 if quantity == "auc" else 2
    paired = modalities[:2] if len(modalities) > 1 else []
    columns = [Column(key="who", title="Reader")]
    columns += [Column(key=f"m{i}", title=m, kind="interval") for i, m in enumerate(modalities)]
    if paired:
        columns += [
            Column(key="change", title=f"{paired[1]} − {paired[0]}", kind="interval"),
            Column(key="p", title="Adjusted P", kind="number"),
        ]
    if context.reference is not None:
        columns += [
            Column(key=f"r{i}", title=f"{m} − reference", kind="interval") for i, m in enumerate(modalities)
        ]
    changes: dict[str, Estimate] = {}
    if paired:
        for person in [*people, ""]:
            names = [str(ReaderName(person, m)) for m in paired]
            found = context.numbers.difference(quantity, names[1], names[0])
            changes |= {person: found} if found is not None else {}
    rows = []
    for person in [*people, ""]:
        cells: dict[str, Cell] = {"who": text_cell(person or "Mean, readers fixed")}
        for i, modality in enumerate(modalities):
            name = str(ReaderName(person, modality))
            cells[f"m{i}"] = context.numbers.cell(quantity, name, digits=digits)
            if context.reference is not None:
                cells[f"r{i}"] = context.numbers.cell(
                    f"{quantity}_difference",
                    name,
                    reference=context.reference.name,
                    digits=digits,
                    signed=True,
                )
        change = changes.get(person)
        if paired:
            cells["change"] = change.cell(digits, signed=True) if change else text_cell(None)
            cells["p"] = p_cell(change.p_adjusted if change else None)
        if any(cell.value is not None for key, cell in cells.items() if key != "who"):
            rows.append(Row(cells=cells))
    random = random_mean(context, quantity, modalities, paired)
    if random is not None:
        rows.append(random)
    methods = "; ".join(dict.fromkeys(change.method for change in changes.values()))
    notes = (
        [
            f"Change from {paired[0]} to {paired[1]}: paired, on the lesions read under both conditions. "
            f"Methods: {methods}."
        ]
        if changes
        else []
    )
    if context.reference is not None:
        notes.append(f"Reference: {context.reference.title}. Differences are reader minus reference.")
    return Table(
        id=f"readers-{quantity}", title=title, columns=tuple(columns), rows=tuple(rows), notes=tuple(notes)
    )


def random_mean(context: Context, quantity: str, modalities: list[str], paired: list[str]) -> Row | None:
    """Build the row of the readers' mean with readers random, from the MRMC analysis; None without one.

    Args:
        context: Of the report.
        quantity: `auc`, `sensitivity`, ...
        modalities: The conditions, a column `m<i>` each.
        paired: The two whose difference stands in the column `change`.
    """
    table = context.data.table("readers/mrmc")
    if table.empty:
        return None
    mine = table[(table["quantity"] == quantity) & (table["group"] == "all")]
    found = {(row["modality"], row["reference"]): row for row in records(mine)}
    if not found:
        return None
    digits = 3 if quantity == "auc" else 2
    cells: dict[str, Cell] = {"who": text_cell("Mean, readers random (MRMC)")}
    for i, modality in enumerate(modalities):
        row = found.get((modality, ""))
        cells[f"m{i}"] = text_cell(None) if row is None else mrmc_cell(row, digits)
        if context.reference is not None:
            cells[f"r{i}"] = text_cell(None)
    if paired:
        change = found.get((paired[1], paired[0]))
        cells["change"] = text_cell(None) if change is None else mrmc_cell(change, digits, signed=True)
        cells["p"] = p_cell(
            None if change is None else change["p_value"], note="not adjusted: one comparison"
        )
    return Row(cells=cells, emphasis=True)


def mrmc_cell(row: Mapping[str, Any], digits: int, *, signed: bool = False) -> Cell:
    """Return the estimate of a row of `readers/...` with its interval.

    Args:
        row: With estimate, ci_low, ci_high and note.
        digits: After the point.
        signed: Whether a plus sign is written.
    """
    note = str(row.get("note") or "")
    return estimate_cell(row["estimate"], row["ci_low"], row["ci_high"], digits, note=note, signed=signed)


def _reading_table(context: Context, people: list[str], modalities: list[str]) -> Table:
    readings = context.data.readings
    columns = [
        Column(key="who", title="Reader"),
        Column(key="modality", title="Reading condition"),
        Column(key="lesions", title="Lesions", kind="number"),
        Column(key="missing", title="Decisions missing", kind="number"),
        Column(key="positive", title=f"Called {context.data.positive}", kind="number"),
        Column(key="seconds", title="Median seconds", kind="number"),
    ]
    rows = []
    for person in people:
        for modality in modalities:
            mine = readings[(readings["reader_id"] == person) & (readings["modality"] == modality)]
            if mine.empty:
                continue
            cells = {
                "who": text_cell(person),
                "modality": text_cell(modality),
                "lesions": count_cell(mine["lesion_id"].nunique()),
                "missing": count_cell(int(mine["decision"].isna().sum())),
                "positive": count_cell(int((mine["decision"] == 1).sum())),
                "seconds": context.numbers.cell("reading_seconds", reader_name(person, modality), digits=1),
            }
            rows.append(Row(cells=cells))
    left_out = set()
    if rows and all(row.cells["seconds"].value is None for row in rows):
        left_out.add("seconds")
    if not readings["decision"].notna().any():  # scores alone
        left_out |= {"missing", "positive"}
    columns = [column for column in columns if column.key not in left_out]
    rows = [Row(cells={k: c for k, c in row.cells.items() if k not in left_out}) for row in rows]
    return Table(id="readings-table", title="Readings", columns=tuple(columns), rows=tuple(rows))
