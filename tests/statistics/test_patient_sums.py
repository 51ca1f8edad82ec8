"""What is said to hold without each patient is what leaving out each patient gives."""

from __future__ import annotations

import numpy as np
import pytest

from samesplit.statistics.bootstrap import PatientBootstrap, draw_patients
from samesplit.statistics.patient_sums import MeanPrecision, OfSums, ratio_of_sums, sums_of
from samesplit.statistics.triage.kept_error import KeptError
from samesplit.statistics.weighted import mean_over, weighted_average_precision, weighted_ratio


def left_out(statistic, n: int) -> np.ndarray:
    """The long way: a sample without each patient."""
    samples = PatientBootstrap(np.ones((1, n)), 0)
    return samples.leave_one_out(lambda weights: statistic(weights))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scores", ["distinct", "tied", "all the same"])
@pytest.mark.parametrize("n_folds", [1, 3])
def test_average_precision_without_each_patient(seed: int, scores: str, n_folds: int) -> None:
    draw = np.random.default_rng(seed)
    n, n_patients = 90, (8, 30, 60, 90)[seed]
    patients = draw.integers(0, n_patients, n)
    labels = (draw.random(n) < 0.3).astype(np.int64)
    values = {
        "distinct": draw.normal(size=n) + labels,
        "tied": np.round(draw.normal(size=n) + labels, 0),
        "all the same": np.full(n, 0.5),
    }[scores]
    fold = draw.integers(0, n_folds, n)
    folds = [np.flatnonzero(fold == number) for number in range(n_folds)]
    statistic = MeanPrecision(patients, labels, values, folds, n_patients)
    np.testing.assert_allclose(
        statistic.without_each(), left_out(statistic, n_patients), rtol=1e-12, equal_nan=True
    )
    weights = draw.multinomial(n_patients, np.full(n_patients, 1 / n_patients), size=5).astype(float)
    direct = [weighted_average_precision(weights[:, patients[i]], labels[i], values[i]) for i in folds]
    np.testing.assert_array_equal(statistic(weights), mean_over(direct))


def test_a_patient_who_holds_the_only_positive_leaves_no_precision() -> None:
    patients, labels = np.array([0, 1, 2, 2]), np.array([1, 0, 0, 0])
    found = MeanPrecision(patients, labels, np.array([0.9, 0.1, 0.95, 0.2]), [np.arange(4)], 3).without_each()
    assert np.isnan(found[0])
    assert found[1:].tolist() == [0.5, 1.0]


def test_ratios_without_each_patient_and_of_samples() -> None:
    draw = np.random.default_rng(5)
    patients = np.concatenate([np.arange(20), draw.integers(0, 20, 40)])
    above, below = draw.random(60), draw.integers(0, 2, 60)
    statistic = ratio_of_sums(patients, above * below, below, n_patients=20)
    np.testing.assert_allclose(statistic.without_each(), left_out(statistic, 20), rtol=1e-12)
    weights = draw_patients(below, patients, n_resamples=50).weights
    np.testing.assert_allclose(
        statistic(weights), weighted_ratio(weights[:, patients], above * below, below), rtol=1e-12
    )


@pytest.mark.parametrize("deferred", [0.0, 0.05, 0.3, 0.5])
@pytest.mark.parametrize("n_patients", [5, 30, 80])
def test_the_error_of_kept_lesions_without_each_patient(deferred: float, n_patients: int) -> None:
    draw = np.random.default_rng(n_patients)
    patients, wrong = draw.integers(0, n_patients, 80), (draw.random(80) < 0.3).astype(float)
    statistic = KeptError(patients, wrong, deferred, n_patients)
    np.testing.assert_allclose(
        statistic.without_each(), left_out(statistic, n_patients), rtol=1e-12, atol=1e-15
    )


def test_the_interval_is_that_of_the_long_way() -> None:
    draw = np.random.default_rng(6)
    patients, labels = np.repeat(np.arange(40), 2), (draw.random(80) < 0.4).astype(np.int64)
    values = draw.normal(size=80) + labels
    samples = draw_patients(labels, patients, n_resamples=200)
    quick = MeanPrecision(patients, labels, values, [np.arange(80)], 40)
    gaps = OfSums(
        sums_of(patients, [(values - labels) ** 2, np.ones(80)], n_patients=40), lambda s: s[:, 0] / s[:, 1]
    )
    for statistic in (quick, gaps):
        found, long = samples.interval(statistic), samples.interval(lambda w, s=statistic: s(w))
        assert found.method == long.method == "bootstrap BCa"
        assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx(
            (long.estimate, long.ci_low, long.ci_high), rel=1e-12
        )
