from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import auc_interval
from samesplit.statistics.bootstrap import PatientBootstrap, bootstrap_interval, draw_patients
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.weighted import weighted_auc, weighted_ratio

LABELS = np.tile([0, 1, 0], 20)
SCORES = LABELS + np.random.default_rng(5).normal(size=60)


def _mean(weights: FloatArray) -> FloatArray:
    return weighted_ratio(weights, SCORES, np.ones(60))


def test_samples_draw_as_many_patients_as_there_are() -> None:
    drawn = draw_patients(LABELS, np.arange(60), n_resamples=50)
    assert drawn.weights.shape == (50, 60)
    assert (drawn.weights.sum(axis=1) == 60).all()
    assert drawn.n_patients == 60
    assert drawn.n_redrawn == 0


def test_the_same_seed_draws_the_same_samples() -> None:
    a, b, c = (draw_patients(LABELS, np.arange(60), n_resamples=20, seed=s).weights for s in (1, 1, 2))
    assert (a == b).all()
    assert (a != c).any()


def test_lesions_of_a_patient_stay_together() -> None:
    drawn = draw_patients([0, 1, 0, 1], ["b", "b", "a", "a"], n_resamples=20)
    assert drawn.weights.shape == (20, 2)


def test_stratified_samples_keep_the_number_of_positive_patients() -> None:
    drawn = draw_patients(LABELS, np.arange(60), n_resamples=30, stratified=True)
    assert (drawn.weights @ (LABELS == 1) == 20).all()


def test_stratified_samples_of_patients_who_are_all_mixed_are_plain_samples() -> None:
    drawn = draw_patients([0, 1, 0, 1], ["a", "a", "b", "b"], n_resamples=10, stratified=True)
    assert (drawn.weights.sum(axis=1) == 2).all()


def test_samples_lacking_a_class_are_drawn_anew_and_counted() -> None:
    labels = [1, 0, 0, 0, 0]
    drawn = draw_patients(labels, np.arange(5), n_resamples=200, seed=3)
    assert len(drawn.weights) == 200
    assert (drawn.weights[:, 0] > 0).all()
    assert (drawn.weights[:, 1:].sum(axis=1) > 0).all()
    # A sample lacks the one positive patient with probability (4/5)^5 = 0.33.
    assert drawn.n_redrawn == pytest.approx(200 * 0.33 / 0.67, rel=0.3)
    found = drawn.interval(lambda w: weighted_ratio(w, np.arange(5), np.ones(5)))
    assert "drawn anew" in found.note


def test_too_rare_samples_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samesplit.statistics.bootstrap._MAX_ROUNDS", 1)
    with pytest.raises(StatisticsError, match="held both classes"):
        draw_patients([1, 0], ["a", "b"], n_resamples=500)


@pytest.mark.parametrize(("patients", "n"), [(["a", "a"], 10), (["a", "b"], 0)])
def test_there_must_be_something_to_draw(patients: list[str], n: int) -> None:
    with pytest.raises(StatisticsError, match="cannot draw"):
        draw_patients([0, 1], patients, n_resamples=n)


def test_bootstrap_variance_of_the_auc_is_close_to_delongs() -> None:
    drawn = draw_patients(LABELS, np.arange(60), n_resamples=4000, stratified=True)
    replicates = drawn.replicate(lambda w: weighted_auc(w, LABELS, SCORES))
    delong = auc_interval(LABELS, SCORES)
    error = (delong.ci_high - delong.ci_low) / 2 / 1.96
    assert replicates.std() == pytest.approx(error, rel=0.1)


def test_interval_of_a_mean_is_close_to_scipys_bca() -> None:
    drawn = draw_patients(LABELS, np.arange(60), n_resamples=5000)
    found = drawn.interval(_mean)
    expected = stats.bootstrap(
        (SCORES,), np.mean, n_resamples=5000, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    assert found.method == "bootstrap BCa"
    assert found.ci_low == pytest.approx(expected.low, abs=0.02)
    assert found.ci_high == pytest.approx(expected.high, abs=0.02)


def test_bca_of_given_replicates_follows_the_formula() -> None:
    generator = np.random.default_rng(0)
    replicates, left_out = generator.gamma(2, size=999), generator.gamma(2, size=40)
    estimate = 1.5
    bias = stats.norm.ppf(np.mean(replicates < estimate))
    d = left_out.mean() - left_out
    a = (d**3).sum() / (6 * (d**2).sum() ** 1.5)
    levels = [
        stats.norm.cdf(bias + (bias + z) / (1 - a * (bias + z))) for z in stats.norm.ppf([0.025, 0.975])
    ]
    found = bootstrap_interval(estimate, replicates, left_out)
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(np.quantile(replicates, levels)))


