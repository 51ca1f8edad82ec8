from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from samesplit.errors import StatisticsError
from samesplit.statistics.crossed_clusters import crossed_mean, crossed_share

READERS, PATIENTS = np.repeat(np.arange(6), 40), np.tile(np.arange(40), 6)


def draw(generator: np.random.Generator) -> np.ndarray:
    """Readings with an effect of the reader, of the patient, and noise."""
    return (generator.normal(0, 1, 6)[READERS] + generator.normal(0, 2, 40)[PATIENTS]) + generator.normal(
        0, 1, READERS.size
    )


def test_each_way_of_clustering_is_that_of_statsmodels() -> None:
    values = draw(np.random.default_rng(0))
    variances = {}
    for name, groups in (
        ("readers", READERS),
        ("patients", PATIENTS),
        ("cells", np.arange(READERS.size)),
    ):
        fitted = sm.OLS(values, np.ones(values.size)).fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
        )
        n = np.unique(groups).size
        variances[name] = float(fitted.bse[0] ** 2) * n / (n - 1)
    expected = math.sqrt(variances["readers"] + variances["patients"] - variances["cells"])
    found = crossed_mean(values, READERS, PATIENTS)
    half = found.ci_high - found.estimate
    assert half == pytest.approx(2.570582 * expected, rel=1e-6)  # t with 5 degrees of freedom
    assert found.method == "readers and patients as clusters (t)"


def test_the_interval_holds_the_mean_of_readers_and_patients_like_these() -> None:
    generator = np.random.default_rng(1)
    inside = [
        found.ci_low <= 0 <= found.ci_high
        for found in (crossed_mean(draw(generator), READERS, PATIENTS) for _ in range(400))
    ]
    assert np.mean(inside) > 0.92


def test_one_reader_is_judged_over_patients_alone() -> None:
    values = draw(np.random.default_rng(2))[:40]
    found = crossed_mean(values, np.zeros(40), np.arange(40))
    assert found.method == "patients as clusters (t)"
    half = 2.022691 * values.std(ddof=1) / math.sqrt(40)
    assert found.ci_high - found.estimate == pytest.approx(half, rel=1e-6)


def test_a_patient_with_several_cases_is_one_cluster() -> None:
    values = draw(np.random.default_rng(3))
    twice = crossed_mean(np.tile(values, 2), np.tile(READERS, 2), np.tile(PATIENTS, 2))
    once = crossed_mean(values, READERS, PATIENTS)
    assert twice.estimate == pytest.approx(once.estimate)
    assert twice.ci_low == pytest.approx(once.ci_low, rel=0.02)


def test_weights_count_readings() -> None:
    found = crossed_mean([1.0, 3.0, 2.0, 5.0], list("aabb"), list("xyxy"), weights=[3, 1, 2, 2])
    assert found.estimate == pytest.approx((3 + 3 + 4 + 10) / 8)


def test_without_variance_there_is_no_interval() -> None:
    found = crossed_mean([1.0, 1.0], list("ab"), list("xy"))
    assert (found.estimate, math.isnan(found.ci_low)) == (1.0, True)
    assert crossed_mean([0.2], ["a"], ["x"]).note == "no variance: no interval, no test"


def test_readings_without_a_value_are_an_error() -> None:
    for values in ([], [1.0, np.nan]):
        with pytest.raises(StatisticsError, match="one finite value a reading"):
            crossed_mean(values, ["a"] * len(values), ["x"] * len(values))


def test_a_share_stays_within_zero_and_one() -> None:
    hits = np.array([1, 1, 1, 0, 1, 1])
    found = crossed_share(hits, list("aabbcc"), list("xyxyxy"))
    assert found.ci_high == 1.0
    assert math.isnan(found.p_value)
    full = crossed_share([1, 1, 1, 1], list("aabb"), list("xyxy"))
    assert full.ci_low == pytest.approx(0.158, abs=1e-3)  # two patients, whatever the number of readings
    assert math.isnan(crossed_share([], [], []).estimate)
