from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.heterogeneity import heterogeneity


def test_two_groups_are_compared_by_the_z_test_of_their_difference() -> None:
    found = heterogeneity([0.9, 0.7], [[0.0025, 0.001], [0.001, 0.0064]])
    z = 0.2 / np.sqrt(0.0025 + 0.0064 - 0.002)
    assert found.statistic == pytest.approx(z**2)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(z))


def test_independent_groups_give_cochrans_q() -> None:
    values, variances = np.array([0.8, 0.7, 0.9]), np.array([0.002, 0.003, 0.001])
    weights = 1 / variances
    q = float((weights * (values - (weights @ values) / weights.sum()) ** 2).sum())
    found = heterogeneity(values, np.diag(variances))
    assert found.statistic == pytest.approx(q)
    assert found.df == 2
    assert found.p_value == pytest.approx(stats.chi2.sf(q, 2))


def test_without_variance_there_is_no_test() -> None:
    for matrix in (np.zeros((2, 2)), np.full((2, 2), np.nan)):
        found = heterogeneity([1.0, 1.0], matrix)
        assert np.isnan(found.p_value)
        assert "no test" in found.note


def test_what_does_not_fit_is_refused() -> None:
    for values, matrix in (([0.5], [[0.1]]), ([0.5, 0.6], [[0.1]])):
        with pytest.raises(StatisticsError, match="cannot be compared"):
            heterogeneity(values, matrix)
