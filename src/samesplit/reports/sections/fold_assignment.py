"""Fold assignment: which patients are in which subset of each fold, and how many lesions of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Cell, Column, Figure, Row, Table
from samesplit.reports.figures.split_strip import ClassRow, draw_split_strip
from samesplit.reports.formatting import count_cell, counted, text_cell
from samesplit.reports.named_test_sets import names_of_test_sets
from samesplit.reports.palette import CLASSES, EVENTS, NEGATIVE, POSITIVE, TEST_SETS

__all__ = ["fold_assignment", "fold_name", "test_set_table"]

_SIDES = ("train", "validation", "test")
_MOST_STRIPS = 20


def fold_assignment(contexts: Sequence[Context]) -> Figure:
    """Draw the subset of every patient in every fold, with the counts of each fold behind it.

    Args:
        contexts: The tasks of the run.
    """
    context = contexts[0]
    table = context.data.splits
    patients = _patients(contexts)
    patients = patients[patients.index.isin(table["patient_id"])].reset_index()
    keys = [f"class-{place}" for place in range(len(contexts))]
    patients = patients.sort_values(
        ["site", *keys, "patient_id"], ascending=[True, *(False for _ in keys), True]
    )
    pairs = table[["repeat", "fold"]].drop_duplicates().sort_values(["repeat", "fold"])
    shown = list(pairs.head(_MOST_STRIPS).itertuples(index=False, name=None))
    sets = names_of_test_sets(context)
    sets = sets if 1 < len(sets) <= len(TEST_SETS) else []
    sides = _codes(table, sets).reindex(
        index=pd.MultiIndex.from_tuples(shown), columns=patients["patient_id"]
    ).fillna(-1)  # fmt: skip
    rest = f" The first {len(shown)} of {len(pairs)} folds are drawn." if len(pairs) > len(shown) else ""
    alt = f"Subset of each of {len(patients)} patients in {counted(len(shown), 'fold')}; counts are in the table."
    classes = [
        row
        for place, each in enumerate(contexts)
        if (row := _class_row(each, patients[f"class-{place}"].to_numpy())) is not None
    ]
    svg = draw_split_strip(
        sides.to_numpy().astype(np.int64),
        [fold_name(repeat, fold, pairs) for repeat, fold in shown],
        patients["site"].tolist(),
        classes,
        test_sets=sets,
        name="split-strip",
        alt=alt,
    )
    return Figure(
        id="split-strip",
        title="Fold assignment",
        caption=f"Each column is a patient and each row a fold. {_above(contexts)}{rest}",
        alt=alt,
        svg=svg,
        table=_counts(contexts, pairs),
    )


def _above(contexts: Sequence[Context]) -> str:
    """Return what the rows above the folds show, in a sentence."""
    if len(contexts) > 1:
        return (
            "The top rows are the classes in each task; a patient with lesions of several classes is drawn as the "
            "class that is declared last, of two as the positive one."
        )
    task = contexts[0].data.task
    if task.kind == "binary":
        return (
            f"The top row is the class; a patient with any {task.positive} lesion counts as {task.positive}."
        )
    return "The top row is the class; a patient with lesions of several is drawn as the one declared last."


def _patients(contexts: Sequence[Context]) -> pd.DataFrame:
    """One row a patient: the site, and for each task the number of the class; -1 without an outcome."""
    cohort = contexts[0].data.cohort
    patients = pd.DataFrame(index=pd.Index(cohort["patient_id"].unique(), name="patient_id"))
    patients["site"] = ""
    if "site" in cohort:
        sites = cohort["site"].fillna("").astype(str).groupby(cohort["patient_id"]).first()
        patients["site"] = sites.reindex(patients.index)
    for place, context in enumerate(contexts):
        lesions = context.data.lesions
        numbers = lesions["number"].groupby(lesions["patient_id"]).max()
        patients[f"class-{place}"] = numbers.reindex(patients.index).fillna(-1).astype(int)
    return patients


def _codes(table: pd.DataFrame, sets: list[str]) -> pd.DataFrame:
    """Assign numbers to subsets: 0 train, 1 validation, 2 test, with named test sets 2 and up for these."""
    codes = table["subset"].map({side: i for i, side in enumerate(_SIDES)})
    if sets:
        named = table["test_set"].map({name: 2 + i for i, name in enumerate(sets)})
        codes = codes.where((table["subset"] != "test") | named.isna(), named)
    numbered = table.assign(code=codes)
    return numbered.pivot_table(index=["repeat", "fold"], columns="patient_id", values="code")


def _class_row(context: Context, numbers: np.ndarray) -> ClassRow | None:
    task = context.data.task
    title = task.title or "class"
    if task.kind == "binary":
        return ClassRow(title, numbers.tolist(), task.classes, (NEGATIVE, POSITIVE))
    if task.kind == "survival":
        return ClassRow(title, numbers.tolist(), ("censored", "event"), EVENTS)
    if task.kind == "multiclass":
        return ClassRow(title, numbers.tolist(), task.classes, CLASSES[: len(task.classes)])
    return None


def fold_name(repeat: int, fold: int, pairs: pd.DataFrame) -> str:
    """Return a fold as it is called: `fold 1`, `repeat 2, fold 1`, or `single split` when it is the only one."""
    if len(pairs) == 1:
        return "single split"
    return (
        f"repeat {repeat + 1}, fold {fold + 1}" if len(pairs["repeat"].unique()) > 1 else f"fold {fold + 1}"
    )


def _counts(contexts: Sequence[Context], pairs: pd.DataFrame) -> Table:
    context = contexts[0]
    merged = context.data.splits.merge(context.data.cohort.reset_index()[["lesion_id", "patient_id"]])
    columns = [Column(key="fold", title="Fold")]
    for side in _SIDES:
        columns += [
            Column(key=f"{side}_patients", title="patients", kind="number", group=side),
            Column(key=f"{side}_lesions", title="lesions", kind="number", group=side),
        ]
        columns += [
            Column(key=f"{side}_{key}", title=title, kind="number", group=side)
            for key, title, _ in _counted_classes(contexts)
        ]
    rows = []
    for repeat, fold in pairs.itertuples(index=False, name=None):
        here = merged[(merged["repeat"] == repeat) & (merged["fold"] == fold)]
        cells: dict[str, Cell] = {"fold": text_cell(fold_name(repeat, fold, pairs))}
        for side in _SIDES:
            part = here[here["subset"] == side]
            cells[f"{side}_patients"] = count_cell(part["patient_id"].nunique())
            cells[f"{side}_lesions"] = count_cell(len(part))
            for key, _, ids in _counted_classes(contexts):
                cells[f"{side}_{key}"] = count_cell(int(part["lesion_id"].isin(ids).sum()))
        rows.append(Row(cells=cells))
    return Table(
        id="split-table", title="Patients and lesions of each fold", columns=tuple(columns), rows=tuple(rows)
    )


def _counted_classes(contexts: Sequence[Context]) -> list[tuple[str, str, set[str]]]:
    """Key, heading and lesions of the classes that are counted: of two the positive one alone."""
    found = []
    for context in contexts:
        task, lesions = context.data.task, context.data.lesions
        before = f"{task.prefix}_" if len(contexts) > 1 else ""
        if task.kind in ("binary", "survival"):
            title = task.positive or ("events" if len(contexts) == 1 else f"{task.title}: events")
            found.append((f"{before}positive", title, set(lesions.index[lesions["positive"] == 1])))
        else:
            found += [
                (f"{before}class_{number}", name, set(lesions.index[lesions["label"] == name]))
                for number, name in enumerate(task.classes)
            ]
    return found


def test_set_table(contexts: Sequence[Context]) -> Table | None:
    """Count the patients, lesions and classes of each named test set; None without names.

    Args:
        contexts: The tasks of the run.
    """
    context = contexts[0]
    names = names_of_test_sets(context)
    if not names:
        return None
    splits = context.data.splits
    cohort = context.data.cohort
    columns = [
        Column(key="set", title="Test set"),
        Column(key="patients", title="Patients", kind="number"),
        Column(key="lesions", title="Lesions", kind="number"),
    ]
    classes = _counted_classes(contexts)
    columns += [Column(key=key, title=title, kind="number") for key, title, _ in classes]
    rows = []
    for name in names:
        patients = splits.loc[(splits["subset"] == "test") & (splits["test_set"] == name), "patient_id"]
        lesions = cohort.index[cohort["patient_id"].isin(patients)]
        cells: dict[str, Cell] = {
            "set": text_cell(name),
            "patients": count_cell(patients.nunique()),
            "lesions": count_cell(len(lesions)),
        }
        cells |= {key: count_cell(len(ids & set(lesions))) for key, _, ids in classes}
        rows.append(Row(cells=cells))
    return Table(
        id="test-set-table", title="Named test sets", columns=tuple(columns), rows=tuple(rows), sortable=False
    )
