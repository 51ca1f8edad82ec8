"""The outcomes of a benchmark's tasks: read from lesions.csv, one table a task, and never cast to a class.

A lesion that a task does not ask about, whose value names no class, or that has no value, has no row in the
table of that task; the case ledger says why. What is in no class of a task by mistake is a fault.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.lesion_table import columns_that_exist, on_lines
from samesplit.errors import CohortError, Faults
from samesplit.tables import LEDGER, empty_table
from samesplit.tasks import BinaryTask, ClassificationTask, SegmentationTask, SurvivalTask, Task

__all__ = ["labels_of_outcomes", "read_labels", "read_outcomes", "with_masks"]

Reasons = dict[int, str]
"""Why a lesion has no outcome in a task, by the line in the file."""


def read_outcomes(
    lesions: pd.DataFrame, tasks: Mapping[str, Task], path: Path, faults: Faults
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read the outcomes of named tasks.

    Args:
        lesions: The lesions table; the index is the line in the file.
        tasks: The benchmark's tasks by name.
        path: lesions.csv, for messages.
        faults: Gathers what is wrong: columns that do not exist, values that are in no class, classes without a
            lesion, events other than 0 and 1, times that are not above 0.

    Returns:
        One table a task, indexed by `lesion_id` (sorted): `label` (int64), which is the number of the class in
        `task.classes` or, for survival, 1 where the event was seen; for survival also `time` (float64). And the
        ledger rows of the lesions that a task leaves out, with the reason.
    """
    outcomes: dict[str, pd.DataFrame] = {}
    rows: list[tuple[str, str, str, str, str, str]] = []
    for name, task in tasks.items():
        asked, reasons = _asked(lesions, name, task, path, faults)
        if isinstance(task, SurvivalTask):
            table, without = _survival(asked, name, task, path, faults)
        elif isinstance(task, SegmentationTask):
            table, without = pd.DataFrame(index=asked.index), {}
        else:
            table, without = _classes(asked, name, task, path, faults)
        ids = lesions.loc[table.index, "lesion_id"]
        known = ids.notna() & ~ids.duplicated()
        table = table[known].set_axis(pd.Index(ids[known], name="lesion_id"), axis=0)
        outcomes[name] = table.sort_index()
        rows += [
            (str(lesions["lesion_id"][line]), "", "", f"task {name}", "excluded", reason)
            for line, reason in (reasons | without).items()
            if pd.notna(lesions["lesion_id"][line])
        ]
    ledger = pd.DataFrame(sorted(rows), columns=list(LEDGER.columns)) if rows else empty_table(LEDGER)
    return outcomes, ledger.drop_duplicates(ignore_index=True)


