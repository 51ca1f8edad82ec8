from __future__ import annotations

import math

import pytest

from samesplit.statistics.mrmc.t_tests import one_sided_p, t_interval


def test_an_interval_and_its_test_agree_about_the_null() -> None:
    found = t_interval(0.1, 0.0025, 7.3, method="t")
    edge = t_interval(0.1, 0.0025, 7.3, method="t", null=found.ci_low)
    assert edge.p_value == pytest.approx(0.05)


def test_infinite_degrees_of_freedom_are_the_normal_distribution() -> None:
    found = t_interval(1.96, 1.0, math.inf, method="z")
    assert found.p_value == pytest.approx(0.05, abs=1e-4)


def test_degrees_of_freedom_are_rounded_down_on_request_and_normal_from_fifty() -> None:
    asked = {
        df: t_interval(1.0, 0.25, df, method="t", degrees="imrmc").p_value
        for df in (12.9, 12.0, 50.0, math.inf)
    }
    assert asked[12.9] == asked[12.0]
    assert asked[50.0] == asked[math.inf]


def test_one_sided_p_is_half_of_the_two_sided_one_on_the_right_side() -> None:
    both = t_interval(0.1, 0.0025, 7.3, method="t").p_value
    assert one_sided_p(0.1, 0.0025, 7.3, above=0.0) == pytest.approx(both / 2)
    assert one_sided_p(0.1, 0.0025, 7.3, above=0.0, degrees="imrmc") > both / 2


def test_without_a_variance_there_is_no_interval() -> None:
    found = t_interval(0.1, math.nan, 7.0, method="t")
    assert math.isnan(found.ci_low)
    assert math.isnan(found.p_value)
    assert found.note == "the variance estimate is not positive: no interval, no test"
    assert math.isnan(one_sided_p(0.1, 0.0, 7.0, above=0.0))


def test_an_interval_that_is_cut_off_says_so_beside_other_notes() -> None:
    found = t_interval(0.95, 0.01, 5.0, method="t", bounds=(0.0, 1.0), null=None, note="few readers")
    assert found.ci_high == 1
    assert found.note == "few readers; interval cut off at [0, 1]"
    assert math.isnan(found.p_value)
