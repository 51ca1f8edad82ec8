"""Distributions of predictions as sums over points."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from samesplit.errors import StatisticsError
from samesplit.statistics.planning.linear_predictor import LinearPredictor


def test_normal_log_odds_have_the_moments_of_the_normal_distribution():
    found = LinearPredictor.normal(-2.0, 1.5)
    mean = found.weights @ found.values
    assert mean == pytest.approx(-2.0)
    assert found.weights @ (found.values - mean) ** 2 == pytest.approx(1.5**2)


def test_beta_probabilities_have_their_moments():
    found = LinearPredictor.beta(0.6, 5.4)
    assert found.prevalence == pytest.approx(0.1)
    assert found.weights @ found.risks**2 == pytest.approx(stats.beta(0.6, 5.4).moment(2))


def test_predictions_from_a_c_statistic_have_it_and_are_calibrated():
    found = LinearPredictor.from_c_statistic(0.85, 0.1)
    assert found.prevalence == pytest.approx(0.1)
    assert found.c_statistic == pytest.approx(0.85, abs=1e-5)


def test_observed_predictions_count_each_patient_once():
    p = np.array([0.1, 0.4, 0.4, 0.8])
    found = LinearPredictor.observed(p)
    assert found.prevalence == pytest.approx(p.mean())
    assert found.values == pytest.approx(special.logit(p))


def test_calls_at_a_threshold_are_those_at_or_above_it():
    found = LinearPredictor.observed([0.1, 0.4, 0.8])
    assert found.at_threshold(0.5) == pytest.approx((0.8 / 1.3, (0.9 + 0.6) / 1.7))


@pytest.mark.parametrize(
    "make",
    [
        lambda: LinearPredictor.normal(0.0, 0.0),
        lambda: LinearPredictor.beta(0.0, 1.0),
        lambda: LinearPredictor.from_c_statistic(0.5, 0.1),
        lambda: LinearPredictor.observed([0.0, 0.5]),
        lambda: LinearPredictor.observed([0.5]),
    ],
)
def test_what_is_no_distribution_is_an_error(make):
    with pytest.raises(StatisticsError):
        make()
