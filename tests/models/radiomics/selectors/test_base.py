from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samesplit.models.radiomics.selectors import SELECTORS, RankingSelector
from samesplit.models.radiomics.selectors.base import best_first, check_count, check_share, copies

KEYS = sorted(SELECTORS)
BLIND = {"variance", "none"}
"""Selectors that do not look at the labels."""
QUICK: dict[str, dict[str, Any]] = {"boruta": {"trees": 8, "rounds": 8}}


def make(key: str, **parameters: Any) -> RankingSelector:
    return SELECTORS[key](**QUICK.get(key, {}), **parameters)


def planted(seed: int = 0, n: int = 100, p: int = 24) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    X = rng.normal(size=(n, p))
    X[:, 13] += 1.5 * y
    X[:, 7] -= 1.2 * y
    return X, y


@pytest.fixture(scope="module")
def used() -> dict[Any, Any]:
    """What all selectors left for each other."""
    X, y = planted()
    shared: dict[Any, Any] = {}
    for key in KEYS:
        make(key).fit(X, y, shared=shared)
    return shared


def test_all_selectors_of_the_literature_are_known_by_their_keys() -> None:
    xi2020 = {"chi-squared", "anova-f", "t-score", "fisher-score", "relieff", "wilcoxon"}
    xi2020 |= {"mifs", "mrmr", "cife", "jmi", "cmim", "icap", "disr"}
    others = {"mim", "gini", "lasso", "elastic-net", "boruta", "variance", "correlation", "none"}
    assert xi2020 | others <= set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_every_selector_says_what_it_is_and_where_that_is_published(key: str) -> None:
    selector = SELECTORS[key]
    assert selector.key == key
    assert selector.title
    assert selector.definition
    assert "\n" not in selector.definition
    assert key == "none" or re.fullmatch(r"https://\S+", selector.source)
    for parameter in selector().get_params():
        assert parameter == "size" or f"{parameter}:" in str(selector.__doc__)


@pytest.mark.parametrize("key", sorted(set(KEYS) - BLIND))
def test_every_selector_that_looks_at_the_labels_finds_the_planted_features(key: str) -> None:
    X, y = planted()
    assert set(make(key, size=2).fit(X, y).ranking_[:2]) == {13, 7}


@pytest.mark.parametrize("key", sorted(BLIND))
def test_what_does_not_look_at_the_labels_ranks_alike_when_they_are_shuffled(key: str) -> None:
    X, y = planted()
    shuffled = np.random.default_rng(3).permutation(y)
    np.testing.assert_array_equal(make(key).fit(X, y).ranking_, make(key).fit(X, shuffled).ranking_)


@pytest.mark.parametrize("key", KEYS)
def test_every_ranking_holds_every_column_once_and_a_size_is_its_prefix(key: str) -> None:
    X, y = planted()
    ranking = make(key, size=None).fit(X, y).ranking_
    assert sorted(ranking) == list(range(24))
    for size in (1, 12):
        selector = make(key, size=size).fit(X, y)
        np.testing.assert_array_equal(selector.ranking_, ranking)
        np.testing.assert_array_equal(selector.get_support(indices=True), np.sort(ranking[:size]))
        np.testing.assert_array_equal(selector.transform(X), X[:, np.sort(ranking[:size])])


@pytest.mark.parametrize("key", KEYS)
def test_the_ranking_does_not_depend_on_units_or_on_the_names_of_the_classes(key: str) -> None:
    X, y = planted()
    scale = np.random.default_rng(1).uniform(0.01, 100, X.shape[1])
    other = make(key).fit(X * scale + 50, np.where(y == 1, "b", "a"))
    np.testing.assert_array_equal(other.ranking_, make(key).fit(X, y).ranking_)


@pytest.mark.parametrize("key", KEYS)
def test_the_order_of_the_rows_changes_nothing_not_even_the_last_bit(key: str) -> None:
    X, y = planted()
    X[:, 0] = np.round(X[:, 0])  # ties in the first column, by which rows are sorted
    X[5], y[5] = X[4], y[4]  # the same lesion twice
    rows = np.random.default_rng(2).permutation(len(y))
    one, other = make(key).fit(X, y), make(key).fit(X[rows], y[rows])
    np.testing.assert_array_equal(one.ranking_, other.ranking_)
    np.testing.assert_array_equal(one.scores_, other.scores_)


