from __future__ import annotations

import math

import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.interval import is_degenerate, normal_interval, stricter, z_test


def test_plain_interval_is_symmetric_about_the_estimate() -> None:
    found = normal_interval(0.7, 0.01, method="m", confidence=0.9)
    assert found.ci_high - 0.7 == pytest.approx(1.6448536269514722 * 0.1, rel=1e-12)
    assert 0.7 - found.ci_low == pytest.approx(found.ci_high - 0.7, rel=1e-12)
    assert found.note == ""


def test_a_plain_interval_that_leaves_its_bounds_is_cut_off_and_says_so() -> None:
    found = normal_interval(0.95, 0.01, method="m", bounds=(0, 1))
    assert found.ci_high == 1
    assert "cut off" in found.note


def test_logit_interval_stays_inside_and_is_that_of_the_delta_method() -> None:
    found = normal_interval(0.95, 0.01, method="m", scale="logit")
    z = stats.norm.ppf(0.975) * 0.1 / (0.95 * 0.05)
    assert found.ci_low == pytest.approx(1 / (1 + math.exp(-(math.log(19) - z))), rel=1e-12)
    assert 0 < found.ci_low < 0.95 < found.ci_high < 1
    assert found.method == "m, logit"


def test_logit_interval_of_an_estimate_at_the_edge_is_not_defined() -> None:
    found = normal_interval(1.0, 0.01, method="m", scale="logit")
    assert math.isnan(found.ci_low)
    assert "edge" in found.note


def test_unknown_scale_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="unknown scale"):
        normal_interval(0.5, 0.01, method="m", scale="probit")  # type: ignore[arg-type]


@pytest.mark.parametrize("variance", [0.0, -0.1, math.nan])
def test_without_variance_there_is_no_interval(variance: float) -> None:
    assert is_degenerate(variance)
    found = normal_interval(1.0, variance, method="m")
    assert math.isnan(found.ci_low)
    assert math.isnan(found.ci_high)
    assert "zero or undefined" in found.note


def test_p_value_of_a_large_z_does_not_vanish() -> None:
    found = z_test(1.0, 0.0025, method="m")
    assert found.p_value == pytest.approx(2 * stats.norm.sf(20), rel=1e-12)
    assert 0 < found.p_value < 1e-80


def test_no_difference_without_variance_has_p_1_and_no_interval() -> None:
    found = z_test(0.0, 0.0, method="m")
    assert found.p_value == 1
    assert math.isnan(found.ci_low)
    assert "rank the lesions alike" in found.note


@pytest.mark.parametrize(("difference", "variance"), [(0.5, 0.0), (0.0, math.nan)])
def test_other_differences_without_variance_are_not_tested(difference: float, variance: float) -> None:
    found = z_test(difference, variance, method="m")
    assert math.isnan(found.p_value)
    assert found.note


def test_of_two_tests_the_wider_interval_and_the_larger_p_value_count() -> None:
    first, second = z_test(0.1, 0.0025, method="A"), z_test(0.1, 0.0036, method="B")
    found = stricter(first, second)
    assert (found.ci_low, found.ci_high) == (second.ci_low, second.ci_high)
    assert found.p_value == second.p_value
    assert found.method == "stricter of A and B"


def test_a_second_test_that_is_not_defined_changes_the_note_alone() -> None:
    first, second = z_test(0.1, 0.0025, method="A"), z_test(0.1, 0.0, method="B")
    found = stricter(first, second)
    assert (found.ci_low, found.p_value, found.method) == (first.ci_low, first.p_value, "A")
    assert found.note == second.note != ""
