from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.reclassification import (
    integrated_discrimination_improvement,
    net_reclassification_improvement,
)

RNG = np.random.default_rng(0)
OLD = RNG.uniform(0.05, 0.95, 80)
NEW = np.clip(OLD + RNG.normal(0, 0.1, 80), 0.01, 0.99)
Y = (RNG.random(80) < NEW).astype(int)


def test_lesions_move_with_their_category_or_with_any_change() -> None:
    y, old, new = [1, 1, 1, 0, 0], [0.1, 0.3, 0.3, 0.3, 0.1], [0.15, 0.6, 0.1, 0.1, 0.15]
    by_category = net_reclassification_improvement(y, old, new, categories=[0.2, 0.5])
    assert (by_category.events_up, by_category.events_down) == pytest.approx((1 / 3, 1 / 3))
    assert by_category.non_events.estimate == 0.5
    assert by_category.nri.method == "Wald, categories from 0.2, 0.5"
    free = net_reclassification_improvement(y, old, new)
    assert (free.events_up, free.events_down) == pytest.approx((2 / 3, 1 / 3))
    assert free.nri.estimate == pytest.approx(1 / 3)


def test_a_change_of_the_last_digit_is_none() -> None:
    found = net_reclassification_improvement([0, 1, 1], [0.3, 0.3, 0.5], [0.1 + 0.2, 0.1 + 0.2, 0.6])
    assert (found.events_up, found.non_events_up) == (0.5, 0)


def test_the_improvement_over_itself_is_0_and_turned_round_is_the_same_with_another_sign() -> None:
    assert net_reclassification_improvement(Y, OLD, OLD).nri.estimate == 0
    there, back = (integrated_discrimination_improvement(Y, *pair).idi for pair in ((OLD, NEW), (NEW, OLD)))
    assert there.estimate == -back.estimate
    assert there.p_value == pytest.approx(back.p_value)


def test_positives_and_negatives_add_up() -> None:
    found = integrated_discrimination_improvement(Y, OLD, NEW)
    assert found.idi.estimate == pytest.approx(found.events.estimate + found.non_events.estimate)
    assert found.events.estimate == pytest.approx((NEW - OLD)[Y == 1].mean())


@pytest.mark.parametrize("compute", [net_reclassification_improvement, integrated_discrimination_improvement])
def test_repeated_predictions_of_a_patient_do_not_narrow_the_interval(compute: object) -> None:
    tiled = [np.tile(values, 4) for values in (Y, OLD, NEW)]
    once = compute(Y, OLD, NEW)  # type: ignore[operator]
    often = compute(*tiled, patients=np.tile(np.arange(80), 4))  # type: ignore[operator]
    assert "clustered by patient" in often.events.method
    width = once.events.ci_high - once.events.ci_low
    assert often.events.ci_high - often.events.ci_low == pytest.approx(width, rel=0.02)


def test_one_patient_of_a_class_has_no_interval() -> None:
    found = integrated_discrimination_improvement([0, 0, 1], [0.2, 0.3, 0.5], [0.1, 0.3, 0.7])
    assert math.isnan(found.events.ci_low)
    assert math.isnan(found.idi.ci_low)


def test_a_missing_class_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="negative"):
        net_reclassification_improvement([1, 1], [0.1, 0.2], [0.2, 0.3])
