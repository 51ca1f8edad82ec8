from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.proportions import (
    RATES,
    Confusion,
    confusion,
    proportion_influence,
    proportion_interval,
    rate_parts,
)

XI_2020 = {
    ("test", "Clinical"): Confusion(52, 11, 6, 43),
    ("test", "T1C"): Confusion(55, 8, 17, 32),
    ("test", "T2"): Confusion(57, 6, 20, 29),
    ("test", "Ensemble"): Confusion(58, 5, 20, 29),
    ("test", "Expert 1"): Confusion(53, 10, 20, 29),
    ("test", "Expert 2"): Confusion(53, 10, 13, 36),
    ("test", "Expert 3"): Confusion(47, 16, 20, 29),
    ("test", "Expert 4"): Confusion(49, 14, 16, 33),
    ("test", "Radiomics"): Confusion(50, 13, 19, 30),
    ("test, segmenter 2", "Ensemble"): Confusion(58, 5, 20, 29),
    ("test, segmenter 3", "Ensemble"): Confusion(54, 9, 14, 35),
    ("validation", "Clinical"): Confusion(122, 10, 37, 65),
    ("validation", "T1C"): Confusion(102, 30, 53, 49),
    ("validation", "T2"): Confusion(109, 23, 58, 44),
    ("validation", "Ensemble"): Confusion(115, 17, 61, 41),
    ("train", "Clinical"): Confusion(398, 62, 163, 193),
    ("train", "T1C"): Confusion(458, 2, 353, 3),
    ("train", "T2"): Confusion(448, 12, 320, 36),
    ("train", "Ensemble"): Confusion(456, 4, 323, 33),
}
"""The only two-by-two tables that fit the figures printed by Xi et al. 2020."""


def test_confusion_counts_calls() -> None:
    found = confusion([1, 1, 1, 0, 0], [1, 1, 0, 0, 1])
    assert found == Confusion(tp=2, fn=1, tn=1, fp=1)
    assert found.n == 5
    assert found.f1 == pytest.approx(2 * (2 / 3) * (2 / 3) / (4 / 3))
    assert math.isnan(Confusion(0, 0, 3, 0).f1)


def test_confusion_needs_a_call_for_every_label() -> None:
    with pytest.raises(StatisticsError, match="do not fit 1 decisions"):
        confusion([1, 0], [1])


def test_rates_count_what_they_say() -> None:
    table = Confusion(tp=7, fn=3, tn=20, fp=10)
    assert {rate: table.counts(rate) for rate in RATES} == {
        "sensitivity": (7, 10),
        "specificity": (20, 30),
        "ppv": (7, 17),
        "npv": (20, 23),
        "accuracy": (27, 40),
    }
    with pytest.raises(StatisticsError, match="unknown rate 'recall'"):
        table.counts("recall")


@pytest.mark.parametrize("rate", [*RATES, "f1"])
def test_parts_of_a_rate_add_up_to_it(rate: str) -> None:
    generator = np.random.default_rng(1)
    labels, decisions = generator.integers(0, 2, 50), generator.integers(0, 2, 50)
    table = confusion(labels, decisions)
    above, below = rate_parts(labels, decisions, rate)
    expected = table.f1 if rate == "f1" else np.divide(*table.counts(rate))
    assert above.sum() / below.sum() == pytest.approx(expected, rel=1e-12)


def test_parts_of_an_unknown_rate_are_an_error() -> None:
    with pytest.raises(StatisticsError, match="unknown rate"):
        rate_parts([0, 1], [0, 1], "recall")


@pytest.mark.parametrize(("count", "n"), [(0, 10), (5, 10), (41, 113), (250, 251), (10, 10)])
def test_agresti_coull_is_the_adjusted_wald_interval(count: int, n: int) -> None:
    z = stats.norm.ppf(0.975)
    centre, total = (count + z**2 / 2) / (n + z**2), n + z**2
    half = z * math.sqrt(centre * (1 - centre) / total)
    found = proportion_interval(count, n)
    assert found.estimate == count / n
    assert found.ci_low == pytest.approx(max(0, centre - half), abs=1e-12)
    assert found.ci_high == pytest.approx(min(1, centre + half), abs=1e-12)


