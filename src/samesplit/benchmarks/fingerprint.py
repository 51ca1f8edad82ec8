"""What a split depends on, as hashes: ids, labels and the strata columns, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from samesplit.storage import hash_object

__all__ = ["cohort_hash", "patient_fingerprints", "split_columns"]


def split_columns(scheme: str, strata: Sequence[str]) -> tuple[str, ...]:
    """The columns of the lesions table, besides ids and label, that a split is made from.

    Example:
        >>> split_columns("leave-one-site-out", ["sex", "site"])
        ('sex', 'site')
        >>> split_columns("temporal", [])
        ('date',)
    """
    own = {"leave-one-site-out": ["site"], "temporal": ["date"]}.get(scheme, [])
    return tuple(sorted({*strata, *own}))


def cohort_hash(lesions: pd.DataFrame, labels: pd.Series[int], columns: Sequence[str] = ()) -> str:
    """SHA-256 of what a split depends on; the order of the rows does not count.

    Args:
        lesions: Columns lesion_id, patient_id and the given columns.
        labels: 0 or 1, indexed by lesion_id.
        columns: Further columns that the split uses, see `split_columns`.

    Example:
        >>> lesions = pd.DataFrame({"lesion_id": ["a", "b"], "patient_id": ["p", "q"]})
        >>> labels = pd.Series([0, 1], index=["a", "b"])
        >>> cohort_hash(lesions, labels) == cohort_hash(lesions[::-1], labels[::-1])
        True
    """
    return hash_object({"columns": list(columns), "rows": _rows(lesions, labels, columns)})


def patient_fingerprints(
    lesions: pd.DataFrame, labels: pd.Series[int], columns: Sequence[str] = ()
) -> dict[str, str]:
    """One line a patient that changes when the patient's lesions, labels or strata change.

    Example:
        >>> lesions = pd.DataFrame({"lesion_id": ["a", "b"], "patient_id": ["p", "p"]})
        >>> patient_fingerprints(lesions, pd.Series([0, 1], index=["a", "b"]))["p"][:22]
        'lesions=2 positive=1 s'
    """
    by_patient: dict[str, list[list[Any]]] = {}
    for row in _rows(lesions, labels, columns):
        by_patient.setdefault(row[1], []).append(row)
    return {
        patient: f"lesions={len(rows)} positive={sum(row[2] for row in rows)} sha256={hash_object(rows)[:16]}"
        for patient, rows in sorted(by_patient.items())
    }


def _rows(lesions: pd.DataFrame, labels: pd.Series[int], columns: Sequence[str]) -> list[list[Any]]:
    numbers = {str(lesion): int(label) for lesion, label in labels.items()}
    rows = [
        [str(lesion), str(patient), numbers[str(lesion)], *map(_plain, values)]
        for lesion, patient, *values in lesions[["lesion_id", "patient_id", *columns]].itertuples(
            index=False, name=None
        )
    ]
    return sorted(rows, key=lambda row: str(row[0]))


def _plain(value: Any) -> float | str | None:
    if pd.isna(value):
        return None
    return float(value) if isinstance(value, int | float) else str(value)
