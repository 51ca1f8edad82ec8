from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.triage import calibrate_sets, fewest_for_coverage


def _draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat([0, 1], n)
    p = stats.norm.cdf(rng.normal(np.where(labels == 1, 0.8, -0.8), 1.0))
    return labels, np.c_[1 - p, p]


@pytest.mark.parametrize(("n", "coverage", "exact"), [(19, 0.9, 0.9), (30, 0.9, 28 / 31), (40, 0.8, 33 / 41)])
def test_the_coverage_of_a_class_is_exactly_that_of_the_ranks(n: int, coverage: float, exact: float) -> None:
    rng = np.random.default_rng(2)
    held = []
    for _ in range(400):
        rule = calibrate_sets(*_draw(n, rng), coverage=coverage)
        assert rule.guaranteed.tolist() == pytest.approx([exact, exact])
        labels, p = _draw(20, rng)
        inside = rule.sets(p)[np.arange(labels.size), labels]
        held.append([inside[labels == c].mean() for c in (0, 1)])
    error = np.std(held, axis=0) / np.sqrt(400)
    np.testing.assert_array_less(np.abs(np.mean(held, axis=0) - exact), 4 * error)


def test_the_realised_coverage_follows_a_beta_law() -> None:
    rule = calibrate_sets(*_draw(19, np.random.default_rng(0)), coverage=0.9)
    low, high = rule.realised(1)
    assert (low, high) == pytest.approx(stats.beta.interval(0.95, 18, 2))


def test_too_few_lesions_of_a_class_are_refused_with_the_number_that_is_needed() -> None:
    assert fewest_for_coverage(0.9) == 9
    assert fewest_for_coverage(0.75) == 3
    labels, p = _draw(9, np.random.default_rng(0))
    calibrate_sets(labels, p, coverage=0.9)
    with pytest.raises(StatisticsError, match=r"class 'malignant' has 8 calibration lesions.*need 9"):
        calibrate_sets(labels[:-1], p[:-1], coverage=0.9, classes=["benign", "malignant"])
