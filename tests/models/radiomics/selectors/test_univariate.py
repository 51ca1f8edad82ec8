from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, ttest_ind, wilcoxon
from sklearn.feature_selection import chi2, f_classif
from sklearn.preprocessing import minmax_scale
from sklearn.tree import DecisionTreeClassifier

from samesplit.models.radiomics.selectors import AnovaF, ChiSquared, FisherScore, Gini, TScore, Wilcoxon


def mixed(seed: int = 0, n: int = 90, p: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Unequal classes; columns without ties, with few and with many, some of them informative, of all units."""
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < n // 4).astype(int)
    X = rng.normal(size=(n, p)) * rng.uniform(0.1, 3, p) + y[:, None] * rng.uniform(-1, 1, p)
    X[:, 10:20] = np.round(X[:, 10:20], 1)
    X[:, 20:30] = np.round(X[:, 20:30])
    X[:, 30:] = np.exp(X[:, 30:])
    X[0, 20:30] += 5  # never constant
    return X * rng.uniform(0.01, 100, p), y


def test_anova_f_is_that_of_scikit_learn() -> None:
    X, y = mixed()
    np.testing.assert_allclose(AnovaF().fit(X, y).scores_, f_classif(X, y)[0], rtol=1e-9)


def test_anova_f_of_a_feature_far_from_zero_has_not_lost_its_digits() -> None:
    X, y = mixed()
    far = AnovaF().fit(X[:, :10] / X[:, :10].std(axis=0) + 1e9, y).scores_
    np.testing.assert_allclose(far, f_classif(X[:, :10], y)[0], rtol=1e-5)


def test_the_t_score_is_that_of_students_and_of_welchs_test() -> None:
    X, y = mixed()
    for variance, equal in (("pooled", True), ("separate", False)):
        t = ttest_ind(X[y == 1], X[y == 0], equal_var=equal).statistic
        selector = TScore(variance=variance).fit(X, y)
        np.testing.assert_allclose(selector.scores_, np.abs(t), rtol=1e-9)
        np.testing.assert_array_equal(selector.ranking_, np.argsort(-np.abs(t)))


def test_welchs_and_students_t_rank_differently_where_classes_differ_in_size_and_spread() -> None:
    X, y = mixed()
    X[y == 1] *= 3
    pooled, separate = TScore().fit(X, y), TScore(variance="separate").fit(X, y)
    assert pooled.ranking_.tolist() != separate.ranking_.tolist()


def test_the_fisher_score_is_the_sum_of_the_formula() -> None:
    X, y = mixed()
    mean = X.mean(axis=0)
    between = sum((y == c).sum() * (X[y == c].mean(axis=0) - mean) ** 2 for c in (0, 1))
    within = sum((y == c).sum() * X[y == c].var(axis=0) for c in (0, 1))
    np.testing.assert_allclose(FisherScore().fit(X, y).scores_, between / within, rtol=1e-9)


def test_a_class_of_one_lesion_has_no_variance_of_its_own() -> None:
    X, _ = mixed()
    with pytest.raises(ValueError, match="two lesions in each class"):
        TScore(variance="separate").fit(X, np.arange(len(X)) == 3)


@pytest.mark.parametrize("seed", range(5))
def test_f_pooled_t_and_fisher_score_give_one_ranking(seed: int) -> None:
    X, y = mixed(seed)
    # Columns that differ in the last bits only, where rounding of a root or a factor could join or turn them.
    X = np.hstack([X, *(X[:, :5] * (1 + k * 2.0**-52) for k in (1, 2, 3))])
    ranking = AnovaF().fit(X, y).ranking_
    np.testing.assert_array_equal(TScore().fit(X, y).ranking_, ranking)
    np.testing.assert_array_equal(FisherScore().fit(X, y).ranking_, ranking)


def test_chi_squared_is_scikit_learns_on_columns_scaled_to_0_and_1() -> None:
    X, y = mixed()
    np.testing.assert_allclose(ChiSquared().fit(X, y).scores_, chi2(minmax_scale(X), y)[0], rtol=1e-9)


def test_wilcoxon_is_the_rank_sum_test_corrected_for_ties() -> None:
    X, y = mixed()
    selector = Wilcoxon().fit(X, y)
    p_values = mannwhitneyu(X[y == 1], X[y == 0], use_continuity=False, method="asymptotic").pvalue
    np.testing.assert_array_equal(selector.ranking_, np.argsort(p_values, kind="stable"))
    for column in range(X.shape[1]):
        x = X[:, column]
        u = (x[y == 1][:, None] > x[y == 0]).sum() + 0.5 * (x[y == 1][:, None] == x[y == 0]).sum()
        n, ones, ties = len(y), y.sum(), np.unique(x, return_counts=True)[1]
        zeros = n - ones
        variance = ones * zeros / 12 * (n + 1 - (ties**3 - ties).sum() / (n * (n - 1)))
        z = abs(u - ones * zeros / 2) / np.sqrt(variance)
        assert selector.scores_[column] == pytest.approx(z, rel=1e-12)


def test_wilcoxon_is_not_the_signed_rank_test() -> None:
    X, y = mixed()
    half = min(y.sum(), (1 - y).sum())
    signed = wilcoxon(X[y == 1][:half], X[y == 0][:half]).pvalue
    assert np.argsort(signed).tolist() != Wilcoxon().fit(X, y).ranking_.tolist()


def test_gini_is_what_the_best_stump_leaves() -> None:
    X, y = mixed()
    scores = Gini().fit(X, y).scores_
    for column in range(X.shape[1]):
        stump = DecisionTreeClassifier(max_depth=1).fit(X[:, [column]], y).tree_
        leaves = stump.children_left == -1
        left = (stump.impurity * stump.n_node_samples)[leaves].sum() / len(y)
        assert -scores[column] == pytest.approx(left, abs=1e-6)


def test_gini_is_the_smallest_over_all_cuts_written_out() -> None:
    X, y = mixed(n=30)
    scores = Gini().fit(X, y).scores_
    for column in range(X.shape[1]):
        x, left = X[:, column], []
        for cut in np.unique(x)[:-1]:
            sides = [y[x <= cut], y[x > cut]]
            left.append(
                sum(len(s) / len(y) * (1 - s.mean() ** 2 - (1 - s.mean()) ** 2) for s in sides),
            )
        assert -scores[column] == pytest.approx(min(left), abs=1e-12)


@pytest.mark.parametrize("selector", [AnovaF, TScore, FisherScore, Wilcoxon, Gini, ChiSquared])
def test_blocks_of_columns_do_not_show(selector: type) -> None:
    X, y = mixed(n=20, p=600)
    whole = selector().fit(X, y).scores_
    np.testing.assert_allclose(selector().fit(X[:, 500:], y).scores_, whole[500:], rtol=1e-12)


@pytest.mark.parametrize("selector", [AnovaF, TScore])
def test_a_statistic_that_two_lesions_do_not_have_is_not_shown(selector: type) -> None:
    fitted = selector().fit([[0.0, 1.0], [2.0, 3.0]], [0, 1])
    assert np.isnan(fitted.scores_).all()
    assert fitted.ranking_.tolist() == [0, 1]
