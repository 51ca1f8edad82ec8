from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.bootstrap import draw_patients
from samesplit.statistics.decision_curve import (
    calls_at,
    check_thresholds,
    decision_curve,
    decision_curve_of_calls,
    net_benefit,
    net_benefit_band,
)

RNG = np.random.default_rng(0)
P = RNG.uniform(0, 1, 60)
Y = (RNG.random(60) < P).astype(int)
THRESHOLDS = [0.1, 0.25, 0.5]


def test_treating_all_and_none_are_the_curves_of_certainty() -> None:
    everyone, nobody = decision_curve(Y, np.ones(60), THRESHOLDS), decision_curve(Y, np.zeros(60), THRESHOLDS)
    share = Y.mean()
    odds = np.array(THRESHOLDS) / (1 - np.array(THRESHOLDS))
    assert everyone["net_benefit"].to_numpy() == pytest.approx(share - (1 - share) * odds)
    assert everyone["interventions_avoided"].to_numpy() == pytest.approx(0)
    assert nobody["net_benefit"].eq(0).all()
    assert nobody["interventions_avoided"].to_numpy() == pytest.approx((1 - share) - share / odds)


def test_the_truth_has_the_standardised_net_benefit_of_1() -> None:
    found = decision_curve(Y, Y.astype(float), THRESHOLDS)
    assert found["standardised_net_benefit"].to_numpy() == pytest.approx(1)
    assert found["fp_rate"].eq(0).all()


def test_a_probability_at_the_threshold_but_for_its_last_digit_is_acted_on() -> None:
    assert calls_at([0.1 + 0.2, 0.3], [0.1 + 0.2, 0.3]).all()


def test_a_prevalence_of_elsewhere_weighs_the_two_classes_anew() -> None:
    found = decision_curve(Y, P, [0.25], prevalence=0.1).iloc[0]
    here = decision_curve(Y, P, [0.25]).iloc[0]
    assert found["tp_rate"] == pytest.approx(here["tp_rate"] / Y.mean() * 0.1)
    assert found["fp_rate"] == pytest.approx(here["fp_rate"] / (1 - Y.mean()) * 0.9)
    assert found["net_benefit"] == pytest.approx(found["tp_rate"] - found["fp_rate"] / 3)


@pytest.mark.parametrize(
    ("thresholds", "words"),
    [
        ([], "at least one"),
        ([0.0, 0.5], "of 0 is not"),
        ([0.5, 1.0], "of 1 is not"),
        ([0.5, 0.5], "do not rise"),
    ],
)
def test_thresholds_that_nobody_could_act_from_are_errors(thresholds: list[float], words: str) -> None:
    with pytest.raises(StatisticsError, match=words):
        check_thresholds(thresholds)


def test_a_prevalence_of_1_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="prevalence of 1"):
        decision_curve(Y, P, [0.5], prevalence=1.0)


def test_the_band_holds_the_net_benefit_and_shrinks_with_more_patients() -> None:
    widths = []
    for times in (1, 4):
        y, p = np.tile(Y, times), np.tile(P, times)
        samples = draw_patients(y, np.arange(y.size), n_resamples=300)
        found = net_benefit_band(
            y, calls_at(p, THRESHOLDS), THRESHOLDS, samples=samples, columns=range(y.size)
        )
        expected = decision_curve(Y, P, THRESHOLDS)["net_benefit"]
        assert found["estimate"].to_numpy() == pytest.approx(expected.to_numpy())
        assert (found["ci_low"] < found["estimate"]).all()
        assert (found["estimate"] < found["ci_high"]).all()
        widths.append(found["ci_high"][1] - found["ci_low"][1])
    assert widths[1] == pytest.approx(widths[0] / 2, rel=0.2)


def test_repeated_predictions_of_the_same_patients_leave_the_band_as_it_is() -> None:
    samples = draw_patients(Y, np.arange(60), n_resamples=200)
    called = calls_at(P, THRESHOLDS)
    once = net_benefit_band(Y, called, THRESHOLDS, samples=samples, columns=range(60))
    often = net_benefit_band(
        np.tile(Y, 3), np.tile(called, (3, 1)), THRESHOLDS, samples=samples, columns=np.tile(np.arange(60), 3)
    )
    pd.testing.assert_frame_equal(once, often)


def test_the_difference_to_the_same_calls_is_0() -> None:
    samples = draw_patients(Y, np.arange(60), n_resamples=100)
    called = calls_at(P, THRESHOLDS)
    found = net_benefit_band(Y, called, THRESHOLDS, samples=samples, columns=range(60), minus=called)
    assert found.eq(0).all(axis=None)


def test_patients_without_a_row_and_samples_without_any_do_not_count() -> None:
    samples = draw_patients([0, 1, 1], ["a", "b", "c"], n_resamples=200)
    found = net_benefit_band([1], [[True]], [0.5], samples=samples, columns=[2])
    assert found.iloc[0].tolist() == [1, 1, 1]


def test_without_samples_there_is_no_band() -> None:
    found = net_benefit_band(Y, calls_at(P, [0.5]), [0.5], samples=None, columns=range(60))
    assert found[["ci_low", "ci_high"]].isna().all(axis=None)


def test_the_calls_of_a_reader_have_a_net_benefit_at_every_threshold() -> None:
    assert net_benefit(0.3, 0.2, [0.1, 0.5]) == pytest.approx([0.3 - 0.2 / 9, 0.1])
    found = decision_curve_of_calls(Y, (P > 0.4)[:, np.newaxis], [0.1, 0.5])
    tp, fp = (((P > 0.4) & (label == Y)).mean() for label in (1, 0))
    assert found["net_benefit"].to_numpy() == pytest.approx(net_benefit(tp, fp, [0.1, 0.5]))
