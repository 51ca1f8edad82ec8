"""What human readers said about the lesions."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from samesplit.benchmarks.cohort import Cohort, find_table
from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.benchmarks.fetching import data_root
from samesplit.benchmarks.lesion_table import on_lines
from samesplit.errors import DataMissingError, Faults, ReadingsError, gathering
from samesplit.near_ids import which_id_is_meant
from samesplit.tables import (
    LEDGER,
    MARKED_READINGS_OF_TASKS,
    POSITION,
    READING_KEY,
    READINGS,
    check_lines,
    check_table,
    empty_table,
    read_csv,
    readings_schema,
)
from samesplit.tasks import BinaryTask

__all__ = ["load_readings"]

_NUMBERS = ("score", "seconds", "order", "mark", *POSITION)


def load_readings(
    folder: Path,
    definition: BenchmarkDefinition,
    cohort: Cohort,
    *,
    notes: list[str] | None = None,
    faults: Faults | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read and check the readings table of a benchmark.

    A decision is a class by its name, or 1 for the positive and 0 for the negative class; an empty cell is no
    call. Missing calls stay missing: they are never taken for the negative class. The columns `decision`,
    `score` and `seconds` may be absent (one of the first two must be there); without `modality` every reading
    is `unaided`. A benchmark with named tasks may have a column `task`: the binary task that a reading answers;
    without it, or where it is empty, that is the first binary task. `session`, `order` and `date` may say when a
    lesion was read. With `x_mm` and `y_mm` the readings are location-specific: one row a mark, several a reading.

    Args:
        folder: The benchmark's folder; the table is looked for there, then beside the data.
        definition: Its definition.
        cohort: Its cohort.
        notes: What was found out about the file is added to these.
        faults: Gathers what is wrong; without it, all of it is raised together.

    Returns:
        The readings, sorted by reader, modality and lesion (with named tasks by task first, whose name is the
        last column), and ledger rows: one a lesion and modality that some reader gave neither a decision nor a
        score for. Both are empty when the benchmark has no readings.

    Raises:
        ReadingsError: The table is missing, names unknown lesions, has doubled rows or holds something that
            is neither a class nor a number.
    """
    if definition.readings is None:
        return empty_table(READINGS), empty_table(LEDGER)
    path = _find(definition.readings, folder, definition)
    tasks = {name: task for name, task in definition.all_tasks().items() if isinstance(task, BinaryTask)}
    with gathering(faults) as found:
        before = len(found.found)
        if not tasks:
            raise ReadingsError(
                "readings answer a question of two classes, and the benchmark has no task of kind binary",
                where=path,
                remedy="take 'readings' out of benchmark.yaml, or declare a binary task",
            )
        raw = read_csv(
            path,
            error=ReadingsError,
            known=list(MARKED_READINGS_OF_TASKS.columns),
            numbers=["decision", *_NUMBERS],
            missing=definition.missing_values,
            notes=notes,
            faults=found,
        )
        schema = readings_schema(
            tasks=bool(definition.tasks), marks=any(name in raw for name in ("mark", *POSITION))
        )
        readings = _checked(raw, tasks, schema, path, found)
        _known_lesions(readings, set(cohort.lesions["lesion_id"].dropna()), path, found)
        if len(found.found) > before:
            return empty_table(READINGS), empty_table(LEDGER)
    key = ["reader_id", "modality", "lesion_id", *(name for name in ("mark",) if name in readings)]
    if not definition.tasks:
        readings = readings.sort_values(key, ignore_index=True)
        return readings, _missing_calls(readings, cohort.labels.index)
    readings = readings.sort_values(["task", *key], ignore_index=True)
    ledgers = [
        _missing_calls(readings[readings["task"] == name], cohort.outcomes[name].index, of=f" ({name})")
        for name in tasks
    ]
    told = [ledger for ledger in ledgers if len(ledger)]
    return readings, pd.concat(told, ignore_index=True) if told else empty_table(LEDGER)


def _find(name: str, folder: Path, definition: BenchmarkDefinition) -> Path:
    if (folder / name).is_file():
        return folder / name
    try:
        return find_table(name, folder, data_root(definition, folder))
    except DataMissingError:
        return folder / name


def _checked(
    raw: pd.DataFrame, tasks: dict[str, BinaryTask], schema: pa.DataFrameSchema, path: Path, faults: Faults
) -> pd.DataFrame:
    """Return the readings with their types, columns that may be absent filled in."""
    if "modality" not in raw:
        raw["modality"] = "unaided"
    if "decision" not in raw and "score" not in raw:
        raise ReadingsError(
            "the readings have neither a column 'decision' nor a column 'score'",
            where=path,
            remedy=f"add one; columns found: {', '.join(raw.columns)}",
        )
    for column in ("decision", "score", "seconds"):
        if column not in raw:
            raw[column] = pd.Series(pd.NA, index=raw.index, dtype="str")
    if "task" in schema.columns:
        raw["task"] = _task_of_each(raw, tasks, path, faults)
        parts = [_decisions(raw[raw["task"] == name], task, path, faults) for name, task in tasks.items()]
        raw["decision"] = pd.concat(parts).reindex(raw.index)
    else:
        raw["decision"] = _decisions(raw, next(iter(tasks.values())), path, faults)
    for column in _NUMBERS:
        if column in raw:
            raw[column] = _numbers(raw, column, path, faults)
    if "mark" in schema.columns:
        raw = _numbered_marks(raw, "task" in schema.columns, path, faults)
    columns = [*schema.columns, *(column for column in raw if column not in schema.columns)]
    ordered = raw[[c for c in columns if c in raw]]
    return check_lines(ordered, schema, path, error=ReadingsError, faults=faults)


