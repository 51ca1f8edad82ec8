"""CSV files that people write: read as text, with the line of every row, and never guessed at."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from samesplit.csv_cells import ID_COLUMNS, decimal_points, without_missing_words
from samesplit.csv_text import read_text
from samesplit.errors import Faults, SamesplitError, gathering

__all__ = ["MISSING_WORDS", "CsvRows", "comment_lines", "read_cells", "read_rows", "separator_of"]

MISSING_WORDS = ("-", "–", "—", "NA", "N/A", "n.a.", "NaN", "null", "<NA>", "#N/A", "#NV")
"""Words that stand for a missing value in a cell, in whatever case; a benchmark may name others."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True)
class CsvRows:
    """A CSV as rows of text.

    Attributes:
        header: The names of the columns.
        lines: The line in which each row starts.
        cells: The rows, each as long as the header; a missing value is "".
        notes: What was found out about the file, in words: its separator, its missing values, ...
    """

    header: list[str]
    lines: list[int]
    cells: list[list[str]]
    notes: tuple[str, ...] = ()


def read_cells(
    path: Path,
    *,
    error: type[SamesplitError] = SamesplitError,
    known: Collection[str] = (),
    numbers: Collection[str] = (),
    missing: Collection[str] = (),
    notes: list[str] | None = None,
    faults: Faults | None = None,
    comments: bool = False,
) -> pd.DataFrame:
    """Read a CSV as a table of text whose index is the line in the file; empty cells are missing.

    Args:
        path: As for `read_rows`.
        error: The kind of error to raise.
        known: As for `read_rows`.
        numbers: As for `read_rows`.
        missing: As for `read_rows`.
        notes: What was found out about the file is added to these.
        faults: As for `read_rows`.
        comments: As for `read_rows`.

    Raises:
        SamesplitError: (or the given kind) As for `read_rows`.
    """
    rows = read_rows(
        path, error=error, known=known, numbers=numbers, missing=missing, faults=faults, comments=comments
    )
    if notes is not None:
        notes += rows.notes
    index = pd.Index(rows.lines, dtype="int64")
    table = pd.DataFrame(rows.cells, columns=pd.Index(rows.header), index=index, dtype="str")
    return pd.DataFrame(table.mask(table == ""))


def read_rows(
    path: Path,
    *,
    error: type[SamesplitError] = SamesplitError,
    known: Collection[str] = (),
    numbers: Collection[str] | None = (),
    text: Collection[str] = (),
    missing: Collection[str] = (),
    ids: Collection[str] = ID_COLUMNS,
    faults: Faults | None = None,
    comments: bool = False,
) -> CsvRows:
    """Read a CSV as rows of text, for tables too wide to be held as text in a data frame.

    Args:
        path: Text (see `samesplit.csv_text.read_text`) with one header row. Columns are separated by commas, or by
            the semicolons or tabs that split the header into known names. Blank lines and empty cells behind the
            last column are passed over; spaces around a cell are taken off.
        error: The kind of error to raise.
        known: Names of columns that such a table may have; without them only commas separate.
        numbers: Columns of numbers, in which a decimal comma becomes a point where semicolons separate; None
            for all but `text`.
        text: Columns that hold no numbers, where `numbers` is None.
        missing: Words that stand for a missing value, in whatever case.
        ids: Columns of ids, in which such a word is a fault.
        faults: Gathers faults of single lines, which else are raised together at the end.
        comments: Whether lines before the header row that begin with # are passed over, as in a submission.

    Raises:
        SamesplitError: (or the given kind) The file is missing, empty, no text or not a CSV; a column has no
            name or stands twice; a row has more or fewer cells than the header; an id is a word for a missing
            value; decimal commas stand beside points that may separate thousands.
    """
    content, told = read_text(path, error=error)
    content = _without_comments(content) if comments else content
    notes = [f"{path.name}: {note}" for note in told]
    start, separator = separator_of(content, known)
    rows = _rows(content, separator, start, path, error)
    if not rows:
        raise error("is empty", where=path, remedy="write the names of the columns into the first line")
    header_line, header = rows[0]
    while header and not header[-1] and all(len(c) < len(header) or not c[len(header) - 1] for _, c in rows):
        header = header[:-1]
    _check_header(header, header_line, path, error, known)
    if separator != ",":
        notes.append(f"{path.name}: its columns are separated by {_SEPARATORS[separator]}")
    with gathering(faults) as found:
        kept = _whole_rows(rows[1:], header, separator, path, error, found)
        read = CsvRows(header, [line for line, _ in kept], [cells for _, cells in kept])
        if separator == ";":
            columns = numbers if numbers is not None else set(header) - set(text)
            cells, note = decimal_points(read.cells, header, columns, read.lines, path, error, found)
            read, notes = replace(read, cells=cells), notes + note
        cells, note = without_missing_words(read.cells, header, missing, ids, read.lines, path, error, found)
    return replace(read, cells=cells, notes=(*notes, *note))


