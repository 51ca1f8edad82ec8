"""Why a printed number follows from no other."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.reproduction.confusion import TABLE_RATES
from samesplit.reproduction.names import canonical_metric
from samesplit.reproduction.numbers import PrintedNumber

__all__ = ["why_not_derivable"]

_OF_SCORES = "needs the score of every lesion"
_OF_MASKS = "needs the masks"
_PREFIXES = (
    (("pr_auc", "auc", "roc"), _OF_SCORES),
    (("ece", "brier", "calibration"), "needs the probability of every lesion"),
    (("dsc", "dice", "hd", "hausdorff", "iou"), _OF_MASKS),
    (("icc", "kappa"), "needs the measurements of every rater"),
    (("hr", "c_index", "c-index"), "needs the follow-up of every patient"),
)


def why_not_derivable(record: pd.Series[Any], number: PrintedNumber) -> str:
    """Say what would be needed to compute a printed number anew.

    Args:
        record: Its row, as `samesplit.reproduction.numbers.read_printed` gives it.
        number: The printed number.
    """
    if number.number is None:
        return "no plain number is printed"
    if "cited" in str(record["table_figure"]).casefold():
        return "cited from another paper"
    if number.part == "p_value":
        return "needs what was compared, lesion by lesion"
    metric = str(record["metric"]).casefold()
    if canonical_metric(metric) in TABLE_RATES and number.number > 1:
        return f"a rate is at most 1; write {number.text}% where a percentage is printed"
    if canonical_metric(metric) == "auc":
        return _OF_SCORES
    reasons = (why for prefixes, why in _PREFIXES if metric.startswith(prefixes))
    return next(reasons, "follows from no other printed number")