def _task_of_each(
    raw: pd.DataFrame, tasks: dict[str, BinaryTask], path: Path, faults: Faults
) -> pd.Series[str]:
    """Return the name of the task that each reading answers; the first one where the table does not say."""
    first = next(iter(tasks))
    if "task" not in raw:
        return pd.Series(first, index=raw.index, dtype="str")
    named = raw["task"].fillna(first)
    for name, rows in named[~named.isin(list(tasks))].groupby(named, sort=False):
        near = difflib.get_close_matches(str(name), tasks, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        faults.add(
            ReadingsError(
                f"the benchmark has no binary task '{name}'",
                where=on_lines(path, list(rows.index)),
                remedy=f"{hint}Binary tasks are: {', '.join(tasks)}",
            )
        )
    return named.where(named.isin(list(tasks)), first)


def _decisions(raw: pd.DataFrame, task: BinaryTask, path: Path, faults: Faults) -> pd.Series[int]:
    classes = {"1": 1, "0": 0, "1.0": 1, "0.0": 0, task.positive: 1, task.negative: 0}
    decisions = raw["decision"].map(classes)
    for line in raw.index[decisions.isna() & raw["decision"].notna()]:
        faults.add(
            ReadingsError(
                f"decision {raw.loc[line, 'decision']!r} {_whose(raw, line)} is neither {task.positive!r} (1) nor "
                f"{task.negative!r} (0)",
                where=f"{path}, line {line}",
                remedy="write the name of a class, 1 or 0, or leave the cell empty where there was no call",
            )
        )
    return decisions.astype("Int8")


def _numbered_marks(raw: pd.DataFrame, tasks: bool, path: Path, faults: Faults) -> pd.DataFrame:
    """Return the table with numbered marks; half a position is a fault, and so is one too few."""
    position = [name for name in POSITION if name in raw]
    placed = raw[position].notna()
    half = placed.any(axis=1) & ~placed.all(axis=1)
    for line in raw.index[half]:
        faults.add(
            ReadingsError(
                f"the position {_whose(raw, line)} is not complete",
                where=f"{path}, line {line}",
                remedy=f"give {', '.join(position)}, or none of them where a case was read without a mark",
            )
        )
    key = [name for name in (*READING_KEY, *(("task",) if tasks else ())) if name in raw]
    nowhere = raw.duplicated(key, keep=False) & ~placed.any(axis=1)
    for line in raw.index[nowhere]:
        faults.add(
            ReadingsError(
                f"one of several marks {_whose(raw, line)} has no position",
                where=f"{path}, line {line}",
                remedy="several marks of a case need positions; a case without a mark has a single row",
            )
        )
    if "mark" in raw:
        return raw
    return raw.assign(mark=raw.groupby(key, sort=False, dropna=False).cumcount() + 1)


def _whose(raw: pd.DataFrame, line: Any) -> str:
    names = [raw.loc[line, name] if name in raw else "" for name in ("reader_id", "lesion_id")]
    return f"of reader {names[0]!r} on lesion {names[1]!r}"


def _numbers(raw: pd.DataFrame, column: str, path: Path, faults: Faults) -> pd.Series[float]:
    numbers = pd.to_numeric(raw[column], errors="coerce")
    for line in raw.index[numbers.isna() & raw[column].notna()]:
        faults.add(
            ReadingsError(
                f"column '{column}' {_whose(raw, line)} must hold a number, found {raw.loc[line, column]!r}",
                where=f"{path}, line {line}",
                remedy="write numbers with a decimal point, and leave unknown values empty",
            )
        )
    return numbers.astype("float64")


def _known_lesions(readings: pd.DataFrame, known: set[str], path: Path, faults: Faults) -> None:
    """One fault a lesion that the cohort lacks, with all its lines: many readers read the same lesions."""
    unknown = readings[readings["lesion_id"].notna() & ~readings["lesion_id"].isin(known)]
    for lesion, rows in unknown.groupby("lesion_id", sort=False):
        lines = list(map(str, rows.index))
        faults.add(
            ReadingsError(
                f"lesion {lesion!r} is not in lesions.csv (reader {rows['reader_id'].iloc[0]!r})",
                where=f"{path}, line{'s' * (len(lines) > 1)} {', '.join(lines)}",
                remedy=which_id_is_meant(str(lesion), known) + "Correct the id, or take the lines out",
            )
        )


def _missing_calls(readings: pd.DataFrame, lesions: pd.Index[str], of: str = "") -> pd.DataFrame:
    called = readings[readings["decision"].notna() | readings["score"].notna()]
    rows = []
    for modality, part in readings.groupby("modality"):
        readers = sorted(set(part["reader_id"]))
        given = called[called["modality"] == modality].groupby("lesion_id")["reader_id"].agg(set)
        for lesion in lesions:
            silent = [reader for reader in readers if reader not in given.get(lesion, set())]
            if silent:
                names = ", ".join(silent[:5]) + (", ..." if len(silent) > 5 else "")
                reason = f"no {modality} call{of} by {len(silent)} of {len(readers)} readers: {names}"
                rows.append((lesion, "", "", "readings", "missing", reason))
    if not rows:
        return empty_table(LEDGER)
    return check_table(pd.DataFrame(sorted(rows), columns=list(LEDGER.columns)), LEDGER)
