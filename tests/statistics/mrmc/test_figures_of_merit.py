from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import ACCURACY, AUC, SENSITIVITY, SPECIFICITY, as_figure

TRUTH = np.array([0, 0, 0, 1, 1])
CALLS = np.array([0.0, 1.0, 0.0, 1.0, 0.0])


def test_rates_of_calls_are_the_shares_that_are_right() -> None:
    assert SENSITIVITY.of(TRUTH, CALLS) == 1 / 2
    assert SPECIFICITY.of(TRUTH, CALLS) == 2 / 3
    assert ACCURACY.of(TRUTH, CALLS) == 3 / 5


def test_a_rate_knows_which_cases_it_looks_at() -> None:
    np.testing.assert_array_equal(SENSITIVITY.looks_at(TRUTH), TRUTH == 1)
    np.testing.assert_array_equal(SPECIFICITY.looks_at(TRUTH), TRUTH == 0)
    assert ACCURACY.looks_at(TRUTH).all()


def test_a_rate_without_cases_is_not_defined() -> None:
    with pytest.raises(StatisticsError, match="no positive case"):
        SENSITIVITY.of(np.zeros(3, dtype=np.int64), np.zeros(3))


def test_the_auc_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    truth, scores = np.arange(40) % 2, rng.integers(0, 6, 40).astype(float)
    assert AUC.of(truth, scores) == pytest.approx(roc_auc_score(truth, scores), rel=1e-12)
    assert AUC.is_auc
    assert not AUC.is_proportion


def test_any_function_of_truth_and_scores_is_a_figure_without_bounds() -> None:
    figure = as_figure(average_precision_score)
    assert figure.name == "average_precision_score"
    assert figure.bounds is None
    assert as_figure(AUC) is AUC


def test_a_function_without_a_name_is_a_figure_as_well() -> None:
    class Mean:
        def __call__(self, truth: np.ndarray, scores: np.ndarray) -> float:
            return float(scores.mean())

    assert as_figure(Mean()).name == "figure of merit"
