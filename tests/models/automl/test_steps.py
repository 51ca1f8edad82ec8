from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from samesplit.models.automl.steps import CountZeros, Predictions, few_valued


def noise(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(0).normal(size=(n, 3)), np.arange(n) % 2


def test_zeros_are_counted_row_by_row_before_the_columns() -> None:
    X = np.array([[0.0, 2.0, 0.0], [1.0, 1.0, 1.0]])
    assert CountZeros().fit(X).transform(X).tolist() == [[2, 1, 0, 2, 0], [0, 3, 1, 1, 1]]


def test_while_fitting_no_row_gets_the_answer_of_a_classifier_that_has_seen_it() -> None:
    X, y = noise()
    memory = Predictions(KNeighborsClassifier(1), random_state=0)
    fitting = memory.fit_transform(X, y)
    afterwards = memory.transform(X)
    assert fitting.shape == afterwards.shape == (60, 2)
    assert roc_auc_score(y, afterwards[:, 1]) == 1.0
    assert roc_auc_score(y, fitting[:, 1]) < 0.7


def test_predictions_can_be_cloned_and_leave_their_classifier_unfitted() -> None:
    X, y = noise()
    step = Predictions(KNeighborsClassifier(3))
    clone(step).fit(X, y)
    step.fit(X, y)
    assert not hasattr(step.estimator, "classes_")


def test_a_classifier_without_probabilities_gives_its_margin_in_one_column() -> None:
    X, y = noise()
    step = Predictions(LinearSVC(), random_state=0)
    assert step.fit_transform(X, y).shape == step.transform(X).shape == (60, 1)


def test_a_single_row_of_a_class_is_no_reason_to_fail() -> None:
    X, _ = noise(10)
    y = np.array([1] + [0] * 9)
    assert Predictions(KNeighborsClassifier(1)).fit_transform(X, y).shape == (10, 2)


def test_ten_values_are_not_few() -> None:
    X = np.column_stack([np.arange(30) % 10, np.arange(30) % 9, np.arange(30)])
    assert few_valued(X) == [1]
