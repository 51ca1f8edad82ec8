"""The cohort of a benchmark: its lesions, images and labels, checked before anything else happens."""

from __future__ import annotations

import difflib
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
from samesplit.errors import CohortError
from samesplit.tables import LESIONS, read_csv

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
    """

    lesions: pd.DataFrame
    images: pd.DataFrame
    labels: pd.Series[int]
    ledger: pd.DataFrame
    sha256: str
    features: FeatureTable | None = None


def load_cohort(folder: Path, definition: BenchmarkDefinition, *, data_root: Path | None = None) -> Cohort:
    """Read and check `lesions.csv`, `images.csv` and the table of features of a benchmark.

    `images.csv` is read where the benchmark names sequences, the table where it names one. They
    are looked for in the benchmark's folder, then beside the data.

    Args:
        folder: The benchmark's folder.
        definition: Its definition.
        data_root: Where the paths of `images.csv` and of the table start; found by
            `samesplit.benchmarks.fetching.data_root` when not given.

    Raises:
        CohortError: A table is missing or holds something that cannot be: doubled ids, a label outside the
            two classes, a patient at two sites, text where a number is declared, an unknown sequence, ...
        DataMissingError: None of the image files exists, or the table of features does not.
    """
    root = find_data_root(definition, folder) if data_root is None else data_root
    path = find_table("lesions.csv", folder, root)
    lesions = read_lesions(path, definition)
    labels = _labels(lesions, definition.task, path)
    images, ledger = load_images(folder, definition, lesions["lesion_id"].tolist(), root=root)
    table = None
    if definition.features is not None:
        table, missing = load_feature_table(folder, definition, lesions, labels, root=root)
        ledger = pd.concat([ledger, missing], ignore_index=True) if len(missing) else ledger
    columns = split_columns(definition.split.scheme, definition.split.strata)
    _known_columns(lesions, columns, path, needed_by="split")
    return Cohort(
        lesions=lesions,
        images=images,
        labels=labels,
        ledger=ledger,
        sha256=cohort_hash(lesions, labels, columns),
        features=table,
    )


def find_table(name: str, folder: Path, root: Path) -> Path:
    """The path of a table: in the benchmark's folder, else beside the data; the first if there is none."""
    return next((place / name for place in (folder, root) if (place / name).is_file()), folder / name)


def read_lesions(path: Path, definition: BenchmarkDefinition) -> pd.DataFrame:
    """Read a lesions table, type its declared clinical columns and sort it by `lesion_id`.

    Raises:
        CohortError: See `load_cohort`.
    """
    lines = read_csv(path, error=CohortError)
    lesions = read_csv(path, LESIONS, error=CohortError).set_axis(lines.index)
    if lesions.empty:
        raise CohortError("has no rows", where=path, remedy="write one row a lesion")
    _plain_ids(lesions, path)
    _real_dates(lesions, path)
    _known_columns(lesions, definition.cohort.clinical, path, needed_by="cohort.clinical")
    for column, kind in definition.cohort.clinical.items():
        if kind == "number":
            lesions[column] = _numbers(lesions, column, path)
    _one_value_per_patient(lesions, path)
    return lesions.sort_values("lesion_id", ignore_index=True)


def _labels(lesions: pd.DataFrame, task: TaskSettings, path: Path) -> pd.Series[int]:
    classes = {task.negative: 0, task.positive: 1}
    numbers = lesions["label"].map(classes)
    wrong = lesions[numbers.isna()]
    if len(wrong):
        found = ", ".join(repr(value) for value in sorted(set(wrong["label"]))[:5])
        raise CohortError(
            f"{len(wrong)} lesions have a label outside the two classes {task.negative!r} and "
            f"{task.positive!r}; the first is lesion {wrong['lesion_id'].iloc[0]!r}; labels found: {found}",
            where=path,
            remedy="correct the labels, or task.positive and task.negative in benchmark.yaml",
        )
    absent = [name for name, number in classes.items() if not (numbers == number).any()]
    if absent:
        raise CohortError(
            f"no lesion is {absent[0]!r}",
            where=path,
            remedy="a benchmark needs lesions of both classes: add some, or correct the label column",
        )
    return pd.Series(
        numbers.to_numpy(np.int64), index=pd.Index(lesions["lesion_id"], name="lesion_id"), name="label"
    )


