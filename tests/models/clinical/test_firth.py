from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2

from samesplit.models.clinical.firth import firth


def separated_example() -> tuple[np.ndarray, np.ndarray]:
    """Forty rows in which the third variable is never 1 without the outcome."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 3))
    X[:, 2] = X[:, 2] > 0.8
    y = (X[:, 0] + rng.normal(size=40) > 0).astype(float)
    y[X[:, 2] == 1] = 1
    return np.column_stack([np.ones(40), X]), y


def test_in_a_fourfold_table_it_adds_half_a_case_to_each_cell() -> None:
    for cells in ((32, 46, 1, 24), (5, 0, 3, 9), (7, 0, 0, 6)):
        a, b, c, d = cells
        X = np.column_stack([np.ones(sum(cells)), np.repeat([1.0, 0.0, 1.0, 0.0], cells)])
        y = np.repeat([1.0, 1.0, 0.0, 0.0], cells)
        expected = np.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)))
        assert firth(X, y).coefficients[1] == pytest.approx(expected, rel=1e-7)


def test_a_separated_regression_agrees_with_another_implementation() -> None:
    # Reference values: firthmodels 0.8.2 (itself checked against R's logistf), profile intervals and
    # penalised likelihood ratio tests; it stops at a gradient of 1e-4.
    fit = firth(*separated_example())
    np.testing.assert_allclose(fit.coefficients, [0.21836, 2.13436, -0.68626, 3.00724], atol=5e-5)
    limits = [fit.interval(column) for column in (1, 2, 3)]
    expected = [(0.793090, 4.472264), (-1.900947, 0.377077), (0.570834, 7.935474)]
    np.testing.assert_allclose(limits, expected, atol=5e-5)
    p_values = [fit.p_value([column]) for column in (1, 2, 3)]
    np.testing.assert_allclose(p_values, [1.003423e-4, 0.2096675, 0.01184079], rtol=1e-4)


def test_several_coefficients_are_tested_together_with_the_penalty_of_the_whole_model() -> None:
    X, y = separated_example()
    fit = firth(X, y)

    def negative(free: np.ndarray) -> float:
        eta = X[:, [0, 1]] @ free
        p = 1 / (1 + np.exp(-eta))
        information = X.T @ (X * (p * (1 - p))[:, None])
        return float(-(y @ eta - np.logaddexp(0, eta).sum() + np.linalg.slogdet(information)[1] / 2))

    restricted = -minimize(negative, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9}).fun
    expected = chi2.sf(2 * (fit.log_likelihood - restricted), 2)
    assert fit.p_value([2, 3]) == pytest.approx(expected, rel=1e-5)
