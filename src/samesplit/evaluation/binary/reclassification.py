"""Reclassification as a table: how every model moves lesions against the reference and the clinical model."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from samesplit.evaluation.binary.draws import Draws
from samesplit.evaluation.binary.estimates import as_fitted
from samesplit.evaluation.comparison import on_same_units
from samesplit.evaluation.validation import UNIT
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.interval import Interval
from samesplit.statistics.patient_sums import OfSums, ratio, sums_of
from samesplit.statistics.reclassification import moves

__all__ = ["COLUMNS", "RECLASSIFICATION", "reclassification_table"]

RECLASSIFICATION = "reclassification"
"""The table's name among those of an evaluation."""

COLUMNS = [
    "model",
    "reference",
    "measure",
    "categories",
    "estimate",
    "ci_low",
    "ci_high",
    "share_up",
    "share_down",
    "n",
    "n_positive",
    "method",
    "note",
]

_SIGNS = {"events": (1, 1.0), "non_events": (0, -1.0)}
"""The class of each part, and which way a change of its probability is good."""


def reclassification_table(
    tables: dict[str, pd.DataFrame],
    references: Sequence[str],
    draws: Draws,
    *,
    categories: Sequence[float] = (),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compute NRI and IDI of every model against each reference, positives and negatives apart and together.

    The intervals are those of the bootstrap over patients, since formulas for them fail where a model adds little
    (Kerr et al. 2014, doi:10.1097/EDE.0000000000000018); nothing is tested and nothing claimed. Of models with
    several seeds each is paired with each.

    Args:
        tables: The table of each model, see `scores`, all on the same lesions.
        references: The models to improve on, without doubles.
        draws: The bootstrap samples of the patients.
        categories: The limits between categories of risk; without any there is only the category-free NRI.
        confidence: Two-sided coverage.

    Returns:
        The columns of `COLUMNS`: measure (`nri_events`, `nri_non_events`, `nri`, and the same of `idi`),
        categories (in words, empty for none), and the shares of a class that moved up and down (NRI of one class).

    Raises:
        StatisticsError: A limit between categories is not usable.
    """
    rows = []
    for reference in references:
        for model, table in tables.items():
            if model != reference:
                pairs = _paired(table, tables[reference])
                for found in _measures(pairs, draws, categories, confidence=confidence):
                    rows.append({"model": model, "reference": reference} | found)
    return pd.DataFrame(rows, columns=COLUMNS)


def _paired(new: pd.DataFrame, old: pd.DataFrame) -> pd.DataFrame:
    """Set the probabilities of two models for the same lesion, repeat and fold side by side."""
    first, second = on_same_units(new, old)
    return first.merge(second[[*UNIT, "score"]].rename(columns={"score": "old"}), on=UNIT)


def _measures(
    pairs: pd.DataFrame, draws: Draws, categories: Sequence[float], *, confidence: float
) -> list[dict[str, object]]:
    lesions = pairs.drop_duplicates("lesion_id")["label"]
    counts = {"n": len(lesions), "n_positive": int(lesions.sum())}
    if lesions.nunique() < 2:
        return []
    codes, labels = draws.codes(pairs["patient_id"]), pairs["label"].to_numpy()
    old, new = (pairs[name].to_numpy(dtype=np.float64) for name in ("old", "score"))
    kinds = [("nri", "", moves(old, new))]
    if len(categories):
        words = ", ".join(f"{limit:g}" for limit in categories)
        kinds.append(("nri", words, moves(old, new, categories=categories)))
    kinds.append(("idi", "", new - old))
    rows: list[dict[str, object]] = []
    for name, words, change in kinds:
        parts = {
            part: [sign * change * (labels == label), labels == label]
            for part, (label, sign) in _SIGNS.items()
        }
        for part, columns in (*parts.items(), ("", [one for both in parts.values() for one in both])):
            sums = sums_of(codes, columns, n_patients=len(draws.patients))
            found = as_fitted(draws.interval(OfSums(sums, _sum_of_ratios), confidence=confidence), pairs)
            inside = labels == _SIGNS[part][0] if part and name == "nri" else np.zeros(len(labels), bool)
            row = {"measure": f"{name}_{part}" if part else name, "categories": words}
            rows.append(row | _cells(found) | _shares(change[inside]) | counts)
    return rows


def _sum_of_ratios(sums: FloatArray) -> FloatArray:
    """Add up the ratios of sums that stand in pairs of columns."""
    each = [ratio(sums[:, place : place + 2]) for place in range(0, sums.shape[1], 2)]
    return np.asarray(np.sum(each, axis=0), dtype=np.float64)


def _cells(found: Interval) -> dict[str, object]:
    return {
        "estimate": found.estimate,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "method": found.method,
        "note": found.note,
    }


def _shares(change: FloatArray) -> dict[str, object]:
    if not change.size:
        return {"share_up": math.nan, "share_down": math.nan}
    return {"share_up": float((change > 0).mean()), "share_down": float((change < 0).mean())}
