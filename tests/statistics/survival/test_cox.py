"""Cox regression against lifelines 0.30.3, and what it says at its edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.survival.cox import cox_regression, wald_test
from samesplit.statistics.survival.cox_residuals import cox_residuals

NAMES = ["x", "z"]


def errors_of(model):
    return np.sqrt(np.diag(model.covariance)).tolist()


def test_coefficients_errors_and_likelihood_are_those_of_lifelines(tied):
    found = cox_regression(tied.time, tied.event, tied.covariates, NAMES)
    assert found.coefficients.tolist() == pytest.approx([0.6218409596985316, 0.3337267545552571], rel=1e-9)
    assert errors_of(found) == pytest.approx([0.19671371961128936, 0.35195991217536987], rel=1e-9)
    assert found.log_likelihood == pytest.approx(-122.23003407579475, rel=1e-12)
    assert found.hazard_ratios["x"].estimate == pytest.approx(math.exp(0.6218409596985316))
    assert (found.n, found.n_events) == (60, 39)


def test_one_variable_is_that_of_lifelines(tied):
    found = cox_regression(tied.time, tied.event, tied.covariates[:, 0], ["x"])
    assert found.coefficients[0] == pytest.approx(0.5540322414372552, rel=1e-9)
    assert errors_of(found)[0] == pytest.approx(0.18083063729982987, rel=1e-9)
    assert found.likelihood_ratio_p == pytest.approx(found.hazard_ratios["x"].p_value, rel=0.5)


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        ("km", [0.6928088003487274, 0.6406267719732437]),
        ("identity", [0.9672663914939152, 0.7592785279889472]),
        ("log", [0.6124995445331645, 0.6368725856543972]),
    ],
)
def test_the_test_of_proportional_hazards_is_that_of_lifelines(tied, transform, expected):
    found = cox_regression(tied.time, tied.event, tied.covariates, NAMES, transform=transform)
    assert list(found.proportional.values()) == pytest.approx(expected, rel=1e-8)


def test_robust_errors_are_those_of_lifelines_where_no_times_are_tied(untied):
    found = cox_regression(untied.time, untied.event, untied.covariates, NAMES, patients=untied.patient)
    assert found.coefficients.tolist() == pytest.approx([0.4845716491293218, -0.010159230173262567], rel=1e-7)
    assert errors_of(found) == pytest.approx([0.11651609718887719, 0.3631360364725801], rel=1e-8)
    assert "patients as clusters" in found.method


def test_robust_errors_with_ties_are_near_the_jackknife_of_patients(tied):
    """lifelines takes tied times in the order of the table there (0.159, 0.347)."""
    found = cox_regression(tied.time, tied.event, tied.covariates, NAMES, patients=tied.patient)
    assert errors_of(found) == pytest.approx([0.20808, 0.42098], rel=0.2)
    score, _ = cox_residuals(tied.time, tied.event, tied.covariates, found.coefficients)
    assert score.sum(axis=0) == pytest.approx([0, 0], abs=1e-8)


def test_patients_with_one_lesion_each_are_no_clusters(tied):
    found = cox_regression(tied.time, tied.event, tied.covariates, NAMES, patients=np.arange(60))
    assert "clusters" not in found.method


def test_strata_have_hazards_of_their_own(tied):
    both = np.concatenate([tied.time, 1000 * tied.time])
    doubled = cox_regression(
        both,
        np.tile(tied.event, 2),
        np.tile(tied.covariates, (2, 1)),
        NAMES,
        strata=np.repeat([0, 1], 60),
        patients=np.tile(np.arange(60), 2),
    )
    once = cox_regression(tied.time, tied.event, tied.covariates, NAMES)
    assert doubled.coefficients == pytest.approx(once.coefficients, rel=1e-6)


def test_a_common_test_of_one_term_is_its_own(tied):
    found = cox_regression(tied.time, tied.event, tied.covariates, NAMES)
    assert wald_test(found, ["z"]) == pytest.approx(found.hazard_ratios["z"].p_value)
    assert 0 < wald_test(found, NAMES) < found.hazard_ratios["x"].p_value * 10


def test_a_term_that_predicts_perfectly_has_no_bound():
    times = np.arange(1.0, 13.0)
    events = np.repeat([1, 0], 6)
    found = cox_regression(times, events, events, ["perfect"])
    ratio = found.hazard_ratios["perfect"]
    assert ratio.estimate == math.inf
    assert math.isnan(ratio.ci_high)
    assert "no bound" in ratio.note


def test_terms_without_variance_have_no_common_test(tied):
    found = cox_regression(tied.time, tied.event, tied.covariates, NAMES)
    broken = type(found)(**{**vars(found), "covariance": np.full((2, 2), np.nan)})
    assert math.isnan(wald_test(broken, NAMES))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"names": ["a", "b"]}, "do not fit covariates"),
        ({"covariates": [1.0, np.nan, 2.0, 3.0]}, "finite"),
        ({"covariates": [1.0, 1.0, 1.0, 1.0]}, "'a' is the same for all"),
        ({"events": [1, 0, 0, 0]}, "1 events are too few"),
        ({"transform": "rank"}, "unknown transform"),
    ],
)
def test_what_cannot_be_fitted_is_an_error(given, message):
    plain = {
        "times": [1, 2, 3, 4],
        "events": [1, 1, 1, 0],
        "covariates": [1.0, 2.0, 0.5, 3.0],
        "names": ["a"],
    }
    with pytest.raises(StatisticsError, match=message):
        cox_regression(**(plain | given))
