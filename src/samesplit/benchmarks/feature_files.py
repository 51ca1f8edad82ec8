"""The file of a table of features, read as columns of numbers and text with the place of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.definition import FeatureTableSettings
from samesplit.csv_cells import missing_note
from samesplit.csv_files import read_rows, separator_of
from samesplit.csv_text import read_text
from samesplit.errors import CohortError, Faults

__all__ = ["DIAGNOSTICS", "FeatureFile", "number_of", "read_feature_file"]

Numbers = np.ndarray[Any, np.dtype[np.float64]]

DIAGNOSTICS = "diagnostics_"
"""What the names of pyradiomics' columns about the extraction itself begin with."""


@dataclass(frozen=True)
class FeatureFile:
    """A table as its file holds it.

    Attributes:
        columns: The cells by the name of the column: numbers, or what is yet to be read as such.
        places: Where each row stands: its line, or its row where a file has no lines.
        notes: What was found out about the file.
    """

    columns: dict[str, Sequence[Any] | Numbers]
    places: list[str]
    notes: tuple[str, ...] = ()

    def without(self, names: set[str]) -> FeatureFile:
        """Return the same without some columns."""
        kept = {name: cells for name, cells in self.columns.items() if name not in names}
        return FeatureFile(kept, self.places, self.notes)


def read_feature_file(
    path: Path, settings: FeatureTableSettings, words: Collection[str], faults: Faults
) -> FeatureFile:
    """Read a CSV or parquet file as it stands.

    Args:
        path: The file.
        settings: Which of its columns hold ids, and which no features.
        words: Words that stand for a missing value.
        faults: Gathers what is wrong with single lines.

    Raises:
        CohortError: The file cannot be read, or holds no lesions.
    """
    if path.suffix == ".parquet":
        return _read_parquet(path, settings, words)
    return _read_text(path, settings, words, faults)


def _read_text(
    path: Path, settings: FeatureTableSettings, words: Collection[str], faults: Faults
) -> FeatureFile:
    content, notes = read_text(path, error=CohortError)
    if not notes and separator_of(content, [settings.id_column]) == (0, ","):
        quick = _read_quickly(content, settings, words, path)
        if quick is not None:
            return quick
    text = [settings.id_column, *settings.drop]
    rows = read_rows(
        path,
        error=CohortError,
        known=[settings.id_column],
        numbers=None,
        text=text,
        missing=words,
        ids=[settings.id_column],
        faults=faults,
    )
    if not rows.cells:
        raise CohortError("holds no lesions", where=path, remedy="write one line a lesion")
    columns: dict[str, Sequence[Any] | Numbers] = dict(
        zip(rows.header, zip(*rows.cells, strict=True), strict=True)
    )
    return FeatureFile(columns, [f"line {line}" for line in rows.lines], rows.notes)


def _read_quickly(
    text: str, settings: FeatureTableSettings, words: Collection[str], path: Path
) -> FeatureFile | None:
    """Return a table without quotes, gaps or text among its features, several times faster; None for any other.

    Whatever is wrong with a table is found, and told with its place, by the way that is slow.
    """
    lines = text.splitlines()
    header = [name.strip() for name in lines[0].split(",")] if lines else []
    commas = len(header) - 1
    regular = '"' not in text and len(lines) > 1 and all(line.count(",") == commas for line in lines)
    if not regular or "" in header or len(set(header)) < len(header):
        return None
    as_text = {settings.id_column, *settings.drop}
    as_text |= {name for name in header if name.startswith(DIAGNOSTICS)}
    places = [place for place, name in enumerate(header) if name not in as_text]
    numbers = np.empty((len(places), len(lines) - 1))
    texts: dict[int, list[str]] = {place: [] for place, name in enumerate(header) if name in as_text}
    listed = {word.casefold() for word in words}
    found: dict[str, Counter[str]] = {}
    try:
        for row in range(len(lines) - 1):
            cells = lines[row + 1].split(",")  # a line at a time: texts take ten times the memory of numbers
            for place, column in texts.items():
                column.append(cells[place].strip())
            numbers[:, row] = _row_of_numbers([cells[place] for place in places], listed)
            for place in (places[at] for at in np.flatnonzero(np.isnan(numbers[:, row]))):
                word = cells[place].strip()
                if word:
                    found.setdefault(word, Counter())[header[place]] += 1
    except ValueError:
        return None
    columns: dict[str, Sequence[Any] | Numbers] = {header[place]: cells for place, cells in texts.items()}
    if listed & {cell.casefold() for name in as_text & set(header) for cell in columns[name]}:
        return None
    columns |= {header[place]: numbers[row] for row, place in enumerate(places)}
    where = [f"line {row + 2}" for row in range(len(lines) - 1)]
    return FeatureFile({name: columns[name] for name in header}, where, tuple(missing_note(found, path)))


def _row_of_numbers(cells: list[str], words: set[str]) -> list[float]:
    joined = "".join(cells)
    if "_" not in joined and "n" not in joined and "N" not in joined:  # Python reads 1_0 as 10, and nan
        try:
            return list(map(float, cells))
        except ValueError:
            pass  # something is missing, or wrong
    return [np.nan if cell.strip().casefold() in words else number_of(cell.strip()) for cell in cells]


def _read_parquet(path: Path, settings: FeatureTableSettings, words: Collection[str]) -> FeatureFile:
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise CohortError(
            f"is not a readable parquet file ({error})", where=path, remedy="write it again"
        ) from error
    if settings.id_column not in table and settings.id_column in table.index.names:
        table = table.reset_index()
    if table.empty:
        raise CohortError("holds no lesions", where=path, remedy="write one line a lesion")
    listed = {word.casefold() for word in words}
    found: dict[str, Counter[str]] = {}
    columns: dict[str, Sequence[Any] | Numbers] = {}
    for name in map(str, table.columns):
        if table[name].dtype.kind == "f" and name != settings.id_column:
            columns[name] = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
            continue
        cells = table[name].tolist()
        if name != settings.id_column:
            for row, cell in enumerate(cells):
                if isinstance(cell, str) and cell.strip().casefold() in listed:
                    found.setdefault(cell.strip(), Counter())[name] += 1
                    cells[row] = ""
        columns[name] = cells
    places = [f"row {row + 1}" for row in range(len(table))]  # a parquet file has no lines
    return FeatureFile(columns, places, tuple(missing_note(found, path)))


def number_of(cell: Any) -> float:
    """Return a cell as a number, NaN where nothing stands.

    Raises:
        ValueError: It is none.
    """
    if isinstance(cell, str):
        if not cell:
            return np.nan
        number = float(cell)
        if "_" in cell or np.isnan(number):
            raise ValueError(cell)
        return number
    return np.nan if cell is None or cell is pd.NA else float(cell)
