from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.agreement import bland_altman


@pytest.fixture(scope="module")
def pairs() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(11)
    size = generator.uniform(10, 60, 80)
    return size + generator.normal(1, 2, 80), size + generator.normal(0, 2, 80)


def test_bias_and_limits_are_mean_and_normal_quantiles(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    found = bland_altman(*pairs)
    difference = pairs[0] - pairs[1]
    expected = stats.ttest_1samp(difference, 0)
    bounds = expected.confidence_interval()
    assert found.bias.estimate == pytest.approx(difference.mean())
    assert (found.bias.ci_low, found.bias.ci_high) == pytest.approx((bounds.low, bounds.high))
    assert found.bias.p_value == pytest.approx(expected.pvalue)
    assert found.upper.estimate == pytest.approx(difference.mean() + 1.959964 * difference.std(ddof=1))
    assert found.lower.estimate == pytest.approx(difference.mean() - 1.959964 * difference.std(ddof=1))


def test_the_approximate_intervals_are_those_of_bland_and_altman(
    pairs: tuple[np.ndarray, np.ndarray],
) -> None:
    found = bland_altman(*pairs, method="Bland-Altman")
    spread, z = found.standard_deviation, 1.959964
    half = stats.t.ppf(0.975, 79) * spread * math.sqrt(1 / 80 + z**2 / (2 * 79))
    assert found.upper.ci_high == pytest.approx(found.upper.estimate + half)
    assert found.lower.ci_low == pytest.approx(found.lower.estimate - half)


def test_exact_intervals_hold_the_true_limit_as_often_as_they_say() -> None:
    samples = np.random.default_rng(2).normal(0, 1, (20_000, 8))
    one = bland_altman(samples[0], np.zeros(8))
    low, high = (
        (bound - one.bias.estimate) / one.standard_deviation
        for bound in (one.upper.ci_low, one.upper.ci_high)
    )
    mean, spread = samples.mean(axis=1), samples.std(axis=1, ddof=1)
    inside = (mean + low * spread <= 1.959964) & (mean + high * spread >= 1.959964)
    assert inside.mean() == pytest.approx(0.95, abs=0.005)


def test_the_lower_limit_mirrors_the_upper_one() -> None:
    found = bland_altman([1, 4, 2, 8, 5], [2, 3, 2, 6, 6])
    assert found.lower.ci_low == pytest.approx(2 * found.bias.estimate - found.upper.ci_high)
    assert found.lower.ci_high == pytest.approx(2 * found.bias.estimate - found.upper.ci_low)


def test_a_difference_that_grows_with_size_has_a_slope() -> None:
    size = np.arange(1.0, 31.0)
    noise = np.random.default_rng(0).normal(0, 0.3, 30)
    found = bland_altman(1.2 * size + noise, size)
    assert found.slope.ci_low > 0
    assert found.slope.p_value < 1e-6
    constant = bland_altman([1, 2, 3], [3, 2, 1])
    assert math.isnan(constant.slope.estimate)


def test_missing_measurements_leave_their_case_out() -> None:
    assert bland_altman([1, 2, 4, np.nan], [1, 1, 3, 8]).differences.tolist() == [0.0, 1.0, 1.0]


def test_the_same_measurements_twice_have_no_test_of_the_bias() -> None:
    assert math.isnan(bland_altman([1, 2, 3], [1, 2, 3]).bias.p_value)


def test_what_has_no_limits_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="cannot be paired"):
        bland_altman([1, 2, 3], [1, 2])
    with pytest.raises(StatisticsError, match="too few"):
        bland_altman([1, 2], [1, 2])
    with pytest.raises(StatisticsError, match="unknown method"):
        bland_altman([1, 2, 3], [1, 2, 3], method="guess")
