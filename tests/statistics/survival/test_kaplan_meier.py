from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from samesplit.errors import StatisticsError
from samesplit.statistics.survival.kaplan_meier import kaplan_meier, risk_groups

TIMES = [2, 2, 3, 3, 10, 13, 1, 4, 1, 1, 11, 1, 5, 5, 11, 1, 18, 2, 2, 4, 27, 2, 7, 27, 1, 7, 2, 5, 2, 8, 10, 8,
         22, 2, 1, 4, 2, 22, 2, 7]  # fmt: skip
EVENTS = [1, 1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1,
          0, 1, 1, 1, 1, 1]  # fmt: skip
# KaplanMeierFitter of lifelines 0.30.3 on these lesions: time, survival and its log-log interval.
LIFELINES = [
    (1, 0.9, 0.755141, 0.961245),
    (4, 0.5928853755, 0.416262, 0.732130),
    (10, 0.3162055336, 0.163878, 0.480489),
]


def test_curve_is_that_of_lifelines() -> None:
    found = kaplan_meier(TIMES, EVENTS).set_index("time")
    for time, survival, low, high in LIFELINES:
        assert found.loc[time, "survival"] == pytest.approx(survival, abs=1e-9)
        assert found.loc[time, "ci_low"] == pytest.approx(low, abs=1e-6)
        assert found.loc[time, "ci_high"] == pytest.approx(high, abs=1e-6)
    assert found.loc[27, "survival"] == 0
    assert math.isnan(found.loc[27, "ci_low"])


def test_curve_and_numbers_at_risk_are_those_of_statsmodels() -> None:
    theirs = SurvfuncRight(np.array(TIMES), np.array(EVENTS))
    ours = kaplan_meier(TIMES, EVENTS).set_index("time").loc[theirs.surv_times]
    np.testing.assert_allclose(ours["survival"], theirs.surv_prob, rtol=1e-12)
    np.testing.assert_array_equal(ours["at_risk"], theirs.n_risk)
    np.testing.assert_array_equal(ours["n_events"], theirs.n_events)


def test_it_begins_with_everybody_and_everybody_leaves_once() -> None:
    found = kaplan_meier(TIMES, EVENTS)
    assert found.iloc[0][["time", "survival", "at_risk"]].tolist() == [0, 1, 40]
    assert found["n_events"].sum() == sum(EVENTS)
    assert found["n_censored"].sum() == 40 - sum(EVENTS)


def test_weights_count_a_lesion_that_is_there_several_times_once() -> None:
    once = kaplan_meier(TIMES, EVENTS)
    quarters = kaplan_meier(TIMES * 4, EVENTS * 4, weights=[0.25] * 160)
    pd.testing.assert_frame_equal(once, quarters)


def test_nobody_with_an_event_stays_at_1_without_an_interval() -> None:
    found = kaplan_meier([1, 2], [0, 0])
    assert found["survival"].tolist() == [1, 1, 1]
    assert found["ci_low"].isna().all()


def test_weights_that_are_none_are_told() -> None:
    with pytest.raises(StatisticsError, match="weights must be above 0, found 0"):
        kaplan_meier([1, 2], [0, 1], weights=[0, 1])


def test_groups_are_of_one_size_and_equal_risks_stay_together() -> None:
    assert np.bincount(risk_groups(np.arange(30.0), np.zeros(30))).tolist() == [10, 10, 10]
    assert risk_groups([0.3, 0.1 + 0.2, 0.1, 0.9], [0, 0, 0, 0]).tolist() == [1, 1, 0, 2]
    assert risk_groups([1, 1, 1, 1], [0, 0, 0, 0]).tolist() == [1, 1, 1, 1]


def test_each_fold_is_cut_by_itself() -> None:
    risks, cells = np.arange(12.0), np.repeat([0, 1], 6)
    assert risk_groups(risks, cells).tolist() == [0, 0, 1, 1, 2, 2] * 2
