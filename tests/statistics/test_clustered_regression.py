from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.clustered_regression import clustered_regression

RNG = np.random.default_rng(5)
PATIENTS = np.repeat(np.arange(40), 2)
SIZE = RNG.uniform(10, 60, 80)
VENDOR = np.repeat(RNG.integers(0, 2, 40), 2)
DICE = 0.6 + 0.004 * SIZE - 0.05 * VENDOR + np.repeat(RNG.normal(0, 0.03, 40), 2) + RNG.normal(0, 0.02, 80)


def test_the_coefficients_are_those_of_least_squares_and_hold_the_truth() -> None:
    found = clustered_regression(DICE, np.column_stack([SIZE, VENDOR]), ["size", "vendor"], PATIENTS)
    X = np.column_stack([np.ones(80), SIZE, VENDOR])
    expected, *_ = np.linalg.lstsq(X, DICE, rcond=None)
    assert [term.estimate for term in found.terms.values()] == pytest.approx(expected.tolist(), rel=1e-9)
    assert list(found.terms) == ["intercept", "size", "vendor"]
    for name, truth in (("size", 0.004), ("vendor", -0.05)):
        assert found.terms[name].ci_low < truth < found.terms[name].ci_high
        assert found.terms[name].p_value < 0.01
    assert (found.n, found.n_patients) == (80, 40)


def test_the_errors_are_the_sandwich_of_the_patients() -> None:
    X = np.column_stack([np.ones(80), SIZE, VENDOR])
    bread = np.linalg.inv(X.T @ X)
    residuals = DICE - X @ (bread @ X.T @ DICE)
    scores = np.array([(X[p == PATIENTS].T @ residuals[p == PATIENTS]) for p in range(40)])
    variance = (bread @ scores.T @ scores @ bread) * (40 / 39) * (79 / 77)
    half = stats.t.isf(0.025, 39) * np.sqrt(variance[1, 1])
    term = clustered_regression(DICE, np.column_stack([SIZE, VENDOR]), ["a", "b"], PATIENTS).terms["a"]
    assert (term.ci_high - term.ci_low) / 2 == pytest.approx(half, rel=1e-9)


def test_lesions_of_a_patient_that_say_the_same_twice_are_no_more_evidence() -> None:
    once = clustered_regression(DICE[::2], SIZE[::2], ["size"], np.arange(40)).terms["size"]
    twice = clustered_regression(np.repeat(DICE[::2], 2), np.repeat(SIZE[::2], 2), ["size"], PATIENTS)
    assert twice.terms["size"].ci_low == pytest.approx(once.ci_low, rel=0.02)


def test_too_few_patients_and_covariates_that_say_the_same_are_refused() -> None:
    with pytest.raises(StatisticsError, match="2 patients are too few for 1 covariates"):
        clustered_regression([1, 2], [1, 2], ["size"], ["a", "b"])
    with pytest.raises(StatisticsError, match="size, again are not independent of each other"):
        clustered_regression(DICE, np.column_stack([SIZE, 2 * SIZE]), ["size", "again"], PATIENTS)
