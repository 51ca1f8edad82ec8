"""A table of features made elsewhere: read, checked against the cohort, and handed on under its own names."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.definition import BenchmarkDefinition, FeatureTableSettings
from samesplit.csv_files import read_rows, read_text
from samesplit.errors import CohortError, DataMissingError
from samesplit.storage import hash_object
from samesplit.tables import LEDGER, check_table, empty_table

__all__ = ["FeatureTable", "load_feature_table"]

Numbers = np.ndarray[Any, np.dtype[np.float64]]

_DIAGNOSTICS = "diagnostics_"
"""What the names of pyradiomics' columns about the extraction itself begin with."""
_LABELS = ("label", "label_provenance", "patient_id")
_MISSING = ("", "na", "n/a", "nan", "null", "none")
_TELLS_LABEL_FROM = 10
"""Lesions from which on a two-valued column that goes with the label is taken for the label, not for chance."""


@dataclass(frozen=True)
class FeatureTable:
    """Features that were not extracted here.

    Attributes:
        file: The file's name, as in benchmark.yaml.
        table: One row a lesion of the cohort that the table holds, indexed by `lesion_id` (sorted); one float64
            column a feature, in the file's order and under the file's names; NaN where missing.
        sha256: Hash of the ids, names and values: the same for the same numbers in another kind of file.
        notes: What was left out, in words.
    """

    file: str
    table: pd.DataFrame
    sha256: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Raw:
    """A table as its file holds it."""

    columns: dict[str, Sequence[Any] | Numbers]
    places: list[str]

    def without(self, names: set[str]) -> _Raw:
        return _Raw({name: cells for name, cells in self.columns.items() if name not in names}, self.places)


def load_feature_table(
    folder: Path,
    definition: BenchmarkDefinition,
    lesions: pd.DataFrame,
    labels: pd.Series[int],
    *,
    root: Path,
) -> tuple[FeatureTable, pd.DataFrame]:
    """Read and check the table that a benchmark names under `features`.

    Empty cells, `NA`, `N/A`, `NaN`, `null` and `None` are missing values. Columns about the extraction itself, as
    pyradiomics writes them (`diagnostics_...`), are left out with a note.

    Args:
        folder: The benchmark's folder, where the file is looked for first.
        definition: Its definition; `features` is not None.
        lesions: The cohort's lesions table.
        labels: 0 or 1 by `lesion_id`; read only to refuse a column that repeats them.
        root: The data folder, where the file is looked for next.

    Returns:
        The table, and ledger rows for the lesions that it lacks.

    Raises:
        DataMissingError: There is no such file.
        CohortError: An id is doubled, empty or not of the cohort; a column holds text or an infinite number, is
            the label or another column of lesions.csv, or has a name that models would read as something else.
    """
    settings = definition.features
    if settings is None:
        raise CohortError("names no table under 'features'", where=folder / "benchmark.yaml")
    path = _find(folder, definition, settings, root)
    raw = _read_parquet(path, settings) if path.suffix == ".parquet" else _read_text(path, settings)
    ids = _ids(raw, settings, path)
    _check_lesions(ids, raw.places, set(lesions["lesion_id"]), path)
    raw, notes = _features_only(raw, settings, [str(name) for name in lesions.columns], path)
    numbers = [_numbers(name, cells, ids, raw.places, path) for name, cells in raw.columns.items()]
    values = pd.DataFrame(
        np.column_stack(numbers), index=pd.Index(ids, name="lesion_id"), columns=pd.Index(list(raw.columns))
    ).sort_index()
    _refuse_label(values, labels, path)
    empty = [str(i) for i in values.index[values.isna().all(axis=1)]]
    ledger = _ledger(definition, settings.file, [str(i) for i in lesions["lesion_id"]], set(ids), set(empty))
    return FeatureTable(settings.file, values, _digest(values), notes), ledger


def _find(folder: Path, definition: BenchmarkDefinition, settings: FeatureTableSettings, root: Path) -> Path:
    for place in (folder, root):
        if (place / settings.file).is_file():
            return place / settings.file
    data = definition.data
    remedy = f"put the file into {folder}"
    if data.folder is not None:
        remedy = f"set SAMESPLIT_DATA to a folder that holds '{data.folder}' with the file" + (
            f", or run: samesplit fetch {definition.name}" if data.files or data.file_list else ""
        )
    raise DataMissingError(
        f"there is no table of features '{settings.file}'",
        where=str(folder) if folder == root else f"{folder} and {root}",
        remedy=remedy + ("; it comes from: " + data.source if data.source else ""),
    )


