"""Checks: what a reviewer would look for first, each with what was expected and what was found."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Details, Prose, Row, Section, Table
from samesplit.reports.formatting import counted, join_words, text_cell

__all__ = ["checks"]

_OPEN = {"issue": "Issues", "tip": "Tips"}
_FOLDED = {"passed": "passed", "not applicable": "not applicable"}
_COLUMNS = (
    Column(key="code", title="Code", kind="code"),
    Column(key="title", title="Check"),
    Column(key="sentence", title="What was expected and what was found", kind="sentence"),
    Column(key="evidence", title="Evidence"),
)


def checks(context: Context) -> Section | None:
    """Build the table of issues and tips, and those that passed or do not apply one click away.

    Args:
        context: The task.
    """
    found = _found(context)
    if found.empty:
        return None
    blocks: list[Block] = []
    open_ones = found[found["state"].isin(_OPEN)]
    if len(open_ones):
        blocks.append(_table(open_ones, "checks-table", "Issues and tips", grouped=True))
    else:
        blocks.append(Prose(text="No check found an issue, and none has a tip.", tone="note"))
    for state, words in _FOLDED.items():
        rows = found[found["state"] == state]
        if len(rows):
            id_ = f"checks-{state.replace(' ', '-')}"
            title = f"Checks that {'passed' if state == 'passed' else 'do not apply'}"
            told = f"{counted(len(rows), 'check')} {words}"
            blocks.append(Details(summary=told, blocks=(_table(rows, id_, title, grouped=False),)))
    return Section(id="checks", title="Checks", lead=_lead(found), blocks=tuple(blocks))


def _found(context: Context) -> pd.DataFrame:
    parts = [context.data.table(name) for name in ("checks", "history_checks")]
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=["code", "title", "state", "sentence", "evidence", "section"])
    found = pd.concat(parts, ignore_index=True)
    order = found["state"].map({"issue": 0, "tip": 1, "passed": 2, "not applicable": 3})
    return found.assign(_order=order).sort_values(["_order", "code"], ignore_index=True)


def _lead(found: pd.DataFrame) -> str:
    counts = found["state"].value_counts()
    told = [
        counted(int(counts.get("issue", 0)), "issue"),
        counted(int(counts.get("tip", 0)), "tip"),
        f"{int(counts.get('passed', 0))} passed",
        f"{int(counts.get('not applicable', 0))} not applicable",
    ]
    return (
        f"{join_words(told)}. An issue would make a reviewer doubt the results; a tip is worth knowing, but "
        "is no fault. For each code, docs/checks.md gives the thresholds and what to do."
    )


def _table(rows: pd.DataFrame, id_: str, title: str, *, grouped: bool) -> Table:
    lines = []
    for row in rows.itertuples(index=False):
        name = Cell(text=str(row.title), value=str(row.title), href=str(row.section))
        lines.append(
            Row(
                cells={
                    "code": text_cell(row.code),
                    "title": name,
                    "sentence": text_cell(row.sentence),
                    "evidence": text_cell(row.evidence),
                },
                group=_OPEN[str(row.state)] if grouped else "",
            )
        )
    shown = any(row.cells["evidence"].text for row in lines)
    columns = _COLUMNS if shown else _COLUMNS[:3]
    return Table(id=id_, title=title, columns=columns, rows=tuple(lines), sortable=False)
