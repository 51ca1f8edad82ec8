"""A table of features made elsewhere: read, checked against the cohort, and handed on under its own names."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.definition import BenchmarkDefinition, FeatureTableSettings
from samesplit.benchmarks.feature_files import DIAGNOSTICS, FeatureFile, number_of, read_feature_file
from samesplit.errors import CohortError, DataMissingError, Faults, gathering
from samesplit.near_ids import which_id_is_meant
from samesplit.storage import hash_object
from samesplit.tables import LEDGER, check_table, empty_table

__all__ = ["FeatureTable", "load_feature_table"]

Numbers = np.ndarray[Any, np.dtype[np.float64]]

_LABELS = ("label", "label_provenance", "patient_id")
_ROWS_AT_A_TIME = 500
"""Of which copies are made while the table is hashed."""
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


def load_feature_table(
    folder: Path,
    definition: BenchmarkDefinition,
    lesions: pd.DataFrame,
    outcomes: Mapping[str, pd.DataFrame],
    *,
    root: Path,
    faults: Faults | None = None,
) -> tuple[FeatureTable, pd.DataFrame]:
    """Read and check the table that a benchmark names under `features`.

    Empty cells and the benchmark's `missing_values` are missing. Columns about the extraction itself, as
    pyradiomics writes them (`diagnostics_...`), are left out with a note.

    Args:
        folder: The benchmark's folder, where the file is looked for first.
        definition: Its definition; `features` is not None.
        lesions: The cohort's lesions table.
        outcomes: The outcomes by task, see `Cohort.outcomes`; read only to refuse a column that repeats one.
        root: The data folder, where the file is looked for next.
        faults: Gathers all that is wrong; without it, what is wrong is raised together.

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
    with gathering(faults) as found:
        before = len(found.found)
        raw = read_feature_file(path, settings, definition.missing_values, found)
        ids = _ids(raw, settings, path, found)
        _check_lesions(ids, raw.places, set(lesions["lesion_id"].dropna()), path, found)
        raw, notes = _features_only(raw, settings, [str(name) for name in lesions.columns], path, found)
        numbers = [_numbers(name, cells, ids, raw.places, path, found) for name, cells in raw.columns.items()]
        values = pd.DataFrame(
            np.column_stack(numbers),
            index=pd.Index(ids, name="lesion_id"),
            columns=pd.Index(list(raw.columns)),
        ).sort_index()
        if len(found.found) == before:
            for task in outcomes.values():
                if "label" in task:
                    _refuse_label(values[values.index.isin(task.index)], task["label"], path, found)
    empty = [str(i) for i in values.index[values.isna().all(axis=1)]]
    ledger = _ledger(definition, settings.file, [str(i) for i in lesions["lesion_id"]], set(ids), set(empty))
    return FeatureTable(settings.file, values, _digest(values), (*raw.notes, *notes)), ledger


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


def _ids(raw: FeatureFile, settings: FeatureTableSettings, path: Path, faults: Faults) -> list[str]:
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
            faults.add(
                CohortError(
                    f"column '{name}' is empty",
                    where=f"{path}, {place}",
                    remedy="write the lesion_id of the line",
                )
            )
    return ids