def _read_text(path: Path, settings: FeatureTableSettings) -> _Raw:
    quick = _read_quickly(read_text(path, error=CohortError), settings)
    if quick is not None:
        return quick
    header, lines, rows = read_rows(path, error=CohortError)
    if not rows:
        raise CohortError("has no rows", where=path, remedy="write one row a lesion")
    columns: dict[str, Sequence[Any] | Numbers] = dict(zip(header, zip(*rows, strict=True), strict=True))
    return _Raw(columns, [f"line {line}" for line in lines])


def _read_quickly(text: str, settings: FeatureTableSettings) -> _Raw | None:
    """A table without quotes, gaps or text among its features, several times faster; None for any other.

    Whatever is wrong with a table is found, and told with its place, by the way that is slow.
    """
    lines = text.splitlines()
    header = [name.strip() for name in lines[0].split(",")] if lines else []
    commas = len(header) - 1
    regular = '"' not in text and len(lines) > 1 and all(line.count(",") == commas for line in lines)
    if not regular or "" in header or len(set(header)) < len(header):
        return None
    as_text = {settings.id_column, *settings.drop}
    as_text |= {name for name in header if name.startswith(_DIAGNOSTICS)}
    places = [place for place, name in enumerate(header) if name not in as_text]
    numbers = np.empty((len(places), len(lines) - 1))
    rows = [line.split(",") for line in lines[1:]]
    try:
        for row, cells in enumerate(rows):
            numbers[:, row] = _row_of_numbers([cells[place] for place in places])
    except ValueError:
        return None
    columns: dict[str, Sequence[Any] | Numbers] = {
        name: [cells[place].strip() for cells in rows] for place, name in enumerate(header) if name in as_text
    }
    columns |= {header[place]: numbers[row] for row, place in enumerate(places)}
    return _Raw({name: columns[name] for name in header}, [f"line {row + 2}" for row in range(len(rows))])


def _row_of_numbers(cells: list[str]) -> list[float]:
    if "_" not in "".join(cells):  # Python reads 1_0 as 10
        try:
            return list(map(float, cells))
        except ValueError:
            pass  # something is missing, or wrong
    return [_number(cell.strip()) for cell in cells]


def _read_parquet(path: Path, settings: FeatureTableSettings) -> _Raw:
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise CohortError(
            f"is not a readable parquet file ({error})", where=path, remedy="write it again"
        ) from error
    if settings.id_column not in table and settings.id_column in table.index.names:
        table = table.reset_index()
    if table.empty:
        raise CohortError("has no rows", where=path, remedy="write one row a lesion")
    columns: dict[str, Sequence[Any] | Numbers] = {str(name): table[name].tolist() for name in table.columns}
    return _Raw(columns, [f"row {row + 1}" for row in range(len(table))])


def _ids(raw: _Raw, settings: FeatureTableSettings, path: Path) -> list[str]:
    name = settings.id_column
    if name not in raw.columns:
        near = difflib.get_close_matches(name, raw.columns, n=1)
        first = ", ".join(list(raw.columns)[:5])
        raise CohortError(
            f"there is no column '{name}' that holds the ids of the lesions",
            where=path,
            remedy=(f"did you mean '{near[0]}'? " if near else "")
            + f"Name it as features.id_column in benchmark.yaml. The first columns are: {first}",
        )
    ids = [_id(value) for value in raw.columns[name]]
    for place, value in zip(raw.places, ids, strict=True):
        if not value:
            raise CohortError(
                f"column '{name}' is empty", where=f"{path}, {place}", remedy="write the lesion_id of the row"
            )
    return ids


