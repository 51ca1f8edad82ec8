"""Reporting checklists, each folded: what the run reports, and what the authors must answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from samesplit.reports.checklists import NAMES, Answer, Checklist, Item, fill, read_checklist
from samesplit.reports.checklists.facts import facts_of
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Cell, Column, Details, Prose, Row, Section, Table
from samesplit.reports.formatting import text_cell

__all__ = ["checklists"]


def checklists(contexts: Sequence[Context], sections: Mapping[str, str]) -> Section:
    """Build the checklists.

    Args:
        contexts: The tasks of the run.
        sections: By the id that a section has without the prefix of a task: its id on the page.
    """
    facts = facts_of(contexts, {"checklists": "checklists", **sections})
    blocks: list[Block] = []
    for name in NAMES:
        checklist = read_checklist(name)
        answers = fill(checklist, facts)
        counts = Counter(answer.status for _, answer in answers)
        told = ", ".join(f"{counts[status]} {status}" for status in counts)
        source = f"{checklist.title}, doi {checklist.doi}. {checklist.source.strip()}"
        inside: tuple[Block, ...] = (Prose(text=source), _table(name, checklist, answers))
        blocks.append(Details(summary=f"{checklist.name}: {told}", blocks=inside))
    return Section(
        id="checklists",
        title="Reporting checklists",
        lead=(
            "Items that the run answers link to the section that reports them. “Partly” names what is still to be "
            "said; “you must answer” is what no run can know, or what this one did not do. Nothing is filled in "
            "that is not in this report."
        ),
        blocks=tuple(blocks),
    )


def _table(name: str, checklist: Checklist, answers: list[tuple[Item, Answer]]) -> Table:
    weighted = any(item.weight for item, _ in answers)
    columns = [
        Column(key="number", title="Item", kind="code"),
        Column(key="text", title="What is asked"),
        Column(key="status", title="Status"),
        Column(key="answer", title="Where, and what is still to be said", kind="sentence"),
    ]
    if weighted:
        columns.insert(2, Column(key="weight", title="Weight", kind="number"))
    rows = tuple(
        Row(
            cells={
                "number": text_cell(item.number),
                "text": text_cell(item.text),
                "status": Cell(text=answer.status, value=answer.status, href=answer.section),
                "answer": text_cell(answer.text),
                **({"weight": Cell(text=f"{item.weight:.4f}", value=item.weight)} if weighted else {}),
            },
            group=item.part,
        )
        for item, answer in answers
    )
    return Table(
        id=f"checklist-{name}", title=checklist.name, columns=tuple(columns), rows=rows, sortable=False
    )
