"""The parts of the frozen split as MLflow's datasets, which metrics are linked to.

There is one for the training, the validation and the test part, and one for each named test set; with named tasks
a task has its own, since it may leave lesions out. The digest is of the split's SHA-256 and of the lesions of the
part, so that two numbers with the same digest were measured on the same lesions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.run_folder import LESIONS, OUTCOMES, SPLITS, task_folder
from samesplit.storage import hash_object
from samesplit.tables import read_table

__all__ = ["TEST", "Part", "labels_of", "parts_of_split"]

TEST = "test"
_DIGITS = 32
"""Of the SHA-256 that make a digest: MLflow takes 36 at most."""
_MLFLOW_TYPES = {"i": "long", "f": "double", "b": "boolean"}


@dataclass(frozen=True)
class Part:
    """A part of the split.

    Attributes:
        name: As MLflow calls the dataset: `<benchmark>/test`, `<benchmark>/<task>/test/<test set>`.
        subset: `train`, `validation` or `test`.
        group: What results call it: `all` for the test part, else `subset=train`, `test_set=external`.
        digest: Of the split and the lesions.
        source: Where the benchmark is, and the hashes of split and cohort; JSON.
        schema: The columns of the table of lesions; JSON.
        profile: How many lesions, patients and folds, and how many lesions of each class; JSON.
    """

    name: str
    subset: str
    group: str
    digest: str
    source: str
    schema: str
    profile: str

    @property
    def prefix(self) -> str:
        """What comes before the names of its metrics: nothing for the test part.

        Example:
            >>> Part("balls/test/external", "test", "test_set=external", "", "", "", "").prefix
            'test/external/'
        """
        if self.group == "all":
            return ""
        kind, _, name = self.group.partition("=")
        return f"{name}/" if kind == "subset" else f"{TEST}/{name}/"

    def as_input(self) -> Any:
        """Return it as MLflow's input of a run, with the subset as its context."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(
            name=self.name,
            digest=self.digest,
            source_type="local",
            source=self.source,
            schema=self.schema,
            profile=self.profile,
        )
        return DatasetInput(dataset, [InputTag("mlflow.data.context", self.subset)])


def parts_of_split(run_folder: Path, record: dict[str, Any], task: str = "") -> list[Part]:
    """List the parts of a run's split, the test part first.

    Args:
        run_folder: The run's.
        record: Its run.json.
        task: The name of the task, where tasks are named.

    Returns:
        Nothing for a run's folder that holds no split.
    """
    if not all((run_folder / name).is_file() for name in (SPLITS, LESIONS)):
        return []
    splits, lesions = read_table(run_folder / SPLITS), read_table(run_folder / LESIONS)
    classes = labels_of(run_folder, record, task)
    of_lesion = lesions[["lesion_id", "patient_id"]].assign(label=lesions["lesion_id"].map(classes))
    if task and len(classes):
        of_lesion = of_lesion[of_lesion["lesion_id"].isin(classes.index)]
    placed = splits.merge(of_lesion, on="patient_id").sort_values(["repeat", "fold", "lesion_id"])
    columns = lesions.drop(columns="patient_id", errors="ignore")
    home = f"{record['benchmark']}/{task}" if task else str(record["benchmark"])
    parts = []
    for name, subset, group, table in _tables(placed):
        if len(table):
            parts.append(
                Part(
                    f"{home}/{name}",
                    subset,
                    group,
                    _digest(record, table, name, task),
                    _source(record),
                    _schema(columns),
                    _profile(table),
                )
            )
    return parts


def _tables(placed: pd.DataFrame) -> list[tuple[str, str, str, pd.DataFrame]]:
    """Return each part's name, subset, group of results and rows."""
    found = [(TEST, TEST, "all", placed[placed["subset"] == TEST])]
    if "test_set" in placed:
        tested = found[0][3]
        for name in sorted(tested["test_set"].dropna().astype(str).unique()):
            if name:
                table = tested[tested["test_set"] == name]
                found.append((f"{TEST}/{name}", TEST, f"test_set={name}", table))
    for subset in ("validation", "train"):
        found.append((subset, subset, f"subset={subset}", placed[placed["subset"] == subset]))
    return found


def labels_of(run_folder: Path, record: dict[str, Any], task: str = "") -> pd.Series[str]:
    """Return the class of each lesion that has one in the task, in words, by `lesion_id`.

    Args:
        run_folder: The run's.
        record: Its run.json.
        task: The name of the task, where tasks are named.

    Returns:
        Of a survival task `event` or `censored`; nothing of a task of masks.
    """
    asked: dict[str, Any] = next(
        (one for one in record.get("tasks", ()) if not task or one["name"] == task), {}
    )
    outcomes = task_folder(run_folder, task) / OUTCOMES
    path = outcomes if task else run_folder / LESIONS
    table = read_table(path) if path.is_file() else pd.DataFrame({"lesion_id": []}, dtype=str)
    column = "label" if task else asked.get("event") or asked.get("column") or "label"
    if column not in table or asked.get("kind") == "segmentation":
        return pd.Series(dtype=str)
    label = pd.Series(table[column].to_numpy(), index=pd.Index(table["lesion_id"].astype(str))).dropna()
    if pd.api.types.is_numeric_dtype(label):
        names = asked.get("classes") or ("censored", "event")
        return label.map({number: str(name) for number, name in enumerate(names)}).dropna()
    return label.astype(str)


def _digest(record: dict[str, Any], table: pd.DataFrame, part: str, task: str) -> str:
    rows = table[["repeat", "fold", "lesion_id"]].astype(str).to_numpy().tolist()
    return hash_object([record["hashes"]["split"], task, part, rows])[:_DIGITS]


def _source(record: dict[str, Any]) -> str:
    told = {
        "uri": f"benchmarks/{record['benchmark']}",
        "split_sha256": record["hashes"]["split"],
        "cohort_sha256": record["hashes"]["cohort"],
    }
    return json.dumps(told)


def _schema(columns: pd.DataFrame) -> str:
    described = [
        {
            "type": _MLFLOW_TYPES.get(columns[name].dtype.kind, "string"),
            "name": str(name),
            "required": bool(columns[name].notna().all()),
        }
        for name in columns
    ]
    return json.dumps({"mlflow_colspec": described})


def _profile(table: pd.DataFrame) -> str:
    once = table.drop_duplicates("lesion_id")
    counts = once["label"].dropna().astype(str).value_counts().sort_index()
    told: dict[str, Any] = {
        "num_rows": len(once),
        "num_lesions": len(once),
        "num_patients": int(once["patient_id"].nunique()),
        "num_folds": len(table[["repeat", "fold"]].drop_duplicates()),
        "lesions_by_class": {str(name): int(count) for name, count in counts.items() if name},
    }
    return json.dumps(told)
