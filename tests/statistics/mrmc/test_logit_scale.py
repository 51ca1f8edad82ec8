from __future__ import annotations

import math

import pytest

from samesplit.statistics.interval import normal_interval
from samesplit.statistics.mrmc.logit_scale import on_logit_scale
from samesplit.statistics.student import student_interval


def test_with_infinite_degrees_of_freedom_it_is_the_logit_interval_of_a_normal_estimate() -> None:
    found = on_logit_scale(student_interval(0.85, 0.002, math.inf, method="U", null=0.5))
    expected = normal_interval(0.85, 0.002, method="U", scale="logit")
    assert (found.ci_low, found.ci_high) == pytest.approx((expected.ci_low, expected.ci_high))
    assert found.method == "U, logit"
    assert found.p_value == student_interval(0.85, 0.002, math.inf, method="U", null=0.5).p_value


def test_it_needs_no_cut_and_drops_the_note_of_one() -> None:
    plain = student_interval(0.97, 0.002, 6.0, method="U", bounds=(0.0, 1.0), note="few readers")
    assert plain.note == "few readers; interval cut off at [0, 1]"
    found = on_logit_scale(plain)
    assert plain.ci_high == 1
    assert found.ci_high < 1
    assert found.note == "few readers"


@pytest.mark.parametrize(("estimate", "variance"), [(1.0, 0.001), (0.0, 0.001), (0.8, 0.0)])
def test_at_the_edge_and_without_a_standard_error_nothing_changes(estimate: float, variance: float) -> None:
    plain = student_interval(estimate, variance, 6.0, method="U", bounds=(0.0, 1.0))
    assert on_logit_scale(plain) is plain
