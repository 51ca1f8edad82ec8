"""CSV files that people write: read as text, with the line of every row, and never guessed at."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from pathlib import Path

import pandas as pd

from samesplit.errors import SamesplitError

__all__ = ["read_cells", "read_rows", "read_text"]


def read_cells(path: Path, *, error: type[SamesplitError] = SamesplitError) -> pd.DataFrame:
    """Read a CSV as a table of text whose index is the line in the file; empty cells are missing.

    Args:
        path: As for `read_rows`.
        error: The kind of error to raise.

    Raises:
        SamesplitError: (or the given kind) As for `read_rows`.
    """
    header, lines, cells = read_rows(path, error=error)
    index = pd.Index(lines, dtype="int64")
    table = pd.DataFrame(cells, columns=pd.Index(header), index=index, dtype="str")
    return pd.DataFrame(table.mask(table == ""))


def read_rows(
    path: Path, *, error: type[SamesplitError] = SamesplitError
) -> tuple[list[str], list[int], list[list[str]]]:
    """Read a CSV as rows of text, for tables too wide to be held as text in a data frame.

    Args:
        path: UTF-8 (a byte order mark is allowed), comma-separated, one header row; compressed when the name
            ends in `.gz`. Blank lines and empty cells behind the last column are passed over; spaces around a
            cell are taken off.
        error: The kind of error to raise.

    Returns:
        The header, the line in which each row starts, and the rows, each as long as the header.

    Raises:
        SamesplitError: (or the given kind) The file is missing, empty, not UTF-8 or not a CSV; a column has no
            name or stands twice; a row has more or fewer cells than the header.
    """
    rows = _rows(path, error)
    if not rows:
        raise error("is empty", where=path, remedy="write a header row with the names of the columns")
    header_line, header = rows[0]
    while header and not header[-1] and all(len(c) < len(header) or not c[len(header) - 1] for _, c in rows):
        header = header[:-1]
    _check_header(header, header_line, path, error)
    for line, cells in rows[1:]:
        extra = [cell for cell in cells[len(header) :] if cell]
        if len(cells) < len(header) or extra:
            raise error(
                f"the row has {len(cells)} cells, the header has {len(header)}",
                where=f"{path}, line {line}",
                remedy="write one cell a column; put a cell that holds a comma into double quotes",
            )
    return header, [line for line, _ in rows[1:]], [cells[: len(header)] for _, cells in rows[1:]]


def _rows(path: Path, error: type[SamesplitError]) -> list[tuple[int, list[str]]]:
    """The rows that hold anything, each with the line it starts in."""
    text = read_text(path, error=error)
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                rows.append((start, stripped))
            start = reader.line_num + 1
    except csv.Error as problem:
        raise error(
            f"is not a readable CSV file ({problem})",
            where=f"{path}, line {start}",
            remedy="check the double quotes: each that opens must close",
        ) from None
    return rows


def read_text(path: Path, *, error: type[SamesplitError] = SamesplitError) -> str:
    """The text of a UTF-8 file, which may be compressed (`.gz`) and begin with a byte order mark.

    Raises:
        SamesplitError: (or the given kind) The file is missing, not UTF-8, or a broken archive.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise error("does not exist", where=path, remedy="check the name, or create the file") from None
    except UnicodeDecodeError as problem:
        raise error(
            f"is not UTF-8 text ({problem.reason} at byte {problem.start})",
            where=path,
            remedy="save it as 'CSV UTF-8', comma-separated",
        ) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise error(
            f"is not a whole gzip file ({problem})", where=path, remedy="copy or download it again"
        ) from None
    except OSError as problem:
        raise error(f"cannot be read ({problem.strerror})", where=path) from problem


def _check_header(header: list[str], line: int, path: Path, error: type[SamesplitError]) -> None:
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
    for letter, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and letter in header[0]:
            raise error(
                f"the columns are separated by {name}", where=where, remedy="save it as comma-separated CSV"
            )
