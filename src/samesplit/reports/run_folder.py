"""A run's folder, read: run.json and the tables, with the optional ones empty where they are absent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from samesplit.errors import SamesplitError
from samesplit.tables import IMAGES, LEDGER, PREDICTIONS, READINGS, RESULTS, SPLITS, empty_table, read_table

__all__ = ["RunData", "read_run"]


@dataclass(frozen=True)
class RunData:
    """Everything a report is made from.

    Attributes:
        run: The content of run.json.
        lesions: Indexed by lesion_id; `label` is the class by name and `positive` is 0 or 1.
        images: The images table; may be empty.
        splits: The splits table.
        ledger: The case ledger; may be empty.
        predictions: The predictions table.
        readings: The readings table; may be empty.
        results: The results table.
        tables: The other tables by name (`pairs`, `confusion`, `curves/roc`, `details/grid`,
            `summaries/grid_cells`, ...); a table that the run did not write is absent.
        notes: Remarks of the run, in words.
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
    audit: dict[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """An optional table; empty and without columns when the run has none."""
        return self.tables.get(name, pd.DataFrame())

    @property
    def positive(self) -> str:
        """The name of the positive class."""
        return str(self.run["positive"])

    @property
    def negative(self) -> str:
        """The name of the negative class."""
        return str(self.run["negative"])

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
        name = self.section("statistics").get("reference")
        return str(name) if name else None

    @property
    def shuffled(self) -> bool:
        """Whether this is a label-permutation run."""
        return bool(self.section("options").get("shuffle_labels", False))

    def section(self, name: str) -> dict[str, Any]:
        """A part of run.json; empty when it is absent."""
        found = self.run.get(name)
        return dict(found) if isinstance(found, dict) else {}

    def test_predictions(self) -> pd.DataFrame:
        """The test predictions of the primary rater, or of the only rater there is."""
        test = self.predictions[self.predictions["subset"] == "test"]
        primary = test[test["rater"] == self.rater]
        return test if primary.empty else primary


_OPTIONAL = (
    "audit",
    "balance",
    "confusion",
    "folds",
    "pairs",
    "decisions",
    "thresholds",
    "thumbnails",
    "published",
    "catalogue",
)


def read_run(folder: Path) -> RunData:
    """Read a run's folder.

    Args:
        folder: `reports/<benchmark>/<run>`.

    Returns:
        The content; optional tables that are absent are empty.

    Raises:
        SamesplitError: run.json, lesions, splits, predictions or results is missing or damaged.
    """
    run = _read_json(folder / "run.json")
    if not isinstance(run, dict):
        raise SamesplitError("holds no record of a run", where=folder / "run.json", remedy="run again")
    lacking = [k for k in ("run", "benchmark", "title", "question", "positive", "negative") if k not in run]
    if lacking:
        raise SamesplitError(
            f"lacks {', '.join(lacking)}", where=folder / "run.json", remedy="run the benchmark again"
        )
    lesions = read_table(folder / "lesions.parquet")
    if "lesion_id" not in lesions or "label" not in lesions or "patient_id" not in lesions:
        raise SamesplitError(
            "lacks lesion_id, patient_id or label",
            where=folder / "lesions.parquet",
            remedy="run the benchmark again",
        )
    return RunData(
        run=run,
        lesions=_labelled(lesions, run),
        images=_optional(folder / "images.parquet", IMAGES),
        splits=read_table(folder / "splits.parquet", SPLITS),
        ledger=_optional(folder / "ledger.parquet", LEDGER),
        predictions=read_table(folder / "predictions.parquet", PREDICTIONS),
        readings=_optional(folder / "readings.parquet", READINGS),
        results=read_table(folder / "results.parquet", RESULTS),
        tables=_other_tables(folder),
        notes=_notes(folder / "notes.json"),
        audit=_audit(folder / "audit_record.json"),
    )


def _labelled(lesions: pd.DataFrame, run: dict[str, Any]) -> pd.DataFrame:
    table = lesions.copy()
    table["lesion_id"] = table["lesion_id"].astype(str)
    label = table["label"]
    if pd.api.types.is_numeric_dtype(label):
        table["positive"] = label.astype(int)
        table["label"] = label.map({0: str(run["negative"]), 1: str(run["positive"])})
    else:
        table["positive"] = (label.astype(str) == str(run["positive"])).astype(int)
    return table.set_index("lesion_id")


def _optional(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    return read_table(path, schema) if path.exists() else empty_table(schema)


def _other_tables(folder: Path) -> dict[str, pd.DataFrame]:
    paths = {name: folder / f"{name}.parquet" for name in _OPTIONAL}
    for part in ("curves", "details", "summaries"):
        for path in sorted((folder / part).glob("*.parquet")):
            paths[f"{part}/{path.stem}"] = path
    return {name: read_table(path) for name, path in paths.items() if path.exists()}


def _notes(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    found = _read_json(path)
    items = found if isinstance(found, list) else [found]
    return tuple(_note(item) for item in items if item)


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
