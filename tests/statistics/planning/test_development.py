"""Sizes for the development of a model: those of pmsampsize 0.1.0, and what happens at the edges."""

from __future__ import annotations

import math

import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.planning.development import (
    develop_binary,
    develop_continuous,
    develop_survival,
    maximum_r2_binary,
    r2_from_c_statistic,
    smallest_size,
)


@pytest.mark.parametrize(
    ("given", "sizes", "events_per_parameter"),
    [
        ({"r2": 0.288, "parameters": 24, "prevalence": 0.174}, [623, 662, 221], 4.80),
        ({"r2": 0.55, "parameters": 24, "prevalence": 0.174}, [255, 532, 221], 3.86),
        ({"r2": 0.218, "parameters": 12, "prevalence": 0.35}, [433, 287, 350], 12.63),
        ({"r2": 0.1, "parameters": 10, "prevalence": 0.05, "shrinkage": 0.95}, [1799, 575, 73], 9.0),
        ({"r2": 0.288, "parameters": 36, "prevalence": 0.25}, [934, 884, 289], 6.49),
    ],
)
def test_binary_sizes_are_those_of_pmsampsize(given, sizes, events_per_parameter):
    found = develop_binary(**given)
    assert [criterion.n for criterion in found.criteria] == sizes
    assert found.n == max(sizes)
    assert found.events_per_parameter == pytest.approx(events_per_parameter, abs=0.005)


def test_expected_shrinkage_is_that_of_pmsampsize():
    found = develop_binary(r2=0.288, parameters=24, prevalence=0.174)
    assert found.shrinkage == pytest.approx(0.9052036952956451, abs=2e-4)  # theirs before rounding n up
    assert found.r2_maximum == pytest.approx(0.6032086677670351)


@pytest.mark.parametrize(
    ("c_statistic", "prevalence", "parameters", "r2", "n"),
    [(0.8, 0.174, 24, 0.1668, 1171), (0.8, 0.3, 10, 0.2275, 344)],
)
def test_r2_from_a_c_statistic_is_that_of_a_million_simulated_patients(
    c_statistic, prevalence, parameters, r2, n
):
    found = r2_from_c_statistic(c_statistic, prevalence)
    assert found == pytest.approx(r2, abs=1e-3)
    assert develop_binary(prevalence=prevalence, parameters=parameters, r2=found).n == pytest.approx(
        n, rel=0.01
    )


@pytest.mark.parametrize(
    ("given", "sizes", "maximum"),
    [
        (
            {"r2": 0.051, "parameters": 25, "rate": 0.065, "time": 2, "mean_follow_up": 2.07},
            [4286, 866],
            0.5547264935529718,
        ),
        (
            {"r2": 0.3, "parameters": 80, "rate": 0.03, "time": 1, "mean_follow_up": 5},
            [1974, 2272],
            0.5806863182946711,
        ),
        (
            {"r2": 0.12, "parameters": 8, "rate": 0.08, "time": 5, "mean_follow_up": 4.2},
            [560, 195],
            0.754611558380773,
        ),
        (
            {"r2": 0.05, "parameters": 12, "rate": 0.2, "time": 1, "mean_follow_up": 2.5, "shrinkage": 0.85},
            [1320, 281],
            0.8160602794142788,
        ),
    ],
)
def test_survival_sizes_are_those_of_pmsampsize(given, sizes, maximum):
    found = develop_survival(**given)
    assert [criterion.n for criterion in found.criteria[:2]] == sizes
    assert found.n == max(sizes)
    assert found.r2_maximum == pytest.approx(maximum, rel=5e-4)  # theirs from whole events of 10,000 patients


def test_the_risk_at_a_time_is_a_criterion_of_its_own():
    found = develop_survival(r2=0.5, parameters=1, rate=0.1, time=5, mean_follow_up=5)
    assert found.n == found.criteria[2].n > found.criteria[0].n
    error = math.sqrt(0.1 / (found.n * 5))
    risk, high = (1 - math.exp(-5 * (0.1 + 1.959964 * s * error)) for s in (0, 1))
    low = 1 - math.exp(-5 * (0.1 - 1.959964 * error))
    assert max(high - risk, risk - low) == pytest.approx(0.05, abs=2e-4)


@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        ({"r2": 0.2, "parameters": 25, "mean": 1.9, "standard_deviation": 0.6}, [918, 401, 259]),
        (
            {"r2": 0.89, "parameters": 30, "mean": 3.3, "standard_deviation": 1.1, "shrinkage": 0.84},
            [32, 67, 264],
        ),
        ({"r2": 0.5, "parameters": 100, "mean": 10, "standard_deviation": 20}, [1264, 1001, 334]),
    ],
)
def test_continuous_sizes_are_those_of_pmsampsize(given, sizes):
    found = develop_continuous(**given)
    assert [criterion.n for criterion in found.criteria[:3]] == sizes
    assert found.n == max(sizes)


def test_the_mean_is_a_criterion_of_its_own_where_it_is_small_beside_the_spread():
    found = develop_continuous(mean=-1, standard_deviation=3, parameters=10, r2=0.4)
    assert [criterion.n for criterion in found.criteria[:3]] == [137, 121, 244]
    assert found.n == found.criteria[3].n == 2077


def test_prevalence_and_its_complement_have_the_same_largest_r2():
    assert maximum_r2_binary(0.2) == pytest.approx(maximum_r2_binary(0.8))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: develop_binary(prevalence=0.0, parameters=5, r2=0.1), "prevalence"),
        (lambda: develop_binary(prevalence=0.1, parameters=0, r2=0.1), "candidate parameters"),
        (lambda: develop_binary(prevalence=0.1, parameters=5, r2=0.6), "largest that these outcomes allow"),
        (lambda: develop_binary(prevalence=0.5, parameters=5, r2=0.6, shrinkage=0.5), "leaves nothing"),
        (lambda: develop_binary(prevalence=0.1, parameters=5, r2=0.1, shrinkage=1.0), "shrinkage"),
        (
            lambda: develop_survival(rate=0.0, mean_follow_up=1, time=1, parameters=5, r2=0.1),
            "a rate",
        ),
        (lambda: smallest_size(lambda n: False), "no number of patients"),
    ],
)
def test_numbers_that_fit_no_model_are_errors(call, message):
    with pytest.raises(StatisticsError, match=message):
        call()