def separator_of(content: str, known: Collection[str]) -> tuple[int, str]:
    """How many lines stand before the header (Excel's `sep=;`), and what separates its columns.

    Example:
        >>> separator_of("lesion_id;size, mm", ["lesion_id"]), separator_of("sep=;", ["lesion_id"])
        ((0, ';'), (1, ';'))
        >>> separator_of("a;b", ["lesion_id"]), separator_of("lesion_id,a;b", ["lesion_id"])
        ((0, ','), (0, ','))
    """
    lines = content.splitlines()
    if lines and lines[0].lower().startswith("sep=") and lines[0][4:5] in _SEPARATORS and len(lines[0]) == 5:
        return 1, lines[0][4]
    header = next((line for line in lines if line.strip(" ,;\t")), "")
    names = {separator: _names(header, separator) & set(known) for separator in _SEPARATORS}
    fitting = [separator for separator, found in names.items() if found]
    return 0, fitting[0] if len(fitting) == 1 else ","


def comment_lines(content: str) -> list[tuple[int, str]]:
    r"""Return the lines of a text that begin with # before any other line, with their numbers.

    Quotes and separators that a spreadsheet program put round such a line are taken off.

    Example:
        >>> comment_lines('# title: a\n"# authors: b, c",,\nlesion_id\n# no comment')
        [(1, 'title: a'), (2, 'authors: b, c')]
    """
    found = []
    for number, line in enumerate(_LINE_END.split(content), start=1):
        bare = line.strip().rstrip(",;\t").strip()
        if len(bare) > 1 and bare.startswith('"') and bare.endswith('"'):
            bare = bare[1:-1].replace('""', '"').strip()
        if bare and not bare.startswith("#"):
            break
        if bare:
            found.append((number, bare.lstrip("#").strip()))
    return found


def _without_comments(content: str) -> str:
    """Empty the lines that begin with # before any other line, so that all others keep their numbers."""
    comments = comment_lines(content)
    if not comments:
        return content
    lines = _LINE_END.split(content)
    for number, _ in comments:
        lines[number - 1] = ""
    return "\n".join(lines)


def _names(header: str, separator: str) -> set[str]:
    return {name.strip().strip('"').strip() for name in header.split(separator)}


def _rows(
    content: str, separator: str, skipped: int, path: Path, error: type[SamesplitError]
) -> list[tuple[int, list[str]]]:
    """Return the rows that hold anything, each with the line it starts in."""
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(content, newline=""), strict=True, delimiter=separator)
    start = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) and start > skipped:
                rows.append((start, stripped))
            start = reader.line_num + 1
    except csv.Error as problem:
        raise error(
            f"is not a readable CSV file ({problem})",
            where=f"{path}, line {start}",
            remedy="check the double quotes: each that opens must close",
        ) from None
    return rows


def _check_header(
    header: list[str], line: int, path: Path, error: type[SamesplitError], known: Collection[str]
) -> None:
    where = f"{path}, line {line}"
    if "" in header:
        raise error(
            f"column {header.index('') + 1} has no name",
            where=where,
            remedy="the first line names every column",
        )
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise error(
            f"the column '{doubled[0]}' stands twice", where=where, remedy="keep one of them, or rename it"
        )
    for letter, name in list(_SEPARATORS.items())[1:]:
        if len(header) == 1 and letter in header[0]:
            none = f", and none of them is {', '.join(list(known)[:5])}" if known else ""
            raise error(
                f"the columns are separated by {name}{none}",
                where=where,
                remedy="correct the names of the columns" if known else "save it as comma-separated CSV",
            )


def _whole_rows(
    rows: list[tuple[int, list[str]]],
    header: list[str],
    separator: str,
    path: Path,
    error: type[SamesplitError],
    faults: Faults,
) -> list[tuple[int, list[str]]]:
    """Return the rows with a cell a column; the others are faults."""
    kept = []
    for line, cells in rows:
        if len(cells) < len(header) or any(cells[len(header) :]):
            faults.add(
                error(
                    f"the line has {len(cells)} cells, the header has {len(header)}",
                    where=f"{path}, line {line}",
                    remedy="write one cell a column; put a cell that holds a "
                    f"{_SEPARATORS[separator].removesuffix('s')} into double quotes",
                )
            )
        else:
            kept.append((line, cells[: len(header)]))
    return kept
