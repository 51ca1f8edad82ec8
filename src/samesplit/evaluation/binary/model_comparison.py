"""All pairs of models: paired differences of AUC on the lesions that all models predicted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import pandas as pd

from samesplit.evaluation.binary.scores import auc_difference, auc_of, has_both_classes, ranking_is_trained
from samesplit.evaluation.claims import add_claims
from samesplit.evaluation.validation import UNIT
from samesplit.statistics.cross_validated import corrected_resampled_t, fold_aucs
from samesplit.statistics.interval import Interval, stricter

__all__ = ["PAIR_COLUMNS", "model_pairs", "on_same_units"]

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
    "p_adjusted",
    "claim",
    "method",
    "p_influence",
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


def model_pairs(
    tables: dict[str, pd.DataFrame],
    *,
    reference: str | None = None,
    confidence: float = 0.95,
    apart: Sequence[str] = (),
) -> pd.DataFrame:
    """Compare every two models.

    On one test set the interval and p-value are DeLong's (or Obuchowski's for several lesions a patient). With
    several folds a difference has to pass two tests: that of the influence values (`cross_validated`) and the
    corrected resampled t-test over the folds, seeds averaged. The interval is the wider of the two and the
    p-value the larger, so that they always say the same.

    Args:
        tables: The table of each model, see `subject`, all on the same lesions.
        reference: The model that comes second in its pairs; the other pairs stand in the order of `tables`.
        confidence: Two-sided coverage.
        apart: Models whose pairs make a family of their own; see `claims`.

    Returns:
        The columns of `PAIR_COLUMNS`, AUC of model_a minus AUC of model_b; `p_adjusted` and `claim` as
        `claims.add_claims` has them, over all pairs; `p_influence` and `p_corrected_t` are the two tests of
        which `p_value` is the larger.
    """
    order = sorted(tables, key=lambda name: name == reference)  # stable: all others keep their order
    rows = [
        {"model_a": a, "model_b": b} | _compare(tables[a], tables[b], confidence=confidence)
        for a, b in itertools.combinations(order, 2)
    ]
    if not rows:
        return pd.DataFrame(columns=PAIR_COLUMNS)
    table = pd.DataFrame(rows)
    as_results = table.rename(columns={"model_a": "model", "model_b": "reference", "difference": "estimate"})
    as_results = as_results.assign(quantity="auc_difference", group="all")
    claimed = add_claims(as_results, confidence=confidence, apart=apart)
    return table.assign(p_adjusted=claimed["p_adjusted"], claim=claimed["claim"])[PAIR_COLUMNS]


def _compare(first: pd.DataFrame, second: pd.DataFrame, *, confidence: float) -> dict[str, object]:
    first, second = on_same_units(first, second)
    labels = first.drop_duplicates("lesion_id")["label"]
    counts = {"n": len(labels), "n_positive": int(labels.sum())}
    if first.empty or not has_both_classes(first):
        nothing = dict.fromkeys(
            ("auc_a", "auc_b", "difference", "ci_low", "ci_high", "p_value", "p_influence", "p_corrected_t"),
            math.nan,
        )
        return (
            counts | nothing | {"method": "no test", "note": "no fold with both classes is common to the two"}
        )
    found = auc_difference(first, second, confidence=confidence)
    trained = ranking_is_trained(first, second)
    corrected = _corrected_t(first, second, confidence=confidence) if trained else None
    both = found if corrected is None else stricter(found, corrected)
    return counts | {
        "auc_a": auc_of(first).estimate,
        "auc_b": auc_of(second).estimate,
        "difference": both.estimate,
        "ci_low": both.ci_low,
        "ci_high": both.ci_high,
        "p_value": both.p_value,
        "method": both.method,
        "p_influence": found.p_value if corrected is not None else math.nan,
        "p_corrected_t": corrected.p_value if corrected is not None else math.nan,
        "note": both.note,
    }


def _corrected_t(first: pd.DataFrame, second: pd.DataFrame, *, confidence: float) -> Interval:
    """Run the corrected t-test over folds, seeds averaged."""
    lesions_per_fold = first.groupby(["repeat", "fold"])["lesion_id"].nunique()
    n_all = int(first["lesion_id"].nunique())
    trained_on = n_all - lesions_per_fold
    ratio = float((lesions_per_fold / trained_on)[trained_on > 0].mean())
    differences = _by_fold(first) - _by_fold(second)
    return corrected_resampled_t(differences, test_train_ratio=ratio, confidence=confidence)


def _by_fold(table: pd.DataFrame) -> pd.Series[float]:
    """Return the AUC of each fold, averaged over seeds."""
    each = fold_aucs(table["label"], table["score"], table["cell"])
    cells = table[["repeat", "fold", "cell"]].drop_duplicates().sort_values("cell")
    return pd.Series(each.to_numpy()).groupby([cells["repeat"].to_numpy(), cells["fold"].to_numpy()]).mean()
