from __future__ import annotations

import math

import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.student import student_interval


def test_the_interval_is_that_of_students_t_and_the_test_agrees_with_it() -> None:
    found = student_interval(0.1, 0.0025, 7.0, method="t", null=0.0)
    step = 0.05 * stats.t.isf(0.025, 7)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.1 - step, 0.1 + step))
    assert found.statistic == pytest.approx(2.0)
    assert found.p_value == pytest.approx(2 * stats.t.sf(2.0, 7))
    assert found.standard_error == pytest.approx(0.05)


def test_infinite_degrees_of_freedom_are_the_normal_distribution() -> None:
    found = student_interval(0.1, 0.0025, math.inf, method="z", null=0.0)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(2.0))


def test_one_sided_tests_look_in_either_direction_and_at_any_value() -> None:
    found = student_interval(0.1, 0.0025, 7.0, method="t", null=0.0)
    assert found.p_above(0.0) == pytest.approx(found.p_value / 2)
    assert found.p_below(0.0) == pytest.approx(1 - found.p_value / 2)
    assert found.p_above(-0.05) == pytest.approx(stats.t.sf(3.0, 7))
    assert found.p_below(0.2) == pytest.approx(stats.t.sf(2.0, 7))


def test_very_small_p_values_do_not_vanish() -> None:
    assert 0 < student_interval(1.0, 0.0009, math.inf, method="z", null=0.0).p_value < 1e-200


def test_without_a_value_to_test_against_there_is_no_p_value() -> None:
    assert math.isnan(student_interval(0.1, 0.0025, 7.0, method="t").p_value)


@pytest.mark.parametrize("variance", [0.0, -1e-4, math.nan])
def test_a_variance_that_is_none_gives_neither_interval_nor_test(variance: float) -> None:
    found = student_interval(0.1, variance, 7.0, method="t", null=0.0, note="first")
    assert math.isnan(found.ci_low)
    assert math.isnan(found.p_value)
    assert math.isnan(found.p_above())
    assert found.note == "first; the variance estimate is zero, negative or undefined: no interval, no test"


def test_no_difference_and_no_variance_has_p_1() -> None:
    found = student_interval(0.0, 0.0, 7.0, method="t", null=0.0)
    assert found.p_value == 1.0
    assert found.note == "no difference and no variance"


def test_an_interval_is_cut_off_at_bounds_with_a_note() -> None:
    found = student_interval(0.98, 0.0025, 7.0, method="t", bounds=(0.0, 1.0))
    assert found.ci_high == 1.0
    assert "cut off" in found.note


def test_a_confidence_outside_0_and_1_is_refused() -> None:
    with pytest.raises(StatisticsError, match="confidence"):
        student_interval(0.1, 0.0025, 7.0, method="t", confidence=95)
