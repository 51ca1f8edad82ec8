"""Limits of agreement of readers' scores, readers and cases random."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.readers.arrays import Cases, reader_array
from samesplit.evaluation.readers.settings import ReaderSettings, ordered_modalities
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc import limits_of_agreement

__all__ = ["limits_table"]

_COLUMNS = [
    "kind", "modality", "reference", "mean_difference", "ci_low", "ci_high", "limit_low", "limit_high",
    "n_readers",
    "n", "method",
]  # fmt: skip
Kind = Literal["WRBM", "BRBM", "BRWM"]


def limits_table(readings: pd.DataFrame, cases: Cases, settings: ReaderSettings) -> pd.DataFrame:
    """Estimate between which values most differences of two scores of a case lie.

    Args:
        readings: One row a reading, with scores.
        cases: The cases.
        settings: The confidence.

    Returns:
        Of each modality two readers' scores (`BRWM`); of each modality and the first, one reader's scores
        under both (`WRBM`) and two readers', each under one of them (`BRBM`); modality minus reference. Empty
        without scores of two readers.
    """
    rows: list[dict[str, Any]] = []
    modalities = ordered_modalities(readings["modality"].tolist())
    readers = sorted(set(readings["reader_id"]))
    arrays = {
        name: reader_array(readings[readings["modality"] == name], cases, readers, "score")
        for name in modalities
    }
    asked: list[tuple[Kind, str, str]] = [("BRWM", name, "") for name in modalities]
    asked += [(kind, name, modalities[0]) for name in modalities[1:] for kind in _BETWEEN]
    for kind, modality, reference in asked:
        row = _limits(kind, arrays[modality], arrays[reference] if reference else None, settings)
        if row is not None:
            rows.append({"kind": kind, "modality": modality, "reference": reference} | row)
    return pd.DataFrame(rows, columns=_COLUMNS)


_BETWEEN: tuple[Kind, Kind] = ("WRBM", "BRBM")


def _limits(
    kind: Kind, first: FloatArray, second: FloatArray | None, settings: ReaderSettings
) -> dict[str, Any] | None:
    read = np.isfinite(first) if second is None else np.isfinite(first) & np.isfinite(second)
    if read.any(axis=1).sum() < 2:
        return None
    try:
        found = limits_of_agreement(first, second, kind=kind, confidence=settings.confidence)
    except StatisticsError:  # no two readers with different cases
        return None
    mean = found.mean_difference
    return {
        "mean_difference": mean.estimate,
        "ci_low": mean.ci_low,
        "ci_high": mean.ci_high,
        "limit_low": found.low,
        "limit_high": found.high,
        "n_readers": int(read.any(axis=1).sum()),
        "n": int(read.any(axis=0).sum()),
        "method": found.method,
    }
