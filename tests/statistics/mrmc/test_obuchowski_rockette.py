from __future__ import annotations

import math
import time
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score

from reader_studies.simulated import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import (
    AUC,
    SENSITIVITY,
    ReaderStudy,
    analyse_values,
    obuchowski_rockette,
)

NAMES = {"modalities": ("a", "b"), "readers": ("1", "2"), "figure": "AUC", "n_cases": 50}


def _two_readers(cov2: float, cov3: float, *, values: Any = ((0.8, 0.7), (0.9, 0.85)), **options: Any) -> Any:
    """Two modalities and two readers with error variance 0.01 and Cov1 0.004."""
    matrix = np.array(
        [
            [0.01, cov2, 0.004, cov3],
            [cov2, 0.01, cov3, 0.004],
            [0.004, cov3, 0.01, cov2],
            [cov3, 0.004, cov2, 0.01],
        ]
    )
    return analyse_values(values, matrix, **{**NAMES, **options})


def test_with_random_readers_and_cases_f_is_hillis_ratio() -> None:
    found = _two_readers(0.003, 0.002)
    ms, rest = 2 * 2 * 0.0625**2, (0.0125**2) * 4
    denominator = rest + 2 * 0.001
    assert found.mean_squares.modality == pytest.approx(ms)
    assert found.global_test.statistic == pytest.approx(ms / denominator)
    assert found.global_test.df2 == pytest.approx(denominator**2 / rest**2)
    difference = found.differences["a", "b"]
    assert difference.standard_error == pytest.approx(math.sqrt(denominator))
    assert difference.p_value == pytest.approx(found.global_test.p_value)


def test_for_fixed_readers_the_covariance_between_readers_counts_at_least_0_unless_told() -> None:
    floored = _two_readers(0.001, 0.002, random="cases")
    assert floored.global_test.denominator == pytest.approx(0.006)
    assert floored.notes[-1] == "Cov2 is below Cov3: their difference counts as 0 in the test"
    as_it_is = _two_readers(0.001, 0.002, random="cases", floor_fixed_readers=False)
    assert as_it_is.global_test.denominator == pytest.approx(0.005)
    assert not any("Cov2" in note for note in as_it_is.notes)


def test_for_fixed_cases_the_covariance_plays_no_part() -> None:
    found = _two_readers(0.003, 0.002, random="readers")
    assert found.global_test.statistic == pytest.approx(0.015625 / 0.000625)
    assert found.global_test.df2 == 1
    paired = stats.ttest_rel([0.8, 0.7], [0.9, 0.85])
    assert found.differences["a", "b"].p_value == pytest.approx(paired.pvalue)
    assert "covariance" not in found.method


def test_for_fixed_readers_the_degrees_of_freedom_are_infinite_or_those_of_cases() -> None:
    chi_square, f = (
        _two_readers(0.003, 0.002, random="cases", fixed_readers_test=test) for test in ("chi-square", "F")
    )
    assert chi_square.differences["a", "b"].df == math.inf
    assert f.differences["a", "b"].df == 49
    assert f.modalities["a"].df == 49
    assert f.global_test.p_value > chi_square.global_test.p_value
    assert "df of cases" in f.method


def test_a_denominator_below_zero_gives_no_test_and_says_so() -> None:
    found = _two_readers(0.001, 0.0075, random="cases", floor_fixed_readers=False)
    assert math.isnan(found.global_test.p_value)
    assert math.isnan(found.differences["a", "b"].ci_low)
    assert "no test" in found.differences["a", "b"].note


def test_negative_components_are_reported_as_they_are_with_a_note() -> None:
    found = _two_readers(0.003, 0.002, values=[[0.8, 0.8], [0.9, 0.9]])
    assert found.components.reader == pytest.approx(-0.002)
    assert found.components.modality_reader == pytest.approx(-0.005)
    assert [note.split(" is ")[0] for note in found.notes] == [
        "the variance component reader",
        "the variance component modality x reader",
    ]
    assert found.differences["a", "b"].df == math.inf


