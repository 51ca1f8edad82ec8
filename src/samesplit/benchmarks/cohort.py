"""The cohort of a benchmark: its lesions, images and labels, checked before anything else happens."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.definition import BenchmarkDefinition, TaskSettings
from samesplit.benchmarks.feature_table import FeatureTable, load_feature_table
from samesplit.benchmarks.fetching import data_root as find_data_root
from samesplit.benchmarks.fingerprint import cohort_hash, split_columns
from samesplit.benchmarks.images import load_images
from samesplit.errors import CohortError, Faults, gathering
from samesplit.tables import IMAGES, LEDGER, LESIONS, check_lines, empty_table, number_cells, read_csv

__all__ = ["Cohort", "find_table", "load_cohort"]

_OF_THE_PATIENT = ("site", "sex")
"""Columns that cannot differ between the lesions of one patient."""


@dataclass(frozen=True)
class Cohort:
    """The patients and lesions of a benchmark.

    Attributes:
        lesions: The lesions table, one row a lesion, sorted by `lesion_id`; the declared clinical columns are
            float (`number`) or text (`category`), other columns are text.
        images: The images table, sorted by lesion, sequence (in the benchmark's order) and rater. `image` and
            `mask` are absolute paths, or array references like `/data/file.npz::array[17]`. Rows whose
            files do not exist are left out.
        labels: 1 for the positive and 0 for the negative class, indexed by `lesion_id`, named "label".
        ledger: One row for each image, and each row of the table of features, that is missing, with the reason.
        sha256: Hash of what the benchmark's split depends on: ids, labels and strata columns.
        features: The table of features of one's own, where the benchmark names one instead of profiles.
        notes: What was found out about the files: their separators, their missing values, ...
    """

    lesions: pd.DataFrame
    images: pd.DataFrame
    labels: pd.Series[int]
    ledger: pd.DataFrame
    sha256: str
    features: FeatureTable | None = None
    notes: tuple[str, ...] = ()


def load_cohort(
    folder: Path,
    definition: BenchmarkDefinition,
    *,
    data_root: Path | None = None,
    faults: Faults | None = None,
) -> Cohort:
    """Read and check `lesions.csv`, `images.csv` and the table of features of a benchmark.

    `images.csv` is read where the benchmark names sequences, the table where it names one. They
    are looked for in the benchmark's folder, then beside the data.

    Args:
        folder: The benchmark's folder.
        definition: Its definition.
        data_root: Where the paths of `images.csv` and of the table start; found by
            `samesplit.benchmarks.fetching.data_root` when not given.
        faults: Gathers all that is wrong in all three tables; without it, what is wrong is raised together. With
            faults among them the cohort is good for looking further, and for nothing else.

    Raises:
        CohortError: A table is missing or holds something that cannot be: doubled ids, a label outside the
            two classes, a patient at two sites, text where a number is declared, an unknown sequence, ...
        DataMissingError: None of the image files exists, or the table of features does not.
    """
    with gathering(faults) as found:
        root = find_data_root(definition, folder) if data_root is None else data_root
        path = find_table("lesions.csv", folder, root)
        notes: list[str] = []
        lesions = _on_their_lines(path, definition, notes, found)
        labels = _labels(lesions, definition.task, path, found).sort_index()
        lesions = lesions.sort_values("lesion_id", ignore_index=True)
        images, ledger = empty_table(IMAGES), empty_table(LEDGER)
        with found.kept():
            images, ledger = load_images(
                folder, definition, lesions["lesion_id"].tolist(), root=root, notes=notes, faults=found
            )
        table = None
        if definition.features is not None:
            with found.kept():
                table, missing = load_feature_table(
                    folder, definition, lesions, labels, root=root, faults=found
                )
                ledger = pd.concat([ledger, missing], ignore_index=True) if len(missing) else ledger
        made_with = definition.split
        columns = split_columns(made_with.scheme, made_with.strata, made_with.test_set_columns())
        there = _known_columns(lesions, columns, path, needed_by="split", faults=found)
        sha256 = "" if found.found else cohort_hash(lesions, labels, there)
    return Cohort(lesions, images, labels, ledger, sha256, features=table, notes=tuple(notes))


def find_table(name: str, folder: Path, root: Path) -> Path:
    """The path of a table: in the benchmark's folder, else beside the data; the first if there is none."""
    return next((place / name for place in (folder, root) if (place / name).is_file()), folder / name)


def _on_their_lines(
    path: Path, definition: BenchmarkDefinition, notes: list[str] | None, faults: Faults
) -> pd.DataFrame:
    """The lesions, checked; the index is the line in the file."""
    clinical = definition.cohort.clinical
    lesions = read_csv(
        path,
        error=CohortError,
        known=[*LESIONS.columns, *clinical],
        numbers=["size_mm", *(name for name, kind in clinical.items() if kind == "number")],
        missing=definition.missing_values,
        notes=notes,
        faults=faults,
    )
    if lesions.empty:
        raise CohortError("holds no lesions", where=path, remedy="write one line a lesion")
    if "size_mm" in lesions:
        lesions["size_mm"] = number_cells(lesions["size_mm"], path, error=CohortError, faults=faults)
    lesions = check_lines(lesions, LESIONS, path, error=CohortError, faults=faults)
    _plain_ids(lesions, path, faults)
    _real_dates(lesions, path, faults)
    for column in _known_columns(lesions, clinical, path, needed_by="cohort.clinical", faults=faults):
        if clinical[column] == "number":
            lesions[column] = _numbers(lesions, column, path, faults)
    _one_value_per_patient(lesions, path, faults)
    return lesions


def _labels(lesions: pd.DataFrame, task: TaskSettings, path: Path, faults: Faults) -> pd.Series[int]:
    """0 or 1 by lesion; the lesions whose label is at fault are not among them."""
    classes = {task.negative: 0, task.positive: 1}
    numbers = lesions["label"].map(classes)
    wrong = lesions[numbers.isna() & lesions["label"].notna()]
    if len(wrong):
        found = ", ".join(repr(value) for value in sorted(set(wrong["label"]))[:5])
        faults.add(
            CohortError(
                f"{len(wrong)} lesions have a label outside the two classes {task.negative!r} and "
                f"{task.positive!r}; the first is lesion {wrong['lesion_id'].iloc[0]!r}; labels found: {found}",
                where=_on_lines(path, list(wrong.index)),
                remedy="correct the labels, or task.positive and task.negative in benchmark.yaml",
            )
        )
    absent = [name for name, number in classes.items() if not (numbers == number).any()]
    if absent and not len(wrong):
        faults.add(
            CohortError(
                f"no lesion is {absent[0]!r}",
                where=path,
                remedy="a benchmark needs lesions of both classes: add some, or correct the label column",
            )
        )
    known = lesions[numbers.notna() & lesions["lesion_id"].notna()].drop_duplicates("lesion_id")
    index = pd.Index(known["lesion_id"], name="lesion_id")
    return pd.Series(numbers[known.index].to_numpy(np.int64), index=index, name="label")


def _on_lines(path: Path, lines: list[int]) -> str:
    """A file and the first of its lines that are meant."""
    return f"{path}, line{'s' * (len(lines) > 1)} {', '.join(map(str, lines[:10]))}"


def _plain_ids(lesions: pd.DataFrame, path: Path, faults: Faults) -> None:
    for column in ("lesion_id", "patient_id"):
        for line, value in lesions[column].dropna().items():
            if any(unicodedata.category(letter) == "Cc" for letter in value):
                faults.add(
                    CohortError(
                        f"column '{column}' holds a line break, tab or other control character: {value!r}",
                        where=f"{path}, line {line}",
                        remedy="use printable characters in ids",
                    )
                )


def _real_dates(lesions: pd.DataFrame, path: Path, faults: Faults) -> None:
    if "date" not in lesions:
        return
    for line, lesion, value in zip(lesions.index, lesions["lesion_id"], lesions["date"], strict=True):
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)):
            continue  # told already
        try:
            date.fromisoformat(value)
        except ValueError as error:
            faults.add(
                CohortError(
                    f"column 'date' of lesion {lesion!r} holds {value!r}, which is no day "
                    f"of the calendar ({error})",
                    where=f"{path}, line {line}",
                    remedy="write dates as YYYY-MM-DD",
                )
            )


