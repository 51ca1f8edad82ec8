from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from samesplit.statistics.absolute_sums import absolute_sum_interval
from samesplit.statistics.bootstrap import draw_patients
from samesplit.statistics.calibration import bin_of, expected_calibration_error
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.interval import Interval


def _of(y: FloatArray, p: FloatArray) -> Interval:
    bins = bin_of(p)
    member = np.eye(int(bins.max()) + 1)[bins]
    samples = draw_patients(y.astype(int), np.arange(y.size), n_resamples=200)

    def signed(weights: FloatArray) -> FloatArray:
        result: FloatArray = ((weights * (y - p)) @ member) / weights.sum(axis=1, keepdims=True)
        return result

    return absolute_sum_interval(samples, signed)


def _study(seed: int, n: int, shift: float) -> tuple[FloatArray, FloatArray, float]:
    generator = np.random.default_rng(seed)
    right = stats.logistic.cdf(1.5 * generator.normal(size=n))
    told = stats.logistic.cdf(shift + stats.logistic.ppf(right))
    gaps = np.bincount(bin_of(told), weights=right - told) / n
    return (generator.random(n) < right).astype(float), told, float(np.abs(gaps).sum())


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0])
def test_the_true_calibration_error_is_held_and_so_is_the_estimate(shift: float) -> None:
    held = 0
    for seed in range(60):
        y, p, truth = _study(seed, 80, shift)
        found = _of(y, p)
        assert 0 <= found.ci_low <= found.estimate <= found.ci_high
        assert found.estimate == pytest.approx(expected_calibration_error(y, p))
        held += found.ci_low <= truth <= found.ci_high
    assert held >= 51  # 0.85 of 60; the percentiles hold a perfect calibration never


def test_large_errors_have_the_interval_of_their_noise() -> None:
    y, p, _ = _study(1, 400, 2.5)
    found = _of(y, p)
    samples = draw_patients(y.astype(int), np.arange(400), n_resamples=200)
    values = np.array([np.average(y - p, weights=w) for w in samples.weights])
    assert found.ci_high - found.ci_low == pytest.approx(
        np.ptp(np.quantile(values, [0.025, 0.975])), rel=0.25
    )
    assert found.ci_low > 0.1


def test_an_error_of_zero_reaches_up_to_what_noise_could_hide() -> None:
    samples = draw_patients([0, 1] * 20, np.arange(40), n_resamples=200)
    noisy = np.tile([-0.5, 0.5], 20)
    found = absolute_sum_interval(samples, lambda w: (w @ noisy / 40)[:, None])
    assert (found.estimate, found.ci_low) == (0, 0)
    assert 0.05 < found.ci_high < 0.3


def test_an_error_smaller_than_noise_makes_it_reaches_up_to_what_noise_could_make() -> None:
    samples = draw_patients([0, 1] * 20, np.arange(40), n_resamples=200)
    noisy = np.tile([-0.5, 0.5000001], 20)
    found = absolute_sum_interval(samples, lambda w: (w @ noisy / 40)[:, None])
    assert 0 == found.ci_low < found.estimate < 1e-6
    assert 0.05 < found.ci_high < 0.3


def test_without_noise_the_interval_is_the_estimate() -> None:
    samples = draw_patients([0, 1] * 20, np.arange(40), n_resamples=200)
    found = absolute_sum_interval(samples, lambda w: np.full((len(w), 1), 0.25))
    assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx((0.25, 0.25, 0.25))
