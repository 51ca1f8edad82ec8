"""The items of a reporting checklist, read from a file of this package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, field_validator

__all__ = ["NAMES", "Checklist", "Item", "read_checklist"]

NAMES = ("clear", "metrics", "tripod-ai", "claim", "stard-ai")
"""The checklists that there are, by the name of their file."""


class Item(BaseModel):
    """An item of a checklist.

    Attributes:
        number: As in the publication.
        part: The part of the paper that it belongs to.
        text: What is asked, in our words.
        topic: The rule that answers it; `author` for what no run can know.
        weight: Of METRICS; 0 elsewhere.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    number: str
    part: str
    text: str
    topic: str
    weight: float = 0.0


class Checklist(BaseModel):
    """A reporting checklist.

    Attributes:
        name: Its short name.
        title: Its full name and year.
        count: How many items it has; a part such as 3a is no item of its own.
        doi: Of the publication.
        page: Where the official version is.
        source: Where the list of items was taken from, and what was not checked.
        items: In the order of the publication.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    title: str
    count: int
    doi: str
    page: str
    source: str
    items: tuple[Item, ...]

    @field_validator("items", mode="before")
    @classmethod
    def _from_lines(cls, lines: list[list[object]]) -> list[dict[str, object]]:
        return [dict(zip(Item.model_fields, line, strict=False)) for line in lines]


@cache
def read_checklist(name: str) -> Checklist:
    """Read a checklist.

    Args:
        name: One of `NAMES`.

    Example:
        >>> found = read_checklist("clear")
        >>> found.count, found.items[8].number, found.items[8].text
        (58, '9', 'Sample size and how it was arrived at')
    """
    path = Path(__file__).parent / "items" / f"{name}.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Checklist.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))
