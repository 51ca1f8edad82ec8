from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.matched_operating_point import (
    matched_threshold,
    model_at_reader_point,
)
from samesplit.statistics.mcnemar import mcnemar_p_value
from samesplit.statistics.paired_intervals import tango_interval
from samesplit.statistics.rematching import Rematching


@pytest.fixture(scope="module")
def study() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, scores of a model on a coarse scale (ties), and calls of four readers of 200 cases."""
    generator = np.random.default_rng(21)
    truth = (generator.random(200) < 0.4).astype(int)
    scores = np.round(truth + generator.normal(0, 0.8, 200), 1)
    cuts = np.array([[0.2], [0.5], [0.6], [0.9]])
    calls = (truth + generator.normal(0, 0.9, (4, 200)) > cuts).astype(float)
    return truth, scores, calls


@pytest.mark.parametrize("matching", ["specificity", "sensitivity"])
@pytest.mark.parametrize("target", [0.0, 0.31, 0.5, 0.8, 0.97, 1.0])
def test_the_threshold_is_the_last_that_reaches_the_target(
    study: tuple[np.ndarray, np.ndarray, np.ndarray], matching: str, target: float
) -> None:
    truth, scores, _ = study
    threshold, reached = matched_threshold(truth, scores, target, matching=matching)
    of_class = scores[truth == (0 if matching == "specificity" else 1)]

    def share(at: float) -> float:
        return float((of_class < at).mean() if matching == "specificity" else (of_class >= at).mean())

    assert reached == pytest.approx(share(threshold))
    assert reached >= target - 1e-12
    steps = np.append(np.unique(scores), np.inf)
    place = int(np.searchsorted(steps, threshold))
    beyond = place - 1 if matching == "specificity" else place + 1
    if 0 <= beyond < steps.size:
        assert share(steps[beyond]) < target  # one step further would not reach it


def test_tied_scores_are_never_interpolated() -> None:
    truth, scores = [0, 0, 0, 0, 1, 1], [0.2, 0.2, 0.2, 0.2, 0.2, 0.9]
    threshold, specificity = matched_threshold(truth, scores, 0.5)
    assert (threshold, specificity) == (0.9, 1.0)  # all four negatives, or none of them
    assert matched_threshold(truth, scores, 0.6, matching="sensitivity") == (0.2, 1.0)


def test_scores_that_are_equal_to_rounding_are_tied() -> None:
    truth = [0, 0, 1, 1]
    exact = matched_threshold(truth, [0.3, 0.5, 0.3, 0.8], 0.5)
    noisy = matched_threshold(truth, [0.1 + 0.2, 0.5, 0.3, 0.8], 0.5)
    assert exact == noisy == (0.5, 0.5)


def test_no_positive_call_is_a_threshold_of_infinity() -> None:
    assert matched_threshold([0, 1], [0.9, 0.9], 1.0) == (math.inf, 1.0)


@pytest.mark.parametrize("matching", ["specificity", "sensitivity"])
def test_the_comparison_at_the_readers_point_is_mcnemars_in_the_other_class(
    study: tuple[np.ndarray, np.ndarray, np.ndarray], matching: str
) -> None:
    truth, scores, calls = study
    found = model_at_reader_point(truth, scores, calls[1], matching=matching)
    compared = truth == (1 if matching == "specificity" else 0)
    model = ((scores >= found.threshold) == truth)[compared]
    reader = (calls[1] == truth)[compared]
    only_model, only_reader = int((model & ~reader).sum()), int((reader & ~model).sum())
    expected = tango_interval(only_model, only_reader, int(compared.sum()))
    assert (found.only_model, found.only_reader) == (only_model, only_reader)
    assert found.difference.ci_low == expected.ci_low
    assert found.difference.p_value == mcnemar_p_value(only_model, only_reader)
    assert found.mid_p == mcnemar_p_value(only_model, only_reader, method="mid-p")
    assert found.difference.estimate == pytest.approx(found.model_compared - found.reader_compared)
    assert found.model_matched >= found.reader_matched
    assert found.n_matched + found.n_compared == 200


def test_cases_that_the_reader_did_not_read_are_left_out_for_both(
    study: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    truth, scores, calls = study
    holed = calls[0].copy()
    holed[:50] = np.nan
    found = model_at_reader_point(truth, scores, holed)
    assert found == model_at_reader_point(truth[50:], scores[50:], calls[0, 50:])


def test_several_cases_of_a_patient_are_compared_as_clusters(
    study: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    truth, scores, calls = study
    twice = [np.tile(each, 2) for each in (truth, scores, calls[0])]
    found = model_at_reader_point(*twice, patients=np.tile(np.arange(200), 2))
    alone = model_at_reader_point(truth, scores, calls[0])
    assert found.difference.method == "Obuchowski 1998"
    assert math.isnan(found.mid_p)
    assert found.difference.estimate == pytest.approx(alone.difference.estimate)
    assert found.difference.p_value == pytest.approx(
        mcnemar_p_value(alone.only_model, alone.only_reader, method="asymptotic"), abs=0.02
    )
    same = model_at_reader_point([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], patients=list("aabb"))
    assert math.isnan(same.difference.ci_low)
    assert same.difference.note


def auc_curves_that_meet(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A model as good as the reader at every operating point, 200 positive and 50 negative cases."""
    truth = np.repeat([1, 0], [200, 50])
    shared = rng.normal(0, np.sqrt(0.5), 250)
    model, reader = 1.5 * truth + shared + rng.normal(0, np.sqrt(0.5), (2, 250))
    return truth, model, (reader > 0.9).astype(float)


