from __future__ import annotations

import math

import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.sequence import fixed_sequence
from samesplit.statistics.student import StudentInterval, student_interval


def _difference(estimate: float) -> StudentInterval:
    return student_interval(estimate, 0.0004, 30.0, method="t", null=0.0)


@pytest.mark.parametrize(
    ("estimate", "shown", "conclusion"),
    [
        (0.06, [True, True], "superior"),
        (0.02, [True, False], "non-inferior, not shown to be superior"),
        (-0.03, [False, False], "not shown to be non-inferior"),
    ],
)
def test_superiority_is_asked_only_once_non_inferiority_is_shown(
    estimate: float, shown: list[bool], conclusion: str
) -> None:
    found = fixed_sequence(_difference(estimate), 0.05)
    assert [step.is_shown for step in found.steps] == shown
    assert [step.is_tested for step in found.steps] == [True, shown[0]]
    assert found.conclusion == conclusion
    assert found.level == pytest.approx(0.025)


def test_a_step_is_shown_when_the_bound_of_the_interval_passes_its_null() -> None:
    for estimate in (-0.02, -0.01, 0.0, 0.03, 0.05):
        difference = _difference(estimate)
        first, second = fixed_sequence(difference, 0.05).steps
        assert first.is_shown == (difference.ci_low > -0.05)
        assert second.is_shown == (difference.ci_low > 0)


def test_both_p_values_are_stated() -> None:
    difference = _difference(0.02)
    first, second = fixed_sequence(difference, 0.05).steps
    assert first.null == -0.05
    assert first.p_one_sided == pytest.approx(difference.p_above(-0.05))
    assert first.p_two_sided == pytest.approx(2 * first.p_one_sided)
    assert second.p_two_sided == pytest.approx(difference.p_value)
    assert fixed_sequence(_difference(-0.02), 0.05).steps[1].p_two_sided == pytest.approx(difference.p_value)


def test_where_less_is_better_the_margin_lies_on_the_other_side() -> None:
    found = fixed_sequence(_difference(-0.06), 0.05, higher_is_better=False)
    assert found.steps[0].null == 0.05
    assert found.conclusion == "superior"


def test_without_a_standard_error_nothing_is_shown() -> None:
    found = fixed_sequence(student_interval(0.1, math.nan, 5.0, method="t"), 0.05)
    assert found.conclusion == "not shown to be non-inferior"
    assert math.isnan(found.steps[0].p_two_sided)


@pytest.mark.parametrize("margin", [0.0, -0.05, math.nan])
def test_a_margin_is_positive(margin: float) -> None:
    with pytest.raises(StatisticsError, match="is not positive"):
        fixed_sequence(_difference(0.0), margin)
