"""What metrics are called in published tables."""

from __future__ import annotations

import re

__all__ = ["canonical_metric"]

_NAMES: dict[str, tuple[str, ...]] = {
    "sensitivity": ("sensitivity", "sens", "recall", "tpr", "truepositiverate"),
    "specificity": ("specificity", "spec", "tnr", "truenegativerate"),
    "ppv": ("ppv", "precision", "positivepredictivevalue"),
    "npv": ("npv", "negativepredictivevalue"),
    "accuracy": ("accuracy", "acc"),
    "f1": ("f1", "f1score"),
    "fdr": ("fdr", "falsediscoveryrate"),
    "fpr": ("fpr", "falsepositiverate"),
    "fnr": ("fnr", "falsenegativerate"),
    "balanced accuracy": ("balancedaccuracy",),
    "auc": ("auc", "rocauc", "auroc"),
    "count": ("count", "n", "number", "lesions", "patients"),
}
_CANONICAL = {name: metric for metric, names in _NAMES.items() for name in names}


def canonical_metric(name: str) -> str:
    """Return the metric that a name stands for, "" where it is not known.

    Args:
        name: As in the column `metric` of `published.csv`.

    Example:
        >>> canonical_metric("ROC_AUC"), canonical_metric("F1 score"), canonical_metric("PR_AUC")
        ('auc', 'f1', '')
    """
    return _CANONICAL.get(re.sub(r"[^a-z0-9]", "", name.casefold()), "")
