"""The case ledger: what happened to which lesion, with its images."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Prose, Row, Section, Table
from samesplit.reports.formatting import counted, join_words, text_cell
from samesplit.reports.pictures import Pictures

__all__ = ["ledger"]

_MOST_ROWS = 400
_ORDER = {"failed": 0, "excluded": 1, "missing": 2, "repaired": 3, "noted": 4}


def ledger(context: Context, pictures: Pictures) -> Section:
    """Build the ledger."""
    rows = context.data.ledger
    if rows.empty:
        what = (
            "image was missing, unreadable, repaired or noted"
            if len(context.data.images)
            else "line was missing"
        )
        text = f"All lesions are complete: no {what}, and none was excluded."
        return Section(id="ledger", title="Case ledger", blocks=(Prose(text=text),))
    ordered = rows.assign(_order=rows["status"].map(_ORDER)).sort_values(
        ["_order", "lesion_id", "sequence", "rater", "stage", "reason"], kind="stable"
    )
    cells = ("lesion_id", "sequence", "rater", "stage", "status", "reason")
    shown = tuple(
        Row(cells={key: text_cell(getattr(row, key)) for key in cells})
        for row in ordered.head(_MOST_ROWS).itertuples(index=False)
    )
    rest = len(ordered) - len(shown)
    notes = (f"{rest} further lines stand in ledger.parquet in the run's folder.",) if rest else ()
    columns = (
        Column(key="lesion_id", title="Lesion", kind="code"),
        Column(key="sequence", title="Sequence"),
        Column(key="rater", title="Rater"),
        Column(key="stage", title="Stage"),
        Column(key="status", title="Status"),
        Column(key="reason", title="Reason"),
    )
    blocks: list[Block] = [
        Table(id="ledger-table", title="Case ledger", columns=columns, rows=shown, notes=notes)
    ]
    gallery = pictures.ledger_gallery()
    if gallery is not None:
        blocks.append(gallery)
    return Section(id="ledger", title="Case ledger", lead=_lead(rows), blocks=tuple(blocks))


def _lead(rows: pd.DataFrame) -> str:
    """Count the lesions by what happened to them: a sequence that is not there is no call that is not there."""
    counts: dict[str, set[str]] = {}
    for row in rows.sort_values(["status", "sequence"], key=_in_order, kind="stable").itertuples(index=False):
        counts.setdefault(_what(str(row.status), str(row.stage), str(row.sequence)), set()).add(
            str(row.lesion_id)
        )
    parts = (f"{counted(len(lesions), 'lesion')} {what}" for what, lesions in counts.items())
    return f"{join_words(list(parts))}."


def _in_order(column: pd.Series[str]) -> pd.Series[str] | pd.Series[int]:
    return column.map(_ORDER) if column.name == "status" else column


def _what(status: str, stage: str, sequence: str) -> str:
    if status == "noted":
        return "with a note"
    if status == "excluded" and stage.startswith("task "):
        return f"left out of the {stage}"
    if status != "missing":
        return status
    if stage == "readings":
        return "not read by every reader"
    return f"without {sequence}" if sequence else "missing"
