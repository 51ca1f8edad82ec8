from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.matched_operating_point import model_at_reader_point
from samesplit.statistics.matched_readers import model_at_mean_reader_point


@pytest.fixture(scope="module")
def study() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, scores of a model, and calls of four readers of 200 cases."""
    rng = np.random.default_rng(21)
    truth = (rng.random(200) < 0.4).astype(int)
    scores = truth + rng.normal(0, 0.8, 200)
    cuts = np.array([[0.2], [0.5], [0.6], [0.9]])
    return truth, scores, (truth + rng.normal(0, 0.9, (4, 200)) > cuts).astype(float)


@pytest.mark.parametrize("matching", ["specificity", "sensitivity"])
def test_the_mean_is_that_of_the_readers_each_at_their_own_point(
    study: tuple[np.ndarray, np.ndarray, np.ndarray], matching: str
) -> None:
    truth, scores, calls = study
    found = model_at_mean_reader_point(truth, scores, calls, matching=matching, n_resamples=300)
    each = [model_at_reader_point(truth, scores, row, matching=matching, n_resamples=50) for row in calls]
    assert found.differences == pytest.approx([one.difference.estimate for one in each])
    assert found.thresholds == pytest.approx([one.threshold for one in each])
    assert found.readers_matched == pytest.approx(np.mean([one.reader_matched for one in each]))
    assert found.model_matched == pytest.approx(np.mean([one.model_matched for one in each]))
    assert found.model_compared - found.readers_compared == pytest.approx(found.difference.estimate)
    assert found.difference.ci_low < found.difference.estimate < found.difference.ci_high
    assert found.n_readers == 4


def test_readers_weigh_alike_and_those_without_a_class_are_left_out(
    study: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    truth, scores, calls = study
    holed = calls.copy()
    holed[0, 8:] = np.nan  # so few cases that some samples lack a class
    holed[1] = np.where(truth == 1, np.nan, holed[1])
    for matching in ("specificity", "sensitivity"):
        found = model_at_mean_reader_point(truth, scores, holed, matching=matching, n_resamples=300)
        assert found.readers == (0, 2, 3)
        assert found.difference.estimate == pytest.approx(found.differences.mean())
        assert np.isfinite(found.difference.standard_error)


def test_every_case_twice_in_its_patient_says_no_more_than_once(
    study: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    truth, scores, calls = study
    once = model_at_mean_reader_point(truth, scores, calls, n_resamples=300)
    twice = model_at_mean_reader_point(
        np.tile(truth, 2),
        np.tile(scores, 2),
        np.tile(calls, 2),
        patients=np.tile(np.arange(200), 2),
        n_resamples=300,
    )
    assert twice.difference.standard_error == pytest.approx(once.difference.standard_error)


def test_what_cannot_be_averaged_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="are not 0, 1 or missing"):
        model_at_mean_reader_point([0, 1], [0.1, 0.2], [[0, 2]])
    with pytest.raises(StatisticsError, match="1 readers read cases of both classes"):
        model_at_mean_reader_point([0, 1], [0.1, 0.2], [[0, np.nan], [0, 1]])
