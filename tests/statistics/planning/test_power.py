"""The power of a difference and the difference that a study can detect."""

from __future__ import annotations

import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from samesplit.errors import StatisticsError
from samesplit.statistics.planning import detectable_difference, power_of_difference


def test_power_of_no_difference_is_the_level_of_the_test():
    assert power_of_difference(0.0, 0.1) == pytest.approx(0.05)
    assert power_of_difference(-0.05, 0.1, margin=0.05) == pytest.approx(0.025)


def test_power_is_that_of_statsmodels_for_a_paired_t_test():
    theirs = TTestPower().power(effect_size=0.5, nobs=16, alpha=0.05)
    assert power_of_difference(0.5, 1 / 4, df=15) == pytest.approx(theirs, rel=1e-9)
    one_sided = TTestPower().power(effect_size=0.5, nobs=16, alpha=0.025, alternative="larger")
    assert power_of_difference(0.2, 1 / 4, margin=0.3, df=15) == pytest.approx(one_sided, rel=1e-9)


def test_a_difference_in_either_direction_has_the_same_power():
    assert power_of_difference(-0.3, 0.1, df=9) == power_of_difference(0.3, 0.1, df=9)


def test_detectable_difference_is_the_sum_of_two_quantiles():
    expected = 0.02 * (stats.norm.isf(0.025) + stats.norm.isf(0.2))
    assert detectable_difference(0.02) == pytest.approx(expected, rel=1e-5)
    assert detectable_difference(0.02, margin=0.05) == pytest.approx(expected - 0.05, rel=1e-9)


@pytest.mark.parametrize("margin", [None, 0.04])
@pytest.mark.parametrize("df", [None, 1.0, 6.5, 200.0])
def test_detectable_difference_is_found_with_the_power_asked_for(df, margin):
    found = detectable_difference(0.03, power=0.9, confidence=0.9, df=df, margin=margin)
    assert power_of_difference(found, 0.03, margin=margin, confidence=0.9, df=df) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: detectable_difference(0.0), "standard error"),
        (lambda: detectable_difference(float("inf")), "standard error"),
        (lambda: detectable_difference(0.1, df=0), "degrees of freedom"),
        (lambda: detectable_difference(0.1, power=0.05), "power of 0.05"),
        (lambda: detectable_difference(0.1, power=1.0), "power of 1.0"),
        (lambda: detectable_difference(0.1, df=0.2), "no difference is found"),
        (lambda: power_of_difference(0.1, 0.1, margin=-0.1), "margin"),
        (lambda: power_of_difference(0.1, 0.1, confidence=95), "confidence"),
    ],
)
def test_what_no_study_has_is_an_error(call, message):
    with pytest.raises(StatisticsError, match=message):
        call()
