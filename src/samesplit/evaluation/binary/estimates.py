"""Rows of the results table, and the statistics of one model or reader as such rows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from samesplit.evaluation.binary.calibration import calibration_rows
from samesplit.evaluation.binary.draws import Draws, make_draws
from samesplit.evaluation.binary.scores import (
    auc_interval_of,
    auc_method,
    auc_of,
    has_both_classes,
    is_independent,
    ranking_is_trained,
    sizes_of,
    trained_in_folds,
)
from samesplit.statistics.auc import area_interval
from samesplit.statistics.boundary import exact_interval
from samesplit.statistics.checks import FloatArray, IntArray
from samesplit.statistics.interval import Interval
from samesplit.statistics.patient_sums import MeanPrecision, ratio_of_sums, scoring_rules
from samesplit.statistics.proportions import RATES, confusion, proportion_interval, rate_parts

__all__ = [
    "Draws",
    "as_fitted",
    "auc_as_fitted_row",
    "auc_row",
    "make_draws",
    "pr_auc_interval",
    "pr_auc_statistic",
    "probability_rows",
    "rate_rows",
    "result_row",
    "with_false_discoveries",
    "with_note",
]

Row = dict[str, object]


def result_row(
    quantity: str,
    found: Interval,
    table: pd.DataFrame,
    *,
    model: str,
    group: str = "all",
    reference: str = "",
    subset: str = "test",
) -> Row:
    """Make one row of the results table.

    Args:
        quantity: What is estimated.
        found: The estimate with its interval.
        table: Of the subject; its lesions are counted.
        model: The name of the subject.
        group: The group of lesions.
        reference: What the subject is compared with; empty for none.
        subset: The part of the split that the lesions are of.
    """
    labels = table.drop_duplicates("lesion_id")["label"]
    return {
        "quantity": quantity,
        "model": model,
        "reference": reference,
        "subset": subset,
        "group": group,
        "estimate": found.estimate,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p_value": found.p_value,
        "n": len(labels),
        "n_positive": int(labels.sum()),
        "method": found.method,
        "note": found.note,
    }


def auc_row(table: pd.DataFrame, *, confidence: float) -> Interval:
    """Estimate the AUC of a subject; NaN with a note where it is not defined."""
    method = auc_method(table)
    if not has_both_classes(table):
        return Interval(math.nan, math.nan, math.nan, method, "no fold holds both classes: not defined")
    return auc_interval_of(table, confidence=confidence)


def auc_as_fitted_row(table: pd.DataFrame, *, confidence: float) -> Interval | None:
    """Estimate the AUC of a model trained in folds with the interval that takes its fitted models as given.

    It says how the AUC moves with other test patients alone (LeDell et al. 2015, doi:10.1214/15-EJS1035), as most
    papers report it, and is too narrow for the AUC that this way of training reaches; see docs/intervals.md.

    Returns:
        None where `auc_row` gives this interval already: nothing was trained in folds, or no fold has an AUC.
    """
    if not has_both_classes(table) or not ranking_is_trained(table):
        return None
    found, method = auc_of(table).as_fitted(), "influence values, test patients, models as fitted"
    return area_interval(found, sizes_of(table), method=method, confidence=confidence)


def rate_rows(
    table: pd.DataFrame, draws: Draws, *, confidence: float, rates: tuple[str, ...] = (*RATES, "f1")
) -> list[tuple[str, Interval]]:
    """Estimate the rates of a subject's calls; lesions without a call are left out and counted.

    Independent calls get Agresti-Coull and, in a row of their own, Clopper-Pearson intervals; calls that
    share patients get the bootstrap over patients, and so does F1. The false discovery rate is what the positive
    predictive value leaves, with the interval that this leaves.
    """
    called = table[table["decision"].notna()]
    note = ""
    if len(called) < len(table):
        note = f"{len(table) - len(called)} of {len(table)} without a call, left out"
    if called.empty:
        nothing = Interval(math.nan, math.nan, math.nan, "no interval", note or "no calls")
        return with_false_discoveries([(rate, nothing) for rate in rates])
    found: list[tuple[str, Interval]] = []
    codes = draws.codes(called["patient_id"])
    for rate in rates:
        if rate != "f1" and is_independent(called):
            counts = confusion(called["label"], called["decision"]).counts(rate)
            found.append((rate, proportion_interval(*counts, confidence=confidence)))
            exact = proportion_interval(*counts, confidence=confidence, method="Clopper-Pearson")
            found.append((rate, exact))
            continue
        parts = rate_parts(called["label"], called["decision"], rate)
        found.append((rate, _share(called, draws, codes, parts, rate, confidence=confidence)))
    return with_false_discoveries([(rate, with_note(item, note)) for rate, item in found])


def with_false_discoveries(rows: list[tuple[str, Interval]]) -> list[tuple[str, Interval]]:
    """Add the false discovery rate after each positive predictive value.

    Args:
        rows: Rates with their intervals.
    """
    found: list[tuple[str, Interval]] = []
    for rate, item in rows:
        found.append((rate, item))
        if rate == "ppv":
            rest = replace(item, estimate=1 - item.estimate, ci_low=1 - item.ci_high, ci_high=1 - item.ci_low)
            found.append(("fdr", rest))
    return found


def _share(
    called: pd.DataFrame,
    draws: Draws,
    codes: IntArray,
    parts: tuple[FloatArray, FloatArray],
    rate: str,
    *,
    confidence: float,
) -> Interval:
    """Return a rate with its bootstrap interval, or an exact one where it is 0 or 1 and no sample varies."""
    share = ratio_of_sums(codes, *parts, n_patients=len(draws.patients))
    found = draws.interval(share, confidence=confidence)
    if found.estimate not in (0.0, 1.0):
        return as_fitted(found, called)
    n = int(called["patient_id"][parts[1] > 0].nunique())
    exact = exact_interval(found.estimate, n, confidence=confidence)
    if rate != "f1":
        return exact
    # F1 = 2 q / (1 + q), q being the share of true positives among the lesions that are or are called positive.
    low, high = (2 * q / (1 + q) for q in (exact.ci_low, exact.ci_high))
    return Interval(found.estimate, low, high, exact.method)


def as_fitted(found: Interval, table: pd.DataFrame) -> Interval:
    """Let the method say that an interval takes models that were trained in folds as they are."""
    return _models_as_fitted(found) if trained_in_folds(table) else found


def _models_as_fitted(found: Interval) -> Interval:
    return found if math.isnan(found.ci_low) else replace(found, method=f"{found.method}, models as fitted")


def with_note(found: Interval, note: str) -> Interval:
    """Add a note to an interval; an empty one changes nothing."""
    notes = "; ".join(part for part in (found.note, note) if part)
    return Interval(found.estimate, found.ci_low, found.ci_high, found.method, notes, found.p_value)


def probability_rows(table: pd.DataFrame, draws: Draws, *, confidence: float) -> list[tuple[str, Interval]]:
    """Estimate what depends on probabilities: PR AUC, scoring rules, calibration.

    The PR AUC is the mean over folds, as the AUC is; the others take all predictions together, since
    probabilities of all folds are on one scale.
    """
    y = table["label"].to_numpy(dtype=np.int64)
    p = table["score"].to_numpy(dtype=np.float64)
    codes = draws.codes(table["patient_id"])

    statistics = scoring_rules(codes, y, p, n_patients=len(draws.patients))
    found = {"pr_auc": pr_auc_interval(table, draws, confidence=confidence)}
    found |= {name: draws.interval(item, confidence=confidence) for name, item in statistics.items()}
    rows = [*found.items(), *calibration_rows(table, draws, confidence=confidence)]
    if not trained_in_folds(table):
        return rows
    return [(name, _models_as_fitted(item)) for name, item in rows]


def pr_auc_interval(table: pd.DataFrame, draws: Draws, *, confidence: float) -> Interval:
    """Estimate the area under the precision-recall curve, the mean over folds, with the bootstrap over patients.

    A value of 1 has the exact interval of as many positive patients (as Boyd et al. 2013 count it).

    Args:
        table: Of a subject, with scores throughout.
        draws: The bootstrap samples.
        confidence: Two-sided coverage.
    """
    found = draws.interval(pr_auc_statistic(table, draws), confidence=confidence)
    if found.estimate < 1 - 1e-12 or math.isnan(found.estimate):
        return found
    n = int(table.loc[table["label"] == 1, "patient_id"].nunique())
    return exact_interval(1.0, n, confidence=confidence)


def pr_auc_statistic(table: pd.DataFrame, draws: Draws) -> MeanPrecision:
    """Return the mean over folds of the area under the precision-recall curve as a function of patients' weights.

    Args:
        table: Of a subject, with scores throughout.
        draws: The bootstrap samples.
    """
    y, p = table["label"].to_numpy(dtype=np.int64), table["score"].to_numpy(dtype=np.float64)
    codes = draws.codes(table["patient_id"])
    folds = [np.asarray(rows) for rows in table.groupby("cell").indices.values()]
    return MeanPrecision(codes, y, p, folds, len(draws.patients))
