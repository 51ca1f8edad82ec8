"""A report as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from samesplit.reports.document import Block, Cell, Figure, Report, Row, Table
from samesplit.reports.formatting import cell_interval
from samesplit.reports.inline_svg import forest_axis, forest_mark, swatch
from samesplit.reports.palette import Style

__all__ = ["to_html"]


def to_html(report: Report, styles: Mapping[str, Style]) -> str:
    """Write a report as a page that needs nothing but itself.

    All text is escaped; only drawings of this package go in as they are.

    Args:
        report: What it says.
        styles: The style of each model, for the marks beside the names.

    Returns:
        The page.
    """
    environment = Environment(
        loader=PackageLoader("samesplit.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        column_groups=_column_groups,
        css=Markup(_source(environment, "report.css")),
        js=Markup(_source(environment, "report.js")),
        forest=lambda cell, column, key: forest_mark(
            cell, column, styles[key].colour if key in styles else "var(--reader)"
        ),
        forest_axis=forest_axis,
        grouped=_grouped,
        interval=cell_interval,
        paired=_paired,
        sort_value=_sort_value,
        swatch=lambda key: swatch(key, styles),
        markup=Markup,
        points=_points,
    )
    text = environment.get_template("report.html.j2").render(report=report)
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


def _source(environment: Environment, name: str) -> str:
    loader = environment.loader
    assert loader is not None
    return loader.get_source(environment, name)[0]


def _grouped(table: Table) -> Iterator[tuple[str, list[Row]]]:
    for group, rows in groupby(table.rows, key=lambda row: row.group):
        yield group, list(rows)


def _column_groups(table: Table) -> list[tuple[str, int]]:
    """Return the names above neighbouring columns of one group and their widths; empty without groups."""
    if not any(column.group for column in table.columns):
        return []
    return [(name, len(list(part))) for name, part in groupby(table.columns, key=lambda c: c.group)]


def _sort_value(cell: Cell) -> Any:
    value = "" if cell.value is None else cell.value
    return repr(value) if isinstance(value, float) else value


def _paired(blocks: Iterable[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Put half-width figures that follow each other side by side."""

    def is_half(block: Block) -> bool:
        return isinstance(block, Figure) and block.width == "half"

    for half, group in groupby(blocks, key=is_half):
        items = list(group)
        if not half:
            yield from (("single", [block]) for block in items)
            continue
        for start in range(0, len(items), 2):
            yield "pair", items[start : start + 2]


def _points(line: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in line)