@pytest.mark.parametrize("method", ["Clopper-Pearson", "Wilson"])
def test_other_intervals_are_scipys(method: str) -> None:
    name = {"Clopper-Pearson": "exact", "Wilson": "wilson"}[method]
    found = proportion_interval(41, 113, confidence=0.9, method=method)  # type: ignore[arg-type]
    expected = stats.binomtest(41, 113).proportion_ci(0.9, method=name)
    assert (found.ci_low, found.ci_high) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_nothing_to_count_is_reported() -> None:
    found = proportion_interval(0, 0)
    assert math.isnan(found.estimate)
    assert "not defined" in found.note


@pytest.mark.parametrize(("count", "n"), [(-1, 5), (6, 5)])
def test_impossible_counts_are_errors(count: int, n: int) -> None:
    with pytest.raises(StatisticsError, match="not a proportion"):
        proportion_interval(count, n)


def test_unknown_interval_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="unknown interval"):
        proportion_interval(1, 5, method="Wald")  # type: ignore[arg-type]


def test_clustered_variance_of_independent_calls_is_binomial_with_n_minus_1() -> None:
    calls = np.array([1, 1, 0, 1, 0, 1, 1, 1])
    found = proportion_influence(calls, np.ones(8), np.arange(8))
    assert found.estimate == 0.75
    assert found.variance == pytest.approx(0.75 * 0.25 / 7, rel=1e-12)


def test_clustered_variance_is_that_of_patient_totals() -> None:
    above, below = np.array([1.0, 1, 0, 1, 1, 0, 0]), np.ones(7)
    patients = list("aabbccd")
    found = proportion_influence(above, below, patients)
    ratio = 4 / 7
    totals = [(2, 2), (1, 2), (1, 2), (0, 1)]
    expected = 4 / 3 * sum((x - ratio * n) ** 2 for x, n in totals) / 49
    assert found.variance == pytest.approx(expected, rel=1e-12)


def test_one_patient_leaves_no_variance() -> None:
    assert math.isnan(proportion_influence([1, 0], [1, 1], ["a", "a"]).variance)


def test_nothing_below_the_line_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="nothing to count"):
        proportion_influence([0, 0], [0, 0], ["a", "b"])


@pytest.mark.data
def test_intervals_match_r(reference: Callable[[str], pd.DataFrame]) -> None:
    table = reference("expected/agreement_paired.csv")
    names = {"agresti-coull": "Agresti-Coull", "exact": "Clopper-Pearson", "wilson": "Wilson"}
    binom = table[table["command"].str.startswith("binom.confint")]
    parts = binom["command"].str.extract(r"\((\d+),(\d+),methods='([\w-]+)'\)")
    found = 0
    for row, (count, n, method) in zip(binom.itertuples(), parts.itertuples(index=False), strict=True):
        if method not in names or row.stat not in ("lower", "upper"):
            continue
        interval = proportion_interval(int(count), int(n), method=names[method])
        bound = interval.ci_low if row.stat == "lower" else interval.ci_high
        assert bound == pytest.approx(min(max(row.value, 0), 1), rel=1e-9, abs=1e-12)
        found += 1
    assert found >= 30


@pytest.mark.data
@pytest.mark.parametrize(("split", "model"), XI_2020)
def test_the_printed_rates_and_intervals_of_xi_2020_are_reproduced(
    shared_data: Path, split: str, model: str
) -> None:
    table = pd.read_csv(shared_data / "papers" / "published.csv")
    table = table[
        (table["study"] == "003_Xi2020") & table["table_figure"].isin(["Table 2", "text (Results)"])
    ]
    table = table[(table["cohort_split"] == split) & (table["model_or_reader"] == model)]
    names = {"PPV": "ppv", "NPV": "npv"} | {name: name for name in RATES}
    n_intervals = 0
    for row in table[table["metric"].isin(names)].itertuples():
        found = proportion_interval(*XI_2020[split, model].counts(names[row.metric]))
        assert found.estimate == pytest.approx(float(row.value), abs=0.00501)
        if not math.isnan(row.ci_low):
            assert found.ci_low == pytest.approx(row.ci_low, abs=0.00501)
            assert found.ci_high == pytest.approx(row.ci_high, abs=0.00501)
            n_intervals += 1
    assert n_intervals >= 3
