from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from samesplit.models.radiomics.estimators import (
    ClassWeighted,
    LogisticModel,
    NearestNeighbours,
    Perceptron,
    SupportVectors,
    platt_curve,
)


def data(n: int = 120, noise: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, (X[:, 0] + noise * rng.normal(size=n) > 0.5).astype(int)


@pytest.mark.parametrize("noise", [0.1, 1.0])
def test_svm_probabilities_agree_with_scikit_learns_calibration(noise: float) -> None:
    X, y = data(noise=noise)
    folds = StratifiedKFold(5, shuffle=True, random_state=3)
    reference = CalibratedClassifierCV(SVC(), ensemble=False, cv=folds).fit(X, y)
    ours = SupportVectors(random_state=3).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), reference.predict_proba(X), atol=2e-4)
    np.testing.assert_array_equal(ours.predict(X), reference.predict(X))


@pytest.mark.parametrize("seed", range(6))
def test_svm_probabilities_keep_the_order_of_the_scores_even_where_nothing_is_learnt(seed: int) -> None:
    X, y = data(24, noise=1e6, seed=seed)
    model = SupportVectors(random_state=0).fit(X, y)
    assert model.slope_ > 0
    assert spearmanr(model.predict_proba(X)[:, 1], model.decision_function(X)).statistic > 0.999999


def test_where_held_out_scores_contradict_the_labels_probabilities_are_close_to_the_prevalence() -> None:
    scores = np.linspace(-3, 3, 40)
    codes = (np.arange(40) < 10).astype(int)
    slope, intercept = platt_curve(scores, codes, np.ones(40))
    probabilities = 1 / (1 + np.exp(-(slope * scores + intercept)))
    assert slope > 0
    np.testing.assert_allclose(probabilities, (10 * 11 / 12 + 30 / 32) / 40, atol=1e-3)


def test_platts_curve_is_the_maximum_of_its_likelihood() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=50)
    codes = (scores + rng.normal(size=50) > 0).astype(int)
    weight = rng.uniform(0.5, 2, size=50)
    slope, intercept = platt_curve(scores, codes, weight)
    positive, negative = weight[codes == 1].sum(), weight[codes == 0].sum()
    target = np.where(codes == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    error = weight * (1 / (1 + np.exp(-(slope * scores + intercept))) - target)
    np.testing.assert_allclose([error.sum(), error @ scores], 0, atol=1e-3)


def test_scores_that_are_all_alike_give_the_prevalence() -> None:
    slope, intercept = platt_curve(np.zeros(10), np.repeat([0, 1], 5), np.ones(10))
    assert np.isfinite(slope)
    assert abs(intercept) < 1e-6


def test_a_support_vector_machine_of_one_class_is_an_error() -> None:
    with pytest.raises(ValueError, match="two classes or more, found 1"):
        SupportVectors().fit(np.zeros((4, 1)), np.ones(4, dtype=int))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("rows", "tolerance"), [(60, 1e-3), (230, 0.0)])
def test_the_perceptron_is_scikit_learns_and_quiet(rows: int, tolerance: float) -> None:
    X, y = data(rows)
    reference = MLPClassifier(max_iter=40, random_state=1).fit(X, y)
    ours = Perceptron(max_iter=40, random_state=1).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), reference.predict_proba(X), rtol=0, atol=tolerance)
    assert ours.get_params() == reference.get_params()


def test_training_that_ends_early_does_not_warn() -> None:
    X, y = data(60)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        Perceptron(max_iter=3).fit(X, y)
        LogisticModel(max_iter=1).fit(1e3 * X, y)


def test_row_weights_reach_a_classifier_inside_and_its_own_stays_unfitted() -> None:
    X, y = data(60)
    inner = Perceptron(max_iter=5, random_state=0)
    wrapped = ClassWeighted(inner).fit(X, y)
    assert not hasattr(inner, "coefs_")
    assert wrapped.predict(X).shape == (60,)
    assert wrapped.get_params()["estimator__max_iter"] == 5


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("p", [1, 2, 3])
def test_nearest_neighbours_vote_as_in_scikit_learn(weights: str, p: float) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), np.arange(40) % 2
    held = np.vstack([rng.normal(size=(20, 3)), X[:2]])
    mine = NearestNeighbours(n_neighbors=4, weights=weights, p=p).fit(X, y).predict_proba(held)
    theirs = KNeighborsClassifier(4, weights=weights, p=p, algorithm="kd_tree").fit(X, y).predict_proba(held)
    np.testing.assert_allclose(mine, theirs, atol=1e-9)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_of_equally_distant_neighbours_the_first_vote_whatever_the_last_digits(weights: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, size=(30, 4)) / 3
    y = np.arange(30) % 2
    expected = NearestNeighbours(weights=weights).fit(X, y).predict_proba(X)
    for _ in range(5):
        moved, held = (X * (1 + 1e-13 * rng.uniform(-1, 1, X.shape)) for _ in range(2))
        found = NearestNeighbours(weights=weights).fit(moved, y).predict_proba(held)
        np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("classes", [2, 3])
