from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from samesplit.errors import StatisticsError
from samesplit.statistics.agreement import (
    Agreement,
    cohen_kappa_interval,
    conger_kappa,
    fleiss_kappa,
    fleiss_kappa_by_category,
    light_kappa,
)

Reference = Callable[[str], pd.DataFrame]
WEIGHTS = {"unweighted": "none", "equal": "linear", "squared": "quadratic"}


@pytest.fixture(scope="module")
def ratings() -> np.ndarray:
    """Three readers of 60 cases on a scale of 1 to 5, who agree fairly well."""
    generator = np.random.default_rng(3)
    truth = generator.integers(1, 6, 60)
    return np.clip(truth[:, None] + generator.integers(-1, 2, (60, 3)), 1, 5).astype(float)


def vandyke(reference: Reference) -> np.ndarray:
    rows = reference("vandyke.csv").query("treatment == 1")
    return rows.pivot_table(index="case", columns="reader", values="rating").to_numpy()


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_kappa_equals_scikit_learn(ratings: np.ndarray, weights: str) -> None:
    found = cohen_kappa_interval(ratings[:, 0], ratings[:, 1], weights=weights)
    expected = cohen_kappa_score(
        ratings[:, 0].astype(int), ratings[:, 1].astype(int), weights=None if weights == "none" else weights
    )
    assert found.estimate == pytest.approx(expected, rel=1e-12)
    assert found.ci_low < found.estimate < found.ci_high
    assert found.p_value < 1e-3
    assert (found.n_cases, found.n_readers) == (60, 2)


def test_a_category_that_nobody_used_is_a_step_of_the_scale() -> None:
    first, second = [1, 2, 4, 4, 1, 2], [1, 4, 4, 4, 2, 2]
    short = cohen_kappa_interval(first, second, weights="linear").estimate
    full = cohen_kappa_interval(first, second, weights="linear", categories=[1, 2, 3, 4]).estimate
    assert full != pytest.approx(short, abs=1e-3)
    expected = cohen_kappa_score(first, second, weights="linear", labels=[1, 2, 3, 4])
    assert full == pytest.approx(expected, rel=1e-12)


def test_cases_that_one_reader_did_not_rate_are_left_out() -> None:
    found = cohen_kappa_interval([1, 0, 1, 0, np.nan], [1, 0, 0, 0, 1])
    assert found.estimate == pytest.approx(0.5)
    assert found.n_cases == 4


def test_one_category_throughout_has_no_kappa() -> None:
    found = cohen_kappa_interval([1, 1, 1], [1, 1, 1])
    assert math.isnan(found.estimate)
    assert "one category" in found.note


def test_full_agreement_has_a_kappa_of_one_and_no_interval() -> None:
    found = cohen_kappa_interval([0, 1, 1, 0], [0, 1, 1, 0])
    assert found.estimate == pytest.approx(1.0)
    assert math.isnan(found.ci_low)
    assert found.p_value == pytest.approx(0.0455, abs=1e-4)


def test_a_reader_who_calls_everything_alike_has_a_kappa_of_zero_and_no_test() -> None:
    found = cohen_kappa_interval([1, 1, 1, 1], [0, 1, 1, 0])
    assert found.estimate == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(found.p_value)


def test_the_interval_of_kappa_stays_within_its_bounds() -> None:
    found = cohen_kappa_interval([0, 1, 1, 0, 1, 0], [0, 1, 1, 0, 1, 1])
    assert found.ci_high == 1.0
    assert "cut off" in found.note


def test_fleiss_kappa_of_two_readers_is_scotts_pi(ratings: np.ndarray) -> None:
    pair = ratings[:, :2]
    shares = np.array([(pair == value).mean() for value in range(1, 6)])
    observed, expected = (pair[:, 0] == pair[:, 1]).mean(), (shares**2).sum()
    assert fleiss_kappa(pair).estimate == pytest.approx((observed - expected) / (1 - expected))


def test_fleiss_kappa_leaves_incomplete_cases_out_and_says_so(ratings: np.ndarray) -> None:
    holed = ratings.copy()
    holed[:5, 2] = np.nan
    found, expected = fleiss_kappa(holed), fleiss_kappa(ratings[5:])
    assert found.estimate == expected.estimate
    assert found.note == "left out for not being rated by all readers: 5"


def test_the_standard_error_of_fleiss_kappa_is_that_of_a_simulation() -> None:
    generator = np.random.default_rng(5)

    def draw() -> np.ndarray:
        truth = generator.random(150) < 0.4
        return np.where(generator.random((150, 4)) < 0.8, truth[:, None], ~truth[:, None]).astype(float)

    found = [fleiss_kappa(draw()) for _ in range(150)]
    spread = np.std([each.estimate for each in found], ddof=1)
    assert np.mean([each.standard_error for each in found]) == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ([[1, 1, 1], [1, 1, 1]], "all ratings are of one category"),
        ([[1, 0, 1], [1, np.nan, 1]], "fewer than two cases"),
    ],
)
def test_where_fleiss_kappa_is_not_defined_a_note_says_why(table: list[list[float]], why: str) -> None:
    found = fleiss_kappa(table)
    assert math.isnan(found.estimate)
    assert why in found.note
    assert all(math.isnan(each.estimate) for each in fleiss_kappa_by_category(table).values())