def _known_columns(
    lesions: pd.DataFrame, columns: Iterable[str], path: Path, *, needed_by: str, faults: Faults
) -> list[str]:
    """Those of the columns that there are; the others are faults."""
    there = []
    for column in columns:
        if column in lesions:
            there.append(column)
            continue
        near = difflib.get_close_matches(column, lesions.columns, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        faults.add(
            CohortError(
                f"there is no column '{column}', which {needed_by} in benchmark.yaml asks for",
                where=path,
                remedy=f"{hint}Columns found: {', '.join(lesions.columns)}",
            )
        )
    return there


def _numbers(lesions: pd.DataFrame, column: str, path: Path, faults: Faults) -> pd.Series[float]:
    given = lesions[column]
    numbers = pd.to_numeric(given, errors="coerce").astype("float64")
    for line in lesions.index[given.notna() & ~np.isfinite(numbers)]:
        comma = (
            ", or save the file with semicolons where it has decimal commas"
            if "," in str(given[line])
            else ""
        )
        faults.add(
            CohortError(
                f"clinical variable '{column}' is declared a number, but lesion "
                f"{lesions['lesion_id'][line]!r} holds {given[line]!r}",
                where=f"{path}, line {line}",
                remedy=f"write numbers with a decimal point and leave unknown values empty{comma}, or declare "
                f"'{column}: category' in cohort.clinical",
            )
        )
    return numbers


def _one_value_per_patient(lesions: pd.DataFrame, path: Path, faults: Faults) -> None:
    for column in _OF_THE_PATIENT:
        if column not in lesions:
            continue
        several = lesions.groupby("patient_id")[column].nunique()
        for patient in several.index[several > 1]:
            rows = lesions[lesions["patient_id"] == patient]
            faults.add(_conflict(rows, column, str(patient), path))
    if {"age", "date"} <= set(lesions.columns):  # without a date, two lesions may be years apart
        several = lesions.groupby(["patient_id", "date"])["age"].nunique()
        for patient, day in several.index[several > 1]:
            rows = lesions[(lesions["patient_id"] == patient) & (lesions["date"] == day)]
            faults.add(_conflict(rows, "age", str(patient), path))


def _conflict(rows: pd.DataFrame, column: str, patient: str, path: Path) -> CohortError:
    values: list[Any] = rows[column].dropna().unique().tolist()
    return CohortError(
        f"patient {patient!r} has several values of '{column}': {', '.join(map(repr, values))} "
        f"(lesions {', '.join(map(repr, rows['lesion_id']))})",
        where=f"{path}, lines {', '.join(map(str, rows.index))}",
        remedy="correct the lines, or give different patients different ids",
    )
