from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samesplit.statistics import metrics
from samesplit.statistics.auc import empirical_auc
from samesplit.statistics.patient_sums import scoring_rules
from samesplit.statistics.weighted import (
    mean_over,
    weighted_auc,
    weighted_average_precision,
    weighted_calibration_error,
    weighted_ratio,
)

Batch = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Plain = Callable[[np.ndarray, np.ndarray], float]


def scoring(rule: str) -> Batch:
    """Compute a scoring rule of samples of rows, each a patient."""

    def of(weights: np.ndarray, labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
        rules = scoring_rules(np.arange(labels.size), labels, scores, n_patients=labels.size)
        return rules[rule](weights)

    return of


PAIRS: list[tuple[Batch, Plain]] = [
    (weighted_auc, empirical_auc),
    (weighted_average_precision, metrics.average_precision),
    (scoring("brier"), metrics.brier),
    (scoring("brier_scaled"), metrics.brier_scaled),
    (scoring("log_loss"), metrics.log_loss),
]


@st.composite
def weighted_case(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(3, 20))
    labels = np.array([0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))])
    scores = np.array(draw(st.lists(st.integers(0, 10), min_size=n, max_size=n))) / 10
    rest = st.lists(st.integers(0, 3), min_size=n - 2, max_size=n - 2)
    weights = [[1, 1, *draw(rest)] for _ in range(3)]
    return labels, scores, np.array(weights, dtype=float)


@pytest.mark.parametrize(("batch", "plain"), PAIRS)
@given(case=weighted_case())
@settings(max_examples=40, deadline=None)
def test_whole_weights_mean_repeated_rows(
    batch: Batch, plain: Plain, case: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    labels, scores, weights = case
    found = batch(weights, labels, scores)
    for value, row in zip(found, weights.astype(int), strict=True):
        assert value == pytest.approx(plain(np.repeat(labels, row), np.repeat(scores, row)), abs=1e-9)


@given(case=weighted_case())
@settings(max_examples=40, deadline=None)
def test_weighted_calibration_error_keeps_the_given_bins(
    case: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    labels, scores, weights = case
    found = weighted_calibration_error(weights, labels, scores, metrics.bin_of(scores))
    for value, row in zip(found, weights.astype(int), strict=True):
        expected = metrics.expected_calibration_error(np.repeat(labels, row), np.repeat(scores, row))
        assert value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("batch", [weighted_auc, weighted_average_precision, scoring("brier_scaled")])
def test_a_sample_without_a_class_is_not_defined(batch: Batch) -> None:
    weights = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]])
    found = batch(weights, np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4]))
    assert np.isnan(found).tolist() == [True, True, False]


def test_a_ratio_of_nothing_is_not_defined() -> None:
    found = weighted_ratio(np.array([[0.0, 1.0], [1.0, 1.0]]), [1, 0], [1, 0])
    assert np.isnan(found[0])
    assert found[1] == 1


def test_mean_leaves_out_what_is_not_defined() -> None:
    found = mean_over([np.array([1.0, np.nan, np.nan]), np.array([3.0, 5.0, np.nan])])
    assert found.tolist() == pytest.approx([2, 5, np.nan], nan_ok=True)
