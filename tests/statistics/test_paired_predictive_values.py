from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.paired_predictive_values import (
    paired_likelihood_ratios,
    paired_predictive_values,
    predictive_value_ratio,
)

# The hypothetical study Paired1 of R's DTComPair: truth, first test, second test.
CELLS = {
    (1, 1, 1): 319,
    (1, 1, 0): 78,
    (1, 0, 1): 22,
    (1, 0, 0): 32,
    (0, 1, 1): 31,
    (0, 1, 0): 53,
    (0, 0, 1): 22,
    (0, 0, 0): 155,
}
TRUTH, FIRST, SECOND = np.repeat(np.array(list(CELLS)), list(CELLS.values()), axis=0).T


@pytest.mark.parametrize(
    ("value", "test", "difference", "p"),
    [
        ("ppv", "generalised score", -0.04011841, 0.01685662),
        ("npv", "generalised score", 0.1121457, 2.472383e-05),
        ("ppv", "weighted generalised score", -0.04011841, 0.01939120),
        ("npv", "weighted generalised score", 0.1121457, 4.775012e-05),
    ],
)
def test_score_tests_match_dtcompair(value: str, test: str, difference: float, p: float) -> None:
    found = paired_predictive_values(TRUTH, FIRST, SECOND, value=value, test=test)
    assert found.estimate == pytest.approx(difference, rel=1e-6)
    assert found.p_value == pytest.approx(p, rel=1e-6)
    assert found.ci_low < difference < found.ci_high


@pytest.mark.parametrize(
    ("value", "ratio", "error", "low", "high", "p"),
    [
        ("ppv", 1.04860694, 0.01991247, 1.00847050, 1.09034078, 0.01714612),
        ("npv", 0.8536403, 0.03783679, 0.7926258, 0.9193516, 2.885568e-05),
    ],
)
def test_relative_predictive_values_match_dtcompair(
    value: str, ratio: float, error: float, low: float, high: float, p: float
) -> None:
    found = predictive_value_ratio(TRUTH, SECOND, FIRST, value=value)
    assert found.log_standard_error == pytest.approx(error, rel=1e-6)
    assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx((ratio, low, high), rel=1e-6)
    assert found.p_value == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "first", "second", "ratio", "error", "low", "high", "p"),
    [
        ("positive", 2.735112, 3.723424, 0.7345692, 0.1326086, 0.5664428, 0.9525973, 0.0200091),
        ("negative", 0.1765568, 0.3060507, 0.5768875, 0.137376, 0.4407136, 0.7551371, 6.217627e-05),
    ],
)
def test_likelihood_ratios_match_dtcompair(
    kind: str, first: float, second: float, ratio: float, error: float, low: float, high: float, p: float
) -> None:
    found = paired_likelihood_ratios(TRUTH, FIRST, SECOND, ratio=kind)
    assert (found.first, found.second) == pytest.approx((first, second), rel=1e-6)
    assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx((ratio, low, high), rel=1e-6)
    assert found.log_standard_error == pytest.approx(error, rel=1e-6)
    assert found.p_value == pytest.approx(p, rel=1e-6)


def test_every_case_twice_in_its_patient_says_no_more_than_once() -> None:
    twice = [np.tile(column, 2) for column in (TRUTH, FIRST, SECOND)]
    patients = np.tile(np.arange(TRUTH.size), 2)
    for value in ("ppv", "npv"):
        once = paired_predictive_values(TRUTH, FIRST, SECOND, value=value, test="generalised score")
        found = paired_predictive_values(*twice, value=value, test="generalised score", patients=patients)
        assert found.p_value == pytest.approx(once.p_value)
        assert found.ci_low == pytest.approx(once.ci_low)
        ratio = predictive_value_ratio(*twice, value=value, patients=patients)
        expected = predictive_value_ratio(TRUTH, FIRST, SECOND, value=value)
        assert ratio.log_standard_error == pytest.approx(expected.log_standard_error)
    likelihood = paired_likelihood_ratios(*twice, patients=patients)
    assert likelihood.p_value == pytest.approx(0.0200091, rel=1e-6)
    with pytest.raises(StatisticsError, match="one case a patient"):
        paired_predictive_values(*twice, patients=patients)


def test_two_raters_who_call_alike_cannot_be_told_apart() -> None:
    for test in ("generalised score", "weighted generalised score"):
        found = paired_predictive_values(TRUTH, FIRST, FIRST, test=test)
        assert (found.estimate, found.p_value) == (0.0, 1.0)
    ratio = predictive_value_ratio(TRUTH, FIRST, FIRST)
    assert (ratio.estimate, ratio.p_value) == (1.0, 1.0)
    assert math.isnan(ratio.ci_low)


def test_a_share_of_zero_has_no_ratio() -> None:
    found = paired_likelihood_ratios([1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0])
    assert math.isnan(found.estimate)
    assert "no ratio" in found.note
    assert math.isnan(found.first)


def test_what_cannot_be_compared_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="first rater has no positive call"):
        paired_predictive_values([1, 0], [0, 0], [1, 0])
    with pytest.raises(StatisticsError, match="second rater has no negative call"):
        paired_predictive_values([1, 0], [0, 0], [1, 1], value="npv")
    with pytest.raises(StatisticsError, match="do not fit"):
        predictive_value_ratio([1, 0], [0, 0], [1, 1, 1])
    with pytest.raises(StatisticsError, match="unknown predictive value"):
        predictive_value_ratio([1, 0], [1, 0], [1, 1], value="f1")
    with pytest.raises(StatisticsError, match="unknown test"):
        paired_predictive_values([1, 0], [1, 0], [1, 1], test="guess")
    with pytest.raises(StatisticsError, match="unknown ratio"):
        paired_likelihood_ratios([1, 0], [1, 0], [1, 1], ratio="odds")
