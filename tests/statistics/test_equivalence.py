from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.weightstats import ttost_paired

from samesplit.errors import StatisticsError
from samesplit.statistics.equivalence import equivalence_of_interval, tost
from samesplit.statistics.interval import Interval, normal_interval
from samesplit.statistics.student import student_interval


def test_it_is_the_paired_test_of_statsmodels() -> None:
    generator = np.random.default_rng(4)
    first = generator.normal(0.8, 0.1, 40)
    second = first + generator.normal(0.01, 0.05, 40)
    difference = first - second
    p, below, above = ttost_paired(first, second, -0.03, 0.03)
    found = tost(difference.mean(), difference.std(ddof=1) / math.sqrt(40), low=-0.03, high=0.03, df=39)
    assert found.p_value == pytest.approx(p)
    assert (found.p_low, found.p_high) == pytest.approx((below[1], above[1]))


@pytest.mark.parametrize("difference", [-0.06, -0.03, 0.0, 0.0499, 0.08])
def test_both_tests_reject_exactly_when_the_wider_interval_lies_within_the_margins(difference: float) -> None:
    found = tost(difference, 0.03, low=-0.08, high=0.1)
    inside = found.interval.ci_low > -0.08 and found.interval.ci_high < 0.1
    assert (found.verdict == "equivalent") == inside


def test_an_interval_gives_back_its_standard_error() -> None:
    wide = student_interval(0.01, 0.0004, 17.0, method="t")
    direct = tost(0.01, 0.02, low=-0.05, high=0.05, df=17.0)
    assert equivalence_of_interval(wide, low=-0.05, high=0.05).p_value == pytest.approx(direct.p_value)
    plain = Interval(wide.estimate, wide.ci_low, wide.ci_high, "t")
    again = equivalence_of_interval(plain, low=-0.05, high=0.05, df=17.0)
    assert again.p_value == pytest.approx(direct.p_value)
    assert again.interval.method == "TOST, t"
    normal = equivalence_of_interval(normal_interval(0.0, 0.0004, method="z"), low=-0.05, high=0.05)
    assert normal.p_value == pytest.approx(0.00621, abs=1e-5)


def test_without_a_standard_error_nothing_is_shown() -> None:
    found = tost(0.0, 0.0, low=-0.05, high=0.05)
    assert math.isnan(found.p_value)
    assert found.verdict == "not shown to be equivalent"


def test_what_is_no_margin_or_level_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="do not hold 0"):
        tost(0.0, 0.1, low=0.01, high=0.05)
    with pytest.raises(StatisticsError, match=r"level of 0\.5"):
        tost(0.0, 0.1, low=-0.1, high=0.1, level=0.5)
    with pytest.raises(StatisticsError, match="not symmetric"):
        equivalence_of_interval(Interval(0.0, -0.1, 0.3, "score"), low=-0.5, high=0.5)
