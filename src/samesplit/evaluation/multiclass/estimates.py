"""The statistics of one model of a task with several classes, as rows of results."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from samesplit.evaluation.binary.calibration import recalibration_rows
from samesplit.evaluation.binary.draws import draws_of_lesions
from samesplit.evaluation.binary.estimates import (
    Draws,
    Row,
    as_fitted,
    auc_as_fitted_row,
    auc_row,
    rate_rows,
    result_row,
)
from samesplit.evaluation.binary.scores import is_independent
from samesplit.evaluation.groups import Group
from samesplit.evaluation.multiclass.scores import (
    auc_of,
    class_table,
    has_every_class,
    influence_method,
    macro_auc_interval,
    probabilities_of,
)
from samesplit.statistics.absolute_sums import absolute_sum_interval
from samesplit.statistics.boundary import exact_interval
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.interval import Interval
from samesplit.statistics.multiclass_auc import Average
from samesplit.statistics.multiclass_metrics import (
    accuracy,
    balanced_accuracy,
    brier_terms,
    calibration_gaps,
    cohen_kappa,
    f1_macro,
    log_loss_terms,
)
from samesplit.statistics.patient_sums import OfSums, ratio_of_sums
from samesplit.statistics.proportions import proportion_interval

__all__ = ["all_class_rows", "class_rows", "make_class_draws"]

CLASS_RATES = ("sensitivity", "specificity", "ppv", "npv", "f1")
"""The rates of one class against the rest."""


def make_class_draws(table: pd.DataFrame, n_classes: int, *, n_bootstrap: int, seed: int) -> Draws:
    """Draw the bootstrap samples of patients for all models that are judged on the lesions of `table`.

    Args:
        table: Of a model; its lesions and patients are what is drawn from.
        n_classes: How many classes there are.
        n_bootstrap: How many samples; 0 for none.
        seed: Of the random generator.
    """
    return draws_of_lesions(table, n_classes, n_bootstrap=n_bootstrap, seed=seed)


def all_class_rows(
    table: pd.DataFrame, draws: Draws, group: Group, *, model: str, confidence: float
) -> list[Row]:
    """Estimate what is said of all classes together.

    Args:
        table: Of a model, on the lesions of a group.
        draws: The bootstrap samples of these lesions.
        group: The group.
        model: The name of the model.
        confidence: Two-sided coverage.
    """
    found = [*_areas(table, confidence=confidence), *_of_calls(table, draws, confidence=confidence)]
    found += _of_probabilities(table, draws, confidence=confidence)
    return [
        result_row(name, item, table, model=model, group=group.name) | {"n_positive": 0}
        for name, item in found
    ]


def class_rows(
    table: pd.DataFrame, number: int, draws: Draws, group: Group, *, model: str, confidence: float
) -> list[Row]:
    """Estimate what is said of one class against the rest.

    Args:
        table: Of a model, on the lesions of a group.
        number: The class.
        draws: The bootstrap samples of these lesions.
        group: The group, the class named.
        model: The name of the model.
        confidence: Two-sided coverage.
    """
    binary = class_table(table, number)
    found = [("auc", auc_row(binary, confidence=confidence))]
    narrow = auc_as_fitted_row(binary, confidence=confidence)
    if narrow is not None:
        found.append(("auc_as_fitted", narrow))
    found += rate_rows(binary, draws, confidence=confidence, rates=CLASS_RATES)
    gaps, member = calibration_gaps(table["label"].to_numpy(), probabilities_of(table))
    one = _calibration_error(table, draws, gaps[:, [number]], member[:, [number]], confidence=confidence)
    found.append(("expected_calibration_error", one))
    y, p = binary["label"].to_numpy(dtype=np.int64), binary["score"].to_numpy(dtype=np.float64)
    found += recalibration_rows(binary, y, p, confidence=confidence)
    return [result_row(name, item, binary, model=model, group=group.name) for name, item in found]


def _areas(table: pd.DataFrame, *, confidence: float) -> list[tuple[str, Interval]]:
    """Return the macro average over the classes, the interval of its fitted models, and Hand and Till's."""
    averages: dict[str, Average] = {"auc": "one-versus-rest", "auc_hand_till": "hand-till"}
    if not has_every_class(table):
        note = "a class is in no fold with another one: not defined"
        return [
            (name, Interval(math.nan, math.nan, math.nan, influence_method(table), note)) for name in averages
        ]
    found = []
    for name, average in averages.items():
        one = auc_of(table, average=average)
        found.append((name, macro_auc_interval(table, confidence=confidence, found=one)))
        if name == "auc" and one.trained is not None:
            narrow = macro_auc_interval(table, confidence=confidence, found=one, as_fitted=True)
            found.append(("auc_as_fitted", narrow))
    return found


