from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import Table2x2

from samesplit.errors import StatisticsError
from samesplit.statistics.from_summaries import (
    hazard_ratio_of_survival,
    icc_interval_of_summary,
    overall_mean_and_sd,
    ratio_interval,
    ratio_p_value,
    smallest_n_of_correlation,
)
from samesplit.statistics.icc import icc


def test_groups_combine_into_the_mean_and_sd_of_all_their_members() -> None:
    rng = np.random.default_rng(5)
    groups = [rng.normal(middle, 2.0, size) for middle, size in ((1.0, 7), (4.0, 30), (-2.0, 12))]
    everyone = np.concatenate(groups)
    found = overall_mean_and_sd(
        [each.mean() for each in groups],
        [each.std(ddof=1) for each in groups],
        [each.size for each in groups],
    )
    assert found == pytest.approx((everyone.mean(), everyone.std(ddof=1)))


def test_the_p_value_of_a_ratio_is_that_of_the_log_odds_ratio_behind_its_interval() -> None:
    table = Table2x2(np.array([[32, 46], [1, 24]]))
    low, high = table.oddsratio_confint()
    assert ratio_p_value(low, high) == pytest.approx(table.log_oddsratio_pvalue())
    low, high = table.oddsratio_confint(alpha=0.1)
    assert ratio_p_value(low, high, confidence=0.9) == pytest.approx(table.log_oddsratio_pvalue())


def test_the_worked_example_of_altman_and_bland_comes_out() -> None:
    # BMJ 2011;343:d2304: relative risk 0.81, 95 % interval 0.70 to 0.94, P = 0.005
    assert ratio_p_value(0.70, 0.94) == pytest.approx(0.005, abs=0.0005)


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_interval_and_p_value_of_a_ratio_lead_to_each_other(confidence: float) -> None:
    found = ratio_interval(0.4, 0.02, confidence=confidence)
    assert ratio_p_value(found.ci_low, found.ci_high, confidence=confidence) == pytest.approx(0.02)
    assert math.sqrt(found.ci_low * found.ci_high) == pytest.approx(0.4)
    assert (found.estimate, found.p_value) == (0.4, 0.02)


@pytest.mark.parametrize("correlation", [0.209, -0.5, 0.9, 0.01])
@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_a_correlation_is_significant_at_the_smallest_number_of_cases_and_not_at_one_less(
    correlation: float, alpha: float
) -> None:
    def p_value(n: int) -> float:
        statistic = abs(correlation) * math.sqrt((n - 2) / (1 - correlation**2))
        return float(2 * stats.t.sf(statistic, n - 2))

    found = smallest_n_of_correlation(correlation, alpha=alpha)
    assert p_value(found) < alpha
    assert found == 3 or p_value(found - 1) >= alpha


@pytest.mark.parametrize("n_raters", [2, 3])
def test_the_interval_of_an_icc_is_that_of_the_measurements(n_raters: int) -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(40, 1)) + 0.6 * rng.normal(size=(40, n_raters))
    of_data = icc(values, form="ICC(C,1)")
    found = icc_interval_of_summary(float(of_data.estimate), 40, n_raters)
    assert (found.ci_low, found.ci_high) == pytest.approx((float(of_data.ci_low), float(of_data.ci_high)))


def test_exponential_survival_gives_back_its_hazard_ratio() -> None:
    assert hazard_ratio_of_survival(math.exp(-5 * 0.3), math.exp(-5 * 0.1)) == pytest.approx(3.0)


def test_numbers_that_say_nothing_are_refused() -> None:
    with pytest.raises(StatisticsError, match="are no groups"):
        overall_mean_and_sd([1.0, 2.0], [1.0, 1.0], [5])
    with pytest.raises(StatisticsError, match="are no groups"):
        overall_mean_and_sd([1.0, 2.0], [1.0, 1.0], [5, 0])
    with pytest.raises(StatisticsError, match="is no interval of a ratio"):
        ratio_p_value(0.0, 2.0)
    with pytest.raises(StatisticsError, match="has no interval"):
        ratio_interval(1.0, 0.5)
    with pytest.raises(StatisticsError, match="needs no number of cases"):
        smallest_n_of_correlation(0.0)
    with pytest.raises(StatisticsError, match="an ICC of 1"):
        icc_interval_of_summary(1.0, 10, 2)
    with pytest.raises(StatisticsError, match="has no hazard ratio"):
        hazard_ratio_of_survival(1.0, 0.9)
