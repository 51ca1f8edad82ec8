"""Performance on the training and validation parts: apparent, on lesions that the models have seen.

These rows stand beside those of the test part so that a reader sees the gap between the two. They support no
comparison: the models were fitted, and their thresholds chosen, on these very lesions.
"""

from __future__ import annotations

import math
from collections.abc import Container

import pandas as pd

from samesplit.evaluation.binary.estimates import (
    Row,
    make_draws,
    pr_auc_interval,
    rate_rows,
    result_row,
    with_note,
)
from samesplit.evaluation.binary.judging import Settings, tables_by_model
from samesplit.evaluation.binary.operating_point import apply_thresholds
from samesplit.evaluation.binary.scores import (
    auc_method,
    auc_of,
    has_both_classes,
    sizes_of,
    trained_in_folds,
)
from samesplit.execution.calls import Asked, Calls
from samesplit.statistics.auc import area_interval
from samesplit.statistics.interval import Interval

__all__ = ["DEVELOPMENT_SUBSETS", "ask_development"]

DEVELOPMENT_SUBSETS = {
    "train": "apparent: the models were fitted on these lesions",
    "validation": "optimistic: models and thresholds were chosen on these lesions",
}
"""The parts of a split that are not the test part, and what to know of results on them."""


def ask_development(
    calls: Calls,
    predictions: pd.DataFrame,
    thresholds: pd.DataFrame,
    truth: pd.DataFrame,
    settings: Settings,
    *,
    alike: Container[str] = (),
) -> list[Asked[list[Row]]]:
    """Ask for the main quantities of every model on the training and validation lesions that it predicted.

    Each model is judged on the lesions that it has predictions of, as fitted: intervals allow for other patients,
    not for other training. A model that was not asked for these predictions has no rows.

    Args:
        calls: Gets a call a subset and model.
        predictions: Of the primary rater, as `check_predictions` returns them.
        thresholds: As `choose_thresholds` returns them.
        truth: As `check_truth` returns it.
        settings: How intervals are made.
        alike: Models whose fits all order lesions alike, see `rankings`.

    Returns:
        Rows of the subsets `train` and `validation`: AUC, PR AUC, F1 and the rates. Their group is
        `subset=<subset>`, so that the group `all` is the test part and nothing else.
    """
    asked = []
    for subset in DEVELOPMENT_SUBSETS:
        part = predictions[predictions["subset"] == subset]
        if part.empty:
            continue
        decisions = apply_thresholds(part, thresholds)
        for model, table in tables_by_model(decisions, truth, alike=alike).items():
            asked.append(calls.ask(f"{model}, {subset}", _rows_of, table, model, subset, settings))
    return asked


def _rows_of(table: pd.DataFrame, model: str, subset: str, settings: Settings) -> list[Row]:
    """Return the rows of one model on one subset."""
    called = table[table["decision"].notna()]
    draws = make_draws(table, n_bootstrap=settings.n_bootstrap, seed=settings.seed)
    found = [("auc", _auc(table, confidence=settings.confidence))]
    found.append(("pr_auc", pr_auc_interval(table, draws, confidence=settings.confidence)))
    rates = rate_rows(table, draws, confidence=settings.confidence)
    remark, group = DEVELOPMENT_SUBSETS[subset], f"subset={subset}"
    return [
        result_row(quantity, with_note(item, remark), judged, model=model, group=group, subset=subset)
        for items, judged in ((found, table), (rates, called))
        for quantity, item in items
    ]


def _auc(table: pd.DataFrame, *, confidence: float) -> Interval:
    """Estimate the AUC of the fitted models, the mean over folds."""
    if not has_both_classes(table):
        note = "no fold holds both classes: not defined"
        return Interval(math.nan, math.nan, math.nan, auc_method(table), note)
    method = "influence values, patients, models as fitted" if trained_in_folds(table) else auc_method(table)
    found = auc_of(table).as_fitted()
    return area_interval(found, sizes_of(table), method=method, confidence=confidence)
