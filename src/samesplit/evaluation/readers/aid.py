"""What aid changes: whether advice is followed when right and when wrong, and how long a case takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from samesplit.evaluation.readers.arrays import Cases, model_columns, reader_array
from samesplit.evaluation.readers.settings import ReaderSettings, ordered_modalities
from samesplit.statistics.aided_reading import AdviceRates, advice_followed, reading_time
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.interval import Interval

__all__ = ["advice_table", "seconds_table"]

_RATES = ("followed_when_right", "followed_when_wrong", "corrected", "misled", "changed", "gain")
_ADVICE = [
    "modality", "reference", "model", "reader_id", "quantity", "estimate", "ci_low", "ci_high",
    "p_value", "count", "n",
    "method", "note",
]  # fmt: skip
_SECONDS = [
    "modality", "reference", "reader_id", "quantity", "estimate", "ci_low", "ci_high", "p_value",
    "median_reference",
    "median", "n", "method", "note",
]  # fmt: skip


def advice_table(
    readings: pd.DataFrame, models: Mapping[str, pd.DataFrame], cases: Cases, settings: ReaderSettings
) -> pd.DataFrame:
    """Tell how often readers followed a model's calls, where these were right and where they were wrong.

    Whether readers were shown these very calls is not in the tables: the study must say so.

    Args:
        readings: One row a reading, under two modalities or more.
        models: The models whose calls are taken for advice.
        cases: The cases.
        settings: The confidence.

    Returns:
        One row a modality, model, reader (empty for all) and quantity of `AdviceRates`; `count` of `n` calls.
    """
    rows: list[dict[str, Any]] = []
    columns = model_columns(models, cases)
    for modality, reference, readers, aided, before in _pairs(readings, cases, "decision"):
        for model, table in columns.items():
            advice = table["decision"].to_numpy(dtype=float)
            if not (np.isfinite(aided) & np.isfinite(before) & np.isfinite(advice)).any():
                continue
            found = advice_followed(
                cases.labels, advice, before, aided, readers=readers, patients=cases.owners,
                confidence=settings.confidence,
            )  # fmt: skip
            head = {"modality": modality, "reference": reference, "model": model}
            for reader, rates in {"": found.overall, **found.by_reader}.items():
                for quantity in _RATES:
                    count, n = _counted(rates, quantity)
                    row = head | {"reader_id": reader, "quantity": quantity, "count": count, "n": n}
                    rows.append(row | _interval(getattr(rates, quantity)))
    return pd.DataFrame(rows, columns=_ADVICE)


def seconds_table(readings: pd.DataFrame, cases: Cases, settings: ReaderSettings) -> pd.DataFrame:
    """Compare how long a case took under each modality with the first.

    Args:
        readings: One row a reading, with `seconds` where it is known.
        cases: The cases.
        settings: The confidence.

    Returns:
        One row a modality and reader (empty for all) with the ratio of times on the same cases, `ratio`, and for
        all readers the mean difference, `difference_seconds`.
    """
    rows: list[dict[str, Any]] = []
    if "seconds" not in readings:
        return pd.DataFrame(rows, columns=_SECONDS)
    timed = readings.assign(seconds=readings["seconds"].where(readings["seconds"] > 0))
    for modality, reference, readers, aided, before in _pairs(timed, cases, "seconds"):
        both = np.isfinite(aided) & np.isfinite(before)
        if not both.any():
            continue
        found = reading_time(
            before, aided, readers=readers, patients=cases.owners, confidence=settings.confidence
        )
        head = {"modality": modality, "reference": reference}
        medians = {
            reader: (
                np.median(before[row][both[row]]),
                np.median(aided[row][both[row]]),
                int(both[row].sum()),
            )
            for row, reader in enumerate(readers)
            if both[row].any()
        }
        medians[""] = (found.median_unaided_seconds, found.median_aided_seconds, found.n_pairs)
        told = [("", "ratio", found.ratio), ("", "difference_seconds", found.difference_seconds)]
        told += [(reader, "ratio", interval) for reader, interval in found.by_reader.items()]
        for reader, quantity, interval in told:
            first, second, n = medians[reader]
            rows.append(
                head
                | {"reader_id": reader, "quantity": quantity, "median_reference": float(first)}
                | {"median": float(second), "n": n}
                | _interval(interval)
            )
    return pd.DataFrame(rows, columns=_SECONDS)


def _pairs(
    readings: pd.DataFrame, cases: Cases, column: str
) -> list[tuple[str, str, list[str], FloatArray, FloatArray]]:
    """Put every modality beside the first, with the readers who read under both."""
    modalities = ordered_modalities(readings["modality"].tolist())
    found = []
    for modality in modalities[1:]:
        sides = [readings[readings["modality"] == name] for name in (modality, modalities[0])]
        readers = sorted(set(sides[0]["reader_id"]) & set(sides[1]["reader_id"]))
        if readers:
            arrays = [reader_array(side, cases, readers, column) for side in sides]
            found.append((modality, modalities[0], readers, arrays[0], arrays[1]))
    return found


def _counted(rates: AdviceRates, quantity: str) -> tuple[int, int]:
    """Return the numerator and the denominator of a share; of the gain the calls gained."""
    c = rates.counts
    return {
        "followed_when_right": (c.right_kept + c.right_corrected, c.n_advice_right),
        "followed_when_wrong": (c.wrong_misled + c.wrong_shared, c.n_advice_wrong),
        "corrected": (c.right_corrected, c.right_corrected + c.right_refused),
        "misled": (c.wrong_misled, c.wrong_kept + c.wrong_misled),
        "changed": (c.n_changed, c.n),
        "gain": (c.n_gained, c.n),
    }[quantity]


def _interval(found: Interval) -> dict[str, Any]:
    return {
        "estimate": found.estimate,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p_value": found.p_value,
        "method": found.method,
        "note": found.note,
    }
