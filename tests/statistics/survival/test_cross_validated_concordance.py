from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.cross_validated import training_factor
from samesplit.statistics.influence import covariance
from samesplit.statistics.survival.concordance import concordance_influence, harrell_c
from samesplit.statistics.survival.cross_validated_concordance import (
    concordance_interval,
    concordance_sizes,
    cross_validated_concordance,
    fold_concordances,
)


def _lesions(n: int = 60, seed: int = 0) -> tuple[Any, Any, Any]:
    generator = np.random.default_rng(seed)
    risks = generator.normal(size=n)
    until, end = generator.exponential(size=n) / np.exp(risks), generator.exponential(size=n)
    return np.minimum(until, end) + 0.01, (until <= end).astype(int), risks


def test_one_fold_is_the_plain_index() -> None:
    times, events, risks = _lesions()
    one = cross_validated_concordance(times, events, risks, np.arange(60), np.zeros(60))
    plain = concordance_influence(times, events, risks, np.arange(60))
    assert one.estimate == plain.estimate
    assert one.variance == pytest.approx(plain.variance, rel=1e-12)
    assert one.trained is None


def test_folds_are_averaged_and_their_test_variances_add_up() -> None:
    times, events, risks = _lesions()
    cells = np.arange(60) % 4
    by_hand = [harrell_c(times[cells == k], events[cells == k], risks[cells == k]) for k in range(4)]
    found = cross_validated_concordance(times, events, risks + 10 * cells, np.arange(60), cells)
    assert found.estimate == pytest.approx(np.mean(by_hand), rel=1e-12)
    assert fold_concordances(times, events, risks, cells).tolist() == pytest.approx(by_hand)
    each = [
        concordance_influence(
            times[cells == k], events[cells == k], risks[cells == k], np.flatnonzero(cells == k)
        )
        for k in range(4)
    ]
    assert covariance(found, found) == pytest.approx(sum(one.variance for one in each) / 16, rel=1e-12)


def test_training_patients_add_a_part_to_the_variance() -> None:
    times, events, risks = _lesions()
    patients, cells = np.arange(60), np.arange(60) % 4
    found = cross_validated_concordance(times, events, risks, patients, cells)
    factor = training_factor(patients, cells)
    assert factor == pytest.approx(2 * 4 / 3)
    assert found.training_variance == pytest.approx(factor * covariance(found, found), rel=1e-12)


def test_repeats_and_seeds_of_the_same_predictions_do_not_narrow_the_interval() -> None:
    times, events, risks = _lesions()
    patients, cells = np.arange(60), np.arange(60) % 4
    once = cross_validated_concordance(times, events, risks, patients, cells)
    more = cross_validated_concordance(
        *(np.tile(x, 4) for x in (times, events, risks, patients)),
        np.concatenate([cells + 4 * k for k in range(4)]),
        repeats=np.repeat([0, 0, 1, 1], 60),
        seeds=np.repeat([0, 1, 0, 1], 60),
    )
    assert more.variance == pytest.approx(once.variance, rel=1e-12)


def test_a_fold_with_a_single_event_is_centred_on_the_mean_of_its_run() -> None:
    times, events, risks = _lesions()
    cells = np.arange(60) % 4
    lone = np.flatnonzero((cells == 0) & (events == 1))
    events[lone[1:]] = 0
    found = cross_validated_concordance(times, events, risks, np.arange(60), cells)
    assert math.isfinite(found.variance)
    assert found.notes == ()


def test_folds_without_a_pair_are_left_out_and_counted() -> None:
    times, events, risks = _lesions()
    cells = np.arange(60) % 4
    events[cells == 0] = 0
    found = cross_validated_concordance(times, events, risks, np.arange(60), cells)
    assert found.notes == ("1 of 4 folds have no two lesions to compare and are left out",)
    assert math.isnan(fold_concordances(times, events, risks, cells)[0])
    runs = concordance_sizes(times, events, np.arange(60), cells, np.zeros(60))
    assert [len(run) for run in runs] == [3]
    with pytest.raises(StatisticsError, match="in none of the 4 test folds"):
        cross_validated_concordance(times, np.zeros(60), risks, np.arange(60), cells)


def test_interval_is_on_the_logit_scale_and_newcombes_where_nothing_varies() -> None:
    times, events, risks = _lesions()
    sizes = concordance_sizes(times, events, np.arange(60), np.zeros(60), np.zeros(60))
    plain = concordance_influence(times, events, risks, np.arange(60))
    found = concordance_interval(plain, sizes, method="jackknife")
    assert found.method == "jackknife, logit"
    assert 0 < found.ci_low < found.estimate < found.ci_high < 1
    perfect = concordance_influence(times, events, -times, np.arange(60))
    edge = concordance_interval(perfect, sizes, method="jackknife")
    assert edge.estimate == 1
    assert 0.7 < edge.ci_low < 0.95
    assert edge.ci_high == 1
    assert edge.method == "Newcombe method 5"


def test_sizes_count_a_patient_who_is_on_both_sides_as_half_on_each() -> None:
    at = np.array([1.0, 1.0, 2.0, 2.0, 2.0])
    events = np.array([1, 1, 0, 0, 0])
    assert concordance_sizes(at, events, np.arange(5), np.zeros(5), np.zeros(5)) == [[(2, 3)]]
    in_turn = np.arange(1.0, 11.0)
    assert concordance_sizes(in_turn, np.ones(10), np.arange(10), np.zeros(10), np.zeros(10)) == [[(5, 5)]]