def _of_calls(table: pd.DataFrame, draws: Draws, *, confidence: float) -> list[tuple[str, Interval]]:
    """Rates of calls over all classes; independent calls get Agresti-Coull and Clopper-Pearson for accuracy."""
    found: list[tuple[str, Interval]] = []
    right = (table["label"] == table["decision"]).to_numpy()
    if is_independent(table):
        counts = (int(right.sum()), len(right))
        found.append(("accuracy", proportion_interval(*counts, confidence=confidence)))
        exact = proportion_interval(*counts, confidence=confidence, method="Clopper-Pearson")
        found.append(("accuracy", exact))
    else:
        found.append(("accuracy", _share(table, draws, accuracy, confidence=confidence)))
    found.append(("balanced_accuracy", _share(table, draws, balanced_accuracy, confidence=confidence)))
    found.append(("f1_macro", _share(table, draws, f1_macro, confidence=confidence)))
    found.append(("cohen_kappa", _share(table, draws, cohen_kappa, confidence=confidence)))
    return found


def _share(
    table: pd.DataFrame, draws: Draws, judge: Callable[[FloatArray], FloatArray], *, confidence: float
) -> Interval:
    """Return a quantity of the matrix of calls with its interval, an exact one where all calls are right."""
    k = probabilities_of(table).shape[1]
    by_patient = np.zeros((len(draws.patients), k * k))
    pairs = (table["label"] * k + table["decision"]).to_numpy(dtype=np.int64)
    np.add.at(by_patient, (draws.codes(table["patient_id"]), pairs), 1.0)
    share = OfSums(by_patient, lambda sums: judge(sums.reshape(-1, k, k)))
    found = draws.interval(share, confidence=confidence)
    n_patients = int(table["patient_id"].nunique())
    if (table["label"] == table["decision"]).all() and not math.isnan(found.estimate):
        return exact_interval(1.0, n_patients, confidence=confidence)
    return as_fitted(found, table)


def _of_probabilities(table: pd.DataFrame, draws: Draws, *, confidence: float) -> list[tuple[str, Interval]]:
    """Scoring rules and the calibration error, over all predictions together."""
    truth, values = table["label"].to_numpy(dtype=np.int64), probabilities_of(table)
    codes = draws.codes(table["patient_id"])

    def mean_of(terms: FloatArray) -> Interval:
        share = ratio_of_sums(codes, terms, np.ones(terms.size), n_patients=len(draws.patients))
        found = draws.interval(share, confidence=confidence)
        return as_fitted(found, table)

    gaps, member = calibration_gaps(truth, values)
    return [
        ("brier", mean_of(brier_terms(truth, values))),
        ("log_loss", mean_of(log_loss_terms(truth, values))),
        ("expected_calibration_error", _calibration_error(table, draws, gaps, member, confidence=confidence)),
    ]


def _calibration_error(
    table: pd.DataFrame, draws: Draws, gaps: FloatArray, member: FloatArray, *, confidence: float
) -> Interval:
    """Return the mean over classes of the expected calibration error; see `absolute_sums` for its interval."""
    codes = draws.codes(table["patient_id"])
    n_classes = gaps.shape[1]
    signed = (gaps[:, :, np.newaxis] * member).reshape(len(gaps), -1) / n_classes
    by_patient = np.zeros((len(draws.patients), signed.shape[1]))
    np.add.at(by_patient, codes, signed)
    rows = np.bincount(codes, minlength=len(draws.patients)).astype(np.float64)

    def gaps_of_bins(weights: FloatArray) -> FloatArray:
        result: FloatArray = (weights @ by_patient) / (weights @ rows)[:, np.newaxis]
        return result

    if draws.samples is None:
        estimate = float(np.abs(gaps_of_bins(np.ones((1, len(draws.patients))))).sum())
        return Interval(estimate, math.nan, math.nan, "no interval", draws.reason)
    return as_fitted(absolute_sum_interval(draws.samples, gaps_of_bins, confidence=confidence), table)
