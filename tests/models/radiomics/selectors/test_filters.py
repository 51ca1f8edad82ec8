from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_selection import VarianceThreshold
from sklearn.preprocessing import minmax_scale

from samesplit.models.radiomics.selectors import AnovaF, Correlation, NoSelection, Variance


def correlated(seed: int = 0, n: int = 80, p: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Ten signals, each in four columns with more and more noise."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    signals = rng.normal(size=(n, p // 4)) + y[:, None] * rng.uniform(-1, 1, p // 4)
    return np.hstack([signals + noise * rng.normal(size=signals.shape) for noise in (0, 0.2, 0.6, 1.5)]), y


def test_the_variance_is_that_of_columns_scaled_to_0_and_1() -> None:
    X, y = correlated()
    threshold = VarianceThreshold().fit(minmax_scale(X))
    np.testing.assert_allclose(Variance().fit(X, y).scores_, threshold.variances_, rtol=1e-9)


def test_a_column_with_one_outlier_varies_least() -> None:
    X, y = correlated()
    X[3, 17] = 1000.0
    assert Variance().fit(X, y).ranking_[-1] == 17


def greedy(X: np.ndarray, y: np.ndarray, limit: float) -> tuple[list[int], list[int]]:
    r = np.abs(np.corrcoef(X.T))
    front: list[int] = []
    behind: list[int] = []
    for column in AnovaF().fit(X, y).ranking_:
        (behind if any(r[column, other] > limit for other in front) else front).append(int(column))
    return front, behind


@pytest.mark.parametrize("limit", [0.3, 0.7, 0.95, 1.0])
def test_what_follows_a_better_column_is_put_behind(limit: float) -> None:
    X, y = correlated()
    front, behind = greedy(X, y, limit)
    assert bool(behind) == (limit < 1)
    assert Correlation(limit=limit).fit(X, y).ranking_.tolist() == front + behind


def test_no_copy_is_put_behind_by_rounding_where_the_limit_is_one() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 60)), np.arange(50) % 2
    X = np.column_stack([X, 3 * X + 1])
    ranking = Correlation(limit=1.0, enough=120).fit(X, y).ranking_
    np.testing.assert_array_equal(ranking, AnovaF().fit(X, y).ranking_)


def test_after_enough_columns_the_others_follow_as_f_ranks_them() -> None:
    X, y = correlated()
    front, _ = greedy(X, y, 0.7)
    ranking = Correlation(limit=0.7, enough=5).fit(X, y).ranking_.tolist()
    assert ranking[:5] == front[:5]
    by_f = AnovaF().fit(X, y).ranking_.tolist()
    seen = by_f[: by_f.index(front[4]) + 1]
    assert ranking[5:] == [c for c in by_f if c not in seen] + [c for c in seen if c not in front[:5]]


def test_none_keeps_the_order_of_the_table() -> None:
    X, y = correlated()
    X[:, 2] = 0.1
    selector = NoSelection(size=3).fit(X, y)
    assert selector.ranking_.tolist() == [0, 1, *range(3, 40), 2]
    assert selector.get_support(indices=True).tolist() == [0, 1, 3]
