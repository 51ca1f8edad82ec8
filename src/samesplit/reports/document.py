"""What a report says, before anything is drawn: sections of blocks, the same for the page and for its JSON twin.

Nothing here knows HTML. A table keeps every number at full precision beside the text that is shown, so the
JSON twin holds all that the page shows and more exactly.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = [
    "Badge",
    "Block",
    "Cell",
    "Chapter",
    "Column",
    "Details",
    "Fact",
    "Facts",
    "Figure",
    "Flow",
    "FlowStep",
    "Gallery",
    "GalleryItem",
    "Manuscript",
    "Paragraph",
    "Picture",
    "Prose",
    "Report",
    "Row",
    "Section",
    "Table",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Prose(_Part):
    """A paragraph; `tone` says how loud it is."""

    kind: Literal["prose"] = "prose"
    text: str
    tone: Literal["plain", "note", "warning"] = "plain"


class Cell(_Part):
    """One cell: the text that is shown and the number or word behind it.

    A number has `value`, and `low` and `high` where it has an interval; NaN is kept as null.
    """

    text: str
    value: float | int | str | bool | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""
    """A remark on this cell alone, shown when it is pointed at and in print as a footnote mark."""
    href: str = ""
    """The id of the section of the page that the cell points to; empty for none."""
    url: str = Field(default="", exclude=True)
    """An address outside the page, http or https, that the text links to; empty for none."""

    @field_validator("url")
    @classmethod
    def _only_pages(cls, url: str) -> str:
        if url and not url.startswith(("https://", "http://")):
            raise ValueError(f"a cell links to pages alone (http, https), not to {url!r}")
        return url

    @field_validator("value", "low", "high")
    @classmethod
    def _no_nan(cls, number: float | int | str | bool | None) -> float | int | str | bool | None:
        return None if isinstance(number, float) and not math.isfinite(number) else number


class Column(_Part):
    """A column: its heading, what kind of cells it holds and what it means."""

    key: str
    title: str
    kind: Literal["text", "sentence", "number", "stacked", "interval", "forest", "code"] = "text"
    """`sentence` is text that gets room; `stacked` is a number with what follows it on a second line; `forest`
    draws the interval of the column named by `of` on the axis `axis`."""
    help: str = ""
    of: str | None = None
    axis: tuple[float, float] | None = None
    group: str = ""
    """Neighbouring columns of one group have its name above their headings."""
    mark: float | None = None
    """Where a forest column has its line: chance, or no difference."""


class Row(_Part):
    """One row; `key` names the model or reader whose colour and marker it carries."""

    cells: dict[str, Cell]
    group: str = ""
    """Rows of one group stand together under its name."""
    key: str | None = None
    emphasis: bool = False


class Table(_Part):
    """A table with its footnotes."""

    kind: Literal["table"] = "table"
    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    sortable: bool = True


class Figure(_Part):
    """A drawing with its caption, its description for those who cannot see it, and the table behind it."""

    kind: Literal["figure"] = "figure"
    id: str
    title: str
    caption: str
    alt: str
    svg: str = Field(exclude=True, repr=False)
    width: Literal["half", "full"] = "full"
    """Two half-width figures in a row stand side by side."""
    table: Table | None = None


class Picture(_Part):
    """One image of a lesion with the contour of its mask."""

    sequence: str
    width: int
    height: int
    png_base64: str = Field(exclude=True, repr=False)
    contour: tuple[tuple[tuple[float, float], ...], ...] = Field(default=(), exclude=True, repr=False)


class GalleryItem(_Part):
    """A lesion with its images."""

    lesion_id: str
    caption: str
    pictures: tuple[Picture, ...]
    tone: Literal["plain", "warning"] = "plain"


class Gallery(_Part):
    """Images of lesions, with the rule by which these and no others were taken."""

    kind: Literal["gallery"] = "gallery"
    id: str
    title: str
    rule: str
    items: tuple[GalleryItem, ...]


class FlowStep(_Part):
    """A count on the way from the lesions found to the lesions scored, and who left or was changed there."""

    title: str
    lesions: int
    patients: int | None = None
    text: str = ""
    leaving: tuple[str, ...] = ()


class Flow(_Part):
    """The way of the lesions through the run."""

    kind: Literal["flow"] = "flow"
    id: str
    title: str
    steps: tuple[FlowStep, ...]


class Fact(_Part):
    """A name and what it is."""

    name: str
    text: str
    code: bool = False


class Facts(_Part):
    """A list of facts."""

    kind: Literal["facts"] = "facts"
    title: str = ""
    facts: tuple[Fact, ...]


class Paragraph(_Part):
    """A paragraph under its own small heading."""

    title: str
    text: str


class Manuscript(_Part):
    """Text to paste elsewhere, with numbered references; the page has a button that copies it."""

    kind: Literal["manuscript"] = "manuscript"
    id: str
    title: str
    paragraphs: tuple[Paragraph, ...]
    references: tuple[str, ...] = ()


class Details(_Part):
    """Blocks that are one click away."""

    kind: Literal["details"] = "details"
    summary: str
    blocks: tuple[Block, ...]


Block = Annotated[
    Prose | Table | Figure | Gallery | Flow | Facts | Manuscript | Details,
    Field(discriminator="kind"),
]
"""Anything that stands in a section."""


class Section(_Part):
    """A part of the report under one heading."""

    id: str
    title: str
    lead: str = ""
    blocks: tuple[Block, ...]


class Chapter(_Part):
    """The part of the report about one of several tasks."""

    id: str
    title: str
    kind: str
    """What is asked, in words, such as two classes or a time to an event."""
    question: str
    answer: str
    sections: tuple[Section, ...]


class Badge(_Part):
    """A short fact in the head."""

    name: str
    text: str
    full: str = ""
    """The whole value where `text` is cut, as of a hash."""


class Report(_Part):
    """The whole report."""

    samesplit: str
    benchmark: str
    run: str
    title: str
    question: str
    answer: str
    banner: str = ""
    """Said in the loudest way; empty when there is nothing to warn of."""
    notice: str = ""
    """What a reader must know before any number, above the answer; empty when there is nothing."""
    badges: tuple[Badge, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    """One a task where the run has several; the sections are then those that the tasks share."""
    sections: tuple[Section, ...]
    kicker: str = ""
    """Above the title; empty for the benchmark and the run."""
    footer: str = ""
    """At the end of the page; empty for what stands beside a run's report."""


Details.model_rebuild()
Section.model_rebuild()
Chapter.model_rebuild()
Report.model_rebuild()
