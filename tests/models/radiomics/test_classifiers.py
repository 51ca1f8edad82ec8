from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from samesplit.models.persistence import _write_fitted as write_fitted
from samesplit.models.persistence import load_fitted
from samesplit.models.radiomics.classifiers import CLASSIFIERS, make_classifier, supports_class_weight

XI_2020 = {
    "logistic",
    "lda",
    "knn",
    "decision-tree",
    "naive-bayes",
    "svm",
    "bagging",
    "mlp",
    "random-forest",
    "adaboost",
}
SMALL = {
    key: {"n_estimators": 10} for key in ("adaboost", "gradient-boosting", "random-forest", "xgboost")
} | {"mlp": {"max_iter": 20}}
"""Settings that make the slow ones quick where it is not what they learn that is tested."""
WEIGHING = sorted(key for key in CLASSIFIERS if supports_class_weight(key))


def data(n: int = 120, p: int = 4, *, noise: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    return X, (X[:, 0] + noise * rng.normal(size=n) > 0).astype(int)


def assert_probabilities(probabilities: np.ndarray, rows: int) -> None:
    assert probabilities.shape == (rows, 2)
    assert np.isfinite(probabilities).all()
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_the_grid_of_xi_2020_and_three_more_are_there_each_with_its_definition_and_source() -> None:
    assert set(CLASSIFIERS) == XI_2020 | {"xgboost", "elastic-net", "gradient-boosting"}
    for classifier in CLASSIFIERS.values():
        assert classifier.title
        assert len(classifier.definition) > 40
        assert classifier.source.startswith("https://doi.org/10.")
        assert set(classifier.settings) <= set(classifier.make().get_params(deep=False))
        assert not {"random_state", "n_jobs", "estimator"} & set(classifier.parameters())


@pytest.mark.parametrize("key", CLASSIFIERS)
def test_every_classifier_gives_probabilities_and_learns(key: str) -> None:
    X, y = data()
    model = make_classifier(key).fit(X[:80], y[:80])
    probabilities = model.predict_proba(X[80:])
    assert_probabilities(probabilities, 40)
    assert ((probabilities[:, 1] > 0.5) == y[80:]).mean() > 0.8
    assert roc_auc_score(y[80:], probabilities[:, 1]) > 0.85
    assert model.classes_.tolist() == [0, 1]


@pytest.mark.parametrize("key", CLASSIFIERS)
def test_every_classifier_is_decided_by_its_seed(key: str) -> None:
    X, y = data()
    first, second = (
        clone(make_classifier(key, SMALL.get(key), seed=3)).fit(X, y).predict_proba(X) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("key", ["random-forest", "xgboost", "bagging", "mlp", "svm"])
def test_another_seed_gives_another_model(key: str) -> None:
    X, y = data(noise=1)
    first, second = (make_classifier(key, seed=seed).fit(X, y).predict_proba(X) for seed in (3, 4))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("key", CLASSIFIERS)
@pytest.mark.parametrize(("columns", "positives"), [(1, 3), (60, 3), (60, 1)], ids=str)
def test_few_lesions_and_few_of_one_class_neither_stop_nor_warn(
    key: str, columns: int, positives: int
) -> None:
    X = np.random.default_rng(1).normal(size=(27, columns))
    y = (np.arange(27) < positives).astype(int)
    weights = [None, "balanced"] if supports_class_weight(key) else [None]
    for weight in weights:
        model = make_classifier(key, SMALL.get(key), class_weight=weight)  # type: ignore[arg-type]
        assert_probabilities(model.fit(X, y).predict_proba(X[:9]), 9)


@pytest.mark.parametrize("key", CLASSIFIERS)
def test_columns_that_follow_from_others_neither_stop_nor_warn(key: str) -> None:
    X, y = data(40)
    X = np.column_stack([X, X[:, 0], 2 * X[:, 1] - X[:, 0], 1e3 + 1e-3 * X[:, 2]])
    assert_probabilities(make_classifier(key, SMALL.get(key)).fit(X[:30], y[:30]).predict_proba(X[30:]), 10)


@pytest.mark.parametrize("key", CLASSIFIERS)
def test_values_that_were_not_scaled_neither_stop_nor_warn(key: str) -> None:
    X, y = data(60)
    X = X * [1e-6, 1, 1e3, 1e6] + [0, 5, 1e4, -1e6]
    assert_probabilities(make_classifier(key, SMALL.get(key)).fit(X, y).predict_proba(X), 60)


def test_fewer_lesions_than_neighbours_all_vote() -> None:
    X = np.arange(3.0)[:, None]
    model = make_classifier("knn", {"n_neighbors": 50}).fit(X, np.array([0, 1, 1]))
    np.testing.assert_allclose(model.predict_proba([[0.0]]), [[1 / 3, 2 / 3]])
    assert model.predict([[0.0]]).tolist() == [1]


def test_lda_with_more_columns_than_rows_separates_what_is_separable() -> None:
    X, y = data(40, 120, noise=0)
    X[:, 0] += 6 * (2 * y - 1)
    model = make_classifier("lda").fit(X[:25], y[:25])
    assert roc_auc_score(y[25:], model.predict_proba(X[25:])[:, 1]) > 0.75


@pytest.mark.parametrize("key", WEIGHING)
def test_balanced_classes_raise_the_probability_of_the_rare_one(key: str) -> None:
    rng = np.random.default_rng(2)
    y = (np.arange(200) < 30).astype(int)
    X = rng.normal(size=(200, 3)) + 0.8 * y[:, None]
    test = rng.normal(size=(300, 3)) + 0.4
    plain, balanced = (
        make_classifier(key, class_weight=weight).fit(X, y).predict_proba(test)[:, 1].mean()
        for weight in (None, "balanced")  # type: ignore[arg-type]
    )
    # Fully grown trees and boosting by hard votes move less: they have no probabilities in between.
    assert balanced > plain + (0.0 if key in {"decision-tree", "bagging"} else 0.02)


def test_weights_of_lesions_are_what_the_wrapper_gives() -> None:
    X, y = data(60)
    y[:20] = 0
    weight = np.where(y == 1, 60 / (2 * y.sum()), 60 / (2 * (60 - y.sum())))
    expected = make_classifier("gradient-boosting", seed=1).fit(X, y, sample_weight=weight)
    wrapped = make_classifier("gradient-boosting", seed=1, class_weight="balanced").fit(X, y)
    np.testing.assert_array_equal(wrapped.predict_proba(X), expected.predict_proba(X))
    np.testing.assert_array_equal(wrapped.feature_importances_, expected.feature_importances_)
    assert not hasattr(make_classifier("mlp", class_weight="balanced").fit(X, y), "feature_importances_")


def test_classifiers_that_cannot_weigh_say_so_and_name_those_that_can() -> None:
    assert [key for key in CLASSIFIERS if not supports_class_weight(key)] == ["lda", "knn"]
    for key in ("lda", "knn"):
        with pytest.raises(ValueError, match=f"'{key}' takes no class weights; those that do: adaboost, bag"):
            make_classifier(key, class_weight="balanced")


def test_a_class_weight_among_the_parameters_goes_first() -> None:
    made = make_classifier("random-forest", {"class_weight": {0: 1.0, 1: 3.0}}, class_weight="balanced")
    assert made.class_weight == {0: 1.0, 1: 3.0}


@pytest.mark.parametrize(
    ("key", "weight"), [*((key, None) for key in CLASSIFIERS), ("mlp", "balanced"), ("svm", "balanced")]
)
def test_a_kept_classifier_gives_the_same_probabilities(key: str, weight: Any, tmp_path: Any) -> None:
    X, y = data(60)
    model = make_classifier(key, SMALL.get(key), class_weight=weight).fit(X, y)
    assert write_fitted(tmp_path / "fitted.skops", model, ()) == ""
    np.testing.assert_array_equal(load_fitted(tmp_path).predict_proba(X), model.predict_proba(X))


def test_boosting_where_no_tree_beats_chance_says_one_half() -> None:
    X, y = np.tile([[0.0], [1.0]], (8, 1)), np.repeat([0, 1], 8)
    model = make_classifier("adaboost").fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), np.full((16, 2), 0.5))
    assert (model.predict(X) == 0).all()
    assert model.feature_importances_.tolist() == [0.0]


def test_elastic_net_leaves_columns_out_that_ridge_keeps() -> None:
    X, y = data(120, 30)
    zeros = {
        key: int((make_classifier(key, {"C": 0.1}).fit(X, y).coef_ == 0).sum())
        for key in ("elastic-net", "logistic")
    }
    assert zeros["logistic"] == 0
    assert zeros["elastic-net"] > 15


def test_logistic_is_scikit_learns() -> None:
    X, y = data(noise=1)
    expected = LogisticRegression(C=1.0, max_iter=1000).fit(X, y)
    np.testing.assert_array_equal(make_classifier("logistic").fit(X, y).coef_, expected.coef_)


def test_xgboost_runs_on_one_thread_with_histograms() -> None:
    made = make_classifier("xgboost", seed=5).get_params()
    assert (made["n_jobs"], made["tree_method"], made["random_state"]) == (1, "hist", 5)


def test_parameters_replace_the_stated_settings() -> None:
    assert make_classifier("random-forest", {"n_estimators": 7}).n_estimators == 7


def test_all_random_classifiers_take_their_seed() -> None:
    for key, classifier in CLASSIFIERS.items():
        if "random_state" in inspect.signature(classifier.make).parameters:
            assert make_classifier(key, seed=11).random_state == 11