def test_a_modality_has_an_interval_of_its_own_readings() -> None:
    study = simulated(1, cases=40)
    both = obuchowski_rockette(study).modalities["B"]
    alone = obuchowski_rockette(study.select(modalities=["B"]))
    assert (both.ci_low, both.ci_high, both.df) == pytest.approx(
        (alone.modalities["B"].ci_low, alone.modalities["B"].ci_high, alone.modalities["B"].df)
    )
    assert alone.global_test is None
    assert alone.differences == {}
    assert alone.n_modalities == 1


def test_exchanging_modalities_turns_the_sign_and_nothing_else() -> None:
    study = simulated(2, cases=40)
    there = obuchowski_rockette(study).differences["A", "B"]
    back = obuchowski_rockette(study.select(modalities=["B", "A"])).differences["B", "A"]
    assert back.estimate == pytest.approx(-there.estimate)
    assert (back.p_value, back.df) == pytest.approx((there.p_value, there.df))


def test_the_order_of_readers_changes_nothing() -> None:
    study = simulated(3, cases=30)
    found = [
        obuchowski_rockette(study.select(readers=order)).differences["A", "B"].p_value
        for order in permutations(study.readers)
    ]
    assert found == pytest.approx([found[0]] * len(found), rel=1e-9)


def test_readers_who_say_the_same_under_both_modalities_have_p_1() -> None:
    study = simulated(4, cases=30)
    same = ReaderStudy(
        np.stack([study.scores[0], study.scores[0]]),
        study.truth,
        study.modalities,
        study.readers,
        study.cases,
        study.patients,
    )
    for random in ("readers and cases", "cases", "readers"):
        found = obuchowski_rockette(same, random=random)  # type: ignore[arg-type]
        assert found.differences["A", "B"].p_value == 1.0
        assert found.global_test is not None
        assert found.global_test.p_value == 1.0


def test_a_figure_that_is_any_function_is_analysed_by_the_jackknife() -> None:
    found = obuchowski_rockette(simulated(5, cases=20), average_precision_score)
    assert found.figure == "average_precision_score"
    assert 0 < found.differences["A", "B"].p_value <= 1


def test_cases_are_counted_that_the_figure_looks_at() -> None:
    study = simulated(6, cases=40)
    assert obuchowski_rockette(study.decisions(3.0), SENSITIVITY).n_cases == 20
    assert obuchowski_rockette(study, AUC).n_cases == 40


def test_where_patients_have_several_cases_they_are_what_is_counted_and_named() -> None:
    study = simulated(7, cases=60, patients=20)
    found = obuchowski_rockette(study)
    assert found.n_cases == len(np.unique(study.patients))
    assert "jackknife over patients" in found.method
    assert "Obuchowski's clustered" in obuchowski_rockette(study, covariance="delong").method


def test_a_single_reader_is_refused_where_readers_are_random() -> None:
    alone = simulated(8).select(readers=["r1"])
    with pytest.raises(StatisticsError, match="only reader") as caught:
        obuchowski_rockette(alone)
    assert "random='cases'" in str(caught.value.remedy)
    found = obuchowski_rockette(alone, random="cases")
    assert found.modalities["A"].estimate == found.readers["A", "r1"].estimate
    assert found.n_readers == 1


@pytest.mark.parametrize("option", [{"random": "all"}, {"fixed_readers_test": "t"}])
def test_an_unknown_option_is_refused_with_those_that_are(option: Any) -> None:
    with pytest.raises(StatisticsError, match="unknown option") as caught:
        _two_readers(0.003, 0.002, **option)
    assert "use one of" in str(caught.value.remedy)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(StatisticsError, match="do not fit"):
        analyse_values([[0.8, 0.9]], np.eye(2), **NAMES)  # type: ignore[arg-type]


def test_ten_readers_of_a_thousand_cases_take_less_than_a_second() -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(1000) % 2
    study = ReaderStudy(
        rng.normal(size=(2, 10, 1000)) + truth,
        truth,
        ("A", "B"),
        tuple(f"r{j}" for j in range(10)),
        tuple(f"c{k}" for k in range(1000)),
        np.arange(1000),
    )
    start = time.process_time()
    obuchowski_rockette(study)
    assert time.process_time() - start < 1
