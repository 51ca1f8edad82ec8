"""Every selector on three classes: against scikit-learn, scipy and statsmodels, and against its two-class form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import kruskal
from sklearn.feature_selection import SelectFromModel, chi2, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mutual_info_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.tree import DecisionTreeClassifier
from statsmodels.stats.oneway import anova_oneway

from samesplit.models.radiomics.selectors import SELECTORS, RankingSelector
from samesplit.models.radiomics.selectors.embedded import Lasso, _sizes, _targets
from samesplit.models.radiomics.selectors.entropy import Information, equal_frequency_codes

KEYS = sorted(SELECTORS)
BLIND = {"variance", "none"}
QUICK: dict[str, dict[str, Any]] = {
    "boruta": {"trees": 8, "rounds": 8},
    "lasso": {"penalties": 40},
    "elastic-net": {"penalties": 40},
}


def make(key: str, **parameters: Any) -> RankingSelector:
    return SELECTORS[key](**QUICK.get(key, {}), **parameters)


def planted(seed: int = 0, n: int = 90, p: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Three classes; column 11 rises with the class number, column 5 tells the middle class from the others."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 3)
    X = rng.normal(size=(n, p))
    X[:, 11] += 1.8 * y
    X[:, 5] += 2.2 * (y == 1)
    return X, y


@pytest.mark.parametrize("key", sorted(set(KEYS) - BLIND))
def test_every_selector_that_looks_at_the_labels_finds_the_planted_features(key: str) -> None:
    X, y = planted()
    assert set(make(key).fit(X, y).ranking_[:2]) == {11, 5}


@pytest.mark.parametrize("key", sorted(set(KEYS) - {"boruta"}))  # a forest draws by the order of the classes
def test_the_names_and_the_order_of_the_classes_change_no_ranking(key: str) -> None:
    X, y = planted()
    named = np.array(["solid", "fat", "cyst"])[y]
    np.testing.assert_array_equal(make(key).fit(X, named).ranking_, make(key).fit(X, y).ranking_)


@pytest.mark.parametrize("key", KEYS)
def test_a_class_of_two_lesions_is_ranked_without_a_warning(key: str) -> None:
    X, y = planted(n=30)
    few = np.where(np.arange(30) < 2, 2, y % 2)
    assert sorted(make(key).fit(X, few).ranking_) == list(range(16))


@pytest.mark.parametrize("key", KEYS)
def test_one_class_only_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="two classes or more, the labels hold one"):
        make(key).fit(np.arange(8.0).reshape(4, 2), [2, 2, 2, 2])


def test_f_and_its_relatives_are_those_of_scikit_learn() -> None:
    X, y = planted()
    expected = f_classif(X, y)[0]
    np.testing.assert_allclose(make("anova-f").fit(X, y).scores_, expected, rtol=1e-9)
    np.testing.assert_allclose(make("t-score").fit(X, y).scores_, expected, rtol=1e-9)
    np.testing.assert_allclose(make("fisher-score").fit(X, y).scores_, expected * 2 / 87, rtol=1e-9)


def test_the_t_score_with_separate_variances_is_welchs_f_for_several_classes() -> None:
    X, y = planted()
    scores = make("t-score", variance="separate").fit(X, y).scores_
    for column in (0, 5, 11):
        parts = [X[y == label, column] for label in range(3)]
        assert scores[column] == pytest.approx(anova_oneway(parts, use_var="unequal").statistic, rel=1e-9)


def test_a_class_without_spread_in_a_column_leaves_welchs_f_at_its_limit() -> None:
    X, y = planted()
    X[y == 2, 3] = 0.25
    close = X.copy()
    close[y == 2, 3] += 1e-5 * np.random.default_rng(0).normal(size=(y == 2).sum())
    one, other = (make("t-score", variance="separate").fit(values, y).scores_[3] for values in (X, close))
    assert one == pytest.approx(other, rel=1e-4)


def test_kruskal_and_wallis_take_the_place_of_the_rank_sum_test() -> None:
    X, y = planted()
    X = np.round(X, 1)  # with ties
    expected = [kruskal(*(column[y == label] for label in range(3))).statistic for column in X.T]
    np.testing.assert_allclose(make("wilcoxon").fit(X, y).scores_, expected, rtol=1e-9)


def test_chi_squared_is_that_of_scikit_learn() -> None:
    X, y = planted()
    scaled = (X - X.min(axis=0)) / np.ptp(X, axis=0)
    np.testing.assert_allclose(make("chi-squared").fit(X, y).scores_, chi2(scaled, y)[0], rtol=1e-9)


def test_the_gini_index_is_the_impurity_of_a_tree_of_one_split() -> None:
    X, y = planted()
    scores = make("gini").fit(X, y).scores_
    for column in (0, 5, 11):
        tree = DecisionTreeClassifier(max_depth=1).fit(X[:, [column]], y).tree_
        left, right = 1, 2
        expected = sum(tree.n_node_samples[side] * tree.impurity[side] for side in (left, right)) / len(y)
        assert -scores[column] == pytest.approx(expected, rel=1e-9)


def test_mutual_information_is_that_of_scikit_learn() -> None:
    X, y = planted()
    codes = equal_frequency_codes(X, 5)
    expected = [mutual_info_score(y, levels) for levels in codes]
    np.testing.assert_allclose(make("mim").fit(X, y).scores_, expected, rtol=1e-9)


def test_what_two_columns_say_together_is_counted_over_all_classes() -> None:
    X, y = planted()
    codes = equal_frequency_codes(X, 5).astype(np.int64)
    together = Information.of_bins(X, y, bins=5).joint_relevance(5)
    assert together[11] == pytest.approx(mutual_info_score(y, 5 * codes[11] + codes[5]), rel=1e-9)


def test_the_l1_penalised_regressions_are_one_a_class_as_in_select_from_model() -> None:
    X, y = planted()
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    one = LogisticRegression(l1_ratio=1.0, solver="liblinear", tol=1e-6, max_iter=2000, random_state=0)
    fitted = SelectFromModel(OneVsRestClassifier(one), importance_getter=_coefficients).fit(Z, y)
    expected = np.abs(_coefficients(fitted.estimator_)).sum(axis=0)
    np.testing.assert_allclose(make("l1-logistic").fit(X, y).scores_, expected, rtol=1e-3, atol=1e-6)


def _coefficients(model: OneVsRestClassifier) -> np.ndarray:
    return np.vstack([one.coef_ for one in model.estimators_])


def test_the_group_lasso_of_two_labels_is_the_lasso_of_one() -> None:
    X, y = planted()
    Z = np.asfortranarray((X - X.mean(axis=0)) / X.std(axis=0))
    two = (y > 0).astype(np.int64)
    both = np.asfortranarray(np.eye(2)[two] - np.eye(2)[two].mean(axis=0))
    step, entry, left = Lasso()._path(Z, _targets(two))
    steps, entries, lefts = Lasso()._path(Z, both)
    np.testing.assert_array_equal(steps, step)
    np.testing.assert_allclose(entries, np.sqrt(2) * entry, rtol=1e-6)
    np.testing.assert_allclose(lefts, np.sqrt(2) * left, rtol=1e-3, atol=1e-4)


def test_the_first_feature_on_the_path_is_that_of_the_largest_correlation_with_all_labels() -> None:
    X, y = planted()
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    first = _sizes(Z.T @ _targets(y)).argmax()
    assert make("lasso").fit(X, y).ranking_[0] == make("elastic-net").fit(X, y).ranking_[0] == first


def test_relieff_weighs_the_misses_of_each_class_by_its_share() -> None:
    X, y = planted(n=24, p=6 + 6)
    y[y == 2] = np.where(np.arange((y == 2).sum()) < 3, 1, 2)
    unit = (X - X.min(axis=0)) / np.ptp(X, axis=0)
    share = np.bincount(y) / len(y)
    expected = np.zeros(X.shape[1])
    for i in range(len(y)):
        distance = np.abs(unit - unit[i]).sum(axis=1)
        for label in range(3):
            others = [j for j in np.argsort(distance) if j != i and y[j] == label][:3]
            gap = np.abs(unit[others] - unit[i]).mean(axis=0)
            expected += -gap if label == y[i] else share[label] / (1 - share[y[i]]) * gap
    np.testing.assert_allclose(make("relieff", neighbours=3).fit(X, y).scores_, expected / len(y), rtol=1e-9)
