"""All pairs of models of a binary task: paired differences of AUC on the lesions that all models predicted."""

from __future__ import annotations

import pandas as pd

from samesplit.evaluation.binary.scores import auc_interval_of, auc_method, auc_of, has_both_classes
from samesplit.evaluation.claims import DEFAULT_RULES, ClaimRules
from samesplit.evaluation.comparison import Measure, compare_models
from samesplit.statistics.cross_validated import fold_aucs

__all__ = ["AUC", "PAIR_COLUMNS", "model_pairs"]

AUC = Measure(
    name="auc",
    estimate=auc_of,
    interval=lambda table, confidence: auc_interval_of(table, confidence=confidence),
    by_fold=lambda table: fold_aucs(table["label"], table["score"], table["cell"]),
    method=auc_method,
    is_defined=has_both_classes,
    n_positive=lambda labels: int(labels.sum()),
    undefined="no fold with both classes is common to the two",
)
"""The AUC of the table of a model, see `scores`."""

PAIR_COLUMNS = AUC.columns


def model_pairs(
    tables: dict[str, pd.DataFrame],
    *,
    reference: str | None = None,
    confidence: float = 0.95,
    rules: ClaimRules = DEFAULT_RULES,
) -> pd.DataFrame:
    """Compare every two models, see `compare_models`.

    On one test set the interval and p-value are DeLong's (or Obuchowski's for several lesions a patient).

    Args:
        tables: The table of each model, see `scores`, all on the same lesions.
        reference: The model that comes second in its pairs; the other pairs stand in the order of `tables`.
        confidence: Two-sided coverage.
        rules: How p-values are adjusted and over which families; see `claims`.

    Returns:
        The columns of `PAIR_COLUMNS`, AUC of model_a minus AUC of model_b.
    """
    return compare_models(tables, AUC, reference=reference, confidence=confidence, rules=rules)
