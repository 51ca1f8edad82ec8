"""The text of a file that people write, whatever program saved it."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path

from samesplit.errors import SamesplitError

__all__ = ["read_text"]

_WORKBOOKS = {b"PK\x03\x04": "an Excel or OpenDocument workbook (or another archive)",
              b"\xd0\xcf\x11\xe0": "an old Excel workbook"}  # fmt: skip
_WORKBOOK_SUFFIXES = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
_AS_CSV = "open it in the spreadsheet program and save it as 'CSV UTF-8'"


def read_text(path: Path, *, error: type[SamesplitError] = SamesplitError) -> tuple[str, tuple[str, ...]]:
    """Read a text file, which may be compressed (`.gz`).

    UTF-8 with or without a byte order mark; UTF-16 with one, as Excel's "Unicode Text"; else Windows-1252, as
    Excel's plain "CSV" on a Windows of Western Europe, with a note.

    Returns:
        The text, and what is to be known about how it was read.

    Raises:
        SamesplitError: (or the given kind) The file is missing, a spreadsheet's workbook, no text, or a broken
            archive.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except FileNotFoundError:
        raise _not_there(path, error) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise error(
            f"is not a whole gzip file ({problem})", where=path, remedy="copy or download it again"
        ) from None
    except OSError as problem:
        raise error(f"cannot be read ({problem.strerror})", where=path) from problem
    workbook = next((what for begin, what in _WORKBOOKS.items() if content.startswith(begin)), None)
    if workbook is not None:
        raise error(f"is {workbook}, not a CSV file", where=path, remedy=_AS_CSV)
    return _decoded(content, path, error)


def _not_there(path: Path, error: type[SamesplitError]) -> SamesplitError:
    stem = path.name.removesuffix(".gz").removesuffix(".csv")
    workbooks = [path.with_name(stem + suffix) for suffix in _WORKBOOK_SUFFIXES]
    beside = next((other for other in workbooks if other.is_file()), None)
    if beside is None:
        return error("does not exist", where=path, remedy="check the name, or create the file")
    return error(
        f"does not exist; beside it lies the workbook {beside.name}, which cannot be read",
        where=path,
        remedy=f"{_AS_CSV}, under the name {path.name}",
    )


def _decoded(content: bytes, path: Path, error: type[SamesplitError]) -> tuple[str, tuple[str, ...]]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16"), ("its text is UTF-16",)
        except UnicodeDecodeError as problem:
            raise error(f"is not whole UTF-16 text ({problem.reason})", where=path, remedy=_AS_CSV) from None
    notes: tuple[str, ...] = ()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise error(
                f"is not UTF-8 text ({problem.reason} at byte {problem.start}), nor Windows-1252",
                where=path,
                remedy="save it as 'CSV UTF-8'",
            ) from None
        notes = ("its text is not UTF-8 and was read as Windows-1252 (look at names with accents)",)
    if "\0" in text:
        raise error("is no text file: it holds bytes of zero", where=path, remedy=_AS_CSV)
    return text, notes
