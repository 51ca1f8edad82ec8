"""The readers: each one unaided and aided, with the difference."""

from __future__ import annotations

import math

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.reports.context import Context
from samesplit.reports.formatting import count_cell, counted, number_cell, p_cell, text_cell
from samesplit.reports.model import Block, Cell, Column, Row, Section, Table
from samesplit.reports.numbers import Estimate
from samesplit.statistics import Interval, mean_influence, reader_tables, z_test
from samesplit.statistics.subject import auc_difference, auc_of, rate_difference, rate_of

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
        f"{counted(len(people), 'reader')}, {' and '.join(modalities)}, on the lesions that the models are "
        "judged on. "
        "Readers are taken as given: intervals say how results move with other patients, not with other "
        "readers."
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
            Column(key="p", title="p", kind="number"),
        ]
    if context.reference is not None:
        columns += [
            Column(key=f"r{i}", title=f"{m} − reference", kind="interval") for i, m in enumerate(modalities)
        ]
    changes = _changes(context, quantity, people, paired) if paired else {}
    rows = []
    for person in [*people, ""]:
        cells: dict[str, Cell] = {"who": text_cell(person or "Mean of the readers")}
        for i, modality in enumerate(modalities):
            name = f"reader:{person}/{modality}" if person else f"readers:mean/{modality}"
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
            cells["p"] = p_cell(change.p_value if change else None)
        if any(cell.value is not None for key, cell in cells.items() if key != "who"):
            rows.append(Row(cells=cells, emphasis=not person))
    methods = ", ".join(dict.fromkeys(change.method for change in changes.values()))
    notes = (
        [f"Change from {paired[0]} to {paired[1]}: paired on the lesions read both ways; {methods}."]
        if changes
        else []
    )
    if context.reference is not None:
        notes.append(f"Reference: {context.reference.title}; reader minus reference.")
    return Table(
        id=f"readers-{quantity}", title=title, columns=tuple(columns), rows=tuple(rows), notes=tuple(notes)
    )


def _changes(context: Context, quantity: str, people: list[str], paired: list[str]) -> dict[str, Estimate]:
    """Second modality minus first, for each reader and for their mean (under the empty name)."""
    data = context.data
    if data.shuffled:
        return {}
    judged = set(data.test_predictions()["lesion_id"])
    truth = data.lesions[["patient_id"]].assign(label=data.lesions["positive"])
    column = "score" if quantity == "auc" else "decision"
    readings = data.readings
    inside = (
        readings["lesion_id"].isin(judged)
        & readings["lesion_id"].isin(truth.index)
        & readings[column].notna()
    )
    tables = reader_tables(readings[inside], truth)
    found: dict[str, Estimate] = {}
    both = []
    for person in people:
        tables_of = [tables.get(modality, {}).get(person) for modality in reversed(paired)]
        if tables_of[0] is None or tables_of[1] is None:
            continue
        aided, unaided = _common(tables_of[0], tables_of[1])
        change = _change(aided, unaided, quantity, data.confidence)
        if change is not None:
            both.append((aided, unaided))
            found[person] = _estimate(change, aided)
    mean = _mean_change(both, quantity, data.confidence)
    if mean is not None:
        found[""] = _estimate(mean, pd.concat([aided for aided, _ in both]))
    return found


def _common(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return (
        first[first["lesion_id"].isin(second["lesion_id"])],
        second[second["lesion_id"].isin(first["lesion_id"])],
    )


def _change(aided: pd.DataFrame, unaided: pd.DataFrame, quantity: str, confidence: float) -> Interval | None:
    if aided.empty:
        return None
    try:
        if quantity == "auc":
            return auc_difference(aided, unaided, confidence=confidence)
        return rate_difference(aided, unaided, quantity, confidence=confidence)
    except StatisticsError:
        return None


def _mean_change(
    both: list[tuple[pd.DataFrame, pd.DataFrame]], quantity: str, confidence: float
) -> Interval | None:
    if len(both) < 2:
        return None
    estimate = auc_of if quantity == "auc" else lambda table: rate_of(table, quantity)
    mean = mean_influence([estimate(aided) - estimate(unaided) for aided, unaided in both])
    method = "mean of fixed readers, influence values"
    return z_test(mean.estimate, mean.variance, method=method, confidence=confidence)


def _estimate(found: Interval, table: pd.DataFrame) -> Estimate:
    labels = table.drop_duplicates("lesion_id")["label"]
    return Estimate(
        found.estimate, found.ci_low, found.ci_high, found.p_value, len(labels), int(labels.sum()), found.method,
        found.note,
    )  # fmt: skip


def _reading_table(context: Context, people: list[str], modalities: list[str]) -> Table:
    readings = context.data.readings
    columns = [
        Column(key="who", title="Reader"),
        Column(key="modality", title="Modality"),
        Column(key="lesions", title="Lesions", kind="number"),
        Column(key="missing", title="Calls missing", kind="number"),
        Column(key="positive", title=f"Called {context.data.positive}", kind="number"),
        Column(key="seconds", title="Seconds, median", kind="number"),
    ]
    rows = []
    for person in people:
        for modality in modalities:
            mine = readings[(readings["reader_id"] == person) & (readings["modality"] == modality)]
            if mine.empty:
                continue
            seconds = mine["seconds"].median() if mine["seconds"].notna().any() else math.nan
            cells = {
                "who": text_cell(person),
                "modality": text_cell(modality),
                "lesions": count_cell(mine["lesion_id"].nunique()),
                "missing": count_cell(int(mine["decision"].isna().sum())),
                "positive": count_cell(int((mine["decision"] == 1).sum())),
                "seconds": number_cell(float(seconds), 1),
            }
            rows.append(Row(cells=cells))
    if rows and all(row.cells["seconds"].value is None for row in rows):
        columns.pop()
        rows = [Row(cells={k: c for k, c in row.cells.items() if k != "seconds"}) for row in rows]
    return Table(id="readings-table", title="Readings", columns=tuple(columns), rows=tuple(rows))
