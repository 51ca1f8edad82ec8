from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from samesplit.statistics.agreement import gwet_ac

Reference = Callable[[str], pd.DataFrame]


def test_two_readers_without_missing_ratings_have_the_formula_of_the_paper() -> None:
    first, second = np.array([1, 1, 1, 1, 1, 1, 1, 0, 1, 1.0]), np.array([1, 1, 1, 1, 1, 1, 0, 1, 1, 1.0])
    prevalence = np.concatenate([first, second]).mean()
    chance = 2 * prevalence * (1 - prevalence)
    expected = ((first == second).mean() - chance) / (1 - chance)
    assert gwet_ac(np.column_stack([first, second])).estimate == pytest.approx(expected)


def test_it_stays_high_where_one_category_is_rare() -> None:
    calls = np.ones((100, 2))
    calls[0, 0] = calls[1, 1] = 0
    assert gwet_ac(calls).estimate == pytest.approx(0.979, abs=1e-3)


def test_the_published_example_with_missing_ratings_is_reproduced() -> None:
    # Gwet, Handbook of Inter-Rater Reliability: twelve units, four raters; irrCAC gives 0.77544 (0.14295).
    nan = np.nan
    ratings = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
            [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
        ]
    ).T
    found = gwet_ac(ratings)
    assert found.estimate == pytest.approx(0.77544, abs=5e-6)
    assert found.standard_error == pytest.approx(0.14295, abs=5e-6)


def test_linear_weights_lie_between_none_and_quadratic() -> None:
    ratings = [[1, 2, 2], [3, 3, 4], [5, 4, 5], [1, 1, 2], [2, 4, 3]]
    none, linear, quadratic = (
        gwet_ac(ratings, weights=weights).estimate for weights in ("none", "linear", "quadratic")
    )
    assert none < linear < quadratic


def test_what_is_not_defined_is_missing_and_says_why() -> None:
    found = gwet_ac([[1, 1], [1, 1]])
    assert math.isnan(found.estimate)
    assert "one category" in found.note
    single = gwet_ac([[1, 0]])
    assert math.isnan(single.ci_low)
    assert single.note == "one case: no interval"
    same = gwet_ac([[1, 1], [0, 0], [1, 1], [0, 0]])
    assert (same.estimate, same.ci_low, same.ci_high) == (1.0, 1.0, 1.0)
    assert same.note == "no variance: the interval is a point"


@pytest.mark.data
@pytest.mark.parametrize("analysis", ["vandyke_t1_5readers_ordinal", "vandyke_t1_5readers_binary_ge3"])
def test_ac1_and_ac2_match_r(analysis: str, reference: Reference) -> None:
    rows = reference("vandyke.csv").query("treatment == 1")
    ratings = rows.pivot_table(index="case", columns="reader", values="rating").to_numpy()
    if analysis.endswith("ge3"):
        ratings = (ratings >= 3).astype(float)
    expected = reference("expected/agreement_paired.csv").query("analysis_id == @analysis")
    table = expected.set_index(["table", "stat"])["value"].astype(float)
    ac1, ac2 = gwet_ac(ratings), gwet_ac(ratings, weights="quadratic")  # irrCAC rounds to five digits
    assert ac1.estimate == pytest.approx(table["gwet_ac1", "coeff"], abs=5.1e-6)
    assert ac1.standard_error == pytest.approx(table["gwet_ac1", "se"], abs=5.1e-6)
    assert ac2.estimate == pytest.approx(table["gwet_ac2_quadratic", "coeff"], abs=5.1e-6)