def full_of_ties() -> tuple[np.ndarray, np.ndarray]:
    """Copies in other units and mirrored, equal values, a separated column, one that is constant in a class."""
    X, y = planted(n=60)
    X[:, 2], X[:, 20] = 2.5 * X[:, 13] + 100, 3 - 0.1 * X[:, 7]
    X[:, 3], X[:, 4] = np.round(X[:, 13], 1), np.round(X[:, 7], 0) / 3
    X[:, 5], X[:, 6] = X[:, 5] > 0.3, (X[:, 5] > 0.3) * 0.7 + 0.1
    X[:, 8], X[:, 9] = y * 0.2 + 0.1, np.where(y == 1, 0.3, X[:, 9])
    X[11], y[11] = X[10], y[10]
    return X, y


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("seed", range(3))
def test_the_last_digits_of_the_values_change_no_ranking(key: str, seed: int) -> None:
    X, y = full_of_ties()
    moved = X * (1 + 1e-13 * np.random.default_rng(seed).uniform(-1, 1, X.shape))
    one, other = make(key).fit(X, y), make(key).fit(moved, y)
    np.testing.assert_array_equal(other.ranking_, one.ranking_)


@pytest.mark.parametrize("key", sorted(set(KEYS) - {"none"}))
def test_of_a_column_and_its_copy_in_other_units_the_first_comes_first(key: str) -> None:
    X, y = planted()
    X[:, 20] = 0.1 * X[:, 13] + 7
    ranking = make(key).fit(X, y).ranking_.tolist()
    other = make(key).fit(X[:, ::-1], y).ranking_.tolist()
    if key != "boruta":  # which of two copies a forest draws more often is chance
        assert ranking.index(13) < ranking.index(20)
        assert other.index(23 - 20) < other.index(23 - 13)


@pytest.mark.parametrize("key", KEYS)
def test_selectors_that_share_their_work_rank_as_if_alone(key: str, used: dict[Any, Any]) -> None:
    X, y = planted()
    alone, together = make(key).fit(X, y), make(key).fit(X, y, shared=used)
    np.testing.assert_array_equal(alone.ranking_, together.ranking_)
    np.testing.assert_array_equal(alone.scores_, together.scores_)


def test_shared_work_of_other_data_is_refused() -> None:
    X, y = planted()
    shared: dict[Any, Any] = {}
    make("anova-f").fit(X, y, shared=shared)
    for values, labels in ((X[:, :9], y), (X, 1 - y), (X + 1, y)):
        with pytest.raises(ValueError, match="other data"):
            make("anova-f").fit(values, labels, shared=shared)


@pytest.mark.parametrize("key", KEYS)
def test_constant_columns_come_last_in_their_order_and_have_no_score(key: str) -> None:
    X, y = planted()
    X[:, [0, 20]] = 7.1
    selector = make(key).fit(X, y)
    np.testing.assert_array_equal(selector.ranking_[-2:], [0, 20])
    assert np.flatnonzero(np.isnan(selector.scores_)).tolist() == [0, 20]


def test_a_worthless_column_that_varies_comes_before_a_constant_one() -> None:
    class Worthless(RankingSelector):
        """Has a score for the second of the varying columns only."""

        size = None

        def score(self, X: np.ndarray, y: np.ndarray, *, shared: dict[Any, Any]) -> np.ndarray:
            scores = np.full(X.shape[1], np.nan)
            scores[1] = -3.0
            return scores

    X, y = planted()
    X = X[:, :4]
    X[:, 0] = 7.1
    selector = Worthless().fit(X, y)
    assert selector.ranking_.tolist() == [2, 1, 3, 0]
    assert "" not in SELECTORS


@pytest.mark.parametrize("key", sorted(set(KEYS) - {"boruta"}))  # a forest draws columns at random
def test_equal_columns_keep_their_order(key: str) -> None:
    X, y = planted()
    X[:, [3, 15, 18]] = X[:, [13]]
    X[:, 22] = X[:, 21]
    place = np.argsort(make(key).fit(X, y).ranking_)
    assert place[3] < place[13] < place[15] < place[18]
    assert place[21] < place[22]


@pytest.mark.parametrize("key", KEYS)
def test_columns_that_all_say_nothing_are_ranked_in_their_order(key: str) -> None:
    X = np.tile([[1.0, 2.0], [3.0, 4.0]], (10, 1))
    y = np.repeat([0, 1, 1, 0], 5)
    ranking = make(key).fit(X, y).ranking_
    assert sorted(ranking) == [0, 1]
    assert key == "boruta" or ranking.tolist() == [0, 1]


