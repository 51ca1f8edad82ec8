from __future__ import annotations

import math

import pytest
from scipy import stats

from samesplit.statistics.mrmc.global_test import chi_square_test, f_test


def test_f_is_a_ratio_of_mean_squares() -> None:
    found = f_test(0.006, 0.002, 2, 9.5)
    assert (found.distribution, found.statistic) == ("F", pytest.approx(3.0))
    assert found.p_value == pytest.approx(stats.f.sf(3.0, 2, 9.5))


def test_f_with_infinite_degrees_of_freedom_is_a_chi_square() -> None:
    assert f_test(0.006, 0.002, 2, math.inf).p_value == pytest.approx(
        chi_square_test(0.006, 0.002, 2).p_value, rel=1e-12
    )


@pytest.mark.parametrize("denominator", [0.0, -1e-4])
def test_a_denominator_that_is_no_variance_gives_no_test(denominator: float) -> None:
    for found in (f_test(0.006, denominator, 1, 5.0), chi_square_test(0.006, denominator, 1)):
        assert math.isnan(found.p_value)
        assert "no test" in found.note
        assert found.denominator == denominator


def test_modalities_that_are_the_same_have_p_1() -> None:
    assert f_test(0.0, 0.0, 1, 5.0).p_value == 1.0
    assert chi_square_test(0.0, 0.0, 1).note == "no difference and no variance"
