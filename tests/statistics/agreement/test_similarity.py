from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.agreement import (
    Similarity,
    cluster_order,
    cohen_kappa_interval,
    similarity_matrix,
)


@pytest.fixture(scope="module")
def scores() -> np.ndarray:
    """Two schools of two readers each, in mixed order, and a model that is like neither."""
    generator = np.random.default_rng(8)
    first, second = generator.normal(size=(2, 200))
    noise = generator.normal(0, 0.4, (200, 5))
    return np.column_stack([first, second, first, second, generator.normal(size=200)]) + noise


NAMES = ("a", "b", "c", "d", "model")


def test_readers_of_one_school_become_neighbours(scores: np.ndarray) -> None:
    found = similarity_matrix(scores, NAMES, coefficient="Spearman")
    assert found.values[0, 2] == pytest.approx(stats.spearmanr(scores[:, 0], scores[:, 2]).statistic)
    order = cluster_order(found)
    places = {name: order.names.index(name) for name in NAMES}
    assert abs(places["a"] - places["c"]) == 1
    assert abs(places["b"] - places["d"]) == 1
    assert order.names[0] == "a"  # the first declared comes first
    assert order.merges.shape == (4, 4)
    assert order.merges[-1, 3] == 5


@pytest.mark.parametrize("coefficient", ["kappa", "weighted kappa", "Spearman", "Kendall"])
def test_the_matrix_is_symmetric_and_counts_cases_in_common(scores: np.ndarray, coefficient: str) -> None:
    grades = np.clip(np.round(scores), -2, 2)
    grades[:20, 0] = np.nan
    found = similarity_matrix(grades, NAMES, coefficient=coefficient)
    assert np.array_equal(found.values, found.values.T)
    assert found.n_cases[0].tolist() == [180] * 5
    assert found.n_cases[1, 1] == 200
    kept = grades[20:]
    expected = {
        "kappa": cohen_kappa_interval(kept[:, 0], kept[:, 1]).estimate,
        "weighted kappa": cohen_kappa_interval(kept[:, 0], kept[:, 1], weights="quadratic").estimate,
        "Spearman": stats.spearmanr(kept[:, 0], kept[:, 1]).statistic,
        "Kendall": stats.kendalltau(kept[:, 0], kept[:, 1]).statistic,
    }[coefficient]
    assert found.values[0, 1] == pytest.approx(expected)


def test_two_who_cannot_be_compared_have_no_value_and_are_unrelated_in_the_order() -> None:
    nan = np.nan
    table = [[1, 1, nan], [0, 0, nan], [1, 0, 1], [0, nan, 0], [1, nan, 1]]
    found = similarity_matrix(table, ["a", "b", "c"])
    assert found.n_cases[1, 2] == 1
    assert np.isnan(found.values[1, 2])
    assert cluster_order(found).names == ("a", "c", "b")


@pytest.mark.parametrize("coefficient", ["Spearman", "Kendall"])
def test_a_score_that_does_not_vary_has_no_rank_correlation(coefficient: str) -> None:
    table = [[1, 0.1], [1, 0.2], [1, 0.9]]
    assert np.isnan(similarity_matrix(table, ["a", "b"], coefficient=coefficient).values[0, 1])


def test_the_order_does_not_hang_on_last_digits() -> None:
    values = np.full((4, 4), 0.5)
    np.fill_diagonal(values, 1.0)
    counts = np.full((4, 4), 9)
    for seed in range(5):
        noise = np.random.default_rng(seed).uniform(-1e-13, 1e-13, (4, 4))
        similar = Similarity(("w", "x", "y", "z"), values + noise + noise.T, counts, "kappa")
        assert cluster_order(similar).names == ("w", "x", "y", "z")


def test_names_and_coefficients_are_checked(scores: np.ndarray) -> None:
    with pytest.raises(StatisticsError, match="do not fit 5 raters"):
        similarity_matrix(scores, ["a", "a", "b", "c", "d"], coefficient="Spearman")
    with pytest.raises(StatisticsError, match="unknown coefficient"):
        similarity_matrix(scores, NAMES, coefficient="Pearson")
