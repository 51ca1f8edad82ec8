from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss

from reader_studies.simulated import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics import auc_test
from samesplit.statistics.mrmc import (
    ACCURACY,
    AUC,
    SENSITIVITY,
    FigureOfMerit,
    ReaderStudy,
    model_against_readers,
    obuchowski_rockette,
    partial_auc,
)


def _study(seed: int, **options: Any) -> tuple[ReaderStudy, np.ndarray]:
    """Readers of one modality and the scores of a model of the same cases."""
    study = simulated(seed, **{"cases": 60, "readers": 4, **options})
    model = study.truth + np.random.default_rng(seed + 100).normal(size=len(study.cases))
    return study.select(modalities=["A"]), model


def _as_google_health_draws_it() -> tuple[ReaderStudy, np.ndarray]:
    """The study of the test of Google-Health's `reader_study.py`, for which it has numbers of RJafroc."""
    truth = np.array([1] * 200 + [0] * 800)
    rng = np.random.RandomState(1987)
    case = rng.randn(1000)
    readers = []
    for _ in range(10):
        negative, positive = 0.075 * rng.randn(2)
        error = 0.8 * rng.randn(1000)
        readers.append(truth + np.where(truth == 1, positive, negative) + 0.6 * case + error)
    names = tuple(f"r{j}" for j in range(10))
    cases = tuple(f"c{k}" for k in range(1000))
    return ReaderStudy(np.stack([readers]), truth, ("reading",), names, cases, np.arange(1000)), truth + case


def test_the_comparison_is_that_of_rjafroc() -> None:
    study, model = _as_google_health_draws_it()
    found = model_against_readers(study, model).difference
    assert found.estimate == pytest.approx(-0.00584125, abs=1e-8)
    assert found.p_value == pytest.approx(0.6560453, rel=1e-6)
    assert (found.ci_low, found.ci_high) == pytest.approx((-0.03233184, 0.02064934), abs=1e-8)
    assert found.df == pytest.approx(31.00905, rel=1e-6)


@pytest.mark.parametrize(
    "figure", [AUC, partial_auc(0.6, 1.0), SENSITIVITY, ACCURACY], ids=lambda one: one.name
)
def test_a_modality_of_copies_of_the_model_has_the_same_f_and_degrees_of_freedom(
    figure: FigureOfMerit,
) -> None:
    study, model = _study(1)
    if figure.of_calls:
        study, model = study.decisions(3.0), (model > 0.5).astype(float)
    copies = np.tile(model, (4, 1))
    both = ReaderStudy(
        np.stack([copies, study.scores[0]]),
        study.truth,
        ("model", "A"),
        study.readers,
        study.cases,
        study.patients,
    )
    expected = obuchowski_rockette(both, figure).differences["model", "A"]
    found = model_against_readers(study, model, figure).difference
    assert (found.estimate, found.df, found.p_value) == pytest.approx(
        (expected.estimate, expected.df, expected.p_value), rel=1e-9
    )


def test_superiority_and_non_inferiority_are_one_sided_tests_of_the_same_difference() -> None:
    study, model = _study(2)
    found = model_against_readers(study, model, margin=0.1)
    difference = found.difference
    t = (difference.estimate + 0.1) / difference.standard_error
    assert found.non_inferiority_p == pytest.approx(stats.t.sf(t, difference.df))
    assert found.superiority_p == pytest.approx(stats.t.sf(difference.statistic, difference.df))
    assert found.margin == 0.1


def test_the_interval_lies_above_minus_the_margin_exactly_when_non_inferiority_holds_at_half_its_level() -> (
    None
):
    study, model = _study(3)
    found = model_against_readers(study, model)
    margin = abs(found.difference.ci_low)
    assert found.difference.ci_low < 0
    at_the_bound = model_against_readers(study, model, margin=margin)
    assert at_the_bound.non_inferiority_p == pytest.approx(0.025)


def test_without_a_margin_there_is_no_test_of_non_inferiority() -> None:
    study, model = _study(4)
    assert math.isnan(model_against_readers(study, model).non_inferiority_p)


def test_where_less_is_better_the_one_sided_tests_turn_round() -> None:
    study, model = _study(5)
    probabilities = replace(study, scores=study.scores / 6)
    brier = FigureOfMerit("Brier", brier_score_loss, higher_is_better=False)
    chances = 1 / (1 + np.exp(0.5 - model))
    found = model_against_readers(probabilities, chances, brier, margin=0.02)
    difference = found.difference
    assert found.superiority_p == pytest.approx(difference.p_below(0.0))
    assert found.non_inferiority_p == pytest.approx(difference.p_below(0.02))


