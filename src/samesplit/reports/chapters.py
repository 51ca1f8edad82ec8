"""A chapter a task: the sections of one task, with ids that no other task of the page has."""

from __future__ import annotations

import re

from samesplit.reports.document import Block, Details, Figure, Flow, Gallery, Manuscript, Section, Table

__all__ = ["with_prefix"]


def with_prefix(section: Section, prefix: str) -> Section:
    """Put a prefix before every id of a section, drawings included, so that several tasks can share a page.

    Args:
        section: As its builder made it.
        prefix: Of the task; empty leaves the section as it is.
    """
    if not prefix:
        return section
    blocks = tuple(_block(block, prefix) for block in section.blocks)
    return section.model_copy(update={"id": f"{prefix}-{section.id}", "blocks": blocks})


def _block(block: Block, prefix: str) -> Block:
    if isinstance(block, Details):
        return block.model_copy(update={"blocks": tuple(_block(inner, prefix) for inner in block.blocks)})
    if isinstance(block, Figure):
        table = None if block.table is None else _block(block.table, prefix)
        svg = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{prefix}-", block.svg)
        return block.model_copy(update={"id": f"{prefix}-{block.id}", "table": table, "svg": svg})
    if isinstance(block, Table | Gallery | Flow | Manuscript):
        return block.model_copy(update={"id": f"{prefix}-{block.id}"})
    return block
