"""What models of a binary task are compared by: the AUC."""

from __future__ import annotations

from samesplit.evaluation.binary.scores import auc_interval_of, auc_method, auc_of, has_both_classes
from samesplit.evaluation.comparison import Measure
from samesplit.statistics.cross_validated import fold_aucs

__all__ = ["AUC"]

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
