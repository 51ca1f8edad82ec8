from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.selection_stability import (
    nogueira,
    relative_standard_deviation,
    selection_matrix,
)


def _drawn(n_draws: int, n_features: int, k: int, seed: int = 0) -> npt.NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    drawn = np.zeros((n_draws, n_features), dtype=bool)
    for row in drawn:
        row[rng.permutation(n_features)[:k]] = True
    return drawn


class TestNogueira:
    def test_the_same_choice_every_time_is_perfectly_stable_and_has_no_interval(self) -> None:
        found = nogueira(np.tile([True, False, True, False], (5, 1)))
        assert found.estimate == pytest.approx(1)
        assert math.isnan(found.ci_low)
        assert "variance" in found.note

    def test_choices_at_random_have_a_stability_of_zero_on_average(self) -> None:
        many = [nogueira(_drawn(10, 40, 8, seed)).estimate for seed in range(300)]
        assert np.mean(many) == pytest.approx(0, abs=3 * np.std(many) / np.sqrt(300))
        assert min(many) < 0

    def test_with_two_draws_of_one_size_it_is_kunchevas_index(self) -> None:
        drawn = np.zeros((2, 20), dtype=bool)
        drawn[0, :6], drawn[1, 2:8] = True, True
        k, d, both = 6, 20, 4
        assert nogueira(drawn).estimate == pytest.approx((both * d - k**2) / (k * (d - k)))

    def test_it_is_the_mean_of_all_pairs_of_draws_of_one_size(self) -> None:
        drawn = _drawn(6, 15, 5)
        k, d = 5, 15
        pairs = [
            (int((a & b).sum()) * d - k**2) / (k * (d - k)) for i, a in enumerate(drawn) for b in drawn[:i]
        ]
        assert nogueira(drawn).estimate == pytest.approx(np.mean(pairs))

    def test_the_interval_follows_the_formula_of_the_paper_term_by_term(self) -> None:
        drawn = _drawn(7, 12, 4) | (
            np.random.default_rng(1).random((7, 12)) < 0.2
        )  # draws of different sizes
        m, d = drawn.shape
        frequency = [sum(row[f] for row in drawn) / m for f in range(d)]
        k = [sum(row) for row in drawn]
        kbar = sum(k) / m
        denominator = kbar / d * (1 - kbar / d)
        stability = 1 - sum(m / (m - 1) * p * (1 - p) for p in frequency) / d / denominator
        phi = [
            (
                sum(row[f] * frequency[f] for f in range(d)) / d
                - k[i] * kbar / d**2
                + stability / 2 * (2 * k[i] * kbar / d**2 - k[i] / d - kbar / d + 1)
            )
            / denominator
            for i, row in enumerate(drawn)
        ]
        variance = 4 / m**2 * sum((value - sum(phi) / m) ** 2 for value in phi)
        found = nogueira(drawn)
        assert found.estimate == pytest.approx(stability)
        assert found.ci_high - found.ci_low == pytest.approx(2 * 1.959964 * math.sqrt(variance), rel=1e-6)

    def test_its_interval_covers_the_true_stability_of_independent_draws(self) -> None:
        rng = np.random.default_rng(3)
        chances = np.r_[np.full(5, 0.9), np.full(25, 0.1)]
        truth = 1 - (chances * (1 - chances)).mean() / (chances.mean() * (1 - chances.mean()))
        found = [nogueira(rng.random((60, 30)) < chances) for _ in range(200)]
        covered = np.mean([one.ci_low <= truth <= one.ci_high for one in found])
        assert covered == pytest.approx(0.95, abs=0.05)

    @pytest.mark.parametrize(
        ("drawn", "why"),
        [
            (np.ones((1, 3), dtype=bool), "a single draw"),
            (np.zeros((4, 3), dtype=bool), "nothing or everything"),
            (np.ones((4, 3), dtype=bool), "nothing or everything"),
            (np.zeros((4, 0), dtype=bool), "nothing or everything"),
            (np.zeros((0, 4), dtype=bool), "a single draw"),
        ],
        ids=["one draw", "none chosen", "all chosen", "no features", "no draws"],
    )
    def test_where_it_is_not_defined_it_says_why(self, drawn: npt.NDArray[np.bool_], why: str) -> None:
        found = nogueira(drawn)
        assert math.isnan(found.estimate)
        assert why in found.note

    def test_another_shape_is_refused(self) -> None:
        with pytest.raises(StatisticsError, match="1 dimensions"):
            nogueira(np.ones(3, dtype=bool))


class TestSelectionMatrix:
    def test_a_row_a_draw_and_a_column_a_feature(self) -> None:
        assert selection_matrix([["c", "a"], []], ["a", "b", "c"]).tolist() == [
            [True, False, True],
            [False, False, False],
        ]

    def test_a_feature_that_nobody_knows_is_refused(self) -> None:
        with pytest.raises(StatisticsError, match="'z' was chosen"):
            selection_matrix([["z"]], ["a"])


class TestRelativeStandardDeviation:
    def test_is_the_standard_deviation_in_percent_of_the_mean(self) -> None:
        assert relative_standard_deviation([0.5, 0.7, math.nan]) == pytest.approx(100 * math.sqrt(0.02) / 0.6)

    @pytest.mark.parametrize("values", [[], [0.7], [0.7, math.nan], [-1.0, 1.0]])
    def test_is_not_defined_for_one_score_or_a_mean_of_zero(self, values: list[float]) -> None:
        assert math.isnan(relative_standard_deviation(values))