def _plain_ids(lesions: pd.DataFrame, path: Path) -> None:
    for column in ("lesion_id", "patient_id"):
        for line, value in lesions[column].items():
            if any(unicodedata.category(letter) == "Cc" for letter in value):
                raise CohortError(
                    f"column '{column}' holds a line break, tab or other control character: {value!r}",
                    where=f"{path}, line {line}",
                    remedy="use printable characters in ids",
                )


def _real_dates(lesions: pd.DataFrame, path: Path) -> None:
    if "date" not in lesions:
        return
    for line in lesions.index[lesions["date"].notna()]:
        value = str(lesions.loc[line, "date"])
        try:
            date.fromisoformat(value)
        except ValueError as error:
            raise CohortError(
                f"column 'date' of lesion {lesions.loc[line, 'lesion_id']!r} holds {value!r}, which is no day "
                f"of the calendar ({error})",
                where=f"{path}, line {line}",
                remedy="write dates as YYYY-MM-DD",
            ) from None


def _known_columns(lesions: pd.DataFrame, columns: Iterable[str], path: Path, *, needed_by: str) -> None:
    for column in columns:
        if column not in lesions:
            near = difflib.get_close_matches(column, lesions.columns, n=1)
            hint = f"did you mean '{near[0]}'? " if near else ""
            raise CohortError(
                f"there is no column '{column}', which {needed_by} in benchmark.yaml asks for",
                where=path,
                remedy=f"{hint}Columns found: {', '.join(lesions.columns)}",
            )


def _numbers(lesions: pd.DataFrame, column: str, path: Path) -> pd.Series[float]:
    given = lesions[column]
    numbers = pd.to_numeric(given, errors="coerce").astype("float64")
    bad = lesions[given.notna() & ~np.isfinite(numbers)]
    if len(bad):
        line = bad.index[0]
        raise CohortError(
            f"clinical variable '{column}' is declared a number, but lesion {bad['lesion_id'].iloc[0]!r} "
            f"holds {given[line]!r}" + (f" (and {len(bad) - 1} more such cells)" if len(bad) > 1 else ""),
            where=f"{path}, line {line}",
            remedy="write numbers with a decimal point and leave unknown values empty, or declare "
            f"'{column}: category' in cohort.clinical",
        )
    return numbers


def _one_value_per_patient(lesions: pd.DataFrame, path: Path) -> None:
    for column in _OF_THE_PATIENT:
        if column not in lesions:
            continue
        several = lesions.groupby("patient_id")[column].nunique()
        for patient in several.index[several > 1]:
            rows = lesions[lesions["patient_id"] == patient]
            raise _conflict(rows, column, str(patient), path)
    if {"age", "date"} <= set(lesions.columns):  # without a date, two lesions may be years apart
        several = lesions.groupby(["patient_id", "date"])["age"].nunique()
        for patient, day in several.index[several > 1]:
            rows = lesions[(lesions["patient_id"] == patient) & (lesions["date"] == day)]
            raise _conflict(rows, "age", str(patient), path)


def _conflict(rows: pd.DataFrame, column: str, patient: str, path: Path) -> CohortError:
    values: list[Any] = rows[column].dropna().unique().tolist()
    return CohortError(
        f"patient {patient!r} has several values of '{column}': {', '.join(map(repr, values))} "
        f"(lesions {', '.join(map(repr, rows['lesion_id']))})",
        where=f"{path}, lines {', '.join(map(str, rows.index))}",
        remedy="correct the rows, or give different patients different ids",
    )
