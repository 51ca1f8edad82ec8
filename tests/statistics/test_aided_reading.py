from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.aided_reading import advice_followed, reading_time
from samesplit.statistics.proportions import proportion_interval

NAN = np.nan
TRUTH = np.array([1, 1, 1, 1, 0, 0, 0, 0])
ADVICE = np.array([1, 1, 1, 0, 0, 0, 1, 1])
UNAIDED = np.array([[1, 0, 0, 1, 0, 1, 0, 1], [1, 1, 0, 0, 0, 1, 0, 0]], dtype=float)
AIDED = np.array([[1, 1, 0, 1, 1, 0, 1, 0], [1, 0, 1, 1, 0, 0, 1, 0]], dtype=float)


def test_every_pair_of_calls_falls_into_one_of_eight_cells() -> None:
    found = advice_followed(TRUTH, ADVICE, UNAIDED, AIDED, readers=["a", "b"])
    one = found.by_reader["a"].counts
    assert (one.right_kept, one.right_lost, one.right_corrected, one.right_refused) == (1, 1, 2, 1)
    assert (one.wrong_kept, one.wrong_misled, one.wrong_recovered, one.wrong_shared) == (1, 1, 1, 0)
    overall = found.overall.counts
    assert overall.n == 16
    assert overall.n_advice_right == 10
    assert overall.n_advice_wrong == 6
    assert overall.n_changed == int((UNAIDED != AIDED).sum())
    assert overall.n_gained == int((AIDED == TRUTH).sum() - (UNAIDED == TRUTH).sum())


def test_shares_are_those_of_the_calls_that_could_have_gone_either_way() -> None:
    found = advice_followed(TRUTH, ADVICE, UNAIDED, AIDED).overall
    right, wrong = ADVICE == TRUTH, ADVICE != TRUTH
    assert found.followed_when_right.estimate == pytest.approx((AIDED == ADVICE)[:, right].mean())
    assert found.followed_when_wrong.estimate == pytest.approx((AIDED == ADVICE)[:, wrong].mean())
    counts = found.counts
    assert found.corrected.estimate == counts.right_corrected / (
        counts.right_corrected + counts.right_refused
    )
    assert found.misled.estimate == counts.wrong_misled / (counts.wrong_misled + counts.wrong_kept)
    assert found.gain.estimate == pytest.approx(counts.n_gained / 16)
    assert found.changed.estimate == counts.n_changed / 16


def test_one_reader_with_one_case_a_patient_has_the_interval_of_a_proportion() -> None:
    found = advice_followed(TRUTH, ADVICE, UNAIDED, AIDED).by_reader["reader 1"]
    assert found.corrected == proportion_interval(2, 3)
    clustered = advice_followed(TRUTH, ADVICE, UNAIDED, AIDED, patients=list("aabbccdd"))
    assert clustered.by_reader["reader 1"].corrected.method == "patients as clusters (t)"
    assert clustered.overall.corrected.method == "readers and patients as clusters (t)"


def test_unpaired_readings_are_counted_and_left_out() -> None:
    unaided, advice = UNAIDED.copy(), ADVICE.astype(float)
    unaided[0, 0] = NAN
    advice[1] = NAN
    unaided[1] = NAN
    found = advice_followed(TRUTH, advice, unaided, AIDED)
    assert list(found.by_reader) == ["reader 1"]
    assert found.overall.counts.n == 6
    assert found.n_unpaired == 1 + 2 + 8  # an aided reading alone, both without advice, a reader's aided ones
    # of the reader without unaided readings


def test_advice_that_is_never_wrong_misleads_nobody() -> None:
    found = advice_followed(TRUTH, TRUTH, UNAIDED, AIDED).overall
    assert math.isnan(found.misled.estimate)
    assert found.misled.note == "nothing to count: not defined"


def test_readings_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(StatisticsError, match="do not fit 8 cases"):
        advice_followed(TRUTH, ADVICE, UNAIDED, AIDED[:1])
    with pytest.raises(StatisticsError, match="pieces of advice"):
        advice_followed(TRUTH, ADVICE[:3], UNAIDED, AIDED)
    with pytest.raises(StatisticsError, match="must be 0, 1 or missing"):
        advice_followed(TRUTH, ADVICE, UNAIDED * 0.4, AIDED)
    with pytest.raises(StatisticsError, match="no reader has an unaided and an aided call"):
        advice_followed(TRUTH, ADVICE, UNAIDED, AIDED * NAN)


def test_times_are_compared_case_by_case_on_the_log_scale() -> None:
    generator = np.random.default_rng(6)
    before = np.exp(generator.normal(4, 0.3, (5, 60)))
    after = before * 0.8 * np.exp(generator.normal(0, 0.1, (5, 60)))
    after[0, :10] = NAN
    found = reading_time(before, after, readers=list("abcde"))
    logs = np.log(after / before)
    assert found.ratio.estimate == pytest.approx(np.exp(np.nanmean(logs)))
    assert found.ratio.ci_low < 0.8 < found.ratio.ci_high
    assert found.ratio.p_value < 1e-4
    assert found.difference_seconds.estimate == pytest.approx(np.nanmean(after - before))
    assert found.n_pairs == 290
    assert found.by_reader["a"].estimate == pytest.approx(np.exp(np.nanmean(logs[0])))
    assert found.median_aided_seconds == pytest.approx(np.nanmedian(after))


def test_a_reader_without_pairs_has_no_ratio() -> None:
    found = reading_time([[60, 50], [NAN, 40]], [[50, 30], [30, NAN]])
    assert list(found.by_reader) == ["reader 1"]


def test_times_that_cannot_be_are_an_error() -> None:
    with pytest.raises(StatisticsError, match="took 0 seconds"):
        reading_time([[60, 0]], [[50, 30]])
    with pytest.raises(StatisticsError, match="with and without aid"):
        reading_time([[60, NAN]], [[NAN, 30]])
