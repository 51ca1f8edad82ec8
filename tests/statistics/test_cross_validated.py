from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import auc_influence, empirical_auc
from samesplit.statistics.cross_validated import (
    TRAINING_WEIGHT,
    corrected_resampled_t,
    cross_validated_auc,
    fold_aucs,
    training_factor,
)
from samesplit.statistics.influence import covariance


def _folds(n: int = 60, k: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Balanced folds of equal size, one lesion a patient."""
    generator = np.random.default_rng(seed)
    labels = np.tile(np.repeat([0, 1], 1), n // 2)
    cells = np.arange(n) // 2 % k
    return labels, labels + generator.normal(size=n), np.arange(n).astype(str), cells


@pytest.mark.parametrize("n_patients", [60, 25])
def test_one_fold_is_the_plain_auc_with_delongs_or_obuchowskis_variance(n_patients: int) -> None:
    labels, scores, patients, _ = _folds()
    patients = (np.arange(60) % n_patients).astype(str)
    one = cross_validated_auc(labels, scores, patients, np.zeros(60))
    plain = auc_influence(labels, scores, patients)
    assert one.estimate == plain.estimate
    assert one.variance == pytest.approx(plain.variance, rel=1e-12)
    assert one.notes == ()


def test_estimate_is_the_mean_of_the_fold_aucs_not_the_pooled_auc() -> None:
    labels, scores, patients, cells = _folds()
    shifted = scores + 10 * cells
    found = cross_validated_auc(labels, shifted, patients, cells)
    by_hand = [empirical_auc(labels[cells == k], scores[cells == k]) for k in range(5)]
    assert found.estimate == pytest.approx(np.mean(by_hand), rel=1e-12)
    assert fold_aucs(labels, shifted, cells).tolist() == pytest.approx(by_hand)
    assert abs(found.estimate - empirical_auc(labels, shifted)) > 0.1


def test_variance_is_ledells_apart_from_the_small_sample_factor() -> None:
    labels, scores, patients, cells = _folds()
    squares = []
    for k in range(5):
        inside = cells == k
        y, s = labels[inside], scores[inside]
        auc = empirical_auc(y, s)
        below = np.array([np.mean(s[y == 0] < x) for x in s])
        above = np.array([np.mean(s[y == 1] > x) for x in s])
        influence = np.where(y == 1, (below - auc) / 0.5, (above - auc) / 0.5)
        squares.append(np.mean(influence**2))
    ledell = np.mean(squares) / labels.size
    found = cross_validated_auc(labels, scores, patients, cells)
    assert covariance(found, found) == pytest.approx(
        ledell * 6 / 5, rel=1e-12
    )  # six patients a class in each fold


def test_variance_of_folds_is_that_of_a_mean_of_independent_aucs() -> None:
    labels, scores, patients, cells = _folds()
    each = [
        auc_influence(labels[cells == k], scores[cells == k], patients[cells == k]).variance for k in range(5)
    ]
    found = cross_validated_auc(labels, scores, patients, cells)
    assert covariance(found, found) == pytest.approx(np.sum(each) / 25, rel=1e-12)


def test_repeating_the_same_predictions_does_not_narrow_the_interval() -> None:
    labels, scores, patients, cells = _folds()
    once = cross_validated_auc(labels, scores, patients, cells)
    thrice = cross_validated_auc(
        np.tile(labels, 3),
        np.tile(scores, 3),
        np.tile(patients, 3),
        np.concatenate([cells + 5 * r for r in range(3)]),
    )
    assert thrice.estimate == pytest.approx(once.estimate, rel=1e-12)
    assert thrice.variance == pytest.approx(once.variance, rel=1e-12)


def test_variance_has_the_expectation_that_theory_gives_it() -> None:
    m = n = 6
    estimates, variances = [], []
    for seed in range(250):
        found = cross_validated_auc(*_folds(seed=seed))
        estimates.append(found.estimate)
        variances.append(covariance(found, found))
    # Two normal classes one standard deviation apart: the components of the AUC's variance.
    area = stats.norm.cdf(1 / math.sqrt(2))
    whole = area * (1 - area)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    part = (weights * stats.norm.cdf(1 + nodes) ** 2).sum() / weights.sum() - area**2
    true = ((n - 1) * part + (m - 1) * part + whole) / (m * n) / 5
    expected = ((n - 2) * part + (m - 2) * part + 2 * whole) / (m * n) / 5
    assert np.mean(variances) == pytest.approx(expected, rel=0.04)
    assert np.var(estimates) == pytest.approx(true, rel=0.2)
    assert expected > true  # DeLong's bias is upwards: intervals too wide rather than too narrow


def test_folds_lacking_a_class_are_left_out_and_counted() -> None:
    labels, scores, patients, cells = _folds()
    changed = labels.copy()
    changed[cells == 2] = 0
    found = cross_validated_auc(changed, scores, patients, cells)
    expected = fold_aucs(changed, scores, cells)
    assert math.isnan(expected[2])
    assert found.estimate == pytest.approx(expected.dropna().mean())
    assert found.notes == ("1 of 5 folds lack a class in their test part and are left out",)


def test_without_any_fold_of_both_classes_there_is_no_auc() -> None:
    with pytest.raises(StatisticsError, match="none of the 2 test folds"):
        cross_validated_auc([0, 1], [0.1, 0.2], ["a", "b"], [0, 1])


def test_folds_with_a_single_patient_of_a_class_are_noted() -> None:
    labels = np.array([0, 0, 1, 0, 0, 1, 1])
    scores = np.array([0.1, 0.5, 0.4, 0.2, 0.7, 0.6, 0.8])
    cells = np.array([0, 0, 0, 1, 1, 1, 1])
    found = cross_validated_auc(labels, scores, np.arange(7), cells)
    assert found.variance > 0
    assert "in 1 of 2 folds a class has one patient" in found.notes[0]


def test_one_positive_a_fold_leaves_the_variance_of_as_many_positives() -> None:
    generator = np.random.default_rng(3)
    labels, cells = (np.arange(100) < 5).astype(int), np.arange(100) % 5
    scores = generator.normal(size=100) + 2 * labels
    found = cross_validated_auc(labels, scores, np.arange(100), cells)
    placed = np.array([np.mean(scores[(cells == k) & (labels == 0)] < scores[k]) for k in range(5)])
    exceeded = [scores[(cells == k) & (labels == 0)] < scores[k] for k in range(5)]
    by_hand = placed.var(ddof=1) / 5 + sum(one.var(ddof=1) / 19 for one in exceeded) / 25
    assert found.estimate == pytest.approx(placed.mean())
    assert covariance(found, found) == pytest.approx(by_hand, rel=1e-12)
    assert found.notes == ("in 5 of 5 folds a class has one patient: variance pooled over the folds",)


def test_a_single_positive_patient_in_all_folds_leaves_no_variance() -> None:
    found = cross_validated_auc([0, 0, 1, 0, 0, 1], [1, 5, 4, 2, 7, 6], list("abcdec"), [0, 0, 0, 1, 1, 1])
    assert math.isnan(found.variance)
    assert found.estimate == pytest.approx(0.5)


def test_the_training_part_is_the_test_part_of_a_repeat_times_all_over_trained_patients() -> None:
    labels, scores, patients, cells = _folds()
    found = cross_validated_auc(labels, scores, patients, cells)
    assert training_factor(patients, cells) == pytest.approx(TRAINING_WEIGHT * 5 / 4)
    assert found.training_variance == pytest.approx(TRAINING_WEIGHT * 5 / 4 * covariance(found, found))
    assert found.variance == pytest.approx(covariance(found, found) + found.training_variance)


def test_repeats_shrink_the_test_part_but_not_the_training_part() -> None:
    labels, scores, patients, cells = _folds()
    other = scores + np.random.default_rng(9).normal(size=60)
    twice = cross_validated_auc(
        np.tile(labels, 2), np.concatenate([scores, other]), np.tile(patients, 2),
        np.concatenate([cells, cells + 5]), repeats=np.repeat([0, 1], 60),
    )  # fmt: skip
    each = [cross_validated_auc(labels, s, patients, cells) for s in (scores, other)]
    assert twice.training_variance == pytest.approx(np.mean([item.training_variance for item in each]))
    assert covariance(twice, twice) < np.mean([covariance(item, item) for item in each])


def test_seeds_are_averaged_before_the_training_part_is_taken() -> None:
    labels, scores, patients, cells = _folds()
    twice = cross_validated_auc(
        np.tile(labels, 2), np.tile(scores, 2), np.tile(patients, 2), np.concatenate([cells, cells + 5]),
        seeds=np.repeat([0, 1], 60),
    )  # fmt: skip
    once = cross_validated_auc(labels, scores, patients, cells)
    assert twice.trained is not None
    assert len(twice.trained) == 1
    assert twice.variance == pytest.approx(once.variance)


def test_a_single_test_set_has_no_training_part() -> None:
    labels, scores, patients, _ = _folds()
    seeds = np.repeat([0, 1], 60)
    found = cross_validated_auc(
        np.tile(labels, 2), np.tile(scores, 2), np.tile(patients, 2), seeds, seeds=seeds
    )
    assert found.trained is None
    assert found.training_variance == 0


def test_the_interval_holds_the_truth_where_models_are_fitted_on_noise() -> None:
    """Four of five intervals of the models as fitted hold 0.5 here; with the training part nearly all do."""
    held = {"as fitted": 0, "both": 0}
    n, p, k = 60, 400, 5
    for seed in range(60):
        generator = np.random.default_rng(seed)
        x, labels, cells = generator.normal(size=(n, p)), np.arange(n) % 2, np.arange(n) // 2 % k
        scores = np.zeros(n)
        for fold in range(k):
            train, test = cells != fold, cells == fold
            gap = x[train & (labels == 1)].mean(0) - x[train & (labels == 0)].mean(0)
            scores[test] = x[test] @ np.where(np.abs(gap) >= np.sort(np.abs(gap))[-5], gap, 0)
        found = cross_validated_auc(labels, scores, np.arange(n), cells)
        for name, variance in (("as fitted", covariance(found, found)), ("both", found.variance)):
            held[name] += abs(found.estimate - 0.5) < 1.96 * math.sqrt(variance)
    assert held["as fitted"] / 60 < 0.9 < held["both"] / 60


def test_corrected_t_is_the_plain_t_test_but_for_the_correction() -> None:
    values = np.array([0.1, 0.25, 0.0, 0.1, 0.12])
    found = corrected_resampled_t(values, test_train_ratio=0.25)
    t = stats.ttest_1samp(values, 0).statistic * math.sqrt((1 / 5) / (1 / 5 + 0.25))
    assert found.p_value == pytest.approx(2 * stats.t.sf(t, 4), rel=1e-12)
    half = stats.t.ppf(0.975, 4) * values.mean() / t
    assert found.ci_high - found.estimate == pytest.approx(half, rel=1e-12)


def test_corrected_t_leaves_out_undefined_folds() -> None:
    with_gap = corrected_resampled_t([0.1, np.nan, 0.2, 0.3], test_train_ratio=0.5)
    without = corrected_resampled_t([0.1, 0.2, 0.3], test_train_ratio=0.5)
    assert with_gap == without


@pytest.mark.parametrize("values", [[], [0.1], [np.nan, 0.1]])
def test_corrected_t_needs_two_folds(values: list[float]) -> None:
    found = corrected_resampled_t(values, test_train_ratio=0.25)
    assert math.isnan(found.p_value)
    assert "fewer than two folds" in found.note


@pytest.mark.parametrize(("value", "p"), [(0.0, 1.0), (0.1, math.nan)])
def test_corrected_t_without_spread_is_not_a_test(value: float, p: float) -> None:
    found = corrected_resampled_t([value] * 4, test_train_ratio=0.25)
    assert found.p_value == pytest.approx(p, nan_ok=True)
    assert math.isnan(found.ci_low)


@pytest.mark.parametrize("ratio", [0, -1, math.inf, math.nan])
def test_corrected_t_needs_a_ratio_above_0(ratio: float) -> None:
    with pytest.raises(StatisticsError, match="not above 0"):
        corrected_resampled_t([0.1, 0.2], test_train_ratio=ratio)


def test_an_external_set_beside_the_folds_does_not_count_in_what_they_share() -> None:
    patients, cells = (
        np.array(["a", "b", "c", "d", *"xyxyxyxy"]),
        np.array([0, 1, 2, 3, 0, 0, 1, 1, 2, 2, 3, 3]),
    )
    runs = np.zeros(12, dtype=int)
    assert training_factor(patients, cells, runs) == pytest.approx(TRAINING_WEIGHT * 4 / 3)
    assert (
        training_factor(patients[4:], cells[4:], runs[4:]) == 0.0
    )  # the external set alone: models as fitted
    # Repeats draw again: a patient whom several repeats test is no external one.
    assert training_factor(["a", "b", "a", "c"], [0, 0, 1, 1], [0, 0, 1, 1]) == training_factor(
        ["a", "b", "a", "c"], [0, 0, 1, 1]
    )


def test_an_external_set_alone_has_the_variance_of_its_patients() -> None:
    """Four folds that score the same external lesions: the interval is that of their mean AUC."""
    rng = np.random.default_rng(5)
    labels, patients = np.tile([0, 1], 20), np.arange(40).astype(str)
    each = [labels + rng.normal(0, 1, 40) for _ in range(4)]
    cells = np.repeat(range(4), 40)
    found = cross_validated_auc(
        np.tile(labels, 4), np.concatenate(each), np.tile(patients, 4), cells, repeats=np.zeros(160)
    )
    assert found.trained is None
    alone = [cross_validated_auc(labels, scores, patients, np.zeros(40)) for scores in each]
    assert found.estimate == pytest.approx(np.mean([one.estimate for one in alone]))
    shared = np.mean([covariance(one, other) for one in alone for other in alone])
    assert found.variance == pytest.approx(shared)
