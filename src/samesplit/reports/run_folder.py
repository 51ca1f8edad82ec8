"""Read the folder of a run: run.json and the tables of each task; optional tables that are absent are empty."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from samesplit.errors import SamesplitError
from samesplit.reader_marks import one_row_a_reading
from samesplit.reports.task_info import TaskInfo, tasks_of_run
from samesplit.run_folder import (
    AUDIT_RECORD,
    HISTORY,
    LEDGER_TABLE,
    NOTES,
    OUTCOMES,
    PREDICTIONS_TABLE,
    RESULTS_TABLE,
    RUN_RECORD,
    task_folder,
)
from samesplit.run_folder import IMAGES as IMAGES_TABLE
from samesplit.run_folder import LESIONS as LESIONS_TABLE
from samesplit.run_folder import READINGS as READINGS_TABLE
from samesplit.run_folder import SPLITS as SPLITS_TABLE
from samesplit.tables import (
    CLASS_PREDICTIONS,
    IMAGES,
    LEDGER,
    MASK_PREDICTIONS,
    PREDICTIONS,
    READINGS,
    RESULTS,
    RISK_PREDICTIONS,
    SPLITS,
    check_table,
    empty_table,
    read_table,
    readings_schema,
)
from samesplit.tasks import TaskKind

__all__ = ["RunData", "read_run", "read_tasks"]


@dataclass(frozen=True)
class RunData:
    """Everything that the report of one task is made from; what the tasks of a run share is the same in each.

    Attributes:
        run: The content of run.json.
        lesions: Those with an outcome in the task, indexed by lesion_id. `label` is the class by name (`event` or
            `censored` where a time is asked for), `number` its place among the classes, `positive` is 1 for the
            positive class of two or an event, else 0, and `time` is that to the event or to the end of follow-up.
        images: The images table; may be empty.
        splits: The splits table.
        ledger: The case ledger; may be empty.
        predictions: The predictions table of the task.
        readings: The readings of the task; may be empty.
        results: The results table of the task.
        tables: The other tables by name (`pairs`, `confusion`, `curves/roc`, `details/grid`,
            `summaries/grid_cells`, ...); a table that the run did not write is absent.
        notes: Remarks of the run, in words.
        task: What is asked.
        cohort: All lesions of the run, also those that have no outcome in the task.
        audit: The record of the audit of leaks whose table is `audit`; empty without one.
    """

    run: dict[str, Any]
    lesions: pd.DataFrame
    images: pd.DataFrame
    splits: pd.DataFrame
    ledger: pd.DataFrame
    predictions: pd.DataFrame
    readings: pd.DataFrame
    results: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    notes: tuple[str, ...]
    task: TaskInfo
    cohort: pd.DataFrame
    audit: dict[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """Return an optional table; empty and without columns when the run has none."""
        return self.tables.get(name, pd.DataFrame())

    @property
    def positive(self) -> str:
        """The name of the positive class."""
        return self.task.positive

    @property
    def negative(self) -> str:
        """The name of the negative class."""
        return self.task.negative

    @property
    def rater(self) -> str:
        """The rater whose masks the models are judged on."""
        return str(self.section("cohort").get("rater", "")) or "R1"

    @property
    def confidence(self) -> float:
        """The coverage of the intervals."""
        return float(self.section("statistics").get("confidence", 0.95))

    @property
    def reference(self) -> str | None:
        """The model that all others are compared with, if there is one."""
        name = self.task.reference or self.section("statistics").get("reference")
        return str(name) if name else None

    @property
    def shuffled(self) -> bool:
        """Whether this is a label-permutation run."""
        return bool(self.section("options").get("shuffle_labels", False))

    def section(self, name: str) -> dict[str, Any]:
        """Return a part of run.json; empty when it is absent."""
        found = self.run.get(name)
        return dict(found) if isinstance(found, dict) else {}

    def test_predictions(self) -> pd.DataFrame:
        """The test predictions of the primary rater, or of the only rater there is."""
        test = self.predictions[self.predictions["subset"] == "test"]
        primary = test[test["rater"] == self.rater]
        return test if primary.empty else primary


_PREDICTIONS: dict[TaskKind, pa.DataFrameSchema] = {
    "binary": PREDICTIONS,
    "multiclass": CLASS_PREDICTIONS,
    "survival": RISK_PREDICTIONS,
    "segmentation": MASK_PREDICTIONS,
}
_SHARED = ("audit", "balance", "shift", "thumbnails", "published", "catalogue")
"""Tables that all tasks of a run share."""
_OF_TASK = (
    "rater_feature_values",
    "rater_features",
    "rater_masks",
    "raters",
    "chain",
    "checks",
    "chain_cases",
    "components",
    "confusion",
    "conformal_sets",
    "confusion_classes",
    "decision_curves",
    "decisions",
    "deferral",
    "dice_between_groups",
    "dice_by_group",
    "dice_by_type",
    "dice_covariates",
    "factorial",
    "factorial_levels",
    "interval_coverage",
    "factorial_models",
    "fairness",
    "folds",
    "overlap",
    "pairs",
    "reclassification",
    "subgroup_tests",
    "subgroups",
    "survival_cox",
    "survival_rates",
    "survival_subgroups",
    "thresholds",
)


def read_run(folder: Path) -> RunData:
    """Read a run's folder; of a run with several tasks, the first of them.

    Args:
        folder: `reports/<benchmark>/<run>`.

    Returns:
        The content; optional tables that are absent are empty.

    Raises:
        SamesplitError: run.json, lesions, splits, predictions or results is missing or damaged.
    """
    return read_tasks(folder)[0]


def read_tasks(folder: Path) -> tuple[RunData, ...]:
    """Read a run's folder, one part a task, in the order in which they are declared.

    Args:
        folder: `reports/<benchmark>/<run>`. The files of a task stand in `tasks/<task>`, or beside run.json where
            the benchmark declares one task under `task:`.

    Raises:
        SamesplitError: As for `read_run`.
    """
    run = _read_json(folder / RUN_RECORD)
    if not isinstance(run, dict):
        raise SamesplitError("holds no record of a run", where=folder / RUN_RECORD, remedy="run again")
    needed = ["run", "benchmark", "title"] + (
        [] if run.get("tasks") else ["question", "positive", "negative"]
    )
    lacking = [key for key in needed if key not in run]
    if lacking:
        raise SamesplitError(
            f"lacks {', '.join(lacking)}", where=folder / RUN_RECORD, remedy="run the benchmark again"
        )
    lesions = read_table(folder / LESIONS_TABLE)
    if not {"lesion_id", "patient_id"} <= set(lesions) or ("label" not in lesions and not run.get("tasks")):
        raise SamesplitError(
            "lacks lesion_id, patient_id or label",
            where=folder / LESIONS_TABLE,
            remedy="run the benchmark again",
        )
    lesions["lesion_id"] = lesions["lesion_id"].astype(str)
    tasks = tasks_of_run(run)
    binary = [task for task in tasks if task.kind == "binary"]
    shared = _Shared(
        run=run,
        cohort=lesions.set_index("lesion_id"),
        images=_optional(folder / IMAGES_TABLE, IMAGES),
        splits=read_table(folder / SPLITS_TABLE, SPLITS),
        ledger=_optional(folder / LEDGER_TABLE, LEDGER),
        readings=_all_readings(folder / READINGS_TABLE),
        tables=_tables(folder, _SHARED) | _history(folder / HISTORY),
        notes=_notes(folder / NOTES),
        audit=_audit(folder / AUDIT_RECORD),
        main_task=binary[0].name if binary else None,
    )
    return tuple(_of_task(folder, task, shared) for task in tasks)


@dataclass(frozen=True)
class _Shared:
    """What all tasks of a run share; `main_task` is the one that readings and published results belong to."""

    run: dict[str, Any]
    cohort: pd.DataFrame
    images: pd.DataFrame
    splits: pd.DataFrame
    ledger: pd.DataFrame
    readings: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    notes: tuple[str, ...]
    audit: dict[str, Any]
    main_task: str | None


def _of_task(folder: Path, task: TaskInfo, shared: _Shared) -> RunData:
    here = task_folder(folder, task.name)
    audited = str(shared.audit.get("task") or shared.main_task or "") == task.name
    own = {"audit": audited, "published": shared.main_task == task.name}
    tables = {name: table for name, table in shared.tables.items() if own.get(name, True)}
    return RunData(
        run=shared.run,
        task=task,
        cohort=shared.cohort,
        lesions=_outcomes(here / OUTCOMES, task, shared.cohort),
        images=shared.images,
        splits=shared.splits,
        ledger=shared.ledger,
        predictions=read_table(here / PREDICTIONS_TABLE, _PREDICTIONS[task.kind]),
        readings=_readings(shared.readings, task, shared.main_task),
        results=_results(here / RESULTS_TABLE, task),
        tables=tables | _tables(here, _OF_TASK) | _tables_in_folders(here),
        notes=shared.notes,
        audit=shared.audit if audited else {},
    )


def _results(path: Path, task: TaskInfo) -> pd.DataFrame:
    """Return the results; none of a task among several that no model could be evaluated in."""
    return _optional(path, RESULTS) if task.name else read_table(path, RESULTS)


def _outcomes(path: Path, task: TaskInfo, cohort: pd.DataFrame) -> pd.DataFrame:
    """Return the lesions with an outcome in the task, with `label` and `positive`, and `time` for survival."""
    if task.kind == "segmentation":
        return cohort.assign(label="", number=0, positive=0)
    names = dict(enumerate(("censored", "event") if task.kind == "survival" else task.classes))
    if path.exists():
        outcomes = read_table(path)
        outcomes = outcomes.set_index(outcomes["lesion_id"].astype(str))
    else:
        columns = dict(zip(reversed(task.columns), ("label", "time"), strict=False))
        outcomes = cohort[list(columns)].rename(columns=columns)
    label = outcomes["label"]
    if pd.api.types.is_numeric_dtype(label):
        label = label.map(names)
    label = label[label.astype(object).isin(list(names.values()))].astype(str)
    table = cohort.loc[cohort.index.isin(label.index)]
    table = table.assign(label=label.reindex(table.index))
    table["number"] = table["label"].map({name: number for number, name in names.items()}).astype("int64")
    table["positive"] = table["number"] if task.kind != "multiclass" else 0
    if task.kind == "survival":
        table["time"] = outcomes["time"].reindex(table.index).astype("float64")
    return table


def _readings(readings: pd.DataFrame, task: TaskInfo, main_task: str | None) -> pd.DataFrame:
    """Return the readings of a task; those that name none belong to the first task with two classes."""
    if task.kind != "binary":
        return readings.iloc[:0]
    if "task" not in readings:
        return readings if task.name == main_task else readings.iloc[:0]
    return readings[readings["task"].fillna(main_task or "").astype(str) == task.name]


def _all_readings(path: Path) -> pd.DataFrame:
    """Return the readings of all tasks, one row each; with named tasks each names the one that it answers."""
    table = read_table(path) if path.exists() else empty_table(READINGS)
    schema = readings_schema(tasks="task" in table, marks="mark" in table)
    return one_row_a_reading(check_table(table, schema, where=path))


def _optional(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    return read_table(path, schema) if path.exists() else empty_table(schema)


def _tables(folder: Path, names: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    paths = {name: folder / f"{name}.parquet" for name in names}
    return {name: read_table(path) for name, path in paths.items() if path.exists()}


def _tables_in_folders(folder: Path) -> dict[str, pd.DataFrame]:
    return {
        f"{part}/{path.stem}": read_table(path)
        for part in ("curves", "details", "readers", "summaries")
        for path in sorted((folder / part).glob("*.parquet"))
    }


def _notes(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    found = _read_json(path)
    items = found if isinstance(found, list) else [found]
    return tuple(_note(item) for item in items if item)


def _history(path: Path) -> dict[str, pd.DataFrame]:
    """Return the checks that depend on other runs of the benchmark, where they were made."""
    found = _read_json(path) if path.exists() else {}
    rows = found.get("checks") if isinstance(found, dict) else None
    return {"history_checks": pd.DataFrame(rows)} if rows else {}


def _audit(path: Path) -> dict[str, Any]:
    found = _read_json(path) if path.exists() else {}
    return found if isinstance(found, dict) else {}


def _note(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    text = next((str(item[key]) for key in ("text", "note", "message") if item.get(key)), "")
    place = next((str(item[key]) for key in ("model", "stage", "where") if item.get(key)), "")
    if not text:
        return "; ".join(f"{key}: {value}" for key, value in item.items())
    return f"{place}: {text}" if place else text


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SamesplitError("does not exist", where=path, remedy="run the benchmark first") from None
    except (OSError, ValueError) as error:
        raise SamesplitError(
            f"cannot be read ({error})", where=path, remedy="run the benchmark again, which makes it anew"
        ) from error
