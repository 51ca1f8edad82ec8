"""The cohort of a benchmark: its lesions, images and labels, checked before anything else happens."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.benchmarks.feature_table import FeatureTable, load_feature_table
from samesplit.benchmarks.fetching import data_root as find_data_root
from samesplit.benchmarks.fingerprint import cohort_hash, split_columns
from samesplit.benchmarks.group_columns import check_group_columns
from samesplit.benchmarks.images import load_images
from samesplit.benchmarks.lesion_classes import LesionClasses, classes_of_tasks
from samesplit.benchmarks.lesion_table import columns_that_exist
from samesplit.benchmarks.outcomes import labels_of_outcomes, read_labels, read_outcomes, with_masks
from samesplit.errors import CohortError, Faults, gathering
from samesplit.tables import (
    IMAGES,
    LEDGER,
    LESIONS,
    LESIONS_OF_TASKS,
    check_lines,
    empty_table,
    number_cells,
    read_csv,
)
from samesplit.tasks import DEFAULT_TASK, SegmentationTask, SurvivalTask

__all__ = ["Cohort", "find_table", "load_cohort", "load_lesions"]

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
        outcomes: By the name of each task: the outcomes of its lesions, indexed by `lesion_id` (sorted); `label`
            is the number of the class (survival: whether the event was seen), `time` the time of a survival
            task. A lesion without an outcome in a task has no row there.
        ledger: One row for each image, and each row of the table of features, that is missing, and for each lesion
            that a task leaves out, with the reason.
        sha256: Hash of what the benchmark's split depends on: ids, classes and strata columns.
        classes: The classes of the lesions in each task, which a split is stratified by; empty where only labels
            count.
        features: The table of features of one's own, where the benchmark names one instead of profiles.
        notes: What was found out about the files: their separators, their missing values, ...
        absent_files: How many lines of images.csv name a file that does not exist.
    """

    lesions: pd.DataFrame
    images: pd.DataFrame
    outcomes: dict[str, pd.DataFrame]
    ledger: pd.DataFrame
    sha256: str
    features: FeatureTable | None = None
    notes: tuple[str, ...] = ()
    classes: tuple[LesionClasses, ...] = ()
    absent_files: int = 0

    @property
    def labels(self) -> pd.Series[int]:
        """The labels of the first task that has any, named "label"; of two classes, 1 is the positive one."""
        return labels_of_outcomes(self.outcomes)


def load_cohort(
    folder: Path,
    definition: BenchmarkDefinition,
    *,
    data_root: Path | None = None,
    faults: Faults | None = None,
    outcomes_alone: bool = False,
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
        outcomes_alone: Read neither `images.csv` nor the table of features, whose files need not be there then:
            enough to judge predictions that are made already. A task of masks has no outcomes without images.

    Raises:
        CohortError: A table is missing or holds something that cannot be: doubled ids, a label outside the
            two classes, a patient at two sites, text where a number is declared, an unknown sequence, ...
        DataMissingError: None of the image files exists, or the table of features does not.
    """
    with gathering(faults) as found:
        if data_root is None and outcomes_alone and (folder / "lesions.csv").is_file():
            data_root = folder
        root = find_data_root(definition, folder) if data_root is None else data_root
        path = find_table("lesions.csv", folder, root)
        notes: list[str] = []
        lesions = _on_their_lines(path, definition, notes, found)
        if definition.task is not None:
            outcomes = {DEFAULT_TASK: read_labels(lesions, definition.task.as_task(), path, found)}
            left_out = empty_table(LEDGER)
        else:
            outcomes, left_out = read_outcomes(lesions, definition.tasks, path, found)
        lesions = lesions.sort_values("lesion_id", ignore_index=True)
        images, ledger, absent = empty_table(IMAGES), empty_table(LEDGER), 0
        if not outcomes_alone:
            with found.kept():
                images, ledger, absent = load_images(
                    folder, definition, lesions["lesion_id"].tolist(), root=root, notes=notes, faults=found
                )
        table = None
        if definition.features is not None and not outcomes_alone:
            with found.kept():
                table, missing = load_feature_table(
                    folder, definition, lesions, outcomes, root=root, faults=found
                )
                ledger = pd.concat([ledger, missing], ignore_index=True) if len(missing) else ledger
        for name, task in definition.tasks.items():
            if isinstance(task, SegmentationTask):
                outcomes[name] = with_masks(outcomes[name], task, images, definition.cohort.rater)
                for key, named in task.judged_by.items():
                    asks = f"tasks.{name}.{key}"
                    columns_that_exist(lesions, named, path, needed_by=asks, faults=found)
        if len(left_out):
            ledger = pd.concat([ledger, left_out], ignore_index=True) if len(ledger) else left_out
        check_group_columns(lesions, definition.statistics, path, found)
        made_with = definition.split
        columns = split_columns(made_with.scheme, made_with.strata, made_with.rule_columns())
        there = columns_that_exist(lesions, columns, path, needed_by="split", faults=found)
        classes = classes_of_tasks(definition.all_tasks(), outcomes)
        sha256 = "" if found.found else cohort_hash(lesions, classes, there)
    return Cohort(
        lesions,
        images,
        outcomes,
        ledger,
        sha256,
        features=table,
        notes=tuple(notes),
        classes=classes,
        absent_files=absent,
    )


def load_lesions(folder: Path, definition: BenchmarkDefinition, *, root: Path) -> pd.DataFrame:
    """Read and check `lesions.csv` alone, as `Cohort.lesions` has it; no image is looked for.

    Args:
        folder: The benchmark's folder.
        definition: Its definition.
        root: The data folder, where the table is looked for next.

    Raises:
        CohortError: The table is missing or holds something that cannot be.
    """
    with gathering(None) as found:
        lesions = _on_their_lines(find_table("lesions.csv", folder, root), definition, None, found)
    return lesions.sort_values("lesion_id", ignore_index=True)


def find_table(name: str, folder: Path, root: Path) -> Path:
    """Return the path of a table: in the benchmark's folder, else beside the data; the first if there is none."""
    return next((place / name for place in (folder, root) if (place / name).is_file()), folder / name)


def _on_their_lines(
    path: Path, definition: BenchmarkDefinition, notes: list[str] | None, faults: Faults
) -> pd.DataFrame:
    """Return the lesions, checked; the index is the line in the file."""
    clinical = definition.cohort.clinical
    schema = LESIONS if definition.task is not None else LESIONS_OF_TASKS
    times = [task.time for task in definition.tasks.values() if isinstance(task, SurvivalTask)]
    lesions = read_csv(
        path,
        error=CohortError,
        known=[*LESIONS.columns, *clinical, *definition.outcome_columns()],
        numbers=["size_mm", *(name for name, kind in clinical.items() if kind == "number"), *times],
        missing=definition.missing_values,
        notes=notes,
        faults=faults,
    )
    if lesions.empty:
        raise CohortError("holds no lesions", where=path, remedy="write one line a lesion")
    if "size_mm" in lesions:
        lesions["size_mm"] = number_cells(lesions["size_mm"], path, error=CohortError, faults=faults)
    lesions = check_lines(lesions, schema, path, error=CohortError, faults=faults)
    _plain_ids(lesions, path, faults)
    _real_dates(lesions, path, faults)
    for column in columns_that_exist(lesions, clinical, path, needed_by="cohort.clinical", faults=faults):
        if clinical[column] == "number":
            lesions[column] = _numbers(lesions, column, path, faults)
    _one_value_per_patient(lesions, path, faults)
    return lesions


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
