"""Tests between survival curves, against lifelines 0.30.3."""

from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.survival.log_rank import log_rank


@pytest.mark.parametrize(
    ("weights", "statistic", "p"),
    [
        ("log-rank", 1.2016125335354801, 0.5483693258440834),
        ("Gehan-Wilcoxon", 2.664027031005161, 0.2639452680022286),
        ("Tarone-Ware", 1.884923815553327, 0.38966732847768554),
        ("Fleming-Harrington", 2.2511548985693213, 0.32446505114019875),
    ],
)
def test_statistic_and_p_of_three_groups_are_those_of_lifelines(tied, weights, statistic, p):
    found = log_rank(tied.time, tied.event, tied.group, weights=weights)
    assert found.statistic == pytest.approx(statistic, rel=1e-9)
    assert found.p_value == pytest.approx(p, rel=1e-9)
    assert (found.df, found.method) == (2, weights)


def test_groups_are_compared_within_strata(tied):
    both = np.concatenate([tied.time, tied.time * 1000])
    events, groups = np.tile(tied.event, 2), np.tile(tied.group, 2)
    strata = np.repeat(["early", "late"], tied.time.size)
    once = log_rank(tied.time, tied.event, tied.group)
    assert log_rank(both, events, groups, strata=strata).statistic == pytest.approx(2 * once.statistic)


def test_a_tiny_p_value_does_not_vanish():
    times = np.concatenate([np.linspace(1, 2, 300), np.linspace(10, 20, 300)])
    found = log_rank(times, np.ones(600, int), np.repeat([0, 1], 300))
    assert 0 < found.p_value < 1e-100


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"groups": [0, 0, 0]}, "1 group"),
        ({"events": [0, 0, 0]}, "nobody was seen"),
        ({"weights": "other"}, "unknown weights"),
    ],
)
def test_nothing_to_compare_is_an_error(given, message):
    with pytest.raises(StatisticsError, match=message):
        log_rank(**({"times": [1, 2, 3], "events": [1, 1, 0], "groups": [0, 1, 1]} | given))
