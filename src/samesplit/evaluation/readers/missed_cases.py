"""The cases that all readers got right and a model missed, and the reverse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from samesplit.evaluation.readers.arrays import Cases, model_columns, reader_array
from samesplit.evaluation.readers.settings import ordered_modalities
from samesplit.statistics.cases_missed import cases_missed

__all__ = ["missed_cases_table"]

_COLUMNS = ["modality", "model", "kind", "lesion_id", "label", "model_score", "n_right", "n_readers"]

KINDS = {
    "only_model_wrong": "all readers right, model wrong",
    "only_model_right": "all readers wrong, model right",
    "all_wrong": "all readers and the model wrong",
}
"""What becomes a row."""


def missed_cases_table(
    readings: pd.DataFrame, models: Mapping[str, pd.DataFrame], cases: Cases
) -> pd.DataFrame:
    """List the cases in which all readers, two or more, and a model part, or are wrong together.

    Args:
        readings: One row a reading.
        models: Tables of models; those without calls are left out.
        cases: The cases.

    Returns:
        One row a modality, model and such case; `kind` as in `KINDS`.
    """
    rows: list[dict[str, Any]] = []
    columns = model_columns(models, cases)
    for modality in ordered_modalities(readings["modality"].tolist()):
        part = readings[readings["modality"] == modality]
        calls = reader_array(part, cases, sorted(set(part["reader_id"])), "decision")
        for model, table in columns.items():
            if not (np.isfinite(calls).any() and table["decision"].notna().any()):
                continue
            found = cases_missed(cases.labels, calls, table["decision"].to_numpy(dtype=float))
            for name, kind in KINDS.items():
                for place in getattr(found, name):
                    rows.append(
                        {
                            "modality": modality,
                            "model": model,
                            "kind": kind,
                            "lesion_id": str(cases.lesions[place]),
                            "label": int(cases.labels[place]),
                            "model_score": float(table["score"].iloc[place]),
                            "n_right": int(found.n_right[place]),
                            "n_readers": int(found.n_read[place]),
                        }
                    )
    return pd.DataFrame(rows, columns=_COLUMNS)
