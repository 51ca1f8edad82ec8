from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.agreement import cochran_q, friedman, percent_agreement

Reference = Callable[[str], pd.DataFrame]


def test_percent_agreement_counts_pairs_of_readers_case_by_case() -> None:
    found = percent_agreement([[1, 1, 1], [0, 0, 1], [1, 1, np.nan], [1, np.nan, np.nan]])
    assert found.estimate == pytest.approx((1 + 1 / 3 + 1) / 3)
    assert found.n_cases == 3
    assert found.ci_high == 1.0


def test_full_agreement_and_a_single_case_say_that_they_have_no_interval() -> None:
    full = percent_agreement([[1, 1], [0, 0]])
    assert (full.estimate, full.ci_low, full.ci_high) == (1.0, 1.0, 1.0)
    assert full.note == "no variance: the interval is a point"
    assert percent_agreement([[1, 0]]).note == "one case: no interval"


def test_readers_who_never_differ_cannot_be_tested() -> None:
    for test in (cochran_q, friedman):
        found = test([[1, 1, 1], [0, 0, 0]])
        assert math.isnan(found.p_value)
        assert "nothing to test" in found.note


def test_incomplete_cases_are_left_out_of_both_tests() -> None:
    table = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0], [0, 0, 0]], dtype=float)
    holed = np.vstack([table, [1, np.nan, 0]])
    for test in (cochran_q, friedman):
        assert test(holed).p_value == test(table).p_value
        assert test(holed).note == "left out for not being rated by all readers: 1"


def test_what_cannot_be_tested_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="must be 0 or 1"):
        cochran_q([[1, 2], [0, 1]])
    with pytest.raises(StatisticsError, match="too few for Friedman"):
        friedman([[1, 2], [0, 1]])
    with pytest.raises(StatisticsError, match="no case was rated by all"):
        friedman([[1, 2, np.nan], [np.nan, 1, 2]])


@pytest.mark.data
def test_both_tests_match_r(reference: Reference) -> None:
    rows = reference("vandyke.csv").query("treatment == 1")
    ratings = rows.pivot_table(index="case", columns="reader", values="rating").to_numpy()
    expected = reference("expected/agreement_paired.csv").set_index(["table", "stat"])["value"].sort_index()
    q, chi = cochran_q(ratings >= 3), friedman(ratings)
    assert q.estimate == pytest.approx(float(expected["cochran_q", "Q"].item()), rel=1e-9)
    assert q.p_value == pytest.approx(float(expected["cochran_q", "p"].item()), rel=1e-9)
    assert chi.estimate == pytest.approx(float(expected["friedman", "chi2"].item()), rel=1e-9)
    assert chi.p_value == pytest.approx(float(expected["friedman", "p"].item()), rel=1e-9)