def test_neighbours_by_cosine_are_those_of_scikit_learn(weights: str, classes: int) -> None:
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(40, 3)), np.arange(40) % classes
    held = rng.normal(size=(20, 3))
    mine = NearestNeighbours(n_neighbors=4, weights=weights, metric="cosine").fit(X, y).predict_proba(held)
    theirs = KNeighborsClassifier(4, weights=weights, metric="cosine").fit(X, y).predict_proba(held)
    np.testing.assert_allclose(mine, theirs, atol=1e-9)


def test_by_cosine_length_does_not_matter_and_a_row_of_zeros_is_as_near_to_all() -> None:
    X, y = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]]), np.array([1, 0, 0])
    model = NearestNeighbours(n_neighbors=1, metric="cosine").fit(X, y)
    assert model.predict_proba([[9.0, 1.0], [0.1, 9.0], [0.0, 0.0]])[:, 1].tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="metric is 'minkowski' or 'cosine', not 'manhattan'"):
        NearestNeighbours(metric="manhattan").fit(X, y)


@pytest.mark.parametrize("wrong", [{"n_neighbors": 0}, {"weights": "rank"}, {"p": 0.5}])
def test_neighbours_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="n_neighbors of at least 1"):
        NearestNeighbours(**wrong).fit([[0.0], [1.0]], [0, 1])


def test_the_likelier_class_is_the_first_where_both_are_as_likely_but_for_the_last_digits() -> None:
    X, y = np.array([[0.0], [0.1], [0.2], [0.3]]), np.array([0, 1, 1, 0])
    model = NearestNeighbours(n_neighbors=4).fit(X, y)
    for half in (0.5, np.nextafter(0.5, 0), np.nextafter(0.5, 1)):
        model.predict_proba = lambda rows, half=half: np.array([[1 - half, half]])  # type: ignore[method-assign]
        assert model.predict([[0.15]]).tolist() == [0]


def three_classes(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(n) % 3)
    X = rng.normal(size=(n, 4))
    X[:, 0] += 1.5 * y
    X[:, 1] += 1.5 * (y == 1)
    return X, y


def test_svm_probabilities_of_three_classes_agree_with_scikit_learns_calibration() -> None:
    X, y = three_classes()
    folds = StratifiedKFold(5, shuffle=True, random_state=3)
    reference = CalibratedClassifierCV(SVC(), ensemble=False, cv=folds).fit(X, y)
    ours = SupportVectors(random_state=3).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), reference.predict_proba(X), atol=1e-3)
    np.testing.assert_array_equal(ours.predict(X), reference.predict(X))


def test_a_machine_of_three_classes_one_of_them_a_single_row_has_probabilities() -> None:
    X, y = three_classes(30)
    few = np.where(np.arange(30) == 0, 2, np.minimum(y, 1))
    found = SupportVectors().fit(X, few).predict_proba(X)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_nearest_neighbours_of_three_classes_vote_as_in_scikit_learn(weights: str) -> None:
    X, y = three_classes()
    mine = NearestNeighbours(n_neighbors=4, weights=weights).fit(X[:80], y[:80])
    theirs = KNeighborsClassifier(4, weights=weights, algorithm="kd_tree").fit(X[:80], y[:80])
    np.testing.assert_allclose(mine.predict_proba(X), theirs.predict_proba(X), atol=1e-9)


def test_balanced_weights_of_three_classes_weigh_each_alike() -> None:
    X, y = three_classes()
    rare = np.flatnonzero(y == 2)[:4]
    rows = np.concatenate([np.flatnonzero(y != 2), rare])
    plain, weighted = LogisticModel(), ClassWeighted(LogisticModel())
    shares = [model.fit(X[rows], y[rows]).predict_proba(X[rows])[:, 2].mean() for model in (plain, weighted)]
    assert shares[0] == pytest.approx(4 / len(rows), abs=0.01)
    assert shares[1] > 1.5 * shares[0]
