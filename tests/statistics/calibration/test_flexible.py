from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.bootstrap import draw_patients
from samesplit.statistics.calibration import calibration_distances, flexible_calibration
from samesplit.statistics.checks import FloatArray, IntArray

NAMES = ["ici", "e50", "e90", "emax"]


def _study(seed: int, n: int, shift: float) -> tuple[IntArray, FloatArray, float]:
    """Labels, probabilities whose log odds are too high by `shift`, and the true mean distance."""
    rng = np.random.default_rng(seed)
    right = stats.logistic.cdf(1.2 * rng.standard_normal(n))
    told = stats.logistic.cdf(stats.logistic.ppf(right) + shift)
    return (rng.random(n) < right).astype(np.int64), told, float(np.abs(told - right).mean())


def test_distances_of_calibrated_probabilities_are_small_and_grow_with_the_shift() -> None:
    near, far = (calibration_distances(*_study(0, 2000, shift)[:2]) for shift in (0.0, 1.0))
    assert near.ici < 0.03
    assert far.ici == pytest.approx(_study(0, 2000, 1.0)[2], abs=0.02)
    for found in (near, far):
        assert found.e50 <= found.e90 <= found.emax


@pytest.mark.parametrize("smoother", ["loess", "lowess"])
def test_one_probability_for_everyone_has_no_curve(smoother: str) -> None:
    with pytest.raises(StatisticsError, match=r"alike|too few distinct"):
        calibration_distances([0, 1] * 5, [0.4] * 10, smoother=smoother)  # type: ignore[arg-type]


def test_an_unknown_smoother_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="unknown smoother"):
        calibration_distances([0, 1], [0.2, 0.4], smoother="spline")  # type: ignore[arg-type]


def test_the_order_of_the_rows_and_the_last_digits_change_nothing() -> None:
    y, p, _ = _study(1, 80, 0.5)
    p = np.round(p, 2)
    turned = np.random.default_rng(0).permutation(80)
    noisy = np.nextafter(p, np.where(np.arange(80) % 2 == 0, 0, 1))
    found = calibration_distances(y, p)
    for other in (calibration_distances(y[turned], p[turned]), calibration_distances(y, noisy)):
        assert vars(other) == pytest.approx(vars(found), rel=1e-7)


@pytest.mark.parametrize("shift", [0.0, 0.8])
def test_the_interval_of_the_mean_distance_holds_it_and_the_truth(shift: float) -> None:
    held = []
    for seed in range(40):
        y, p, truth = _study(seed, 100, shift)
        samples = draw_patients(y, np.arange(100), n_resamples=200)
        found = flexible_calibration(y, p, samples=samples)
        assert list(found.distances) == NAMES
        for one in found.distances.values():
            assert 0 <= one.ci_low <= one.estimate <= one.ci_high
        ici = found.distances["ici"]
        assert ici.estimate == pytest.approx(calibration_distances(y, p).ici)
        held.append(ici.ci_low <= truth <= ici.ci_high)
    assert np.mean(held) >= 0.85


def test_the_band_holds_the_curve_within_0_and_1_and_widens_where_predictions_are_rare() -> None:
    rng = np.random.default_rng(2)
    p = rng.beta(1, 3, 300)
    y = (rng.random(300) < p).astype(int)
    curve = flexible_calibration(y, p, samples=draw_patients(y, np.arange(300), n_resamples=200)).curve
    assert len(curve) == 101
    assert ((curve["ci_low"] >= 0) & (curve["ci_high"] <= 1)).all()
    assert ((curve["ci_low"] <= curve["observed"]) & (curve["observed"] <= curve["ci_high"])).all()
    width = curve["ci_high"] - curve["ci_low"]
    assert width.iloc[-1] > 2 * width.min()


def test_repeated_predictions_of_the_same_patients_leave_band_and_intervals_as_they_are() -> None:
    y, p, _ = _study(3, 60, 0.5)
    samples = draw_patients(y, np.arange(60), n_resamples=200)
    once = flexible_calibration(y, p, samples=samples)
    often = flexible_calibration(
        np.tile(y, 2), np.tile(p, 2), samples=samples, columns=np.tile(np.arange(60), 2)
    )
    width = once.distances["ici"].ci_high - once.distances["ici"].ci_low
    assert often.distances["ici"].ci_high - often.distances["ici"].ci_low == pytest.approx(width, rel=0.2)


def test_too_few_distinct_probabilities_leave_no_curve_and_say_so() -> None:
    found = flexible_calibration([0, 1] * 6, [0.3, 0.6] * 6)
    assert found.curve.empty
    assert list(found.curve) == ["probability", "observed", "ci_low", "ci_high"]
    assert all(
        math.isnan(one.estimate) and "too few distinct" in one.note for one in found.distances.values()
    )


def test_without_samples_there_is_a_curve_but_no_band() -> None:
    y, p, _ = _study(4, 50, 0.0)
    found = flexible_calibration(y, p, n_points=11)
    assert found.curve["probability"].iloc[[0, -1]].tolist() == [p.min(), p.max()]
    assert found.curve["ci_low"].isna().all()
    assert math.isnan(found.distances["ici"].ci_low)
