from __future__ import annotations

import math
import re
from collections.abc import Callable

import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from samesplit.errors import StatisticsError
from samesplit.statistics.mcnemar import mcnemar_p_value, mcnemar_statistic


@pytest.mark.parametrize(("b", "c"), [(3, 10), (10, 3), (0, 7), (25, 10), (1, 0)])
def test_three_of_the_methods_equal_statsmodels(b: int, c: int) -> None:
    table = [[40, b], [c, 30]]
    assert mcnemar_p_value(b, c) == pytest.approx(min(mcnemar(table, exact=True).pvalue, 1.0))
    for method, correction in (("asymptotic", False), ("continuity-corrected", True)):
        expected = mcnemar(table, exact=False, correction=correction)
        assert mcnemar_p_value(b, c, method=method) == pytest.approx(expected.pvalue)
        assert mcnemar_statistic(b, c, corrected=correction) == pytest.approx(expected.statistic)


def test_both_conventions_of_the_corrected_test_for_equal_counts() -> None:
    assert mcnemar_p_value(5, 5, method="continuity-corrected") == 1.0  # R
    formula = mcnemar_p_value(5, 5, method="continuity-corrected", equal_counts="formula")
    assert formula == pytest.approx(0.7518, abs=1e-4)  # statsmodels, mlxtend
    assert formula == pytest.approx(mcnemar([[0, 5], [5, 0]], exact=False, correction=True).pvalue)


def test_the_mid_p_value_lies_below_the_exact_one_and_is_one_without_a_difference() -> None:
    assert mcnemar_p_value(3, 10, method="mid-p") < mcnemar_p_value(3, 10)
    assert mcnemar_p_value(5, 5, method="mid-p") == 1.0


def test_without_discordant_cases_only_the_exact_tests_have_an_answer() -> None:
    assert mcnemar_p_value(0, 0) == mcnemar_p_value(0, 0, method="mid-p") == 1.0
    assert math.isnan(mcnemar_p_value(0, 0, method="asymptotic"))


def test_a_tiny_p_value_does_not_vanish() -> None:
    assert 0 < mcnemar_p_value(0, 400) < 1e-100
    assert 0 < mcnemar_p_value(0, 1400, method="asymptotic") < 1e-300


def test_impossible_counts_and_unknown_methods_are_errors() -> None:
    with pytest.raises(StatisticsError, match="cannot be"):
        mcnemar_p_value(-1, 3)
    with pytest.raises(StatisticsError, match="unknown method"):
        mcnemar_p_value(1, 3, method="guess")


@pytest.mark.data
def test_every_method_matches_r(reference: Callable[[str], pd.DataFrame]) -> None:
    rows = reference("expected/agreement_paired.csv").query("table == 'mcnemar'")
    names = {"midp": "mid-p", "continuity": "continuity-corrected"}
    for row in rows.itertuples():
        b, c = (int(x) for x in re.findall(r"_[bc](\d+)", row.analysis_id))
        if row.stat == "chi2":
            found = mcnemar_statistic(b, c, corrected=row.row == "continuity")
        else:
            found = mcnemar_p_value(b, c, method=names.get(row.row, row.row))
        assert found == pytest.approx(float(row.value), rel=1e-9, abs=1e-12, nan_ok=True)
    assert len(rows) == 36
