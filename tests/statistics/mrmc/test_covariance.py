from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from reader_studies.simulated import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics import auc_covariance, delong_covariance
from samesplit.statistics.mrmc import (
    ACCURACY,
    SENSITIVITY,
    jackknife_covariance,
    partial_auc,
    reader_covariance,
    score_covariance,
)


def test_figures_and_covariance_are_in_the_order_of_modalities_then_readers() -> None:
    study = simulated(1, cases=30)
    values, matrix = reader_covariance(study, method="delong")
    aucs, expected = delong_covariance(study.truth, study.scores.reshape(6, -1).T)
    np.testing.assert_allclose(values.ravel(), aucs, rtol=1e-12)
    np.testing.assert_allclose(matrix, expected, rtol=1e-12)


def test_the_jackknife_is_the_spread_of_figures_without_each_case() -> None:
    study = simulated(2, cases=20)
    columns = study.scores.reshape(6, -1)
    without = [
        reader_covariance_values(np.delete(study.truth, k), np.delete(columns, k, axis=1)) for k in range(20)
    ]
    _, matrix = reader_covariance(study)
    np.testing.assert_allclose(matrix, jackknife_covariance(without), rtol=1e-10, atol=1e-16)


def reader_covariance_values(truth: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return score_covariance(truth, columns, method="delong")[0]


def test_the_unbiased_covariance_is_that_of_all_pairs_of_pairs() -> None:
    study = simulated(3, cases=10)
    first, second = study.scores[0, 0], study.scores[1, 1]
    positive, negative = np.flatnonzero(study.truth == 1), np.flatnonzero(study.truth == 0)

    def won(scores: np.ndarray, pair: tuple[int, int]) -> float:
        return float(np.sign(scores[pair[0]] - scores[pair[1]]) + 1) / 2

    pairs = list(product(positive, negative))
    apart = [
        won(first, a) * won(second, b) for a, b in product(pairs, pairs) if a[0] != b[0] and a[1] != b[1]
    ]
    aucs = [np.mean([won(scores, pair) for pair in pairs]) for scores in (first, second)]
    expected = aucs[0] * aucs[1] - np.mean(apart)
    _, matrix = score_covariance(study.truth, np.vstack([first, second]), method="unbiased")
    assert matrix[0, 1] == pytest.approx(expected, rel=1e-12)


def test_for_proportions_the_three_methods_are_one() -> None:
    study = simulated(4, cases=30).decisions(3.0)
    for figure in (SENSITIVITY, ACCURACY):
        found = [
            reader_covariance(study, figure, method)[1] for method in ("jackknife", "delong", "unbiased")
        ]  # type: ignore[arg-type]
        right = (study.scores.reshape(6, -1) == study.truth)[:, figure.looks_at(study.truth)]
        for matrix in found:
            np.testing.assert_allclose(matrix, np.cov(right) / right.shape[1], rtol=1e-10, atol=1e-16)


def test_cases_of_one_patient_are_left_out_together() -> None:
    study = simulated(5, cases=40, patients=12)
    without = []
    for patient in np.unique(study.patients):
        kept = study.patients != patient
        without.append(reader_covariance_values(study.truth[kept], study.scores.reshape(6, -1)[:, kept]))
    np.testing.assert_allclose(reader_covariance(study)[1], jackknife_covariance(without), rtol=1e-10)


def test_delong_with_several_cases_a_patient_is_obuchowskis_estimator() -> None:
    study = simulated(6, cases=40, patients=12)
    expected = auc_covariance(study.truth, study.scores.reshape(6, -1).T, study.patients)[1]
    np.testing.assert_allclose(reader_covariance(study, method="delong")[1], expected, rtol=1e-12)


@pytest.mark.data
@pytest.mark.parametrize("model", ["model_a", "model_b"])
def test_the_clustered_jackknife_is_near_obuchowskis_variance(reference: Any, model: str) -> None:
    lesions = reference("sim_clustered_lesions.csv")
    published = {"model_a": 0.0017814576429395917, "model_b": 0.0018812788776140436}[model]
    _, delong = score_covariance(
        lesions["truth"], lesions[[model]].to_numpy().T, method="delong", patients=lesions["patient"]
    )
    _, jackknife = score_covariance(
        lesions["truth"], lesions[[model]].to_numpy().T, patients=lesions["patient"]
    )
    assert delong[0, 0] == pytest.approx(published, rel=1e-9)
    assert jackknife[0, 0] == pytest.approx(published, rel=0.05)


def test_a_study_with_a_missing_reading_is_sent_to_u_statistics() -> None:
    study = simulated(7, missing=0.1)
    with pytest.raises(StatisticsError, match="did not read case") as caught:
        reader_covariance(study)
    assert "u_statistic_analysis" in str(caught.value.remedy)


def test_scores_are_refused_where_calls_are_needed() -> None:
    with pytest.raises(StatisticsError, match="needs calls") as caught:
        reader_covariance(simulated(8), SENSITIVITY)
    assert "decisions" in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("figure", "method", "patients", "words"),
    [
        (average_precision_score, "delong", 0, "not defined for average_precision_score"),
        (partial_auc(0.8, 1.0), "unbiased", 0, "not defined for partial AUC"),
        (partial_auc(0.8, 1.0), "bootstrap", 0, "unknown covariance"),
    ],
)
def test_a_method_that_is_not_defined_is_refused(figure: Any, method: Any, patients: int, words: str) -> None:
    with pytest.raises(StatisticsError, match=words):
        reader_covariance(simulated(9, patients=patients), figure, method)


def test_methods_for_cases_that_stand_alone_refuse_several_cases_a_patient() -> None:
    study = simulated(10, cases=30, patients=10)
    with pytest.raises(StatisticsError, match="one case a patient"):
        reader_covariance(study, method="unbiased")
    with pytest.raises(StatisticsError, match="one case a patient"):
        reader_covariance(study.decisions(3.0), ACCURACY, "delong")


def test_the_unbiased_covariance_needs_two_cases_of_each_class() -> None:
    with pytest.raises(StatisticsError, match="at least two"):
        score_covariance([0, 0, 1], [[1.0, 2.0, 3.0]], method="unbiased")
