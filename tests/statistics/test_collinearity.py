from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import variance_inflation_factor

from samesplit.errors import StatisticsError
from samesplit.statistics.collinearity import HIGH_CONDITION, HIGH_INFLATION, collinearity

RNG = np.random.default_rng(8)
SIZE = RNG.normal(25, 6, 60)
DEPTH = 0.8 * SIZE + RNG.normal(0, 3, 60)
VENDOR = RNG.integers(0, 2, 60).astype(float)


def test_the_factors_are_those_of_statsmodels() -> None:
    X = np.column_stack([SIZE, DEPTH, VENDOR])
    design = sm.add_constant(X)
    expected = [variance_inflation_factor(design, place) for place in (1, 2, 3)]
    assert collinearity(X).inflation.tolist() == pytest.approx(expected, rel=1e-9)


def test_the_condition_number_is_that_of_the_scaled_design_with_intercept() -> None:
    design = np.column_stack([np.ones(60), SIZE, VENDOR])
    expected = np.linalg.cond(design / np.linalg.norm(design, axis=0))
    assert collinearity(design[:, 1:]).condition == pytest.approx(expected, rel=1e-9)


def test_covariates_apart_are_not_high_and_those_that_say_nearly_the_same_are() -> None:
    assert not collinearity(np.column_stack([SIZE - SIZE.mean(), VENDOR])).is_high
    near = collinearity(np.column_stack([SIZE, SIZE + RNG.normal(0, 0.5, 60)]))
    assert near.is_high
    assert near.inflation.min() > HIGH_INFLATION
    assert near.condition > HIGH_CONDITION


def test_a_covariate_that_another_tells_completely_has_no_finite_factor() -> None:
    same = collinearity(np.column_stack([SIZE, 2 * SIZE + 1]))
    assert same.inflation.tolist() == [math.inf, math.inf]
    assert same.is_high


def test_one_covariate_and_none_are_apart() -> None:
    assert collinearity(VENDOR[:, None]).inflation.tolist() == [1.0]
    assert collinearity(np.empty((5, 0))).condition == pytest.approx(1.0)
    assert not collinearity(np.empty((5, 0))).is_high


def test_a_constant_and_a_row_of_numbers_are_refused() -> None:
    with pytest.raises(StatisticsError, match="the same in all rows"):
        collinearity(np.column_stack([SIZE, np.full(60, 3.0)]))
    with pytest.raises(StatisticsError, match="two dimensions, not 1"):
        collinearity(SIZE)
