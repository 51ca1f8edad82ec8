"""A report as Markdown: the sections, sentences and tables of the page, to read, search and compare as text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from samesplit.markdown import literal, table
from samesplit.reports.document import (
    Block,
    Cell,
    Column,
    Details,
    Facts,
    Figure,
    Flow,
    Gallery,
    Manuscript,
    Prose,
    Report,
    Section,
    Table,
)
from samesplit.reports.formatting import cell_interval

__all__ = ["to_markdown"]


def to_markdown(report: Report) -> str:
    """Write a report as Markdown; figures are told by their caption, their description and the table behind them.

    Args:
        report: What it says.

    Returns:
        The text, which ends with a line break; the same report gives the same text.

    Example:
        >>> text = to_markdown(Report(samesplit="1", benchmark="b", run="r", title="Masses",
        ...                           question="Which?", answer="None.", sections=()))
        >>> text.splitlines()[0]
        '# Masses'
    """
    parts = [
        f"# {literal(report.title)}",
        literal(report.kicker or f"{report.benchmark} · run {report.run}"),
        *(f"**{literal(text)}**" for text in (report.banner, report.notice) if text),
        literal(report.question),
        *([] if report.chapters else [f"> {literal(report.answer)}"]),
        "\n".join(f"- {literal(badge.name)}: {literal(badge.full or badge.text)}" for badge in report.badges),
    ]
    for chapter in report.chapters:
        parts += [f"## {literal(chapter.title)} ({literal(chapter.kind)})", literal(chapter.question)]
        parts.append(f"> {literal(chapter.answer)}")
        parts += [part for section in chapter.sections for part in _section(section, 3)]
    if report.chapters:
        parts.append("## What all tasks share")
    parts += [part for section in report.sections for part in _section(section, 3 if report.chapters else 2)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section, level: int) -> Iterator[str]:
    yield f"{'#' * level} {literal(section.title)}"
    yield literal(section.lead)
    for block in section.blocks:
        yield from _block(block, level + 1)


def _block(block: Block, level: int) -> Iterator[str]:
    head = "#" * level
    if isinstance(block, Prose):
        yield f"**{literal(block.text)}**" if block.tone == "warning" else literal(block.text)
    elif isinstance(block, Table):
        yield f"{head} {literal(block.title)}"
        yield from _table(block)
    elif isinstance(block, Figure):
        yield f"{head} {literal(block.title)}"
        yield f"Figure: {literal(block.alt)}"
        yield literal(block.caption)
        if block.table is not None:
            yield f"Table: {literal(block.table.title)}"
            yield from _table(block.table)
    elif isinstance(block, Gallery):
        yield f"{head} {literal(block.title)}"
        yield literal(block.rule)
        yield "\n".join(f"- {literal(item.lesion_id)}: {literal(item.caption)}" for item in block.items)
    elif isinstance(block, Flow):
        yield f"{head} {literal(block.title)}"
        yield "\n".join(_steps(block))
    elif isinstance(block, Facts):
        yield f"{head} {literal(block.title)}" if block.title else ""
        yield "\n".join(f"- {literal(fact.name)}: {literal(fact.text)}" for fact in block.facts)
    elif isinstance(block, Manuscript):
        for paragraph in block.paragraphs:
            yield f"{head} {literal(paragraph.title)}"
            yield literal(paragraph.text)
        if block.references:
            yield f"{head} References"
            yield "\n".join(f"{number}. {literal(text)}" for number, text in enumerate(block.references, 1))
    elif isinstance(block, Details):
        yield f"{head} {literal(block.summary)}"
        for inner in block.blocks:
            yield from _block(inner, min(level + 1, 6))


def _steps(flow: Flow) -> Iterator[str]:
    for number, step in enumerate(flow.steps, 1):
        patients = "" if step.patients is None else f" of {step.patients} patients"
        text = f": {literal(step.text)}" if step.text else ""
        yield f"{number}. {literal(step.title)}: {step.lesions} lesions{patients}{text}"
        yield from (f"   - {literal(left)}" for left in step.leaving)


def _table(block: Table) -> Iterator[str]:
    """Give the rows of each group as a table of their own, then the notes; drawn columns are left out."""
    columns = [column for column in block.columns if column.kind != "forest"]
    heads = [
        literal(f"{column.group}: {column.title}" if column.group else column.title) for column in columns
    ]
    for group, rows in groupby(block.rows, key=lambda row: row.group):
        if group:
            yield f"*{literal(group)}*"
        yield table(heads, [[_cell(row.cells.get(column.key), column) for column in columns] for row in rows])
    if not block.rows:
        yield table(heads, [])
    yield from (literal(note) for note in block.notes)


def _cell(cell: Cell | None, column: Column) -> str:
    """Write a cell, with its interval where the page shows one: others carry bounds for the CSV file alone."""
    if cell is None:
        return ""
    has_bounds = column.kind == "interval" and not (cell.low is None and cell.high is None)
    bounds = f" ({cell_interval(cell)})" if has_bounds else ""
    note = f" [{cell.note}]" if cell.note else ""
    return literal(f"{cell.text}{bounds}{note}")
