"""Power from the moments of a pilot study, against iMRMC."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from reader_studies.imrmc import study_of
from reader_studies.simulated import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import ReaderStudy, u_statistic_analysis
from samesplit.statistics.planning import moment_power, power_of_difference


@pytest.fixture(scope="module")
def pilot():
    return u_statistic_analysis(simulated(5, readers=5, cases=70))


@pytest.mark.data
@pytest.mark.parametrize("name", ["VanDyke", "sim_roemetz", "sim_roemetz_ord"])
def test_a_study_as_large_as_the_pilot_has_the_variance_and_degrees_of_freedom_of_imrmc(
    name: str, reference: Callable[[str], pd.DataFrame]
):
    rows = reference("expected/imrmc_auc.csv").query("dataset == @name and table == 'Ustat'")
    rows = rows[rows["row"].str.count("NO_MOD") == 0]
    expected = dict(zip(rows["stat"], rows["value"], strict=True))
    study = study_of(reference, name)
    found = moment_power(
        u_statistic_analysis(study),
        *study.modalities,
        readers=int(expected["NR"]),
        positives=int(expected["N1"]),
        negatives=int(expected["N0"]),
        effect=0.05,
    )
    assert found.standard_error**2 == pytest.approx(expected["varAUCAminusAUCB"], rel=1e-9)
    assert found.df == pytest.approx(expected["dfBDG"], rel=1e-9)


def test_another_mix_of_cases_weighs_the_same_moments(pilot):
    few = moment_power(pilot, "A", "B", readers=8, positives=20, negatives=180, effect=0.05, rule="mle")
    even = moment_power(pilot, "B", "A", readers=8, positives=100, negatives=100, effect=0.05, rule="mle")
    assert even.standard_error != few.standard_error
    assert even.power == power_of_difference(0.05, even.standard_error, df=even.df)
    larger = moment_power(pilot, "A", "B", readers=80, positives=900, negatives=900, effect=0.05)
    assert larger.standard_error < min(even.standard_error, few.standard_error)


def test_the_biased_variance_is_larger(pilot):
    first, second = "A", "B"
    sizes = {"readers": 6, "positives": 40, "negatives": 40, "effect": 0.04}
    unbiased = moment_power(pilot, first, second, **sizes)
    biased = moment_power(pilot, first, second, **sizes, rule="mle")
    assert biased.standard_error > unbiased.standard_error


def test_what_cannot_be_planned_from_is_an_error(pilot):
    sizes = {"readers": 6, "positives": 40, "negatives": 40, "effect": 0.04}
    first, second = "A", "B"
    with pytest.raises(StatisticsError, match="no modality 'other'"):
        moment_power(pilot, first, "other", **sizes)
    with pytest.raises(StatisticsError, match="make no study"):
        moment_power(pilot, first, second, **(sizes | {"readers": 1}))
    truth = np.repeat([0, 1], 4)
    same = np.tile(truth.astype(float), (2, 3, 1))
    study = ReaderStudy(same, truth, ("a", "b"), ("x", "y", "z"), tuple("abcdefgh"), np.arange(8))
    with pytest.raises(StatisticsError, match="no variance"):
        moment_power(u_statistic_analysis(study), "a", "b", **sizes)
    calls = u_statistic_analysis(study, "sensitivity")
    with pytest.raises(StatisticsError, match="judged by its sensitivity"):
        moment_power(calls, "a", "b", **sizes)