def test_the_naive_test_is_a_one_sample_t_test_over_readers_and_says_that_it_is_wrong() -> None:
    study, model = _study(6)
    found = model_against_readers(study, model)
    expected = stats.ttest_1samp([interval.estimate for interval in found.per_reader.values()], 0.0)
    assert found.naive.p_value == pytest.approx(expected.pvalue)
    assert "warning only" in found.naive.note


def test_each_reader_is_compared_over_cases() -> None:
    study, model = _study(7)
    found = model_against_readers(study, model, covariance="delong")
    for j, name in enumerate(study.readers):
        expected = auc_test(study.truth, model, study.scores[0, j])
        assert found.per_reader[name].p_value == pytest.approx(expected.p_value, rel=1e-9)
        assert found.readers[name].estimate == pytest.approx(found.model.estimate - expected.estimate)


def test_for_these_readers_alone_the_difference_is_that_from_their_mean_over_cases() -> None:
    study, model = _study(8)
    found = model_against_readers(study, model, random="cases")
    assert found.difference.df == math.inf
    assert found.difference.standard_error**2 == pytest.approx((found.error + 3 * found.cov2) / 4)
    assert found.readers_mean.df == math.inf


def test_a_single_reader_can_be_compared_over_cases_alone() -> None:
    study, model = _study(9)
    alone = study.select(readers=["r1"])
    found = model_against_readers(alone, model, random="cases", covariance="delong")
    assert found.difference.p_value == pytest.approx(auc_test(study.truth, model, study.scores[0, 1]).p_value)
    assert math.isnan(found.naive.p_value)
    assert math.isnan(found.ms_reader)
    with pytest.raises(StatisticsError, match="only reader"):
        model_against_readers(alone, model)


def test_variance_of_training_is_common_to_all_readers() -> None:
    study, model = _study(10)
    fitted, trained = (model_against_readers(study, model, training_variance=v) for v in (0.0, 0.002))
    assert trained.cov2 == pytest.approx(fitted.cov2 + 0.002)
    assert trained.difference.standard_error**2 == pytest.approx(fitted.difference.standard_error**2 + 0.002)
    assert trained.model.standard_error**2 == pytest.approx(fitted.model.standard_error**2 + 0.002)
    assert trained.readers_mean.ci_low == fitted.readers_mean.ci_low
    assert "training variance added" in trained.method


def test_calls_are_compared_by_sensitivity() -> None:
    study, model = _study(11)
    found = model_against_readers(study.decisions(3.0), (model > 0.5).astype(float), SENSITIVITY)
    assert found.n_cases == 30
    assert found.model.estimate == np.mean(model[study.truth == 1] > 0.5)


def test_several_cases_of_a_patient_are_resampled_together() -> None:
    study, model = _study(12, patients=20)
    found = model_against_readers(study, model)
    assert "jackknife over patients" in found.method
    assert found.n_cases == len(np.unique(study.patients))
    assert "Obuchowski's clustered" in model_against_readers(study, model, covariance="delong").method


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"margin": -0.05}, "margin of -0.05 is not positive"),
        ({"training_variance": -1.0}, "training variance"),
        ({"random": "readers"}, "unknown option"),
    ],
)
def test_what_cannot_be_is_refused(change: Any, words: str) -> None:
    study, model = _study(13)
    with pytest.raises(StatisticsError, match=words):
        model_against_readers(study, model, **change)


def test_several_modalities_are_refused() -> None:
    with pytest.raises(StatisticsError, match="2 modalities: A, B"):
        model_against_readers(simulated(14), np.zeros(12))


def test_scores_that_are_missing_are_named() -> None:
    study, model = _study(15)
    model[3] = np.nan
    with pytest.raises(StatisticsError, match="no score for case 'c3'\n"):
        model_against_readers(study, model)
    model[5] = np.nan
    with pytest.raises(StatisticsError, match="'c3' and 1 others"):
        model_against_readers(study, model)
    with pytest.raises(StatisticsError, match="do not fit"):
        model_against_readers(study, model[:-1])


def test_a_reading_that_is_missing_is_named() -> None:
    study, model = _study(16, missing=0.05)
    with pytest.raises(StatisticsError, match="model and readers must be compared on the same cases"):
        model_against_readers(study, model)