def test_kappas_of_categories_average_to_fleiss_kappa(ratings: np.ndarray) -> None:
    found = fleiss_kappa_by_category(ratings, categories=[1, 2, 3, 4, 5, 6])
    assert math.isnan(found[6.0].estimate)
    shares = np.array([(ratings == value).mean() for value in range(1, 6)])
    weights = shares * (1 - shares)
    mean = weights @ [found[float(value)].estimate for value in range(1, 6)] / weights.sum()
    assert mean == pytest.approx(fleiss_kappa(ratings).estimate)


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_conger_and_light_of_two_readers_are_cohens_kappa(ratings: np.ndarray, weights: str) -> None:
    pair = ratings[:, :2]
    expected = cohen_kappa_interval(pair[:, 0], pair[:, 1], weights=weights).estimate
    assert conger_kappa(pair, weights=weights) == pytest.approx(expected)
    assert light_kappa(pair, weights=weights) == pytest.approx(expected)


def test_light_kappa_averages_the_pairs_that_have_one(ratings: np.ndarray) -> None:
    assert math.isnan(light_kappa([[1, 1], [1, 1]]))
    assert math.isnan(conger_kappa([[1, 1], [1, 1]]))
    each = [cohen_kappa_interval(ratings[:, a], ratings[:, b]).estimate for a, b in combinations(range(3), 2)]
    assert light_kappa(ratings) == pytest.approx(np.mean(each))


def test_two_readers_without_a_case_in_common_have_no_light_kappa() -> None:
    with pytest.raises(StatisticsError, match="no case was rated by two readers"):
        light_kappa([[1, 1, np.nan], [0, 1, np.nan], [1, np.nan, 1]])


def test_what_cannot_be_rated_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="cannot be paired"):
        cohen_kappa_interval([1, 0], [1, 0, 1])
    with pytest.raises(StatisticsError, match="unknown weights"):
        cohen_kappa_interval([1, 0], [1, 0], weights="cubic")
    with pytest.raises(StatisticsError, match="rating 2 is no category"):
        cohen_kappa_interval([1, 2], [1, 1], categories=[0, 1])
    with pytest.raises(StatisticsError, match="named twice"):
        fleiss_kappa([[1, 2], [1, 1]], categories=[1, 1, 2])
    with pytest.raises(StatisticsError, match="two or more readers"):
        fleiss_kappa([[1], [2]])
    with pytest.raises(StatisticsError, match="no case was rated by two readers"):
        fleiss_kappa([[1, np.nan], [np.nan, 2]])
    with pytest.raises(StatisticsError, match="must be finite"):
        fleiss_kappa([[1, np.inf], [1, 2]])


def _value(found: Agreement, table: str, stat: str) -> float:
    return {
        "value": found.estimate,
        "statistic": found.statistic,
        "p.value": found.p_value,
        "var": found.standard_error**2,
        "lower": found.ci_low,
        "upper": found.ci_high,
    }[stat]


@pytest.mark.data
def test_cohens_kappa_matches_r(reference: Reference) -> None:
    ratings = vandyke(reference)
    rows = reference("expected/agreement_paired.csv").query("table in ('cohen_kappa', 'cohen_kappa_ci')")
    for row in rows.itertuples():
        first, second = (int(part[-1]) for part in row.analysis_id.split("_")[2:])
        found = cohen_kappa_interval(ratings[:, first - 1], ratings[:, second - 1], weights=WEIGHTS[row.row])
        # R's irr takes its p-values as 1 - pnorm, which leaves no digits below 1e-16.
        assert _value(found, row.table, row.stat) == pytest.approx(float(row.value), rel=1e-9, abs=3e-15)
    assert len(rows) == 54


@pytest.mark.data
@pytest.mark.parametrize("analysis", ["vandyke_t1_5readers_ordinal", "vandyke_t1_5readers_binary_ge3"])
def test_kappas_of_several_readers_match_r(analysis: str, reference: Reference) -> None:
    ratings = vandyke(reference)
    if analysis.endswith("ge3"):
        ratings = (ratings >= 3).astype(float)
    rows = reference("expected/agreement_paired.csv").query("analysis_id == @analysis")
    found = fleiss_kappa(ratings)
    by_category = fleiss_kappa_by_category(ratings)
    n = 0
    for row in rows.itertuples():
        if row.table == "fleiss_kappa":
            assert _value(found, row.table, row.stat) == pytest.approx(float(row.value), rel=1e-9, abs=3e-15)
        elif row.table == "fleiss_kappa_exact_conger":
            assert conger_kappa(ratings) == pytest.approx(float(row.value), rel=1e-9)
        elif row.table == "light_kappa":
            assert light_kappa(ratings) == pytest.approx(float(row.value), rel=1e-9)
        elif row.table == "fleiss_kappa_by_category":  # irr rounds them to three digits
            each = by_category[float(row.row)]
            value = {"kappa": each.estimate, "z": each.statistic, "p": each.p_value}[row.stat]
            assert value == pytest.approx(float(row.value), abs=5.1e-4)
        else:
            continue
        n += 1
    assert n == (20 if analysis.endswith("ordinal") else 11)
