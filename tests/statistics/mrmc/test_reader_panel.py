from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from reader_studies.simulated import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics import auc_test, paired_proportions
from samesplit.statistics.mrmc import (
    ACCURACY,
    SENSITIVITY,
    ReaderStudy,
    model_against_panel,
    panel_scores,
)


def _votes(rows: Any) -> ReaderStudy:
    calls = np.array([rows], dtype=float)
    n = calls.shape[2]
    names = [
        tuple(f"{letter}{place}" for place in range(size))
        for letter, size in (("r", calls.shape[1]), ("c", n))
    ]
    return ReaderStudy(calls, np.arange(n) % 2, ("reading",), names[0], names[1], np.arange(n))


VOTES = [[1, 1, 0, np.nan], [1, 0, 0, np.nan], [1, 1, np.nan, np.nan], [0, 0, 0, np.nan]]


def test_mean_and_median_are_those_of_the_readers_who_read_a_case() -> None:
    study = simulated(1, missing=0.2).select(modalities=["A"])
    for how, function in (("mean", np.nanmean), ("median", np.nanmedian)):
        np.testing.assert_allclose(panel_scores(study, how), function(study.scores[0], axis=0))  # type: ignore[arg-type]


def test_a_case_that_nobody_read_has_no_score_and_no_call() -> None:
    assert np.isnan(panel_scores(_votes(VOTES), "mean")[3])
    assert np.isnan(panel_scores(_votes(VOTES), "majority")[3])


@pytest.mark.parametrize(("ties", "call"), [("positive", 1.0), ("negative", 0.0), ("leave out", np.nan)])
def test_an_even_split_is_called_as_declared(ties: Any, call: float) -> None:
    np.testing.assert_array_equal(panel_scores(_votes(VOTES), "majority", ties=ties)[:3], [1.0, call, 0.0])


def test_ranks_make_readers_alike_who_order_cases_alike() -> None:
    study = _votes([[0.1, 0.2, 0.3, 0.4], [10, 20, np.nan, 40]])
    np.testing.assert_allclose(
        panel_scores(study, "mean", scale="ranks"), [(1 / 4 + 1 / 3) / 2, (2 / 4 + 2 / 3) / 2, 3 / 4, 1.0]
    )


def test_a_model_is_compared_with_the_panel_like_with_one_reader() -> None:
    study = simulated(2, cases=40).select(modalities=["B"])
    model = study.truth + np.random.default_rng(3).normal(size=40)
    found = model_against_panel(study, model, "median")
    expected = auc_test(study.truth, model, np.median(study.scores[0], axis=0))
    assert (found.estimate, found.p_value) == (expected.estimate, expected.p_value)
    assert found.note == "median of 3 readers, taken as one reader"


def test_calls_are_compared_with_the_majority_by_mcnemar() -> None:
    study = simulated(3, cases=40).select(modalities=["A"]).decisions(3.0)
    model = (study.truth + np.random.default_rng(4).normal(size=40) > 0.5).astype(float)
    vote = panel_scores(study, "majority")
    positive = study.truth == 1
    found = model_against_panel(study, model, "majority", SENSITIVITY)
    expected = paired_proportions(model[positive] == 1, vote[positive] == 1)
    assert (found.estimate, found.p_value, found.ci_low) == (
        expected.estimate,
        expected.p_value,
        expected.ci_low,
    )
    assert found.note.endswith("ties called positive")


def test_ties_that_are_left_out_are_counted() -> None:
    study = simulated(4, cases=40, readers=2).select(modalities=["A"]).decisions(3.0)
    tied = int((study.scores[0].sum(axis=0) == 1).sum())
    found = model_against_panel(study, study.truth.astype(float), "majority", ACCURACY, ties="leave out")
    assert f"ties leave out; {tied} cases left out" in found.note


def test_several_cases_of_a_patient_are_resampled_together() -> None:
    study = simulated(5, cases=40, patients=15).select(modalities=["A"]).decisions(3.0)
    model = (study.truth + np.random.default_rng(5).normal(size=40) > 0.5).astype(float)
    assert model_against_panel(study, model, "majority", ACCURACY).method == "jackknife"


def test_any_figure_can_be_compared() -> None:
    study = simulated(6, cases=40).select(modalities=["A"])
    model = study.truth + np.random.default_rng(6).normal(size=40)
    found = model_against_panel(study, model, "mean", average_precision_score)
    assert found.method == "jackknife"
    assert 0 < found.p_value <= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"how": "mode"}, "unknown option"),
        ({"how": "majority", "ties": "coin"}, "unknown option"),
        ({"how": "mean", "scale": "z"}, "unknown option"),
        ({"how": "majority"}, "needs calls"),
    ],
)
def test_what_cannot_be_is_refused(options: Any, words: str) -> None:
    with pytest.raises(StatisticsError, match=words):
        panel_scores(simulated(7).select(modalities=["A"]), **options)


def test_several_modalities_and_scores_that_do_not_fit_are_refused() -> None:
    with pytest.raises(StatisticsError, match="2 modalities"):
        panel_scores(simulated(8))
    with pytest.raises(StatisticsError, match="do not fit"):
        model_against_panel(simulated(8).select(modalities=["A"]), [1.0])
