from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from reader_studies.simulated import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import ReaderStudy, model_against_readers
from samesplit.statistics.mrmc.incomplete_standalone import incomplete_standalone


def _study(seed: int = 0, **options: float) -> tuple[ReaderStudy, np.ndarray]:
    study = simulated(seed, **{"readers": 5, "cases": 40, **options}).select(modalities=["A"])  # type: ignore[arg-type]
    rng = np.random.default_rng(seed + 100)
    return study, study.truth * 1.5 + rng.normal(size=len(study.cases))


def test_in_a_crossed_study_it_is_the_one_treatment_analysis_with_unbiased_covariance() -> None:
    study, model = _study(1)
    found = incomplete_standalone(study, model, margin=0.05)
    expected = model_against_readers(study, model, covariance="unbiased", margin=0.05)
    assert found.difference.estimate == pytest.approx(expected.difference.estimate)
    assert found.difference.standard_error == pytest.approx(expected.difference.standard_error)
    assert found.naive.p_value == pytest.approx(expected.naive.p_value)
    assert found.error == pytest.approx(expected.error)
    assert found.ms_reader == pytest.approx(expected.ms_reader)
    assert found.n_cases == expected.n_cases
    for name in study.readers:
        assert found.per_reader[name].estimate == pytest.approx(expected.per_reader[name].estimate)
        assert found.per_reader[name].standard_error == pytest.approx(
            expected.per_reader[name].standard_error
        )
    assert found.superiority_p < found.non_inferiority_p or found.difference.estimate > 0


def test_its_variance_is_the_squared_mean_less_the_mean_product_of_what_shares_nothing() -> None:
    study, model = _study(2, readers=3, cases=12, missing=0.3)
    rows = []
    for reader, i, j in product(range(3), range(12), range(12)):
        low, high = study.scores[0, reader, [i, j]]
        if study.truth[i] == 0 and study.truth[j] == 1 and not np.isnan(low + high):
            by_model = float(model[j] > model[i]) + 0.5 * float(model[j] == model[i])
            by_reader = float(high > low) + 0.5 * float(high == low)
            rows.append((reader, i, j, by_model - by_reader))
    mean = np.mean([value for *_, value in rows])

    def products(centre: float) -> list[float]:
        return [
            (x - centre) * (y - centre)
            for (r, i, j, x), (s, k, m, y) in product(rows, rows)
            if r != s and i != k and j != m
        ]

    found = incomplete_standalone(study, model).difference
    assert found.estimate == pytest.approx(mean)
    plain = incomplete_standalone(study, model, variance="unbiased").difference
    assert plain.standard_error**2 == pytest.approx(mean**2 - np.mean(products(0.0)))
    assert found.standard_error**2 == pytest.approx(-np.mean(products(float(mean))))


def test_calls_of_a_model_are_compared_with_calls_of_readers() -> None:
    study, model = _study(3, missing=0.2)
    calls, said = study.decisions(4), (model > 1).astype(float)
    for figure, places in (("sensitivity", study.truth == 1), ("specificity", study.truth == 0)):
        found = incomplete_standalone(calls, said, figure)  # type: ignore[arg-type]
        right = said == study.truth
        read = calls.is_read[0][:, places]
        assert found.model.estimate == pytest.approx((read * right[places]).sum() / read.sum())
        assert found.n_cases == places.sum()
    assert incomplete_standalone(calls, said, "accuracy").n_cases == 40
    assert np.isnan(found.non_inferiority_p)


def test_the_variance_of_training_widens_the_interval() -> None:
    study, model = _study(4)
    without = incomplete_standalone(study, model)
    found = incomplete_standalone(study, model, training_variance=0.001)
    assert found.difference.standard_error**2 == pytest.approx(without.difference.standard_error**2 + 0.001)
    assert found.difference.df > without.difference.df
    assert "training variance added" in found.method


def test_a_case_that_nobody_read_needs_no_score_of_the_model() -> None:
    study, model = _study(5)
    study.scores[0, :, 3] = np.nan
    model[3] = np.nan
    found = incomplete_standalone(study, model)
    assert found.n_cases == 39
    model[[5, 7]] = np.nan
    with pytest.raises(StatisticsError, match="no score for case 'c5', which was read, nor for 1 others"):
        incomplete_standalone(study, model)


def test_a_model_that_says_what_readers_say_has_no_difference() -> None:
    study, _ = _study(6)
    same = ReaderStudy(
        np.repeat(study.scores[:, :1], 3, axis=1),
        study.truth,
        study.modalities,
        study.readers[:3],
        study.cases,
        study.patients,
    )
    found = incomplete_standalone(same, study.scores[0, 0])
    assert found.difference.estimate == 0
    assert found.difference.p_value == 1


def test_a_negative_variance_is_replaced_and_noted() -> None:
    for seed in range(200):
        study, model = _study(seed, readers=2, cases=8)
        found = incomplete_standalone(study, model)
        if found.difference.note:
            break
    assert "the centred variance is not positive" in found.difference.note
    assert "V-statistics" in found.difference.method


def test_what_cannot_be_compared_is_refused() -> None:
    study, model = _study()
    with pytest.raises(StatisticsError, match="the study has 2 modalities"):
        incomplete_standalone(simulated(cases=40), model)
    with pytest.raises(StatisticsError, match="do not fit model scores"):
        incomplete_standalone(study, model[:5])
    with pytest.raises(StatisticsError, match="margin of 0 is not positive"):
        incomplete_standalone(study, model, margin=0)
    with pytest.raises(StatisticsError, match="training variance of -1"):
        incomplete_standalone(study, model, training_variance=-1)
