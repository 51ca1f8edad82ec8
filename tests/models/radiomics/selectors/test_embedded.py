from __future__ import annotations

import numpy as np
import pytest
from boruta import BorutaPy
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import ElasticNet as SklearnElasticNet
from sklearn.linear_model import Lasso as SklearnLasso
from sklearn.linear_model import enet_path, lars_path

from samesplit.models.radiomics.selectors import AnovaF, Boruta, ElasticNet, Lasso


def planted(seed: int = 0, n: int = 100, p: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    X = rng.normal(size=(n, p))
    X[:, 41] += 1.5 * y
    X[:, 7] -= 1.2 * y
    return X, y


def standardised(X: np.ndarray) -> np.ndarray:
    return (X - X.mean(axis=0)) / X.std(axis=0)


def test_lasso_ranks_by_entry_as_separate_lasso_fits_do() -> None:
    X, y = planted()
    Z = standardised(X)
    first = np.abs(Z.T @ (y - y.mean())).max() / len(y)
    ranking = Lasso().fit(X, y).ranking_.tolist()
    for share in (0.9, 0.6, 0.4):
        active = np.flatnonzero(SklearnLasso(alpha=first * share, max_iter=10_000).fit(Z, y).coef_)
        assert len(active) > 0
        assert set(active) <= set(ranking[: len(active) + 1])


def test_lasso_enters_features_in_the_order_of_least_angle_regression() -> None:
    X, y = planted(seed=1)
    _, entered, _ = lars_path(standardised(X), y - y.mean(), method="lasso", max_iter=8)
    fine = Lasso(penalties=200).fit(X, y).ranking_
    assert fine[:8].tolist() == list(entered[:8])


def test_elastic_net_ranks_by_entry_as_separate_fits_do() -> None:
    X, y = planted()
    Z = standardised(X)
    first = np.abs(Z.T @ (y - y.mean())).max() / len(y) / 0.3
    ranking = ElasticNet(l1_share=0.3).fit(X, y).ranking_.tolist()
    for share in (0.9, 0.6, 0.4):
        fit = SklearnElasticNet(alpha=first * share, l1_ratio=0.3, max_iter=10_000, tol=1e-8).fit(Z, y)
        active = np.flatnonzero(fit.coef_)
        assert len(active) > 0
        assert set(active) <= set(ranking[: len(active) + 1])


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_columns_left_out_by_the_strong_rule_do_not_change_the_path(share: float) -> None:
    rng = np.random.default_rng(2)
    y = rng.permutation(np.arange(90) % 3 == 0).astype(int)
    X = rng.normal(size=(90, 15)) @ rng.normal(size=(15, 400)) + 2 * rng.normal(size=(90, 400))
    Z, target = standardised(X), y - y.mean()
    first = np.abs(Z.T @ target).max() / len(y) / share
    _, path, _ = enet_path(
        Z, target, l1_ratio=share, alphas=np.geomspace(first, first * 0.05, 60), tol=1e-7, max_iter=20_000
    )
    step = np.where((path != 0).any(axis=1), (path != 0).argmax(axis=1), 60)
    ranking = ElasticNet(l1_share=share, penalties=60, smallest=0.05, enough=400).fit(X, y).ranking_
    entered = (step < 60).sum()
    assert entered > 40
    ordered = step[ranking]
    # The same up to what enters at neighbouring penalties: the two stop iterating at different places.
    assert np.mean(np.abs(np.sort(step) - ordered) <= 1) > 0.97
    assert set(ranking[:entered]) >= set(np.flatnonzero(step < 58))


@pytest.mark.parametrize("seed", [66, 90, 190, 239])
def test_columns_that_the_strong_rule_leaves_out_wrongly_are_taken_in_at_once(seed: int) -> None:
    rng = np.random.default_rng(seed)  # data on which two columns break the rule
    y = np.arange(24) % 2
    Z = standardised(rng.normal(size=(24, 3)) @ rng.normal(size=(3, 50)) + 0.3 * rng.normal(size=(24, 50)))
    target = y - y.mean()
    first = np.abs(Z.T @ target).max() / len(y) / 0.5
    alphas = np.geomspace(first, first * 0.05, 12)
    _, path, _ = enet_path(Z, target, l1_ratio=0.5, alphas=alphas, tol=1e-8, max_iter=100_000)
    expected = np.where((path != 0).any(axis=1), (path != 0).argmax(axis=1), 12)
    step, _, _ = ElasticNet(l1_share=0.5, penalties=12, smallest=0.05, enough=50)._path(Z, target)
    np.testing.assert_array_equal(step, expected)


def test_an_elastic_net_that_is_all_l1_is_the_lasso() -> None:
    X, y = planted()
    np.testing.assert_array_equal(ElasticNet(l1_share=1).fit(X, y).ranking_, Lasso().fit(X, y).ranking_)


def test_lasso_takes_one_of_two_twins_where_anova_and_the_elastic_net_take_both() -> None:
    X, y = planted()
    X[:, 50] = X[:, 41] + 1e-3 * np.random.default_rng(2).normal(size=len(y))
    assert set(AnovaF().fit(X, y).ranking_[:2]) == {41, 50}
    assert set(ElasticNet(l1_share=0.2).fit(X, y).ranking_[:2]) == {41, 50}
    top = set(Lasso().fit(X, y).ranking_[:2])
    assert 7 in top
    assert len(top & {41, 50}) == 1


def test_the_path_ends_when_enough_features_have_entered() -> None:
    X, y = planted()
    long, short = Lasso().fit(X, y).ranking_, Lasso(enough=5).fit(X, y).ranking_
    np.testing.assert_array_equal(short[:5], long[:5])
    assert short.tolist() != long.tolist()


def test_boruta_ranks_confirmed_then_tentative_then_other_features_of_the_package() -> None:
    X, y = planted(p=45, n=120)
    X = np.hstack(
        [X, X[:, [7]] + 1.5 * np.random.default_rng(1).normal(size=(120, 1)), np.outer(y, [0.9]) + X[:, [2]]]
    )
    X[:, 11] += 1.0 * y
    rows = np.lexsort((X[:, 0], y))
    ranks = np.argsort(np.argsort(X[rows], axis=0), axis=0) + 1.0
    forest = RandomForestClassifier(max_depth=5)
    package = BorutaPy(forest, n_estimators=20, max_iter=21, random_state=3).fit(ranks, y[rows])
    ours = Boruta(trees=20, rounds=20, random_state=3).fit(X, y)
    confirmed = np.flatnonzero(package.support_)
    assert 2 <= len(confirmed) < 10
    assert set(ours.ranking_[: len(confirmed)]) == set(confirmed)
    np.testing.assert_array_equal(package.ranking_[ours.ranking_], np.sort(package.ranking_))
    importance = package.importance_history_[1:, confirmed].mean(axis=0)
    np.testing.assert_array_equal(ours.ranking_[: len(confirmed)], confirmed[np.argsort(-importance)])


def test_boruta_is_decided_by_its_seed() -> None:
    X, y = planted(p=45)
    first, again, other = (
        Boruta(trees=5, rounds=4, random_state=seed).fit(X, y).ranking_.tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
