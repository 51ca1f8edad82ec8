from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from samesplit.models.clinical.inference import fit_logistic, separated


def zhong_necrosis() -> tuple[np.ndarray, np.ndarray]:
    """Necrosis in 32 of 78 malignant and 1 of 25 benign masses (Zhong 2025, table 4)."""
    return np.repeat([[1.0], [0.0], [1.0], [0.0]], [32, 46, 1, 24], axis=0), np.repeat([1.0, 0.0], [78, 25])


def test_the_odds_ratio_of_necrosis_is_that_of_zhongs_table_4() -> None:
    fit = fit_logistic(*zhong_necrosis())
    odds = [math.exp(value[1]) for value in (fit.coefficients, fit.low, fit.high)]
    assert odds == pytest.approx([16.696, 2.148, 129.772], abs=1e-3)
    assert fit.p_values[1] == pytest.approx(0.007, abs=5e-4)
    assert fit.method == "maximum likelihood"


def test_it_is_woolfs_interval_written_out() -> None:
    fit = fit_logistic(*zhong_necrosis())
    error = math.sqrt(1 / 32 + 1 / 46 + 1 / 1 + 1 / 24)
    assert fit.coefficients[1] == pytest.approx(math.log(32 * 24 / 46), rel=1e-8)
    assert fit.standard_errors[1] == pytest.approx(error, rel=1e-6)
    assert fit.high[1] == pytest.approx(math.log(32 * 24 / 46) + 1.959964 * error, rel=1e-6)


def test_several_terms_agree_with_statsmodels_and_its_wald_test() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    y = (X @ [1.0, 0.0, -0.5] + rng.logistic(size=120) > 0).astype(float)
    reference = sm.Logit(y, sm.add_constant(X)).fit(disp=0)
    fit = fit_logistic(X, y)
    np.testing.assert_allclose(fit.coefficients, reference.params, rtol=1e-6)
    np.testing.assert_allclose(np.column_stack([fit.low, fit.high]), reference.conf_int(), rtol=1e-6)
    np.testing.assert_allclose(fit.p_values, reference.pvalues, rtol=1e-5)
    wald = reference.wald_test(np.eye(4)[[2, 3]], scalar=True, use_f=False)
    assert fit.joint_p_value([1, 2]) == pytest.approx(float(wald.pvalue), rel=1e-6)
    assert fit.joint_p_value([1]) == pytest.approx(reference.pvalues[2], rel=1e-5)


def test_a_zero_cell_has_no_maximum_likelihood_and_gets_firths_estimate() -> None:
    # 10 of 20 positives and none of 12 negatives have the finding.
    X = np.repeat([[1.0], [0.0], [0.0]], [10, 10, 12], axis=0)
    y = np.repeat([1.0, 1.0, 0.0], [10, 10, 12])
    fit = fit_logistic(X, y)
    assert fit.method == "firth"
    assert math.exp(fit.coefficients[1]) == pytest.approx(10.5 * 12.5 / (10.5 * 0.5), rel=1e-6)
    assert fit.low[1] > 0
    assert 0.0001 < fit.p_values[1] < 0.01


@pytest.mark.parametrize("overlap", [0, 1, 2])
def test_separation_is_found_but_for_ties_and_not_where_classes_overlap(overlap: int) -> None:
    x = np.concatenate([np.arange(10.0), np.arange(10.0) + 10 - overlap])
    y = np.repeat([0.0, 1.0], 10)
    design = np.column_stack([np.ones(20), x, np.sin(7 * x)])
    assert separated(design[:, :2], y) is (overlap < 2)


def test_separation_by_a_combination_of_columns_is_found() -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(60, 2))
    y = (X[:, 0] + X[:, 1] > 0).astype(float)
    design = np.column_stack([np.ones(60), X])
    assert separated(design, y)
    assert not separated(design[:, :2], y)
    assert fit_logistic(X, y).method == "firth"


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize(
    ("scale", "offset"), [((1e6, 1e-6), 0.0), ((1e9, 1e-9), 0.0), ((1e-9, 1e-9), 0.0), ((1.0, 2.0), 1e5)]
)
def test_units_change_nothing_but_the_units(
    scale: tuple[float, float], offset: float, separate: bool
) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 2))
    y = (X[:, 0] + rng.logistic(size=100) * (not separate) > 0.3).astype(float)
    plain, other = fit_logistic(X, y), fit_logistic(X * scale + offset, y)
    assert other.method == plain.method == ("firth" if separate else "maximum likelihood")
    np.testing.assert_allclose(other.p_values[1:], plain.p_values[1:], rtol=1e-4)
    for name in ("coefficients", "standard_errors", "low", "high"):
        here, there = getattr(other, name)[1:] * scale, getattr(plain, name)[1:]
        np.testing.assert_allclose(here, there, rtol=1e-4)
    assert other.joint_p_value([0, 1]) == pytest.approx(plain.joint_p_value([0, 1]), rel=1e-4)
    shift = other.coefficients[0] + offset * other.coefficients[1:].sum()
    assert shift == pytest.approx(plain.coefficients[0], rel=1e-4)
