from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit, logit

from samesplit.errors import StatisticsError
from samesplit.statistics.calibration import (
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    observed_to_expected,
)
from samesplit.statistics.checks import IntArray

LABELS = np.tile([0, 0, 1], 20)
PROBABILITIES = np.clip(0.3 + 0.3 * LABELS + np.random.default_rng(2).normal(0, 0.2, 60), 0.02, 0.98)


def test_slope_of_calibrated_probabilities_is_near_1_and_intercept_near_0() -> None:
    generator = np.random.default_rng(0)
    p = generator.uniform(0.05, 0.95, 4000)
    y = (generator.random(4000) < p).astype(int)
    slope, large = calibration_slope(y, p), calibration_in_the_large(y, p)
    assert slope.ci_low < 1 < slope.ci_high
    assert large.ci_low < 0 < large.ci_high
    assert slope.method == "logistic regression, Wald"


def test_slope_halves_when_logits_double() -> None:
    odds = (PROBABILITIES / (1 - PROBABILITIES)) ** 2
    doubled = calibration_slope(LABELS, odds / (1 + odds)).estimate
    assert doubled == pytest.approx(calibration_slope(LABELS, PROBABILITIES).estimate / 2, rel=1e-6)


@pytest.mark.parametrize("flip", [False, True])
def test_slope_of_complete_separation_is_not_a_number(flip: bool) -> None:
    p = np.array([0.1, 0.2, 0.8, 0.9])
    found = calibration_slope([0, 0, 1, 1], 1 - p if flip else p)
    assert math.isnan(found.estimate)
    assert "separate" in found.note


def test_slope_of_equal_probabilities_is_not_a_number() -> None:
    found = calibration_slope([0, 0, 1, 1], [0.4] * 4)
    assert math.isnan(found.estimate)
    assert "alike" in found.note


def test_certain_probabilities_are_moved_and_noted() -> None:
    found = calibration_slope([0, 1, 0, 1], [0.0, 0.4, 0.6, 1.0])
    assert "2 probabilities moved" in found.note
    assert math.isfinite(found.estimate)


def test_predictions_of_the_same_patients_do_not_narrow_the_interval() -> None:
    patients = np.arange(60)
    once = calibration_slope(LABELS, PROBABILITIES, patients=patients)
    tiled = [np.tile(column, 4) for column in (LABELS, PROBABILITIES, patients)]
    clustered = calibration_slope(tiled[0], tiled[1], patients=tiled[2])
    naive = calibration_slope(tiled[0], tiled[1])
    assert clustered.method.endswith("clustered by patient")
    assert clustered.estimate == pytest.approx(once.estimate, rel=1e-6)
    width = once.ci_high - once.ci_low
    assert clustered.ci_high - clustered.ci_low > 0.6 * width
    assert naive.ci_high - naive.ci_low == pytest.approx(width / 2, rel=1e-6)


@pytest.mark.parametrize("patients", [None, np.repeat(np.arange(11), 2)])
def test_the_intercept_is_found_where_probabilities_are_near_their_bounds(patients: IntArray | None) -> None:
    """Fisher scoring from the usual start overshoots here; as many positives are expected as there are."""
    y = np.array([0] * 10 + [1] * 12)
    p = np.array([1e-9] * 9 + [1 - 1e-9] + [1 - 1e-9] * 10 + [1e-9] * 2)
    found = calibration_in_the_large(y, p, patients=patients)
    shifted = expit(logit(np.clip(p, 1e-6, 1 - 1e-6)) + found.estimate)
    assert shifted.sum() == pytest.approx(12, abs=1e-6)
    assert found.ci_low < found.estimate < found.ci_high
    if patients is None:
        half = 1.959963984540054 / np.sqrt((shifted * (1 - shifted)).sum())
        assert found.ci_high - found.estimate == pytest.approx(half, rel=1e-6)


def test_a_missing_class_is_an_error_for_the_slope() -> None:
    with pytest.raises(StatisticsError, match="negative"):
        calibration_slope([1, 1], [0.2, 0.3])


def test_the_intercept_beside_the_slope_undoes_a_shift_of_log_odds() -> None:
    here = calibration_intercept(LABELS, PROBABILITIES).estimate
    slope = calibration_slope(LABELS, PROBABILITIES).estimate
    shifted = expit(logit(PROBABILITIES) + 1.5)
    assert calibration_intercept(LABELS, shifted).estimate == pytest.approx(here - 1.5 * slope, rel=1e-6)
    assert calibration_slope(LABELS, shifted).estimate == pytest.approx(slope, rel=1e-6)


def test_there_is_no_intercept_without_a_slope() -> None:
    assert math.isnan(calibration_intercept([0, 0, 1, 1], [0.4] * 4).estimate)


def test_observed_to_expected_of_nothing_expected_is_not_a_number() -> None:
    assert math.isnan(observed_to_expected([0, 1], [0, 0]))
