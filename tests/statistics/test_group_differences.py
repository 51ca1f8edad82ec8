from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.group_differences import difference_of_groups
from samesplit.statistics.patient_summaries import TOO_FEW

RNG = np.random.default_rng(4)
FIRST, SECOND = RNG.normal(0.80, 0.06, 80), RNG.normal(0.65, 0.12, 60)
VALUES = np.concatenate([FIRST, SECOND])
IS_FIRST = np.arange(140) < 80
PATIENTS = np.arange(140)


def test_the_difference_of_medians_is_that_of_the_lower_medians() -> None:
    found = difference_of_groups(VALUES, IS_FIRST, PATIENTS, n_resamples=0)
    expected = np.sort(FIRST)[39] - np.sort(SECOND)[29]
    assert found.estimate == pytest.approx(expected, abs=1e-15)
    assert math.isnan(found.ci_low)
    assert found.note == ""


def test_the_interval_of_means_is_nearly_that_of_welch() -> None:
    found = difference_of_groups(VALUES, IS_FIRST, PATIENTS, statistic="mean", n_resamples=4000)
    expected = stats.ttest_ind(FIRST, SECOND, equal_var=False).confidence_interval(0.95)
    assert found.estimate == pytest.approx(FIRST.mean() - SECOND.mean(), rel=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx((expected.low, expected.high), abs=0.005)


def test_the_interval_of_medians_is_nearly_that_of_scipy() -> None:
    found = difference_of_groups(VALUES, IS_FIRST, PATIENTS, n_resamples=4000, seed=1)
    rng = np.random.default_rng(1)
    drawn = [
        np.median(rng.choice(FIRST, 80)) - np.median(rng.choice(SECOND, 60)) for _ in range(4000)
    ]  # fmt: skip
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=0.02)


def test_lesions_of_a_patient_in_both_groups_make_the_difference_surer() -> None:
    """Pairs share what is theirs; drawn together their difference varies less than that of strangers."""
    own = RNG.normal(0, 0.1, 60)
    values = np.concatenate([0.8 + own, 0.7 + own + RNG.normal(0, 0.01, 60)])
    first = np.arange(120) < 60
    pairs = difference_of_groups(values, first, np.tile(np.arange(60), 2), statistic="mean")
    strangers = difference_of_groups(values, first, np.arange(120), statistic="mean")
    assert pairs.ci_high - pairs.ci_low < 0.3 * (strangers.ci_high - strangers.ci_low)


def test_one_patient_in_a_group_gives_a_difference_and_no_interval() -> None:
    found = difference_of_groups([0.9, 0.8, 0.5], [1, 1, 0], ["a", "b", "c"])
    assert found.estimate == pytest.approx(0.3)
    assert math.isnan(found.ci_high)
    assert found.note == TOO_FEW


def test_a_group_without_lesions_and_shapes_that_differ_are_refused() -> None:
    with pytest.raises(StatisticsError, match="has no lesion"):
        difference_of_groups([0.9, 0.8], [1, 1], ["a", "b"])
    with pytest.raises(StatisticsError, match="2 values do not fit groups of shape"):
        difference_of_groups([0.9, 0.8], [1], ["a", "b"])
