from __future__ import annotations

import importlib
import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import auc_influence, empirical_auc
from samesplit.statistics.survival.concordance import concordance, concordance_influence, harrell_c

# Forty lesions with many ties; the index is that of lifelines 0.30.3, concordance_index(times, -risks, events).
TIMES = [2, 2, 3, 3, 10, 13, 1, 4, 1, 1, 11, 1, 5, 5, 11, 1, 18, 2, 2, 4, 27, 2, 7, 27, 1, 7, 2, 5, 2, 8, 10, 8,
         22, 2, 1, 4, 2, 22, 2, 7]  # fmt: skip
EVENTS = [1, 1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1,
          0, 1, 1, 1, 1, 1]  # fmt: skip
RISKS = [-0.7, -0.2, 1.7, 0.7, -1.6, 0, -0.6, 0.1, -1.6, 0.2, 0.2, 1.6, 0.3, 0.5, -1.5, 2.3, -1.9, 1.1, -0.3, -0.9,
         -0.7, -0.7, 0.4, -0.1, 1.5, -1.8, 0, -0.9, 0.8, -2.1, -0.3, 0.2, -1.5, 1.0, 0.2, 1.0, 1.0, -1.0, -0.8,
         -0.2]  # fmt: skip
LIFELINES = 0.7802734375


def _lesions(n: int = 60, seed: int = 0, *, censored: float = 1.0) -> tuple[Any, Any, Any]:
    generator = np.random.default_rng(seed)
    risks = generator.normal(size=n)
    until, end = generator.exponential(size=n) / np.exp(risks), generator.exponential(size=n) * censored
    return np.minimum(until, end) + 0.01, (until <= end).astype(int), risks


def _by_hand(times: Any, events: Any, risks: Any) -> float:
    won, pairs = 0.0, 0
    for i, j in itertools.permutations(range(len(times)), 2):
        if events[i] and (times[i] < times[j] or (times[i] == times[j] and not events[j])):
            pairs += 1
            won += 1.0 if risks[i] > risks[j] else 0.5 if risks[i] == risks[j] else 0.0
    return won / pairs


def test_index_is_that_of_lifelines() -> None:
    assert harrell_c(TIMES, EVENTS, RISKS) == pytest.approx(LIFELINES, abs=1e-12)
    assert _by_hand(TIMES, EVENTS, RISKS) == pytest.approx(LIFELINES, abs=1e-12)


def test_pairs_are_counted_alike_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(
        "samesplit.statistics.survival.concordance"
    )  # the package has the function by that name
    monkeypatch.setattr(module, "_CELLS", 90)
    assert harrell_c(TIMES, EVENTS, RISKS) == pytest.approx(LIFELINES, abs=1e-12)


def test_without_censoring_it_is_kendalls_tau_on_another_scale() -> None:
    times, _, risks = _lesions()
    tau = stats.kendalltau(times, -risks).statistic
    assert harrell_c(times, np.ones(60), risks) == pytest.approx((tau + 1) / 2, abs=1e-12)


def test_with_one_time_of_events_it_is_the_auc() -> None:
    _, events, risks = _lesions()
    at = np.where(events == 1, 1.0, 2.0)
    assert harrell_c(at, events, risks) == pytest.approx(empirical_auc(events, risks), abs=1e-12)
    found = concordance_influence(at, events, risks, np.arange(60))
    delong = auc_influence(events, risks, np.arange(60))
    assert found.variance == pytest.approx(delong.variance, rel=0.02)


@pytest.mark.parametrize("n_patients", [60, 35])
def test_variance_is_the_jackknifes_over_patients(n_patients: int) -> None:
    times, events, risks = _lesions()
    patients = np.arange(60) % n_patients
    found = concordance_influence(times, events, risks, patients)
    left_out = np.array(
        [
            _by_hand(times[patients != one], events[patients != one], risks[patients != one])
            for one in range(n_patients)
        ]
    )
    expected = (n_patients - 1) / n_patients * ((left_out - left_out.mean()) ** 2).sum()
    assert found.variance == pytest.approx(expected, rel=1e-10)


def test_a_lesion_that_is_there_twice_in_its_patient_leaves_the_variance_about_as_it_is() -> None:
    times, events, risks = _lesions()
    once = concordance_influence(times, events, risks, np.arange(60))
    twice = concordance_influence(*(np.tile(x, 2) for x in (times, events, risks)), np.tile(np.arange(60), 2))
    assert twice.variance == pytest.approx(once.variance, rel=0.05)


def test_an_index_that_hangs_on_one_patient_has_no_variance() -> None:
    found = concordance_influence([1, 2, 3], [1, 0, 0], [0.5, 0.1, 0.7], ["a", "b", "c"])
    assert found.estimate == 0.5
    assert math.isnan(found.variance)
    assert "without one of the patients" in found.notes[0]
    around = concordance_influence([1, 2, 3], [1, 0, 0], [0.5, 0.1, 0.7], ["a", "b", "c"], centre=0.7)
    assert around.variance == pytest.approx((0.5 - 0.7) ** 2 + ((1 - 0.7) ** 2 + (0 - 0.7) ** 2) / 4)


def test_patients_are_known_by_their_side_of_a_pair() -> None:
    found = concordance([1, 2, 3], [1, 0, 0], [0.5, 0.1, 0.7], ["a", "b", "b"])
    assert found.patients.tolist() == ["a", "b"]
    assert found.earlier.tolist() == [True, False]
    assert found.later.tolist() == [False, True]
    assert (found.n_won, found.n_pairs) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("times", "events", "message"),
    [
        ([1, 2], [0, 0], "no two lesions can be compared"),
        ([2, 2], [1, 1], "no two lesions can be compared"),
        ([1, 0], [1, 1], "1 of 2 times are missing, infinite or not above 0"),
        ([1, math.nan], [1, 1], "1 of 2 times"),
        ([1, 2, 3], [1, 1], "2 events do not fit times"),
        ([1, 2], [1, 2], "labels must be 0 or 1"),
    ],
)
def test_wrong_input_is_told(times: Any, events: Any, message: str) -> None:
    with pytest.raises(StatisticsError, match=message):
        harrell_c(times, events, [0.1, 0.2])
    with pytest.raises(StatisticsError, match=message):
        concordance_influence(times, events, [0.1, 0.2], ["a", "b"])


def test_patients_that_do_not_fit_are_told() -> None:
    with pytest.raises(StatisticsError, match="2 events do not fit 3 patients"):
        concordance([1, 2], [1, 0], [0.1, 0.2], ["a", "b", "c"])


def test_without_a_pair_there_is_no_index() -> None:
    assert math.isnan(concordance([1, 2], [0, 0], [0.1, 0.2]).estimate)
