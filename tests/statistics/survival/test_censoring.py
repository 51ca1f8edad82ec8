"""Uno's C index, AUC and Brier score at a time: scikit-survival 0.28 without ties, by hand with them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.survival.censoring import auc_at, brier_at, censoring_survival, uno_c, uno_weights
from samesplit.statistics.survival.concordance import concordance_influence, harrell_c
from samesplit.statistics.survival.concordance_comparison import compare_concordance
from samesplit.statistics.survival.rates import share_without_event


def test_indices_are_those_of_scikit_survival_where_no_times_are_tied(untied):
    given = untied.time, untied.event, untied.risk
    assert uno_c(*given) == pytest.approx(0.6837018820766304, rel=1e-12)
    assert uno_c(*given, until=10) == pytest.approx(0.696855419218845, rel=1e-12)
    assert auc_at(*given, 5.0) == pytest.approx(0.66126888, abs=1e-8)
    survival = 1 / (1 + np.exp(untied.risk))
    assert brier_at(untied.time, untied.event, survival, 5.0) == pytest.approx(0.24664458, abs=1e-8)


def test_with_ties_the_censored_share_is_taken_just_before_the_event(tied):
    won = total = 0.0
    for i in np.flatnonzero(tied.event):
        share = 1.0
        for time in np.unique(tied.time[tied.time < tied.time[i]]):
            left = (tied.time >= time).sum() - ((tied.time == time) & (tied.event == 1)).sum()
            share *= 1 - ((tied.time == time) & (tied.event == 0)).sum() / left
        for j in range(60):
            later = tied.time[j] > tied.time[i] or (tied.time[j] == tied.time[i] and not tied.event[j])
            if later:
                total += 1 / share**2
                won += (tied.risk[i] > tied.risk[j]) / share**2 + 0.5 * (
                    tied.risk[i] == tied.risk[j]
                ) / share**2
    assert uno_c(tied.time, tied.event, tied.risk) == pytest.approx(won / total, rel=1e-12)


def test_without_censoring_uno_is_harrell(untied):
    everyone = np.ones(80, int)
    assert uno_c(untied.time, everyone, untied.risk) == pytest.approx(
        harrell_c(untied.time, everyone, untied.risk)
    )


def test_the_censored_share_counts_a_censoring_at_a_time_only_after_it():
    assert censoring_survival([1, 2, 3], [1, 0, 1], [2]).tolist() == [1.0]
    assert censoring_survival([1, 2, 3], [1, 0, 1], [2], before=False).tolist() == [0.5]


def test_the_variance_of_uno_is_a_jackknife_with_known_weights(untied):
    weights = uno_weights(untied.time, untied.event, until=15)
    found = concordance_influence(untied.time, untied.event, untied.risk, untied.patient, weights=weights)
    without = []
    for patient in range(50):
        kept = untied.patient != patient
        one = concordance_influence(
            untied.time[kept],
            untied.event[kept],
            untied.risk[kept],
            untied.patient[kept],
            weights=weights[kept],
        )
        without.append(one.estimate)
    expected = 49 / 50 * ((np.array(without) - np.mean(without)) ** 2).sum()
    assert found.variance == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("index", ["harrell", "uno"])
def test_a_model_does_not_differ_from_itself_but_from_its_opposite(untied, index):
    given = untied.time, untied.event, untied.risk
    same = compare_concordance(*given, untied.risk, untied.patient, index=index)
    opposite = compare_concordance(*given, untied.other, untied.patient, index=index)
    assert (same.estimate, same.p_value) == (0.0, 1.0)
    assert opposite.p_value < 1e-4
    assert opposite.estimate > 0.3


def test_share_without_event_is_that_of_lifelines(tied):
    found = share_without_event(tied.time, tied.event, 5.0)
    assert found.estimate == pytest.approx(0.47701923076923125)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.33607613938384473, 0.6050389951637944))


def test_share_without_event_says_where_nobody_was_followed_up():
    late = share_without_event([1, 2], [1, 0], 3.0)
    assert math.isnan(late.estimate)
    assert "nobody was followed up to 3" in late.note
    gone = share_without_event([1, 2], [1, 1], 3.0)
    assert gone.estimate == 0.0
    assert "edge" in gone.note


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: uno_c([1, 2], [0, 0], [1, 2]), "no two lesions"),
        (lambda: auc_at([1, 2], [1, 0], [1, 2], 5.0), "divides nothing"),
        (lambda: share_without_event([1, 2], [1, 0], 0.0), "not above 0"),
        (
            lambda: concordance_influence([1, 2], [1, 0], [1, 2], [0, 1], weights=[-1, 0]),
            "must not be below 0",
        ),
    ],
)
def test_what_is_not_defined_is_an_error(call, message):
    with pytest.raises(StatisticsError, match=message):
        call()
