"""Links from cells to sections of the same page: kept where the section is there, dropped where it is not."""

from __future__ import annotations

from collections.abc import Collection

from samesplit.reports.document import Block, Cell, Details, Figure, Report, Section, Table

__all__ = ["with_links_resolved"]


def with_links_resolved(report: Report) -> Report:
    """Point every link of a cell to a section that the page has.

    A section of a task's chapter is looked for in that chapter first, then among what all tasks share.

    Args:
        report: With the ids of sections in `Cell.href`, without the prefix of a chapter.
    """
    ids = {section.id for section in report.sections}
    ids |= {section.id for chapter in report.chapters for section in chapter.sections}
    chapters = tuple(
        chapter.model_copy(
            update={"sections": tuple(_section(one, ids, f"{chapter.id}-") for one in chapter.sections)}
        )
        for chapter in report.chapters
    )
    sections = tuple(_section(section, ids, "") for section in report.sections)
    return report.model_copy(update={"chapters": chapters, "sections": sections})


def _section(section: Section, ids: Collection[str], prefix: str) -> Section:
    def target(href: str) -> str:
        return next((one for one in (f"{prefix}{href}", href) if one in ids), "")

    def cell(found: Cell) -> Cell:
        return found.model_copy(update={"href": target(found.href)}) if found.href else found

    def table(found: Table) -> Table:
        if not any(one.href for row in found.rows for one in row.cells.values()):
            return found
        rows = tuple(
            row.model_copy(update={"cells": {key: cell(one) for key, one in row.cells.items()}})
            for row in found.rows
        )
        return found.model_copy(update={"rows": rows})

    def block(found: Block) -> Block:
        if isinstance(found, Table):
            return table(found)
        if isinstance(found, Figure) and found.table is not None:
            return found.model_copy(update={"table": table(found.table)})
        if isinstance(found, Details):
            return found.model_copy(update={"blocks": tuple(block(inner) for inner in found.blocks)})
        return found

    return section.model_copy(update={"blocks": tuple(block(found) for found in section.blocks)})