def _id(value: Any) -> str:
    """An id as text; a number that is whole is written without a point."""
    if pd.isna(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _check_lesions(ids: list[str], places: list[str], known: set[str], path: Path) -> None:
    first: dict[str, str] = {}
    for lesion, place in zip(ids, places, strict=True):
        if lesion in first:
            raise CohortError(
                f"lesion {lesion!r} has two rows",
                where=f"{path}, {first[lesion]} and {place}",
                remedy="keep one row a lesion; values of several sequences or raters go into several columns",
            )
        first[lesion] = place
    unknown = [lesion for lesion in ids if lesion not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        more = f" (and {len(unknown) - 1} more such rows)" if len(unknown) > 1 else ""
        raise CohortError(
            f"lesion {unknown[0]!r} is not in lesions.csv{more}",
            where=f"{path}, {first[unknown[0]]}",
            remedy=(f"did you mean {near[0]!r}? Else " if near else "")
            + "add it to lesions.csv or take the row out",
        )


def _features_only(
    raw: _Raw, settings: FeatureTableSettings, of_lesions: list[str], path: Path
) -> tuple[_Raw, tuple[str, ...]]:
    """Leave out what is no feature, and refuse what must not be one."""
    for name in settings.drop:
        if name not in raw.columns:
            near = difflib.get_close_matches(name, raw.columns, n=1)
            raise CohortError(
                f"there is no column '{name}', which features.drop in benchmark.yaml names",
                where=path,
                remedy=f"did you mean '{near[0]}'?" if near else "take it out of features.drop",
            )
    raw = raw.without({settings.id_column, *settings.drop})
    diagnostics = {name for name in raw.columns if name.startswith(_DIAGNOSTICS)}
    raw = raw.without(diagnostics)
    for name in raw.columns:
        if name.lower() in _LABELS or name in of_lesions:
            what = (
                "tells the label or the patient: no model may see it"
                if name.lower() in _LABELS
                else "stands in lesions.csv too"
            )
            raise CohortError(
                f"column '{name}' {what}",
                where=path,
                remedy=f"name it in benchmark.yaml as features.drop: [{name}]; variables that models may use "
                "beside the features stand in lesions.csv and under cohort.clinical",
            )
        if name.count("/") >= 2:
            raise CohortError(
                f"the name of column '{name}' reads as profile/sequence/feature",
                where=path,
                remedy="write other signs for the slashes, such as '_'",
            )
    if not raw.columns:
        raise CohortError(
            "has no column of features",
            where=path,
            remedy="write one column a feature beside the ids, or take columns out of features.drop",
        )
    count = len(diagnostics)
    said = (
        f"{settings.file}: {count} column{'s' * (count > 1)} {_DIAGNOSTICS}... left out: they are about the "
    )
    return raw, (f"{said}extraction, not the lesion",) if diagnostics else ()


def _numbers(
    name: str, cells: Sequence[Any] | Numbers, ids: list[str], places: list[str], path: Path
) -> Numbers:
    try:
        if isinstance(cells, np.ndarray):
            numbers = cells
        else:  # Python's own reading of a number is exact to the last bit
            numbers = np.array([_number(cell) for cell in cells], dtype=np.float64)
    except (TypeError, ValueError):
        row = next(i for i, cell in enumerate(cells) if not _is_number(cell))
        raise CohortError(
            f"column '{name}' must hold numbers, found {str(cells[row])!r} for lesion {ids[row]!r}",
            where=f"{path}, {places[row]}",
            remedy="write numbers with a decimal point and leave unknown values empty, or name the column in "
            f"benchmark.yaml as features.drop: [{name}]",
        ) from None
    if np.isinf(numbers).any():
        row = int(np.isinf(numbers).argmax())
        raise CohortError(
            f"column '{name}' holds an infinite number for lesion {ids[row]!r}",
            where=f"{path}, {places[row]}",
            remedy="leave the cell empty where the feature is not defined",
        )
    return numbers


def _number(cell: Any) -> float:
    if isinstance(cell, str):
        if cell.lower() in _MISSING:
            return np.nan
        if "_" in cell:
            raise ValueError(cell)
    return np.nan if cell is None or cell is pd.NA else float(cell)


def _is_number(cell: Any) -> bool:
    try:
        _number(cell)
    except (TypeError, ValueError):
        return False
    return True


def _refuse_label(values: pd.DataFrame, labels: pd.Series[int], path: Path) -> None:
    """Refuse a column of two values that go with the two classes, lesion by lesion: the label by another name."""
    if len(values) < _TELLS_LABEL_FROM:
        return
    positive = labels.loc[values.index].to_numpy() == 1
    if positive.all() or not positive.any():
        return
    inside, outside = values.to_numpy()[positive], values.to_numpy()[~positive]
    constant = (inside == inside[0]).all(axis=0) & (outside == outside[0]).all(axis=0)
    told = constant & (inside[0] != outside[0])
    if told.any():
        name = str(values.columns[int(told.argmax())])
        raise CohortError(
            f"column '{name}' is the label by another name: it has one value in each class",
            where=path,
            remedy=f"name it in benchmark.yaml as features.drop: [{name}]",
        )


def _ledger(
    definition: BenchmarkDefinition, file: str, lesions: list[str], there: set[str], empty: set[str]
) -> pd.DataFrame:
    reasons = {lesion: f"{file} has no row of this lesion" for lesion in lesions if lesion not in there}
    reasons |= dict.fromkeys(empty, f"{file} has no value in the row of this lesion")
    rows = [
        (lesion, "", definition.cohort.rater, "cohort", "missing", reason)
        for lesion, reason in sorted(reasons.items())
    ]
    if not rows:
        return empty_table(LEDGER)
    return check_table(pd.DataFrame(rows, columns=list(LEDGER.columns)), LEDGER)


def _digest(values: pd.DataFrame) -> str:
    numbers = np.ascontiguousarray(values.to_numpy(dtype=np.float64))
    numbers = np.where(np.isnan(numbers), np.nan, numbers + 0.0)  # one kind of NaN, one kind of zero
    content = hashlib.sha256(numbers.tobytes()).hexdigest()
    return hash_object([list(map(str, values.index)), list(map(str, values.columns)), content])
