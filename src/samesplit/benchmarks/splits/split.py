"""A split as a value: the side of every patient in every repeat and fold."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from samesplit.tables import SPLITS

__all__ = ["SUBSETS", "Split", "split_bytes", "split_table"]

SUBSETS = ("train", "validation", "test")

Row = tuple[str, int, int, str]


@dataclass(frozen=True)
class Split:
    """A frozen assignment of patients to train, validation and test.

    Attributes:
        table: The splits table: patient_id, repeat, fold, subset; every patient in every (repeat, fold).
        scheme: The name of the scheme that made it.
        seed: The seed it was made with.
        sha256: Hash of the bytes of `splits.csv`.
        cohort_sha256: Hash of the ids, labels and strata it was made from.
        settings: The settings it was made with.
        patients: One line a patient that changes when the patient's lesions, labels or strata change.
        facts: What the scheme found out, such as the cutoff or the site of each fold.
    """

    table: pd.DataFrame
    scheme: str
    seed: int
    sha256: str
    cohort_sha256: str
    settings: dict[str, Any]
    patients: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def pairs(self) -> list[tuple[int, int]]:
        """Every (repeat, fold) there is, in order."""
        found = self.table[["repeat", "fold"]].drop_duplicates()
        return sorted((int(repeat), int(fold)) for repeat, fold in found.itertuples(index=False, name=None))

    def patient_ids(self, repeat: int, fold: int, subset: str) -> list[str]:
        """The patients of one part, sorted."""
        table = self.table
        rows = table[(table["repeat"] == repeat) & (table["fold"] == fold) & (table["subset"] == subset)]
        return sorted(rows["patient_id"])

    def lesions(self, lesions: pd.DataFrame, repeat: int, fold: int, subset: str) -> list[str]:
        """The lesions of one part, sorted.

        Args:
            lesions: The lesions table, with `lesion_id` as a column or as the index.
            repeat: Which repeat.
            fold: Which fold.
            subset: "train", "validation" or "test".
        """
        inside = lesions["patient_id"].isin(self.patient_ids(repeat, fold, subset))
        ids = lesions["lesion_id"] if "lesion_id" in lesions else lesions.index.to_series()
        return sorted(ids[inside])


def split_table(rows: list[Row]) -> pd.DataFrame:
    """Rows as a splits table in the one order that is written."""
    ordered = sorted(rows, key=lambda row: (row[1], row[2], row[0], row[3]))
    table = pd.DataFrame(ordered, columns=list(SPLITS.columns))
    return table.astype({"patient_id": "str", "repeat": "int64", "fold": "int64", "subset": "str"})


def split_bytes(table: pd.DataFrame) -> tuple[bytes, str]:
    """The bytes of `splits.csv` and their SHA-256."""
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, lineterminator="\n")
    content = buffer.getvalue().encode()
    return content, hashlib.sha256(content).hexdigest()
