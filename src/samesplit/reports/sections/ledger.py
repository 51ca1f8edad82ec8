"""The case ledger: what happened to which lesion, with its images."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Prose, Row, Section, Table
from samesplit.reports.formatting import count_cell, counted, join_words, text_cell
from samesplit.reports.pictures import Pictures
from samesplit.reports.rows import groups

__all__ = ["ledger"]

_MOST_ROWS = 400
_MOST_NAMED = 8
_TASK = "task "
"""How the stage begins of rows that tell why a lesion is left out of a task."""
_ORDER = {"failed": 0, "excluded": 1, "missing": 2, "repaired": 3, "noted": 4}


def ledger(context: Context, pictures: Pictures) -> Section:
    """Build the table of what happened to single lesions, and that of the lesions that tasks leave out."""
    every = context.data.ledger
    of_tasks = every["stage"].str.startswith(_TASK)
    rows, left_out = every[~of_tasks], every[of_tasks]
    blocks: list[Block] = []
    if rows.empty:
        what = (
            "image was missing, unreadable, repaired or noted"
            if len(context.data.images)
            else "line was missing"
        )
        blocks.append(Prose(text=f"All lesions are complete: no {what}, and none was excluded."))
    else:
        blocks.append(_cases(rows))
    if len(left_out):
        blocks.append(_left_out(left_out))
    gallery = pictures.ledger_gallery()
    if gallery is not None:
        blocks.append(gallery)
    lead = _lead(every) if len(every) else ""
    return Section(id="ledger", title="Case ledger", lead=lead, blocks=tuple(blocks))


def _cases(rows: pd.DataFrame) -> Table:
    ordered = rows.assign(_order=rows["status"].map(_ORDER)).sort_values(
        ["_order", "lesion_id", "sequence", "rater", "stage", "reason"], kind="stable"
    )
    cells = ("lesion_id", "sequence", "rater", "stage", "status", "reason")
    shown = tuple(
        Row(cells={key: text_cell(getattr(row, key)) for key in cells})
        for row in ordered.head(_MOST_ROWS).itertuples(index=False)
    )
    rest = len(ordered) - len(shown)
    notes = (f"{rest} further lines are in ledger.csv in the folder of the run.",) if rest else ()
    columns = (
        Column(key="lesion_id", title="Lesion", kind="code"),
        Column(key="sequence", title="Sequence"),
        Column(key="rater", title="Rater"),
        Column(key="stage", title="Stage"),
        Column(key="status", title="Status"),
        Column(key="reason", title="Reason"),
    )
    return Table(id="ledger-table", title="Case ledger", columns=columns, rows=shown, notes=notes)


def _left_out(rows: pd.DataFrame) -> Table:
    """Return the lesions that a task leaves out, counted by reason."""
    columns = (
        Column(key="task", title="Task"),
        Column(key="reason", title="Reason"),
        Column(key="count", title="Lesions", kind="number"),
        Column(key="which", title="Which"),
    )
    lines = []
    for (stage, reason), part in groups(rows, ["stage", "reason"]):
        ids = sorted(part["lesion_id"].astype(str).unique())
        more = f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else ""
        cells = {
            "task": text_cell(str(stage).removeprefix(_TASK)),
            "reason": text_cell(reason),
            "count": count_cell(len(ids)),
            "which": text_cell(", ".join(ids[:_MOST_NAMED]) + more),
        }
        lines.append(Row(cells=cells))
    return Table(
        id="left-out-table",
        title="Lesions that a task leaves out",
        columns=columns,
        rows=tuple(lines),
        notes=("All of them are in ledger.csv in the folder of the run.",),
        sortable=False,
    )


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
    if status == "excluded" and stage.startswith(_TASK):
        return f"left out of the {stage}"
    if status != "missing":
        return status
    if stage == "readings":
        return "not read by every reader"
    return f"without {sequence}" if sequence else "missing"
