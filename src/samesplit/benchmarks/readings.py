"""What human readers said about the lesions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from samesplit.benchmarks.cohort import Cohort, find_table
from samesplit.benchmarks.definition import BenchmarkDefinition, TaskSettings
from samesplit.benchmarks.fetching import data_root
from samesplit.errors import DataMissingError, ReadingsError
from samesplit.tables import LEDGER, READINGS, check_table, empty_table, read_csv

__all__ = ["load_readings"]


def load_readings(
    folder: Path, definition: BenchmarkDefinition, cohort: Cohort
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read and check the readings table of a benchmark.

    A decision is a class by its name, or 1 for the positive and 0 for the negative class; an empty cell is no
    call. Missing calls stay missing: they are never taken for the negative class. The columns `decision`,
    `score` and `seconds` may be absent (one of the first two must be there); without `modality` every reading
    is `unaided`.

    Args:
        folder: The benchmark's folder; the table is looked for there, then beside the data.
        definition: Its definition.
        cohort: Its cohort.

    Returns:
        The readings, sorted by reader, modality and lesion, and ledger rows: one a lesion and modality that
        some reader gave neither a decision nor a score for. Both are empty when the benchmark has no readings.

    Raises:
        ReadingsError: The table is missing, names unknown lesions, has doubled rows or holds something that
            is neither a class nor a number.
    """
    if definition.readings is None:
        return empty_table(READINGS), empty_table(LEDGER)
    path = _find(definition.readings, folder, definition)
    raw = read_csv(path, error=ReadingsError)
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
    raw["decision"] = _decisions(raw, definition.task, path)
    for column in ("score", "seconds"):
        raw[column] = _numbers(raw, column, path)
    columns = [*READINGS.columns, *(column for column in raw if column not in READINGS.columns)]
    readings = check_table(raw[[c for c in columns if c in raw]], READINGS, where=path, error=ReadingsError)
    _known_lesions(readings, cohort, path)
    readings = readings.sort_values(["reader_id", "modality", "lesion_id"], ignore_index=True)
    return readings, _missing_calls(readings, cohort)


def _find(name: str, folder: Path, definition: BenchmarkDefinition) -> Path:
    if (folder / name).is_file():
        return folder / name
    try:
        return find_table(name, folder, data_root(definition, folder))
    except DataMissingError:
        return folder / name


def _decisions(raw: pd.DataFrame, task: TaskSettings, path: Path) -> pd.Series[int]:
    classes = {"1": 1, "0": 0, "1.0": 1, "0.0": 0, task.positive: 1, task.negative: 0}
    decisions = raw["decision"].map(classes)
    for line in raw.index[decisions.isna() & raw["decision"].notna()]:
        raise ReadingsError(
            f"decision {raw.loc[line, 'decision']!r} of reader {raw.loc[line, 'reader_id']!r} on lesion "
            f"{raw.loc[line, 'lesion_id']!r} is neither {task.positive!r} (1) nor {task.negative!r} (0)",
            where=f"{path}, line {line}",
            remedy="write the name of a class, 1 or 0, or leave the cell empty where there was no call",
        )
    return decisions.astype("Int8")


def _numbers(raw: pd.DataFrame, column: str, path: Path) -> pd.Series[float]:
    numbers = pd.to_numeric(raw[column], errors="coerce")
    for line in raw.index[numbers.isna() & raw[column].notna()]:
        raise ReadingsError(
            f"column '{column}' of reader {raw.loc[line, 'reader_id']!r} on lesion "
            f"{raw.loc[line, 'lesion_id']!r} must hold a number, found {raw.loc[line, column]!r}",
            where=f"{path}, line {line}",
            remedy="write numbers with a decimal point, and leave unknown values empty",
        )
    return numbers.astype("float64")


def _known_lesions(readings: pd.DataFrame, cohort: Cohort, path: Path) -> None:
    unknown = readings[~readings["lesion_id"].isin(cohort.labels.index)]
    if len(unknown):
        lesions = sorted(set(unknown["lesion_id"]))
        raise ReadingsError(
            f"{len(unknown)} readings are of {len(lesions)} lesions that the cohort does not have: "
            f"{', '.join(map(repr, lesions[:5]))}{', ...' if len(lesions) > 5 else ''} "
            f"(reader {unknown['reader_id'].iloc[0]!r})",
            where=f"{path}, line {unknown.index[0]}",
            remedy="correct the ids, or take the rows out",
        )


def _missing_calls(readings: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    called = readings[readings["decision"].notna() | readings["score"].notna()]
    rows = []
    for modality, part in readings.groupby("modality"):
        readers = sorted(set(part["reader_id"]))
        given = called[called["modality"] == modality].groupby("lesion_id")["reader_id"].agg(set)
        for lesion in cohort.labels.index:
            silent = [reader for reader in readers if reader not in given.get(lesion, set())]
            if silent:
                names = ", ".join(silent[:5]) + (", ..." if len(silent) > 5 else "")
                reason = f"no {modality} call by {len(silent)} of {len(readers)} readers: {names}"
                rows.append((lesion, "", "", "readings", "missing", reason))
    if not rows:
        return empty_table(LEDGER)
    return check_table(pd.DataFrame(sorted(rows), columns=list(LEDGER.columns)), LEDGER)
