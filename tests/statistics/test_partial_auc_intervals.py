from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.leave_one_out import leave_one_out
from samesplit.statistics.partial_auc_intervals import (
    corrected_partial_auc,
    partial_auc_interval,
    partial_auc_test,
)


@pytest.fixture(scope="module")
def study() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(31)
    truth = (generator.random(90) < 0.5).astype(int)
    shared = generator.normal(0, 1, 90)
    first = np.round(1.4 * truth + shared + generator.normal(0, 0.5, 90), 1)  # with ties
    return truth, first, np.round(0.7 * truth + shared + generator.normal(0, 0.5, 90), 1)


@pytest.mark.parametrize("low", [0.6, 0.8, 0.9])
def test_the_corrected_area_at_high_specificity_is_that_of_scikit_learn_and_proc(
    study: tuple[np.ndarray, np.ndarray, np.ndarray], low: float
) -> None:
    truth, scores, _ = study
    found = partial_auc_interval(truth, scores, low, 1.0, scale="McClish", n_resamples=20)
    assert found.estimate == pytest.approx(roc_auc_score(truth, scores, max_fpr=1 - low), rel=1e-12)


@pytest.mark.parametrize("band", [(0.0, 1.0), (0.3, 0.9), (0.7, 1.0)])
def test_a_band_of_sensitivities_is_one_of_specificities_with_the_classes_swapped(
    study: tuple[np.ndarray, np.ndarray, np.ndarray], band: tuple[float, float]
) -> None:
    truth, scores, _ = study
    for scale in ("raw", "mean", "McClish"):
        found = partial_auc_interval(truth, scores, *band, over="sensitivity", scale=scale, n_resamples=5)
        mirrored = partial_auc_interval(1 - truth, -scores, *band, scale=scale, n_resamples=5)
        assert found.estimate == pytest.approx(mirrored.estimate, rel=1e-12)


def test_the_raw_area_is_the_integral_of_the_curve(study: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    truth, scores, _ = study
    fpr, tpr, _ = roc_curve(truth, scores, drop_intermediate=False)
    grid = np.linspace(0.1, 0.4, 300_002)
    middles = (grid[1:] + grid[:-1]) / 2  # none of them where the curve goes straight up
    area = 0.3 * np.interp(middles, fpr, tpr).mean()
    found = partial_auc_interval(truth, scores, 0.6, 0.9, n_resamples=5)
    assert found.estimate == pytest.approx(area, abs=2e-6)
    mean = partial_auc_interval(truth, scores, 0.6, 0.9, scale="mean", n_resamples=5)
    assert mean.estimate == pytest.approx(area / 0.3, abs=1e-5)


def test_the_whole_band_is_the_auc_and_chance_is_a_half(
    study: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    truth, scores, _ = study
    whole = partial_auc_interval(truth, scores, 0.0, 1.0, scale="McClish", n_resamples=5)
    assert whole.estimate == pytest.approx(roc_auc_score(truth, scores))
    flat = corrected_partial_auc(0.5, 0.9).of(truth, np.zeros(truth.size))
    assert flat == pytest.approx(0.5)


def test_the_interval_is_a_bootstrap_of_whole_patients(
    study: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    truth, scores, _ = study
    found = partial_auc_interval(truth, scores, 0.5, 1.0, n_resamples=400, seed=3)
    assert found == partial_auc_interval(truth, scores, 0.5, 1.0, n_resamples=400, seed=3)
    assert found.ci_low < found.estimate < found.ci_high
    twice = partial_auc_interval(
        np.tile(truth, 2), np.tile(scores, 2), 0.5, 1.0, patients=np.tile(np.arange(90), 2), n_resamples=400
    )
    alone = partial_auc_interval(np.tile(truth, 2), np.tile(scores, 2), 0.5, 1.0, n_resamples=400)
    assert twice.ci_high - twice.ci_low == pytest.approx(found.ci_high - found.ci_low, rel=0.2)
    assert alone.ci_high - alone.ci_low < 0.85 * (twice.ci_high - twice.ci_low)


def test_two_scores_are_compared_on_the_same_samples(
    study: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    truth, first, second = study
    found = partial_auc_test(truth, first, second, 0.5, 1.0, n_resamples=500)
    assert found.estimate > 0
    assert found.p_value < 0.05
    assert found.ci_low > 0
    same = partial_auc_test(truth, first, first, 0.5, 1.0, n_resamples=50)
    assert (same.estimate, same.p_value) == (0.0, 1.0)


def test_a_difference_that_does_not_vary_has_no_test() -> None:
    truth = np.array([0, 0, 1, 1])
    found = partial_auc_test(truth, [1, 2, 3, 4], [4, 3, 2, 1], 0.5, 1.0, n_resamples=20)
    assert np.isnan(found.p_value)


def test_the_corrected_area_can_be_jackknifed_over_cases(
    study: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    truth, first, _ = study
    figure = corrected_partial_auc(0.5, 1.0, over="sensitivity")
    left_out = leave_one_out(truth, first[np.newaxis], figure, np.arange(90))
    assert left_out[7, 0] == pytest.approx(figure.of(np.delete(truth, 7), np.delete(first, 7)))


def test_samples_without_a_class_have_no_area(study: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    found = partial_auc_interval([0, 1, 0, 1], [1, 2, 3, 4], 0.5, 1.0, patients=list("aabb"), n_resamples=10)
    assert found.estimate == pytest.approx(0.25)
    lone = partial_auc_interval([0, 0, 1], [1, 2, 3], 0.5, 1.0, n_resamples=10)
    assert lone.method.endswith("bootstrap percentile (BCa not defined)")


def test_a_band_or_scale_that_is_none_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="is no range"):
        partial_auc_interval([0, 1], [1, 2], 0.9, 0.5)
    with pytest.raises(StatisticsError, match="unknown scale"):
        partial_auc_interval([0, 1], [1, 2], 0.5, 0.9, scale="log")
