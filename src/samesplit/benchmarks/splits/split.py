"""A split as a value: the side of every patient in every repeat and fold."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from samesplit.benchmarks.definition import SplitSettings

__all__ = ["MOST_TEST_SETS", "SUBSETS", "Split", "settings_record", "split_bytes", "split_table"]

SUBSETS = ("train", "validation", "test")
MOST_TEST_SETS = 20
"""Beyond as many (sites that are left out in turn) sets are not judged apart: each would hold a few lesions."""

Row = tuple[str, int, int, str]


@dataclass(frozen=True)
class Split:
    """A frozen assignment of patients to train, validation and test.

    Attributes:
        table: The splits table: patient_id, repeat, fold, subset and, where test sets have names, test_set; every
            patient in every (repeat, fold).
        scheme: The name of the scheme that made it.
        seed: The seed it was made with.
        sha256: Hash of the bytes of `splits.csv`.
        cohort_sha256: Hash of the ids, labels and strata it was made from.
        settings: The settings it was made with.
        patients: One line a patient that changes when the patient's lesions, labels or strata change.
        facts: What the scheme found out, such as the cutoff or the site of each fold.
        notes: What is to be known about test parts that lack a class; not kept in the files.
    """

    table: pd.DataFrame
    scheme: str
    seed: int
    sha256: str
    cohort_sha256: str
    settings: dict[str, Any]
    patients: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def pairs(self) -> list[tuple[int, int]]:
        """Every (repeat, fold) there is, in order."""
        found = self.table[["repeat", "fold"]].drop_duplicates()
        return sorted((int(repeat), int(fold)) for repeat, fold in found.itertuples(index=False, name=None))

    def patient_ids(self, repeat: int, fold: int, subset: str) -> list[str]:
        """Return the patients of one part, sorted."""
        table = self.table
        rows = table[(table["repeat"] == repeat) & (table["fold"] == fold) & (table["subset"] == subset)]
        return sorted(rows["patient_id"])

    def lesions(self, lesions: pd.DataFrame, repeat: int, fold: int, subset: str) -> list[str]:
        """Return the lesions of one part, sorted.

        Args:
            lesions: The lesions table, with `lesion_id` as a column or as the index.
            repeat: Which repeat.
            fold: Which fold.
            subset: "train", "validation" or "test".
        """
        inside = lesions["patient_id"].isin(self.patient_ids(repeat, fold, subset))
        ids = lesions["lesion_id"] if "lesion_id" in lesions else lesions.index.to_series()
        return sorted(ids[inside])

    def places(self, lesions: pd.DataFrame) -> pd.DataFrame:
        """Return where each lesion stands: columns repeat, fold, subset and lesion_id, one row a place.

        Args:
            lesions: The lesions table, with `lesion_id` as a column or as the index.
        """
        rows = [
            (repeat, fold, subset, lesion)
            for repeat, fold in self.pairs()
            for subset in ("train", "validation", "test")
            for lesion in self.lesions(lesions, repeat, fold, subset)
        ]
        return pd.DataFrame(rows, columns=["repeat", "fold", "subset", "lesion_id"])

    def test_set_of(self) -> pd.Series[str]:
        """The named test set of each patient who is tested in any fold; empty where sets have no names."""
        if "test_set" not in self.table:
            return pd.Series(dtype="str", name="test_set", index=pd.Index([], dtype="str", name="patient_id"))
        named = self.table[self.table["test_set"].notna()].drop_duplicates("patient_id")
        return named.set_index("patient_id")["test_set"].sort_index()

    def with_test_sets(self, lesions: pd.DataFrame) -> pd.DataFrame:
        """Add the column `test_set` to a table of lesions, where there are several sets to judge apart.

        Args:
            lesions: With the column patient_id.

        Returns:
            The table without that column, where the test part has no name, one, or more than `MOST_TEST_SETS`.
        """
        if not 1 < len(self.test_sets()) <= MOST_TEST_SETS:
            return lesions.drop(columns="test_set", errors="ignore")
        return lesions.assign(test_set=lesions["patient_id"].map(self.test_set_of()))

    def test_sets(self) -> tuple[str, ...]:
        """The names of the test sets: first those whom no rule names, then the declared ones in their order."""
        found = set(self.test_set_of())
        declared = [name for name in self.settings.get("test_sets", {}) if name in found]
        return (*sorted(found - set(declared)), *declared)


def split_table(rows: list[Row], test_sets: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Rows as a splits table in the one order that is written.

    Args:
        rows: patient_id, repeat, fold, subset.
        test_sets: The named test set of each patient who is tested; nothing for one unnamed test part.
    """
    ordered = sorted(rows, key=lambda row: (row[1], row[2], row[0], row[3]))
    table = pd.DataFrame(ordered, columns=["patient_id", "repeat", "fold", "subset"])
    table = table.astype({"patient_id": "str", "repeat": "int64", "fold": "int64", "subset": "str"})
    if not test_sets:
        return table
    names = table["patient_id"].map(test_sets).where(table["subset"] == "test")
    return table.assign(test_set=names.astype("str"))


def settings_record(settings: SplitSettings) -> dict[str, Any]:
    """Return the settings as `splits.json` keeps them: rules about patients only where there are some."""
    record: dict[str, Any] = settings.model_dump(mode="json")
    return {key: value for key, value in record.items() if value or key not in ("test_sets", "never_tested")}


def split_bytes(table: pd.DataFrame) -> tuple[bytes, str]:
    """Return the bytes of `splits.csv` and their SHA-256."""
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, lineterminator="\n")
    content = buffer.getvalue().encode()
    return content, hashlib.sha256(content).hexdigest()