def test_percentile_interval_reads_off_the_quantiles() -> None:
    replicates = np.arange(101.0)
    found = bootstrap_interval(50.0, replicates, confidence=0.9)
    assert (found.ci_low, found.ci_high) == pytest.approx((5, 95))
    drawn = draw_patients(LABELS, np.arange(60), n_resamples=100)
    assert drawn.interval(_mean, method="percentile").method == "bootstrap percentile"


@pytest.mark.parametrize(
    ("estimate", "left_out"),
    [
        (2e5, np.arange(5.0)),  # outside all replicates
        (5e4, np.ones(5)),  # no patient matters
        (5e4, np.array([1.0, np.nan, np.nan])),  # leaving out a patient leaves nothing to compute
        (99999.5, np.append(-1e6, np.ones(1000))),  # more skew than the formula bears
    ],
)
def test_where_bca_is_not_defined_the_percentile_interval_is_named(
    estimate: float, left_out: np.ndarray
) -> None:
    found = bootstrap_interval(estimate, np.arange(100001.0), left_out)
    assert found.method.startswith("bootstrap percentile (BCa not defined)")
    assert (found.ci_low, found.ci_high) == pytest.approx((2500, max(97500, estimate)))
    assert found.method.endswith("widened to the estimate") is (estimate > 97500)


def test_no_estimate_lies_outside_its_interval() -> None:
    replicates = np.linspace(0.05, 0.08, 1001)  # a statistic that noise makes larger
    for estimate in (0.0501, 0.052, 0.065, 0.0799):
        for skew in (-3.0, 0.0, 3.0):
            left_out = estimate + 0.001 * np.append(np.linspace(-1, 1, 39), skew)
            found = bootstrap_interval(estimate, replicates, left_out)
            assert found.ci_low <= estimate <= found.ci_high
    low = bootstrap_interval(0.0501, replicates, 0.05 + 0.001 * np.linspace(-1, 1, 40))
    assert low.method == "bootstrap percentile (BCa leaves the estimate out), widened to the estimate"


def test_undefined_replicates_are_left_out_and_counted() -> None:
    found = bootstrap_interval(1.0, [1.0, np.nan, 2.0, 0.0])
    assert found.note == "not defined in 1 of 4 samples"


@pytest.mark.parametrize(("estimate", "replicates"), [(math.nan, [1.0, 2.0]), (1.0, [np.nan, 1.0])])
def test_without_estimate_or_replicates_there_is_no_interval(
    estimate: float, replicates: list[float]
) -> None:
    found = bootstrap_interval(estimate, replicates)
    assert math.isnan(found.ci_low)
    assert found.note


def test_leaving_out_many_patients_works_in_blocks() -> None:
    n = 600
    drawn = PatientBootstrap(np.ones((3, n)), 0)
    values = np.arange(n, dtype=float)
    found = drawn.leave_one_out(lambda w: weighted_ratio(w, values, np.ones(n)))
    assert found == pytest.approx((values.sum() - values) / (n - 1))


def test_samples_of_several_classes_hold_all_that_there_are() -> None:
    labels = np.array([0] * 20 + [1] * 8 + [3] * 2)
    samples = draw_patients(labels, range(30), n_resamples=200, n_classes=4)
    assert samples.n_redrawn > 0
    for label in (0, 1, 3):
        assert (samples.weights[:, labels == label].sum(axis=1) > 0).all()


def test_classes_that_hardly_meet_are_told() -> None:
    with pytest.raises(StatisticsError, match="held all classes"):
        draw_patients(np.arange(10), range(10), n_resamples=50, n_classes=10)
