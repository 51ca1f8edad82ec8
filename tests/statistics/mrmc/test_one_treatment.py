from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.one_treatment import one_treatment


def test_without_covariance_of_cases_it_is_the_t_test_over_readers() -> None:
    values = np.array([0.02, 0.05, -0.01, 0.04])
    found = one_treatment(values, np.zeros((4, 4)))
    t = stats.ttest_1samp(values, 0)
    assert found.mean / math.sqrt(found.variance) == pytest.approx(t.statistic, rel=1e-12)
    assert found.df == 3
    assert found.variance_fixed_cases == pytest.approx(found.variance, rel=1e-12)


def test_readers_that_share_cases_have_more_degrees_of_freedom() -> None:
    values, matrix = [0.02, 0.05, 0.03], 0.0004 * np.eye(3) + 0.0002
    found = one_treatment(values, matrix)
    ms = np.var(values, ddof=1)
    assert found.variance == pytest.approx((ms + 3 * 0.0002) / 3, rel=1e-12)
    assert found.df == pytest.approx((ms + 3 * 0.0002) ** 2 / (ms**2 / 2), rel=1e-12)
    assert found.variance_fixed_readers == pytest.approx((0.0006 + 2 * 0.0002) / 3, rel=1e-12)
    assert (found.error, found.cov2, found.n_readers) == (
        pytest.approx(0.0006),
        pytest.approx(0.0002),
        3,
    )


def test_a_negative_covariance_counts_as_none() -> None:
    found = one_treatment([0.1, 0.2], [[0.01, -0.005], [-0.005, 0.01]])
    assert found.variance == pytest.approx(found.ms_reader / 2)
    assert (found.df, found.cov2) == (1, -0.005)


def test_readers_without_spread_leave_the_cases_alone() -> None:
    found = one_treatment([0.1, 0.1], [[0.01, 0.005], [0.005, 0.01]])
    assert found.variance == pytest.approx(0.005)
    assert found.df == math.inf


def test_an_unknown_covariance_gives_no_variance() -> None:
    found = one_treatment([0.1, 0.2], np.full((2, 2), np.nan))
    assert math.isnan(found.variance)
    assert math.isnan(found.df)


def test_one_reader_says_nothing_of_others() -> None:
    with pytest.raises(StatisticsError, match="nothing can be said of other readers"):
        one_treatment([0.1], [[0.01]])
    with pytest.raises(StatisticsError, match="covariance of shape"):
        one_treatment([0.1, 0.2], [[0.01]])
