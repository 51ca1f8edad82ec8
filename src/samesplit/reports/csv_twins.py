"""Every table of a report as a CSV file, with all numbers at full precision, for those who reckon further."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from samesplit.reports.document import Block, Cell, Column, Details, Figure, Report, Table
from samesplit.storage import make_directory
from samesplit.tables import write_csv

__all__ = ["as_frame", "tables_of", "write_csv_twins"]


def tables_of(report: Report) -> Iterator[Table]:
    """Yield all tables of a report in their order, those behind figures and inside details too."""
    for chapter in report.chapters:
        for section in chapter.sections:
            yield from _in_blocks(section.blocks)
    for section in report.sections:
        yield from _in_blocks(section.blocks)


def _in_blocks(blocks: Iterable[Block]) -> Iterator[Table]:
    for block in blocks:
        if isinstance(block, Table):
            yield block
        elif isinstance(block, Figure) and block.table is not None:
            yield block.table
        elif isinstance(block, Details):
            yield from _in_blocks(block.blocks)


def as_frame(table: Table) -> pd.DataFrame:
    """Return the cells of a table: numbers at full precision, what has an interval with its bounds beside it.

    Args:
        table: Of a report.

    Returns:
        A column for each of the table's that is not drawn, called by its heading; `<heading>, low` and
        `<heading>, high` where any cell has an interval, `<heading>, note` where any has a remark, and first
        `group` where the rows are grouped.

    Example:
        >>> from samesplit.reports.document import Row
        >>> cell = Cell(text="0.84", value=0.8412, low=0.7, high=0.9)
        >>> columns, rows = (Column(key="auc", title="AUC"),), (Row(cells={"auc": cell}),)
        >>> as_frame(Table(id="t", title="T", columns=columns, rows=rows)).to_dict("records")
        [{'AUC': 0.8412, 'AUC, low': 0.7, 'AUC, high': 0.9}]
    """
    found: dict[str, list[object]] = {}
    if any(row.group for row in table.rows):
        found["group"] = [row.group for row in table.rows]
    for column, name in _named(table):
        cells = [row.cells.get(column.key) or Cell(text="") for row in table.rows]
        found[name] = [_value(cell) for cell in cells]
        if any(cell.low is not None or cell.high is not None for cell in cells):
            found[f"{name}, low"] = [cell.low for cell in cells]
            found[f"{name}, high"] = [cell.high for cell in cells]
        if any(cell.note for cell in cells):
            found[f"{name}, note"] = [cell.note for cell in cells]
    return pd.DataFrame(found, dtype=object)


def _named(table: Table) -> Iterator[tuple[Column, str]]:
    """Give each column a name of its own: its heading, with its key where another has the same."""
    columns = [column for column in table.columns if column.kind != "forest"]
    titles = [f"{column.group}: {column.title}" if column.group else column.title for column in columns]
    counts = Counter(titles)
    for column, title in zip(columns, titles, strict=True):
        yield column, title if title and counts[title] == 1 else f"{title} ({column.key})".strip()


def _value(cell: Cell) -> object:
    """Return what stands behind a cell; nothing behind a dash."""
    return cell.value if cell.value is not None or cell.text in ("", "–") else cell.text


def write_csv_twins(report: Report, folder: Path) -> Path:
    """Write every table of a report as `<id>.csv` into a folder of its own, in place of what was there.

    Args:
        report: What it says.
        folder: Where to; whatever it held before is gone, so that no table of an older report stays.

    Returns:
        The folder.

    Raises:
        WorkspaceError: A file cannot be written.
    """
    make_directory(folder)
    for old in folder.glob("*.csv"):
        old.unlink()
    for table in tables_of(report):
        write_csv(as_frame(table), folder / f"{re.sub('[^A-Za-z0-9_-]', '-', table.id)}.csv")
    return folder
