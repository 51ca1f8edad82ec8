from __future__ import annotations

import numpy as np
import pytest

from samesplit.models.radiomics.classifiers import CLASSIFIERS, make_classifier


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    return X, (X[:, 0] + 0.3 * rng.normal(size=120) > 0).astype(int)


@pytest.mark.parametrize("key", CLASSIFIERS)
def test_every_classifier_gives_probabilities_and_learns(key: str) -> None:
    X, y = data()
    probabilities = make_classifier(key).fit(X[:80], y[:80]).predict_proba(X[80:])
    assert probabilities.shape == (40, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert ((probabilities[:, 1] > 0.5) == y[80:]).mean() > 0.8


@pytest.mark.parametrize("key", CLASSIFIERS)
def test_every_classifier_is_decided_by_its_seed(key: str) -> None:
    X, y = data()
    first, second = (make_classifier(key, seed=3).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("key", ["random-forest", "xgboost"])
def test_another_seed_gives_another_forest(key: str) -> None:
    X, y = data()
    first, second = (make_classifier(key, seed=seed).fit(X, y).predict_proba(X) for seed in (3, 4))
    assert not np.array_equal(first, second)


def test_xgboost_runs_on_one_thread_with_histograms() -> None:
    made = make_classifier("xgboost", seed=5).get_params()
    assert (made["n_jobs"], made["tree_method"], made["random_state"]) == (1, "hist", 5)


def test_parameters_replace_the_stated_settings() -> None:
    assert make_classifier("random-forest", {"n_estimators": 7}).n_estimators == 7