def test_only_thresholds_chosen_anew_count_how_few_negatives_chose_them() -> None:
    rng = np.random.default_rng(5)
    found = [model_at_reader_point(*auc_curves_that_meet(rng), n_resamples=200) for _ in range(60)]
    assert np.mean([each.difference.p_value < 0.05 for each in found]) > 0.2
    assert np.mean([each.rematched.p_value < 0.05 for each in found]) < 0.15


def test_the_bootstrap_with_new_thresholds_is_seeded(
    study: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    truth, scores, calls = study
    found = model_at_reader_point(truth, scores, calls[0], n_resamples=50, seed=2)
    assert found.rematched == model_at_reader_point(truth, scores, calls[0], n_resamples=50, seed=2).rematched
    assert found.rematched.estimate == found.difference.estimate
    assert found.rematched.method == "bootstrap, threshold chosen anew"


def test_what_cannot_be_matched_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="unknown matching"):
        matched_threshold([0, 1], [0.1, 0.2], 0.5, matching="ppv")
    with pytest.raises(StatisticsError, match="is not between 0 and 1"):
        matched_threshold([0, 1], [0.1, 0.2], 1.5)
    with pytest.raises(StatisticsError, match="are not 0, 1 or missing"):
        model_at_reader_point([0, 1], [0.1, 0.2], [0, 2])
    with pytest.raises(StatisticsError, match="do not fit scores"):
        model_at_reader_point([0, 1], [0.1, 0.2, 0.3], [0, 1])
    with pytest.raises(StatisticsError, match="the statistic is not defined"):
        model_at_reader_point([0, 1], [0.1, 0.2], [0, np.nan])


def test_what_is_kept_for_the_next_reader_changes_nothing() -> None:
    rng = np.random.default_rng(8)
    truth = np.repeat([0, 1], 20)
    scores = truth + rng.normal(size=40)
    calls = (truth + rng.normal(size=(2, 40)) > 0.5).astype(float)
    known: dict[bytes, Rematching] = {}
    for matching in ("specificity", "sensitivity"):
        for reader in calls:
            kept = model_at_reader_point(
                truth, scores, reader, matching=matching, n_resamples=50, known=known
            )
            assert kept == model_at_reader_point(truth, scores, reader, matching=matching, n_resamples=50)
    assert len(known) == 1
    calls[0, 3] = np.nan
    model_at_reader_point(truth, scores, calls[0], n_resamples=50, known=known)
    assert len(known) == 2
