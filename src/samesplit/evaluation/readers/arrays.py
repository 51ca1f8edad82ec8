"""Readings and models on the same cases, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from samesplit.evaluation.readers.models import one_row_a_lesion
from samesplit.statistics.checks import AnyArray, FloatArray, IntArray

__all__ = ["Cases", "cases_of", "model_columns", "reader_array"]


@dataclass(frozen=True)
class Cases:
    """The cases of a study in one order.

    Attributes:
        lesions: Their ids.
        labels: Shape (n,), 0 or 1.
        patients: Shape (n,), the patient of each.
    """

    lesions: pd.Index[str]
    labels: IntArray
    patients: AnyArray

    @property
    def owners(self) -> AnyArray | None:
        """The patients where some have several cases, else None."""
        return self.patients if len(set(self.patients)) < len(self.patients) else None


def cases_of(readings: pd.DataFrame, truth: pd.DataFrame) -> Cases:
    """Return the cases that anybody read, sorted by id.

    Args:
        readings: One row a reading.
        truth: Indexed by lesion_id: patient_id, label.
    """
    lesions = pd.Index(np.unique(readings["lesion_id"].to_numpy(dtype=str)), dtype=str)
    known = truth.loc[lesions]
    return Cases(lesions, known["label"].to_numpy(dtype=np.int64), known["patient_id"].to_numpy(dtype=str))


def reader_array(readings: pd.DataFrame, cases: Cases, readers: list[str], column: str) -> FloatArray:
    """Return what each reader said of each case.

    Args:
        readings: Of one modality.
        cases: In which order.
        readers: Which readers, in which order.
        column: `score`, `decision` or `seconds`.

    Returns:
        Shape (n readers, n cases); NaN where there is nothing.
    """
    rows = pd.Index(readers, dtype=str).get_indexer(pd.Index(readings["reader_id"], dtype=str))
    columns = cases.lesions.get_indexer(pd.Index(readings["lesion_id"], dtype=str))
    values = readings[column].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    found = np.full((len(readers), len(cases.lesions)), np.nan)
    known = (rows >= 0) & (columns >= 0)
    found[rows[known], columns[known]] = values[known]
    return found


def model_columns(models: Mapping[str, pd.DataFrame], cases: Cases) -> dict[str, pd.DataFrame]:
    """Return one score and one call of each model for each case.

    Args:
        models: Tables of models.
        cases: In which order; a case that a model lacks is NaN.
    """
    return {
        name: one_row_a_lesion(table).reindex(cases.lesions)[["score", "decision"]]
        for name, table in models.items()
    }
