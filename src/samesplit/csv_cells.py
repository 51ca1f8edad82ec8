"""What a cell of a CSV may mean: a number with a decimal comma, a word for a missing value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from samesplit.errors import Faults, SamesplitError

__all__ = ["ID_COLUMNS", "decimal_points", "missing_note", "without_missing_words"]

ID_COLUMNS = ("lesion_id", "patient_id", "reader_id")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?|[+-]?\d+,")
_MAYBE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+")
_SHOWN = 6


def decimal_points(
    cells: list[list[str]],
    header: list[str],
    numbers: Collection[str],
    lines: list[int],
    path: Path,
    error: type[SamesplitError],
    faults: Faults,
) -> tuple[list[list[str]], list[str]]:
    """Write decimal commas in columns of numbers as points.

    Args:
        cells: Rows of text.
        header: The names of the columns.
        numbers: Which of them hold numbers.
        lines: The line of each row.
        path: The file, for messages.
        error: The kind of error to add to the faults.
        faults: Where a file has decimal commas, 1.234 may be 1234 as well: such a cell is a fault.

    Returns:
        The rows, and notes.
    """
    places = [place for place, name in enumerate(header) if name in numbers]
    commas = Counter(
        header[place] for row in cells for place in places if _DECIMAL_COMMA.fullmatch(row[place])
    )
    if not commas:
        return cells, []
    changed = []
    for line, row in zip(lines, cells, strict=True):
        fresh = list(row)
        for place in places:
            if _DECIMAL_COMMA.fullmatch(row[place]):
                fresh[place] = row[place].replace(",", ".")
            elif _MAYBE_THOUSANDS.fullmatch(row[place]):
                faults.add(
                    error(
                        f"column '{header[place]}' holds {row[place]!r} in a file with decimal commas: its point "
                        "may be a decimal point or separate thousands",
                        where=f"{path}, line {line}",
                        remedy="write all numbers of the file alike, without separators between thousands",
                    )
                )
        changed.append(fresh)
    return changed, [f"{path.name}: decimal commas were read in {_columns(list(commas.items()))}"]


def without_missing_words(
    cells: list[list[str]],
    header: list[str],
    missing: Collection[str],
    ids: Collection[str],
    lines: list[int],
    path: Path,
    error: type[SamesplitError],
    faults: Faults,
) -> tuple[list[list[str]], list[str]]:
    """Empty the cells that hold nothing but a word for a missing value.

    Args:
        cells: Rows of text.
        header: The names of the columns.
        missing: The words, in whatever case.
        ids: Columns in which such a word is a fault: whether NA is missing or somebody's initials cannot be seen.
        lines: The line of each row.
        path: The file, for messages.
        error: The kind of error to add to the faults.
        faults: Where the faults go.

    Returns:
        The rows, and notes: which word stood how often in which column.
    """
    words = {word.casefold() for word in missing}
    if not words:
        return cells, []
    found: dict[str, Counter[str]] = {}
    changed = []
    for line, row in zip(lines, cells, strict=True):
        if not any(cell.casefold() in words for cell in row):
            changed.append(row)
            continue
        fresh = list(row)
        for place, cell in enumerate(row):
            if cell.casefold() not in words:
                continue
            if header[place] in ids:
                faults.add(
                    error(
                        f"column '{header[place]}' holds {cell!r}, a word for a missing value",
                        where=f"{path}, line {line}",
                        remedy=f"write the id; if it really is {cell!r}, list the words that mean missing without "
                        "this one, as missing_values in benchmark.yaml",
                    )
                )
                continue
            fresh[place] = ""
            found.setdefault(cell, Counter())[header[place]] += 1
        changed.append(fresh)
    return changed, missing_note(found, path)


def missing_note(found: Mapping[str, Mapping[str, int]], path: Path) -> list[str]:
    """Return what is to be said of words that were read as missing.

    Args:
        found: How often each word stood in each column.
        path: The file.

    Example:
        >>> missing_note({"NA": {"age": 1}, "-": {"grade": 2}}, Path("lesions.csv"))
        ["lesions.csv: read as missing: '-' in grade (2 cells); 'NA' in age (1 cell)"]
    """
    told = [f"'{word}' in {_columns(list(columns.items()))}" for word, columns in sorted(found.items())]
    return [f"{path.name}: read as missing: {'; '.join(told)}"] if told else []


def _columns(counts: list[tuple[str, int]]) -> str:
    """Columns with how many of their cells are meant.

    Example:
        >>> _columns([("age", 1), ("grade", 3)])
        'age (1 cell), grade (3 cells)'
    """
    shown = [f"{name} ({count} cell{'s' * (count > 1)})" for name, count in counts[:_SHOWN]]
    rest = counts[_SHOWN:]
    if rest:
        shown.append(f"and {len(rest)} more columns ({sum(count for _, count in rest)} cells)")
    return ", ".join(shown)