def read_labels(lesions: pd.DataFrame, task: BinaryTask, path: Path, faults: Faults) -> pd.DataFrame:
    """Read the outcomes of a benchmark with one question of two classes, where every lesion must have a class.

    Args:
        lesions: The lesions table; the index is the line in the file.
        task: The question.
        path: lesions.csv, for messages.
        faults: Gathers labels outside the two classes, and a class without a lesion.

    Returns:
        Column `label` (0 or 1), indexed by `lesion_id` (sorted), without the lesions whose label is at fault.
    """
    classes = {task.negative: 0, task.positive: 1}
    numbers = lesions["label"].map(classes)
    wrong = lesions[numbers.isna() & lesions["label"].notna()]
    if len(wrong):
        found = ", ".join(repr(value) for value in sorted(set(wrong["label"]))[:5])
        faults.add(
            CohortError(
                f"{len(wrong)} lesions have a label outside the two classes {task.negative!r} and "
                f"{task.positive!r}; the first is lesion {wrong['lesion_id'].iloc[0]!r}; labels found: {found}",
                where=on_lines(path, list(wrong.index)),
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
    return pd.DataFrame({"label": numbers[known.index].to_numpy(np.int64)}, index=index).sort_index()


def labels_of_outcomes(outcomes: Mapping[str, pd.DataFrame]) -> pd.Series[int]:
    """Return the labels of the first task that has any; without one, no labels.

    Example:
        >>> table = pd.DataFrame({"label": [1, 0]}, index=["L1", "L2"])
        >>> labels_of_outcomes({"where": pd.DataFrame(index=["L1"]), "malignant": table}).to_dict()
        {'L1': 1, 'L2': 0}
    """
    tables = [table for table in outcomes.values() if "label" in table]
    # A task of classes is better to look at than one of events.
    tables.sort(key=lambda table: "time" in table)
    labels: pd.Series[int] = tables[0]["label"] if tables else pd.Series(dtype="int64", name="label")
    return labels


def with_masks(
    outcomes: pd.DataFrame, task: SegmentationTask, images: pd.DataFrame, rater: str
) -> pd.DataFrame:
    """Return the lesions of a segmentation task that have a mask to compare with.

    Args:
        outcomes: The lesions that are asked about, by `lesion_id`.
        task: The task; its sequences count, or all where it names none.
        images: The images table.
        rater: The rater whose masks are the truth.

    Example:
        >>> images = pd.DataFrame({"lesion_id": ["L1"], "sequence": ["T2"], "rater": ["R1"]})
        >>> asked = pd.DataFrame(index=["L1", "L2"])
        >>> with_masks(asked, SegmentationTask(question="Where?"), images, "R1").index.tolist()
        ['L1']
    """
    own = images[images["rater"] == rater]
    if task.sequences:
        own = own[own["sequence"].isin(task.sequences)]
    return outcomes[outcomes.index.isin(own["lesion_id"])]


def _asked(
    lesions: pd.DataFrame, name: str, task: Task, path: Path, faults: Faults
) -> tuple[pd.DataFrame, Reasons]:
    """Return the lesions that a task asks about, and why the others are not among them."""
    needed_by = f"tasks.{name}.among"
    there = columns_that_exist(lesions, task.among, path, needed_by=needed_by, faults=faults)
    reasons: Reasons = {}
    for column in there:
        values = task.among[column]
        known = sorted(set(lesions[column].dropna().astype(str)))
        matching = {value: _is(lesions[column], value) for value in values}
        for value, of_lesions in matching.items():
            if not of_lesions.any():
                near = difflib.get_close_matches(value, known, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                faults.add(
                    CohortError(
                        f"no lesion has {value!r} in the column '{column}', which {needed_by} in benchmark.yaml "
                        "asks for",
                        where=path,
                        remedy=f"{hint}Values found: {', '.join(map(repr, known[:10]))}",
                    )
                )
        wanted = " or ".join(map(repr, values))
        counts = pd.DataFrame(matching, index=lesions.index).any(axis=1)
        for line in lesions.index[~counts]:
            value = lesions[column][line]
            given = "empty" if pd.isna(value) else repr(value)
            reasons.setdefault(line, f"not asked about: '{column}' is {given}, not {wanted}")
    return lesions[~lesions.index.isin(list(reasons))], reasons


def _is(column: pd.Series[Any], value: str) -> pd.Series[bool]:
    """Tell where a column has a value that benchmark.yaml writes as text; numbers are compared as numbers."""
    if not pd.api.types.is_numeric_dtype(column):
        return column.eq(value)
    return column.eq(pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0])


def _classes(
    asked: pd.DataFrame, name: str, task: ClassificationTask, path: Path, faults: Faults
) -> tuple[pd.DataFrame, Reasons]:
    """Return the number of each lesion's class."""
    column = task.column
    if not columns_that_exist(asked, [column], path, needed_by=f"tasks.{name}", faults=faults):
        return pd.DataFrame({"label": pd.Series(dtype="int64")}), {}
    given = asked[column]
    numbers = given.map({one: number for number, one in enumerate(task.classes)})
    reasons: Reasons = dict.fromkeys(asked.index[given.isna()], f"no outcome: '{column}' is empty")
    undecided = given.isin(task.indeterminate)
    reasons |= {line: f"indeterminate: '{column}' is {given[line]!r}" for line in asked.index[undecided]}
    wrong = asked[numbers.isna() & given.notna() & ~undecided]
    if len(wrong):
        found = ", ".join(repr(value) for value in sorted(set(wrong[column].astype(str)))[:5])
        faults.add(
            CohortError(
                f"{len(wrong)} lesion{'s' * (len(wrong) > 1)} of the task '{name}' "
                f"{'have' if len(wrong) > 1 else 'has'} a value in '{column}' that is none of its classes "
                f"{', '.join(map(repr, task.classes))}; the first is lesion "
                f"{wrong['lesion_id'].iloc[0]!r}; values found: {found}",
                where=on_lines(path, list(wrong.index)),
                remedy=f"correct them, or name them under tasks.{name}.indeterminate in benchmark.yaml if "
                "they are no class, or the right classes there",
            )
        )
    else:
        for number, one in enumerate(task.classes):
            if not (numbers == number).any():
                _nobody(faults, path, f"no lesion of the task '{name}' is {one!r} in the column '{column}'")
    known = numbers.dropna()
    return pd.DataFrame({"label": known.astype(np.int64)}, index=known.index), reasons


def _survival(
    asked: pd.DataFrame, name: str, task: SurvivalTask, path: Path, faults: Faults
) -> tuple[pd.DataFrame, Reasons]:
    """Return the event (1 seen, 0 not) and the time of each lesion."""
    nothing = pd.DataFrame({"label": pd.Series(dtype="int64"), "time": pd.Series(dtype="float64")})
    needed_by = f"tasks.{name}"
    if len(columns_that_exist(asked, task.columns, path, needed_by=needed_by, faults=faults)) < 2:
        return nothing, {}
    before = len(faults.found)
    time, event = asked[task.time], asked[task.event]
    times = pd.to_numeric(time, errors="coerce").astype("float64")
    events = pd.to_numeric(event, errors="coerce").astype("float64")
    for line in asked.index:
        lesion = asked["lesion_id"][line]
        if pd.notna(time[line]) and not (np.isfinite(times[line]) and times[line] > 0):
            faults.add(
                CohortError(
                    f"the time '{task.time}' of lesion {lesion!r} must be a number above 0 ({task.unit}), found "
                    f"{time[line]!r}",
                    where=f"{path}, line {line}",
                    remedy="correct it, or leave the cell empty where there was no follow-up",
                )
            )
        if pd.notna(event[line]) and events[line] not in (0.0, 1.0):
            faults.add(
                CohortError(
                    f"the event '{task.event}' of lesion {lesion!r} must be 0 or 1, found {event[line]!r}",
                    where=f"{path}, line {line}",
                    remedy="write 1 where the event was seen, 0 where follow-up ended without it, and leave "
                    "the cell empty where nothing is known",
                )
            )
    lacking = {task.time: time.isna(), task.event: event.isna()}
    reasons: Reasons = {}
    for column, empty in lacking.items():
        for line in asked.index[empty]:
            reasons.setdefault(line, f"no outcome: '{column}' is empty")
    whole = ~(time.isna() | event.isna())
    if len(faults.found) == before and not (events[whole] == 1).any():
        _nobody(faults, path, f"no lesion of the task '{name}' has the event: '{task.event}' is nowhere 1")
    if len(faults.found) > before:
        return nothing, reasons
    return pd.DataFrame({"label": events[whole].astype(np.int64), "time": times[whole]}), reasons


def _nobody(faults: Faults, path: Path, problem: str) -> None:
    faults.add(
        CohortError(
            problem,
            where=path,
            remedy="a task needs lesions of each class or event: add some, or correct the task in benchmark.yaml",
        )
    )
