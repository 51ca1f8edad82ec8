from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from samesplit.statistics.patient_summaries import (
    TOO_FEW,
    correlation,
    paired_mean,
    ratio_of_counts,
    summary_of_lesions,
)

RNG = np.random.default_rng(3)
VALUES = RNG.uniform(0.4, 1.0, 60)
ALONE = [f"P{i}" for i in range(60)]


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation() -> None:
    found = summary_of_lesions(VALUES, ALONE)
    half = 1.96 * VALUES.std(ddof=1) / math.sqrt(60)
    assert found.estimate == pytest.approx(VALUES.mean(), rel=1e-12)
    assert (found.ci_high - found.ci_low) / 2 == pytest.approx(half, rel=0.1)


def test_the_interval_of_a_median_is_near_that_of_the_sign_test() -> None:
    found = summary_of_lesions(VALUES, ALONE, statistic="median")
    ordered = np.sort(VALUES)
    low, high = stats.binom.ppf([0.025, 0.975], 60, 0.5).astype(int)
    assert found.estimate == pytest.approx(ordered[29], rel=1e-12)
    assert found.ci_low == pytest.approx(ordered[low - 1], abs=0.05)
    assert found.ci_high == pytest.approx(ordered[high], abs=0.05)


def test_lesions_of_a_patient_are_drawn_together() -> None:
    twice = np.repeat(VALUES, 2), np.repeat(ALONE, 2)
    assert summary_of_lesions(*twice).ci_low == pytest.approx(
        summary_of_lesions(VALUES, ALONE).ci_low, rel=1e-9
    )
    apart = summary_of_lesions(twice[0], [f"P{i}" for i in range(120)])
    assert apart.ci_high - apart.ci_low < 0.8 * (
        summary_of_lesions(*twice).ci_high - summary_of_lesions(*twice).ci_low
    )


def test_a_lesion_without_a_value_is_left_out_and_without_any_there_is_nothing() -> None:
    assert summary_of_lesions([0.5, math.nan, 0.7], list("abc")).estimate == pytest.approx(0.6)
    assert summary_of_lesions([math.nan], ["a"]).note == "no lesion has a value"


def test_one_patient_or_no_samples_give_no_interval() -> None:
    assert summary_of_lesions([0.5, 0.7], ["a", "a"]).note == TOO_FEW
    found = summary_of_lesions([0.5, 0.7], ["a", "b"], n_resamples=0)
    assert (found.estimate, found.note) == (pytest.approx(0.6), "")
    assert math.isnan(found.ci_low)


def test_a_ratio_of_counts_has_the_interval_of_drawn_patients() -> None:
    found_lesions = RNG.binomial(2, 0.7, 80)
    found = ratio_of_counts(found_lesions, np.full(80, 2))
    half = 1.96 * found_lesions.std(ddof=1) / 2 / math.sqrt(80)
    assert found.estimate == pytest.approx(found_lesions.sum() / 160)
    assert (found.ci_high - found.ci_low) / 2 == pytest.approx(half, rel=0.1)


def test_all_or_none_have_exact_intervals_of_the_patients() -> None:
    low, high = stats.binomtest(10, 10).proportion_ci(0.95, method="exact")
    everything = ratio_of_counts(np.full(10, 3), np.full(10, 3))
    assert (everything.ci_low, everything.ci_high) == (pytest.approx(low), pytest.approx(high))
    nothing = ratio_of_counts(np.zeros(10), np.ones(10))
    assert (nothing.ci_low, nothing.ci_high) == (0.0, pytest.approx(1 - low))


def test_no_false_positive_in_some_patients_bounds_their_rate() -> None:
    found = ratio_of_counts(np.zeros(20), np.ones(20), share=False)
    assert (found.estimate, found.ci_low) == (0.0, 0.0)
    assert stats.poisson.cdf(0, 20 * found.ci_high) == pytest.approx(0.025)


def test_patients_without_anything_to_count_do_not_count() -> None:
    assert ratio_of_counts([1, 0, 1], [2, 0, 2]).estimate == 0.5
    assert ratio_of_counts([0], [0]).note == "nothing to count: not defined"


def test_paired_differences_of_single_lesions_are_the_paired_t_test() -> None:
    other = VALUES + RNG.normal(0.02, 0.1, 60)
    found = paired_mean(other - VALUES, ALONE)
    expected = stats.ttest_rel(other, VALUES)
    interval = expected.confidence_interval(0.95)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.ci_low, found.ci_high) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_differences_within_patients_are_judged_by_patients() -> None:
    differences = RNG.normal(0.05, 0.1, 20)
    assert paired_mean(np.repeat(differences, 3), np.repeat(np.arange(20), 3)).p_value == pytest.approx(
        stats.ttest_1samp(differences, 0).pvalue, rel=1e-9
    )


def test_without_variance_there_is_no_test_but_of_equals() -> None:
    assert paired_mean([0.0, 0.0], ["a", "b"]).p_value == 1.0
    assert math.isnan(paired_mean([0.1, 0.1], ["a", "b"]).p_value)
    assert paired_mean([0.1, 0.2], ["a", "a"]).note == TOO_FEW


def test_the_correlation_is_pearsons_with_a_bootstrap_interval() -> None:
    correct = (VALUES + RNG.normal(0, 0.2, 60) > 0.7).astype(float)
    found = correlation(VALUES, correct, ALONE)
    expected = stats.pearsonr(VALUES, correct)
    interval = expected.confidence_interval(0.95)
    assert found.estimate == pytest.approx(expected.statistic, rel=1e-9)
    assert (found.ci_low, found.ci_high) == (
        pytest.approx(interval.low, abs=0.08),
        pytest.approx(interval.high, abs=0.08),
    )


def test_a_correlation_with_a_constant_is_not_defined_also_in_single_samples() -> None:
    assert math.isnan(correlation([1, 2, 3], [1, 1, 1], list("abc")).estimate)
    found = correlation([1.0, 2.0, 3.0], [0, 0, 1], list("abc"), n_resamples=200)
    assert "not defined in" in found.note


def test_the_interval_of_a_difference_of_shares_ends_where_shares_do() -> None:
    nearly_all = np.array([1.0, 1.0, 1.0, 0.0])
    owners = np.arange(4)
    free = paired_mean(nearly_all, owners)
    assert free.ci_high > 1
    bounded = [paired_mean(sign * nearly_all, owners, largest=1.0) for sign in (1, -1)]
    assert (bounded[0].ci_low, bounded[0].ci_high) == (free.ci_low, 1.0)
    assert bounded[1].ci_low == -1.0
    assert bounded[0].p_value == free.p_value
