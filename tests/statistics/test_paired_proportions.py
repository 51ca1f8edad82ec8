from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.paired_proportions import paired_difference, paired_proportions


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (3, 10), (10, 3), (0, 7)])
def test_p_value_is_the_exact_sign_test(only_first: int, only_second: int) -> None:
    found = paired_difference(only_first, only_second, 83)
    n = only_first + only_second
    expected = stats.binomtest(only_first, n).pvalue if n else 1.0
    assert found.p_value == pytest.approx(expected, rel=1e-9)
    assert found.estimate == (only_first - only_second) / 83


def test_swapping_the_two_mirrors_the_interval() -> None:
    a, b = paired_difference(3, 10, 83), paired_difference(10, 3, 83)
    assert (a.ci_low, a.ci_high) == pytest.approx((-b.ci_high, -b.ci_low))


@pytest.mark.parametrize("confidence", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("counts", [(5, 0, 5), (0, 1, 1), (40, 1, 41), (0, 0, 3)])
def test_the_difference_lies_in_its_interval_at_any_confidence(
    counts: tuple[int, int, int], confidence: float
) -> None:
    found = paired_difference(*counts, confidence=confidence)
    assert found.ci_low <= found.estimate <= found.ci_high


def test_calls_are_paired_lesion_by_lesion() -> None:
    found = paired_proportions([1, 1, 0, 0, 1], [1, 0, 0, 1, 0])
    assert found == paired_difference(2, 1, 5)


@pytest.mark.parametrize("counts", [(-1, 0, 3), (2, 2, 3), (0, 0, 0)])
def test_impossible_tables_are_errors(counts: tuple[int, int, int]) -> None:
    with pytest.raises(StatisticsError, match="cannot be"):
        paired_difference(*counts)


def test_calls_that_cannot_be_paired_are_an_error() -> None:
    with pytest.raises(StatisticsError, match="cannot be paired"):
        paired_proportions(np.ones(3), np.ones(2))


@pytest.mark.data
def test_interval_matches_r(reference: Callable[[str], pd.DataFrame]) -> None:
    table = reference("expected/agreement_paired.csv").query("row == 'agresti_min_adjusted_wald'")
    assert len(table) >= 8
    for row in table.itertuples():
        b, c = (int(x) for x in re.findall(r"_[bc](\d+)", row.analysis_id))
        found = paired_difference(c, b, 40 + 30 + b + c)  # PropCIs reports (c - b) / n
        value = found.ci_low if row.stat == "lower" else found.ci_high
        assert value == pytest.approx(row.value, rel=1e-9, abs=1e-12)
