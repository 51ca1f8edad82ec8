from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from skrebate import ReliefF as SkrebateReliefF

from samesplit.models.radiomics.selectors import AnovaF, ReliefF
from samesplit.models.radiomics.selectors.relief import _distances


def planted(seed: int, n: int = 70, p: int = 30) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < n // 3).astype(int)
    X = rng.normal(size=(n, p)) * rng.uniform(0.1, 10, p)
    X[:, :4] += 2 * X[:, :4].std(axis=0) * y[:, None]
    return X, y


@pytest.mark.parametrize(("seed", "neighbours"), [(0, 1), (1, 5), (2, 10), (3, 20)])
def test_weights_and_ranking_are_those_of_skrebate(seed: int, neighbours: int) -> None:
    X, y = planted(seed)
    theirs = SkrebateReliefF(n_neighbors=neighbours, categorical_features=[]).fit(X, y).feature_importances_
    ours = ReliefF(neighbours=neighbours).fit(X, y)
    np.testing.assert_allclose(ours.scores_, theirs, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(ours.ranking_, np.argsort(-theirs, kind="stable"))


def test_weights_are_the_sums_of_the_definition() -> None:
    X, y = planted(4, n=25, p=7)
    scaled = (X - X.min(axis=0)) / np.ptp(X, axis=0)
    weights = np.zeros(7)
    for i in range(25):
        distance = np.abs(scaled - scaled[i]).sum(axis=1)
        for sign, others in ((-1, y == y[i]), (1, y != y[i])):
            others = np.flatnonzero(others & (np.arange(25) != i))
            near = others[np.argsort(distance[others])[:10]]  # the smaller class has eight lesions
            weights += sign * np.abs(scaled[near] - scaled[i]).mean(axis=0) / 25
    np.testing.assert_allclose(ReliefF().fit(X, y).scores_, weights, rtol=0, atol=1e-12)


@pytest.mark.parametrize("p", [1, 3, 4, 63, 64, 65, 131])
def test_distances_are_scipys_whatever_the_number_of_columns(p: int) -> None:
    X = np.random.default_rng(p).uniform(size=(20, p))
    distances = _distances(np.ascontiguousarray(X.T))
    np.testing.assert_allclose(distances, cdist(X, X, "cityblock"), rtol=1e-12, atol=0)
    np.testing.assert_array_equal(distances, distances.T)


def test_a_class_of_one_lesion_has_no_hits() -> None:
    X = np.array([[0.0, 0.5], [0.2, 1.0], [0.4, 0.0], [1.0, 0.6]])
    scores = ReliefF(neighbours=1).fit(X, [0, 0, 0, 1]).scores_
    hits = np.array([[0.2, 0.5], [0.2, 0.5], [0.4, 0.5]])  # of the first three: 1, 0 and 0
    misses = np.array([[1.0, 0.1], [0.8, 0.4], [0.6, 0.6], [1.0, 0.1]])  # 3, 3, 3 and 0
    np.testing.assert_allclose(scores, (misses.sum(axis=0) - hits.sum(axis=0)) / 4)


def test_relief_sees_two_features_that_only_tell_together() -> None:
    rng = np.random.default_rng(5)
    X = rng.uniform(-1, 1, size=(200, 8))
    y = (X[:, 2] * X[:, 6] > 0).astype(int)
    assert set(ReliefF(neighbours=10).fit(X, y).ranking_[:2]) == {2, 6}
    assert set(AnovaF().fit(X, y).ranking_[:2]) != {2, 6}
