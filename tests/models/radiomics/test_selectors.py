from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind
from sklearn.base import clone
from sklearn.linear_model import Lasso as SklearnLasso
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samesplit.models.radiomics.selectors import SELECTORS, AnovaF, Lasso


def planted(seed: int = 0, n: int = 100, p: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    X = rng.normal(size=(n, p))
    X[:, 41] += 1.5 * y
    X[:, 7] -= 1.2 * y
    return X, y


@pytest.mark.parametrize("key", SELECTORS)
def test_every_selector_finds_the_planted_features(key: str) -> None:
    X, y = planted()
    assert set(SELECTORS[key](size=2).fit(X, y).ranking_[:2]) == {41, 7}


@pytest.mark.parametrize("key", SELECTORS)
def test_every_ranking_holds_every_column_once_and_a_size_is_its_prefix(key: str) -> None:
    X, y = planted()
    ranking = SELECTORS[key](size=None).fit(X, y).ranking_
    assert sorted(ranking) == list(range(60))
    for size in (1, 5, 30):
        selector = SELECTORS[key](size=size).fit(X, y)
        assert selector.ranking_.tolist() == ranking.tolist()
        assert set(selector.get_support(indices=True)) == set(ranking[:size])
        np.testing.assert_array_equal(selector.transform(X), X[:, np.sort(ranking[:size])])


@pytest.mark.parametrize("key", SELECTORS)
def test_the_ranking_does_not_depend_on_units_or_on_the_names_of_the_classes(key: str) -> None:
    X, y = planted()
    scale = np.random.default_rng(1).uniform(0.01, 100, X.shape[1])
    ranking = SELECTORS[key]().fit(X, y).ranking_
    assert (
        SELECTORS[key]().fit(X * scale + 50, np.where(y == 1, "b", "a")).ranking_.tolist() == ranking.tolist()
    )


@pytest.mark.parametrize("key", SELECTORS)
def test_constant_columns_come_last(key: str) -> None:
    X, y = planted()
    X[:, [0, 30]] = 7.0
    assert set(SELECTORS[key]().fit(X, y).ranking_[-2:]) == {0, 30}


@pytest.mark.parametrize("key", SELECTORS)
def test_columns_that_all_say_nothing_are_ranked_all_the_same(key: str) -> None:
    X = np.tile([[1.0, 2.0], [3.0, 4.0]], (10, 1))
    y = np.repeat([0, 1, 1, 0], 5)
    assert sorted(SELECTORS[key]().fit(X, y).ranking_) == [0, 1]


@pytest.mark.parametrize("key", SELECTORS)
def test_every_selector_is_a_scikit_learn_transformer(key: str) -> None:
    X, y = planted()
    selector = clone(SELECTORS[key](size=3))
    assert selector.get_params()["size"] == 3
    names = make_pipeline(StandardScaler(), selector).fit(X, y).get_feature_names_out()
    assert len(names) == 3
    assert "x41" in names


@pytest.mark.parametrize("key", SELECTORS)
@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, 1, 2, 0]])
def test_anything_but_two_classes_is_refused(key: str, labels: list[int]) -> None:
    with pytest.raises(ValueError, match="two classes"):
        SELECTORS[key]().fit(np.arange(8.0).reshape(4, 2), labels)


@pytest.mark.parametrize("key", SELECTORS)
def test_missing_values_are_refused(key: str) -> None:
    X, y = planted()
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        SELECTORS[key]().fit(X, y)


def test_anova_f_is_the_square_of_the_pooled_t_statistic() -> None:
    X, y = planted()
    t = ttest_ind(X[y == 1], X[y == 0]).statistic
    np.testing.assert_allclose(AnovaF().fit(X, y).scores_, t**2)


def test_lasso_ranks_by_entry_as_separate_lasso_fits_do() -> None:
    X, y = planted()
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    first = np.abs(Z.T @ (y - y.mean())).max() / len(y)
    ranking = Lasso().fit(X, y).ranking_.tolist()
    for share in (0.9, 0.6, 0.4):
        active = np.flatnonzero(SklearnLasso(alpha=first * share, max_iter=10_000).fit(Z, y).coef_)
        assert len(active) > 0
        assert set(active) <= set(ranking[: len(active) + 1])


def test_lasso_takes_one_of_two_twins_where_anova_takes_both() -> None:
    X, y = planted()
    X[:, 50] = X[:, 41] + 1e-3 * np.random.default_rng(2).normal(size=len(y))
    assert set(AnovaF().fit(X, y).ranking_[:2]) == {41, 50}
    top = set(Lasso().fit(X, y).ranking_[:2])
    assert 7 in top
    assert len(top & {41, 50}) == 1