def _id(value: Any) -> str:
    """Return an id as text; a number that is whole is written without a point."""
    if pd.isna(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _check_lesions(ids: list[str], places: list[str], known: set[str], path: Path, faults: Faults) -> None:
    first: dict[str, str] = {}
    for lesion, place in zip(ids, places, strict=True):
        if lesion and lesion in first:
            faults.add(
                CohortError(
                    f"lesion {lesion!r} stands twice",
                    where=f"{path}, {first[lesion]} and {place}",
                    remedy="keep one line a lesion; values of several sequences or raters go into several columns",
                )
            )
        elif lesion and lesion not in known:
            faults.add(
                CohortError(
                    f"lesion {lesion!r} is not in lesions.csv",
                    where=f"{path}, {place}",
                    remedy=which_id_is_meant(lesion, known) + "Add it to lesions.csv, or take the line out",
                )
            )
        first.setdefault(lesion, place)


def _features_only(
    raw: FeatureFile, settings: FeatureTableSettings, of_lesions: list[str], path: Path, faults: Faults
) -> tuple[FeatureFile, tuple[str, ...]]:
    """Leave out what is no feature, and refuse what must not be one."""
    for name in settings.drop:
        if name not in raw.columns:
            near = difflib.get_close_matches(name, raw.columns, n=1)
            faults.add(
                CohortError(
                    f"there is no column '{name}', which features.drop in benchmark.yaml names",
                    where=path,
                    remedy=f"did you mean '{near[0]}'?" if near else "take it out of features.drop",
                )
            )
    raw = raw.without({settings.id_column, *settings.drop})
    diagnostics = {name for name in raw.columns if name.startswith(DIAGNOSTICS)}
    raw = raw.without(diagnostics)
    for name in raw.columns:
        _check_name(name, of_lesions, path, faults)
    if not raw.columns:
        raise CohortError(
            "has no column of features",
            where=path,
            remedy="write one column a feature beside the ids, or take columns out of features.drop",
        )
    count = len(diagnostics)
    said = (
        f"{settings.file}: {count} column{'s' * (count > 1)} {DIAGNOSTICS}... left out: they are about the "
    )
    return raw, (f"{said}extraction, not the lesion",) if diagnostics else ()


def _check_name(name: str, of_lesions: list[str], path: Path, faults: Faults) -> None:
    """Refuse a column that no model may see, or that models would take for something else."""
    if name.lower() in _LABELS or name in of_lesions:
        what = (
            "tells the label or the patient: no model may see it"
            if name.lower() in _LABELS
            else "stands in lesions.csv too"
        )
        faults.add(
            CohortError(
                f"column '{name}' {what}",
                where=path,
                remedy=f"name it in benchmark.yaml as features.drop: [{name}]; variables that models may use "
                "beside the features stand in lesions.csv and under cohort.clinical",
            )
        )
    if name.count("/") >= 2:
        faults.add(
            CohortError(
                f"the name of column '{name}' reads as profile/sequence/feature",
                where=path,
                remedy="write other signs for the slashes, such as '_'",
            )
        )


def _numbers(
    name: str, cells: Sequence[Any] | Numbers, ids: list[str], places: list[str], path: Path, faults: Faults
) -> Numbers:
    if isinstance(cells, np.ndarray):
        numbers = cells
    else:
        numbers = np.empty(len(cells))
        for row, cell in enumerate(cells):
            try:  # Python's own reading of a number is exact to the last bit
                numbers[row] = number_of(cell)
            except (TypeError, ValueError):
                numbers[row] = np.nan
                faults.add(
                    CohortError(
                        f"column '{name}' must hold numbers, found {str(cell)!r} for lesion {ids[row]!r}",
                        where=f"{path}, {places[row]}",
                        remedy="write numbers with a decimal point and leave unknown values empty, or name the "
                        f"column in benchmark.yaml as features.drop: [{name}], or the word under missing_values",
                    )
                )
    for row in map(int, np.flatnonzero(np.isinf(numbers))):
        faults.add(
            CohortError(
                f"column '{name}' holds an infinite number for lesion {ids[row]!r}",
                where=f"{path}, {places[row]}",
                remedy="leave the cell empty where the feature is not defined",
            )
        )
    return numbers


def _refuse_label(values: pd.DataFrame, labels: pd.Series[int], path: Path, faults: Faults) -> None:
    """Refuse a column that has one value in each class, and not the same in all: the label by another name."""
    if len(values) < _TELLS_LABEL_FROM:
        return
    classes = labels.loc[values.index].to_numpy()
    parts = [values.to_numpy()[classes == one] for one in np.unique(classes)]
    constant = np.all([(part == part[0]).all(axis=0) for part in parts], axis=0)
    told = constant & np.any([part[0] != parts[0][0] for part in parts], axis=0)
    if told.any():
        name = str(values.columns[int(told.argmax())])
        faults.add(
            CohortError(
                f"column '{name}' is the label by another name: it has one value in each class",
                where=path,
                remedy=f"name it in benchmark.yaml as features.drop: [{name}]",
            )
        )


def _ledger(
    definition: BenchmarkDefinition, file: str, lesions: list[str], there: set[str], empty: set[str]
) -> pd.DataFrame:
    reasons = {lesion: f"{file} has no line of this lesion" for lesion in lesions if lesion not in there}
    reasons |= dict.fromkeys(empty, f"{file} has no value in the line of this lesion")
    rows = [
        (lesion, "", definition.cohort.rater, "cohort", "missing", reason)
        for lesion, reason in sorted(reasons.items())
    ]
    if not rows:
        return empty_table(LEDGER)
    return check_table(pd.DataFrame(rows, columns=list(LEDGER.columns)), LEDGER)


def _digest(values: pd.DataFrame) -> str:
    content = hashlib.sha256()
    for start in range(0, len(values), _ROWS_AT_A_TIME):
        numbers = values.iloc[start : start + _ROWS_AT_A_TIME].to_numpy(dtype=np.float64)
        numbers = np.where(np.isnan(numbers), np.nan, numbers + 0.0)  # one kind of NaN, one kind of zero
        content.update(np.ascontiguousarray(numbers).tobytes())
    return hash_object([list(map(str, values.index)), list(map(str, values.columns)), content.hexdigest()])
