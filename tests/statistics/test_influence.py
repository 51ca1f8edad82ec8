from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import auc_covariance, auc_influence
from samesplit.statistics.cross_validated import cross_validated_auc
from samesplit.statistics.influence import Influence, covariance, covariance_matrix, mean_influence


def _shared() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    labels = np.tile([0, 1], 15)
    return labels, labels[:, None] + generator.normal(size=(30, 2)), generator.integers(0, 12, 30).astype(str)


def test_the_variance_of_a_difference_follows_from_the_covariance_matrix() -> None:
    labels, scores, patients = _shared()
    a, b = (auc_influence(labels, column, patients) for column in scores.T)
    _, matrix = auc_covariance(labels, scores, patients)
    assert (a - b).estimate == pytest.approx(a.estimate - b.estimate)
    assert (a - b).variance == pytest.approx(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1], rel=1e-10)
    assert covariance(a, b) == pytest.approx(covariance(b, a), rel=1e-12)


def test_the_variance_of_a_mean_keeps_the_correlation() -> None:
    labels, scores, patients = _shared()
    items = [auc_influence(labels, column, patients) for column in scores.T]
    _, matrix = auc_covariance(labels, scores, patients)
    mean = mean_influence(items)
    assert mean.estimate == pytest.approx((items[0].estimate + items[1].estimate) / 2)
    assert mean.variance == pytest.approx(matrix.sum() / 4, rel=1e-10)


def test_patients_of_only_one_estimate_have_no_influence_on_the_other() -> None:
    parts = np.array([[0.1, 0.2], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    a = Influence(0.5, pd.Index(["p", "q"], dtype=str), parts, ("one",))
    b = Influence(0.4, pd.Index(["q", "r"], dtype=str), parts, ("one", "two"))
    difference = a - b
    assert difference.patients.tolist() == ["p", "q", "r"]
    assert difference.variance == pytest.approx(0.1**2 + 0.1**2 + 0.2**2)
    assert covariance(a, b) == pytest.approx(0.2 * 0.1)
    assert difference.notes == ("one", "two")


def test_there_must_be_something_to_average() -> None:
    with pytest.raises(StatisticsError, match="no estimate"):
        mean_influence([])


def _trained(estimate: float, n_repeats: int, patients: str = "abc") -> Influence:
    parts = np.arange(4.0 * len(patients)).reshape(4, -1)
    trained = np.stack([parts * (repeat + 1) for repeat in range(n_repeats)]) if n_repeats else None
    return Influence(estimate, pd.Index(list(patients)), parts, (), trained)


def test_the_training_part_adds_to_the_variance_and_can_be_left_out() -> None:
    item = _trained(0.7, 2)
    single = covariance(item, item)
    assert item.training_variance == pytest.approx(single * (1 + 4) / 2)
    assert item.variance == pytest.approx(single + item.training_variance)
    assert item.as_fitted().variance == single


def test_training_parts_are_subtracted_repeat_by_repeat() -> None:
    assert (_trained(0.7, 2) - _trained(0.6, 2)).training_variance == 0
    alone = _trained(0.7, 2) - _trained(0.6, 0, "bcd")
    assert alone.training_variance == pytest.approx(_trained(0.7, 2).training_variance)
    assert (_trained(0.7, 0) - _trained(0.6, 0)).trained is None


def test_training_parts_of_different_numbers_of_repeats_are_averaged_first() -> None:
    difference = _trained(0.7, 3) - _trained(0.6, 2)
    assert difference.trained is not None
    assert difference.trained.shape == (1, 4, 3)
    assert difference.trained[0] == pytest.approx((2 - 1.5) * _trained(0.7, 1).parts)


def test_a_mean_averages_the_training_parts() -> None:
    mean = mean_influence([_trained(0.7, 2), _trained(0.6, 0)])
    assert mean.training_variance == pytest.approx(_trained(0.7, 2).training_variance / 4)
    assert mean_influence([_trained(0.7, 0)]).trained is None


def test_the_matrix_holds_all_pairs_of_covariances() -> None:
    rng = np.random.default_rng(0)
    labels, owners = rng.permutation([0, 1] * 15), np.arange(30)
    items = [auc_influence(labels, rng.normal(size=30) + labels, owners) for _ in range(3)]
    part = auc_influence(labels[:20], rng.normal(size=20), owners[:20])
    found = covariance_matrix([*items, part])
    expected = [[covariance(a, b) for b in (*items, part)] for a in (*items, part)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-18)


def test_the_matrix_of_models_trained_in_folds_has_their_whole_variance() -> None:
    rng = np.random.default_rng(1)
    labels, owners = np.array([0, 1] * 20), np.arange(40)
    folds = np.repeat(np.arange(4), 10)
    model = cross_validated_auc(labels, rng.normal(size=40) + labels, owners, folds)
    readers = [auc_influence(labels, rng.normal(size=40) + labels, owners) for _ in range(2)]
    differences = [model - reader for reader in readers]
    found = covariance_matrix(differences)
    assert model.training_variance > 0
    np.testing.assert_allclose(np.diag(found), [one.variance for one in differences], rtol=1e-12)
    assert found[0, 1] == pytest.approx(covariance(*differences) + model.training_variance, rel=1e-12)


def test_no_estimates_have_no_matrix() -> None:
    with pytest.raises(StatisticsError, match="no estimate"):
        covariance_matrix([])
