from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.fairness import (
    equal_opportunity_difference,
    equalized_odds_difference,
    group_rates,
)


def _study() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    groups = np.array(list("abc"))[rng.integers(0, 3, 240)]
    labels = (rng.random(240) < 0.45).astype(int)
    right = {"a": 0.9, "b": 0.75, "c": 0.6}
    calls = [
        int(rng.random() < (right[g] if label else 1 - right[g]))
        for g, label in zip(groups, labels, strict=True)
    ]
    return labels, np.array(calls), groups


def test_differences_between_groups_are_those_of_fairlearn() -> None:
    labels, calls, groups = _study()
    rates = group_rates(labels, calls, groups)
    difference, best, worst = equal_opportunity_difference(rates)
    assert difference == pytest.approx(0.3302564102564103, rel=1e-12)  # fairlearn 0.15
    assert (best, worst) == ("a", "c")
    assert equalized_odds_difference(rates) == pytest.approx(0.3302564102564103, rel=1e-12)
    turned = group_rates(1 - labels, 1 - calls, groups)
    assert equal_opportunity_difference(turned)[0] == pytest.approx(0.2752525252525252, rel=1e-12)


def test_a_group_with_too_few_lesions_of_a_class_cannot_be_judged() -> None:
    labels = np.r_[np.ones(20), np.zeros(14)].astype(int)
    groups = np.r_[np.repeat(["a", "b"], 10), np.repeat(["a", "b"], [10, 4])]
    rates = group_rates(labels, labels, groups)
    assert equal_opportunity_difference(rates) == (0.0, "a", "a")
    with pytest.raises(StatisticsError, match="'b' has 4 negative lesions, fewer than 10"):
        equalized_odds_difference(rates)
    with pytest.raises(StatisticsError, match="two or more groups"):
        equal_opportunity_difference(rates[:1])


def test_a_rate_without_lesions_is_undefined_and_columns_must_fit() -> None:
    (only,) = group_rates([0, 0], [0, 1], ["a", "a"])
    assert np.isnan(only.sensitivity)
    assert only.false_positive_rate == 0.5
    assert np.isnan(group_rates([1], [1], ["a"])[0].false_positive_rate)
    with pytest.raises(StatisticsError, match="do not fit"):
        group_rates([0, 1], [0, 1], ["a"])
