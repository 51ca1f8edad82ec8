"""All pairs of models: paired differences on the lesions both predicted, adjusted for their number."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from samesplit.ordering import merge_equals
from samesplit.statistics.cross_validated import corrected_resampled_t, fold_aucs
from samesplit.statistics.inputs import UNIT
from samesplit.statistics.interval import Interval
from samesplit.statistics.subject import (
    auc_method,
    auc_of,
    has_both_classes,
    influence_difference,
)

__all__ = ["PAIR_COLUMNS", "holm", "model_pairs", "on_same_units"]

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
    "p_corrected_t",
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

    On one test set the interval and p-value are DeLong's (or Obuchowski's for several lesions a patient). With
    several folds they are those of the influence values (`cross_validated`): they hold for the models as they
    were trained. `p_corrected_t` is that of the corrected resampled t-test over the folds, seeds averaged,
    which also counts that other training patients would have given other models, and has little power with
    few folds.

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
            ("auc_a", "auc_b", "difference", "ci_low", "ci_high", "p_value", "p_corrected_t"), math.nan
        )
        return nothing | {"method": "no test", "note": "no fold with both classes is common to the two"}
    a, b = auc_of(first), auc_of(second)
    method = auc_method(first, second)
    found = influence_difference(a, b, method=method, confidence=confidence)
    corrected = _corrected_t(first, second, confidence=confidence)
    notes = (found.note, corrected.note if corrected else "")
    return {
        "auc_a": a.estimate,
        "auc_b": b.estimate,
        "difference": found.estimate,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p_value": found.p_value,
        "method": found.method,
        "p_corrected_t": corrected.p_value if corrected else math.nan,
        "note": "; ".join(dict.fromkeys(note for note in notes if note)),
    }


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
    """Adjust p-values by Holm's method; missing ones stay missing and do not count, equal ones stay equal.

    Args:
        p_values: Any number of them, NaN for none.

    Example:
        >>> holm(pd.Series([0.01, np.nan, 0.04])).tolist()
        [0.02, nan, 0.04]
    """
    adjusted = pd.Series(np.nan, index=p_values.index, dtype="float64")
    known = p_values.notna()
    if known.any():
        adjusted[known] = multipletests(merge_equals(p_values[known]), method="holm")[1]
    return adjusted
