"""All pairs of models: paired differences on the lesions both predicted, adjusted for their number."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from samesplit.statistics.cross_validated import corrected_resampled_t, fold_aucs
from samesplit.statistics.inputs import UNIT
from samesplit.statistics.interval import Interval
from samesplit.statistics.subject import (
    auc_difference,
    auc_method,
    auc_of,
    has_both_classes,
    influence_difference,
)

__all__ = ["PAIR_COLUMNS", "compare_models", "holm", "model_pairs", "on_same_units"]

PAIR_COLUMNS = [
    "model_a",
    "model_b",
    "n",
    "n_positive",
    "auc_a",
    "auc_b",
    "difference",
    "ci_low",
    "ci_high",
    "p_value",
    "p_holm",
    "method",
    "p_influence",
    "note",
]


def on_same_units(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the lesions of the folds that both models predicted.

    Args:
        first: Of one model, see `subject`.
        second: Of another.
    """
    a, b = pd.MultiIndex.from_frame(first[UNIT]), pd.MultiIndex.from_frame(second[UNIT])
    return first[a.isin(b)], second[b.isin(a)]


def model_pairs(tables: dict[str, pd.DataFrame], *, confidence: float = 0.95) -> pd.DataFrame:
    """Compare every two models.

    On one test set the p-value is DeLong's (or Obuchowski's for several lesions a patient). With several
    folds the interval is that of the influence values (`cross_validated`), and `p_value` is that of the
    corrected resampled t-test over the folds, seeds averaged; `p_influence` belongs to the interval.

    Args:
        tables: The table of each model, see `subject`; lesions are left out pair by pair.
        confidence: Two-sided coverage.

    Returns:
        The columns of `PAIR_COLUMNS`, AUC of model_a minus AUC of model_b; `p_holm` is adjusted by Holm's
        method over the pairs that have a p-value.
    """
    rows = []
    for name_a, name_b in itertools.combinations(tables, 2):
        first, second = on_same_units(tables[name_a], tables[name_b])
        labels = first.drop_duplicates("lesion_id")["label"]
        row = {"model_a": name_a, "model_b": name_b, "n": len(labels), "n_positive": int(labels.sum())}
        rows.append(row | _compare(first, second, confidence=confidence))
    table = pd.DataFrame(rows, columns=[name for name in PAIR_COLUMNS if name != "p_holm"])
    table.insert(PAIR_COLUMNS.index("p_holm"), "p_holm", holm(table["p_value"].astype(float)))
    return table


def _compare(first: pd.DataFrame, second: pd.DataFrame, *, confidence: float) -> dict[str, object]:
    if first.empty or not has_both_classes(first):
        nothing = dict.fromkeys(
            ("auc_a", "auc_b", "difference", "ci_low", "ci_high", "p_value", "p_influence"), math.nan
        )
        return nothing | {"method": "no test", "note": "no fold with both classes is common to the two"}
    a, b = auc_of(first), auc_of(second)
    method = auc_method(first, second)
    plain = influence_difference(a, b, method=method, confidence=confidence)
    found = _with_corrected_t(plain, first, second, confidence=confidence)
    return {
        "auc_a": a.estimate,
        "auc_b": b.estimate,
        "difference": found.estimate,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p_value": found.p_value,
        "method": found.method,
        "p_influence": plain.p_value,
        "note": found.note,
    }


def compare_models(first: pd.DataFrame, second: pd.DataFrame, *, confidence: float) -> Interval:
    """Test the AUC difference of two models on the same lesions of the same folds.

    Args:
        first: Of one model, see `subject`.
        second: Of another, on the same units.
        confidence: Two-sided coverage.

    Returns:
        The difference with the interval of `auc_difference`. With several folds the p-value is that of the
        corrected resampled t-test; the lesions outside a test fold count as its training lesions.

    Raises:
        StatisticsError: No fold has both classes.
    """
    plain = auc_difference(first, second, confidence=confidence)
    return _with_corrected_t(plain, first, second, confidence=confidence)


def _with_corrected_t(
    plain: Interval, first: pd.DataFrame, second: pd.DataFrame, *, confidence: float
) -> Interval:
    """Put the p-value of the corrected t-test in place where there are several folds."""
    corrected = _corrected_t(first, second, confidence=confidence)
    if corrected is None:
        return plain
    note = "; ".join(part for part in (plain.note, corrected.note) if part)
    method = f"{plain.method}; {corrected.method}"
    return Interval(plain.estimate, plain.ci_low, plain.ci_high, method, note, corrected.p_value)


def _corrected_t(first: pd.DataFrame, second: pd.DataFrame, *, confidence: float) -> Interval | None:
    """Run the corrected t-test over folds; None on a single test set, where it does not apply."""
    lesions_per_fold = first.groupby(["repeat", "fold"])["lesion_id"].nunique()
    n_all = int(first["lesion_id"].nunique())
    trained_on = n_all - lesions_per_fold
    if len(lesions_per_fold) < 2 or (trained_on <= 0).any():
        return None
    ratio = float((lesions_per_fold / trained_on).mean())
    differences = _by_fold(first) - _by_fold(second)
    return corrected_resampled_t(differences, test_train_ratio=ratio, confidence=confidence)


def _by_fold(table: pd.DataFrame) -> pd.Series[float]:
    """Return the AUC of each fold, averaged over seeds."""
    each = fold_aucs(table["label"], table["score"], table["cell"])
    cells = table[["repeat", "fold", "cell"]].drop_duplicates().sort_values("cell")
    return pd.Series(each.to_numpy()).groupby([cells["repeat"].to_numpy(), cells["fold"].to_numpy()]).mean()


def holm(p_values: pd.Series[float]) -> pd.Series[float]:
    """Adjust p-values by Holm's method; missing ones stay missing and do not count.

    Args:
        p_values: Any number of them, NaN for none.

    Example:
        >>> holm(pd.Series([0.01, np.nan, 0.04])).tolist()
        [0.02, nan, 0.04]
    """
    adjusted = pd.Series(np.nan, index=p_values.index, dtype="float64")
    known = p_values.notna()
    if known.any():
        adjusted[known] = multipletests(p_values[known], method="holm")[1]
    return adjusted
