"""The readers: each one unaided and aided, with the difference."""

from __future__ import annotations

from samesplit.reader_names import ReaderName, reader_name
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Row, Section, Table
from samesplit.reports.estimates import Estimate
from samesplit.reports.formatting import count_cell, counted, p_cell, text_cell

__all__ = ["readers"]

_QUANTITIES = (("auc", "AUC"), ("sensitivity", "Sensitivity"), ("specificity", "Specificity"))


def readers(context: Context) -> Section | None:
    """Build the table of each quantity, and the calls and times of each reader."""
    if not context.readers:
        return None
    modalities = list(dict.fromkeys(reader.modality for reader in context.readers))
    people = sorted({reader.reader for reader in context.readers if not reader.is_mean})
    blocks: list[Block] = [
        _table(context, quantity, title, people, modalities)
        for quantity, title in _QUANTITIES
        if any(context.numbers.get(quantity, reader.name) for reader in context.readers)
    ]
    blocks.append(_reading_table(context, people, modalities))
    lead = (
        f"{counted(len(people), 'reader')}, {' and '.join(modalities)}, on the same lesions as the models. "
        "The readers are taken as fixed: intervals allow for other patients, not for other readers."
    )
    return Section(id="readers", title="Readers", lead=lead, blocks=tuple(blocks))


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
        cells: dict[str, Cell] = {"who": text_cell(person or "Mean of the readers")}
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
            rows.append(Row(cells=cells, emphasis=not person))
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
    if rows and all(row.cells["seconds"].value is None for row in rows):
        columns.pop()
        rows = [Row(cells={k: c for k, c in row.cells.items() if k != "seconds"}) for row in rows]
    return Table(id="readings-table", title="Readings", columns=tuple(columns), rows=tuple(rows))