@pytest.mark.parametrize("key", KEYS)
def test_a_table_of_constants_is_ranked_in_the_order_of_its_columns(key: str) -> None:
    assert make(key).fit(np.ones((8, 3)), [0, 1] * 4).ranking_.tolist() == [0, 1, 2]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("ones", [1, 2])
def test_a_class_of_one_or_two_lesions_is_ranked_without_a_warning(key: str, ones: int) -> None:
    X, _ = planted(n=12)
    y = np.arange(12) < ones
    assert sorted(make(key).fit(X, y).ranking_) == list(range(24))


@pytest.mark.parametrize("key", KEYS)
def test_a_column_that_tells_the_classes_apart_comes_first(key: str) -> None:
    X, y = planted()
    X[:, 12] = np.where(y == 1, 2.0, 1.0)
    if key not in BLIND:
        assert make(key).fit(X, y).ranking_[0] == 12


@pytest.mark.parametrize("key", KEYS)
def test_every_selector_is_a_scikit_learn_transformer(key: str) -> None:
    X, y = planted()
    selector = clone(make(key, size=3))
    assert selector.get_params()["size"] == 3
    pipeline = make_pipeline(StandardScaler(), selector).fit(X, y)
    names = pipeline.get_feature_names_out()
    assert len(names) == 3
    assert key in BLIND or "x13" in names
    np.testing.assert_array_equal(pipeline.transform(X).shape, (100, 3))


@pytest.mark.parametrize("key", KEYS)
def test_a_fitted_selector_holds_its_ranking_and_nothing_else_so_that_it_can_be_kept(key: str) -> None:
    X, y = planted()
    selector = make(key, size=3).fit(X, y, shared={})
    assert set(vars(selector)) - set(selector.get_params()) == {"ranking_", "scores_", "n_features_in_"}
    assert selector.ranking_.dtype == np.int64
    assert selector.scores_.dtype == np.float64


@pytest.mark.parametrize("key", KEYS)
def test_missing_values_are_refused(key: str) -> None:
    X, y = planted()
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        make(key).fit(X, y)


@pytest.mark.parametrize("size", [0, -1, 2.5, "10", True])
def test_a_size_that_is_no_count_is_refused(size: Any) -> None:
    X, y = planted()
    with pytest.raises(ValueError, match="size must be a whole number of at least 1"):
        make("anova-f", size=size).fit(X, y)


@pytest.mark.parametrize(
    ("key", "parameters"),
    [
        ("boruta", {"trees": 0}),
        ("boruta", {"alpha": 0.0}),
        ("correlation", {"limit": 1.5}),
        ("correlation", {"enough": 0}),
        ("elastic-net", {"l1_share": 0}),
        ("lasso", {"penalties": "many"}),
        ("lasso", {"smallest": -0.1}),
        ("relieff", {"neighbours": 0}),
        ("t-score", {"variance": "equal"}),
    ],
)
def test_parameters_out_of_range_are_refused_with_their_name(key: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(parameters))):
        SELECTORS[key](**parameters).check()


@pytest.mark.parametrize("key", KEYS)
def test_the_usual_parameters_are_in_range(key: str) -> None:
    SELECTORS[key]().check()


def test_counts_and_shares_are_told_from_other_numbers() -> None:
    check_count("k", np.int64(3))
    check_share("s", 1)
    for wrong in (True, 1.0, None, 0):
        with pytest.raises(ValueError, match="k must be"):
            check_count("k", wrong)
    for wrong in (True, 0, 1.1, float("nan"), "0.5"):
        with pytest.raises(ValueError, match="s must be"):
            check_share("s", wrong)


def test_copies_are_found_whatever_their_sign_and_the_first_stands_for_all() -> None:
    X = planted()[0][:, :6]
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    Z[:, 3], Z[:, 5] = Z[:, 1] * (1 + 1e-13), -Z[:, 1]
    assert copies(Z).tolist() == [0, 1, 2, 1, 4, 1]
    near = Z[:, [0, 0]] + 1e-6 * np.eye(len(Z))[:, :2]
    assert copies(near).tolist() == [0, 1]
    turned = np.array([[1.0, 1.0], [-1.0, 1.0]])
    assert copies(turned).tolist() == [0, 1]


def test_equal_scores_keep_the_order_of_their_columns() -> None:
    assert best_first(np.array([0.1 + 0.2, 0.3, np.inf, np.nan, np.inf])).tolist() == [2, 4, 0, 1, 3]
    assert best_first(np.array([1e-18, -1e-19, 2e-3, 1.0])).tolist() == [3, 2, 0, 1]
    assert best_first(np.zeros(0)).tolist() == []
