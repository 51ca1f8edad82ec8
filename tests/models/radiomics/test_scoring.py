from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.models.radiomics.scoring import auc_error, mean_auc
from samesplit.statistics.auc import auc_influence
from samesplit.statistics.influence import covariance


def three_classes(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 3
    scores = rng.random((n, 3)).round(2) + np.eye(3)[labels] / 3
    return labels, scores / scores.sum(axis=1, keepdims=True)


def test_it_is_the_macro_average_of_one_class_against_the_others_as_scikit_learn_has_it() -> None:
    labels, scores = three_classes()
    expected = roc_auc_score(labels, scores, multi_class="ovr", average="macro")
    assert mean_auc(labels, scores) == pytest.approx(expected, abs=1e-12)
    assert mean_auc(np.minimum(labels, 1), scores[:, 0]) == pytest.approx(
        roc_auc_score(np.minimum(labels, 1), scores[:, 0]), abs=1e-12
    )


def test_a_class_that_is_not_there_is_left_out_and_of_one_class_there_is_no_score() -> None:
    labels, scores = three_classes()
    there = labels < 2
    each = [roc_auc_score(labels[there] == label, scores[there, label]) for label in (0, 1)]
    assert mean_auc(labels[there], scores[there]) == pytest.approx(np.mean(each), abs=1e-12)
    assert np.isnan(mean_auc(np.zeros(5, dtype=np.int64), scores[:5]))
    assert np.isnan(mean_auc(np.zeros(5, dtype=np.int64), scores[:5, 0]))


def test_the_standard_error_of_two_columns_that_say_the_same_is_that_of_one() -> None:
    labels, scores = three_classes()
    two, patients = np.minimum(labels, 1), np.arange(len(labels)) // 2
    score = scores[:, 1]
    alone = auc_error(two, score, patients)
    influence = auc_influence(two, score, patients)
    assert alone == pytest.approx(np.sqrt(covariance(influence, influence)), rel=1e-12)
    assert auc_error(two, np.column_stack([1 - score, score]), patients) == pytest.approx(alone, rel=1e-9)


def test_the_standard_error_is_close_to_that_of_drawing_patients_anew() -> None:
    labels, scores = three_classes(300)
    rng = np.random.default_rng(1)
    drawn = [rng.integers(0, 300, 300) for _ in range(300)]
    spread = np.std([mean_auc(labels[rows], scores[rows]) for rows in drawn])
    assert auc_error(labels, scores, np.arange(300)) == pytest.approx(spread, rel=0.15)
