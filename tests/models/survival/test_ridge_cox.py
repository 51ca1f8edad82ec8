from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize
from statsmodels.duration.hazard_regression import PHReg

from samesplit.models.survival.ridge_cox import PartialLikelihood, RidgeCox, fit_path


def _lesions(n: int = 80, p: int = 6, *, ties: bool = True, seed: int = 0) -> tuple[Any, Any, Any]:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, p))
    times = generator.exponential(size=n) / np.exp(X[:, 0]) * 8
    return X, np.ceil(times) if ties else times + 0.01, (generator.random(n) < 0.7).astype(int)


def test_likelihood_and_its_derivatives_are_those_of_statsmodels_with_efrons_ties() -> None:
    X, times, events = _lesions()
    assert len(np.unique(times[events == 1])) < 0.6 * events.sum()  # many ties
    theirs = PHReg(times, X, status=events, ties="efron")
    ours = PartialLikelihood.of(times, events)
    at = np.random.default_rng(1).normal(size=6)
    gradient, shares = ours.derivatives(X @ at)
    hessian = X.T @ (shares.T @ shares - np.diag(shares.sum(axis=0))) @ X
    assert ours.value(X @ at) == pytest.approx(theirs.loglike(at), rel=1e-12)
    np.testing.assert_allclose(X.T @ gradient, theirs.score(at), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(hessian, theirs.hessian(at), rtol=1e-9, atol=1e-9)


def test_without_a_penalty_the_coefficients_are_those_of_statsmodels() -> None:
    X, times, events = _lesions()
    theirs = PHReg(times, X, status=events, ties="efron").fit().params
    np.testing.assert_allclose(fit_path(X, times, events, [1e-13])[0], theirs, rtol=1e-7)


@pytest.mark.parametrize(("n", "p"), [(60, 5), (40, 120)])
def test_a_general_optimiser_finds_the_same_maximum(n: int, p: int) -> None:
    X, times, events = _lesions(n, p, ties=False)
    weights = np.linspace(1, 3, p)
    likelihood = PartialLikelihood.of(times, events)

    def loss(at: Any) -> tuple[float, Any]:
        gradient, _ = likelihood.derivatives(X @ at)
        value = -likelihood.value(X @ at) / n + 0.1 / 2 * float(weights @ at**2)
        return value, 0.1 * weights * at - X.T @ gradient / n

    theirs = optimize.minimize(loss, np.zeros(p), jac=True, method="BFGS", options={"gtol": 1e-9}).x
    found = fit_path(X, times, events, [0.1], weights=weights)[0]
    np.testing.assert_allclose(found, theirs, atol=1e-6)


def test_the_path_gives_what_each_penalty_gives_alone() -> None:
    X, times, events = _lesions(40, 100)
    penalties = [10.0, 0.1, 0.001]
    for penalty, coefficients in zip(penalties, fit_path(X, times, events, penalties), strict=True):
        alone = fit_path(X, times, events, [penalty])[0]
        np.testing.assert_allclose(coefficients, alone, atol=1e-7)
        model = RidgeCox(penalty=penalty).fit(X, times, events)
        np.testing.assert_allclose(model.predict(X), (X - X.mean(axis=0)) @ alone, atol=1e-6)


def test_a_large_penalty_leaves_nothing_and_lesions_that_differ_in_nothing_get_nothing() -> None:
    X, times, events = _lesions()
    assert np.abs(fit_path(X, times, events, [1e9])[0]).max() < 1e-8
    assert fit_path(np.ones((80, 2)), times, events, [0.1])[0].tolist() == [0.0, 0.0]
    assert np.abs(fit_path(np.ones((3, 5)), times[:3], [1, 1, 0], [0.1])[0]).max() == 0.0


def test_columns_that_separate_early_from_late_are_no_trouble() -> None:
    times = np.arange(1.0, 21.0)
    X = -times[:, np.newaxis]
    found = RidgeCox(penalty=1e-6).fit(X, times, np.ones(20)).predict(X)
    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()


def test_a_risk_depends_on_no_other_row() -> None:
    X, times, events = _lesions()
    model = RidgeCox(penalty=0.1).fit(X, times, events)
    np.testing.assert_allclose(model.predict(X[:1]), model.predict(X)[:1], rtol=1e-12)


def test_without_an_event_there_is_nothing_to_learn() -> None:
    X, times, _ = _lesions()
    with pytest.raises(ValueError, match="needs rows with an event"):
        RidgeCox().fit(X, times, np.zeros(80))
