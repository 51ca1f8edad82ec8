"""P-values adjusted over comparisons that answer the same question."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from samesplit.statistics.multiplicity import holm


def test_holm_counts_only_the_tests_that_were_made() -> None:
    found = holm(pd.Series([0.01, np.nan, 0.02, 0.5]))
    assert found.tolist() == pytest.approx([0.03, np.nan, 0.04, 0.5], nan_ok=True)
    assert holm(pd.Series([np.nan])).isna().all()


def test_equal_p_values_are_adjusted_alike_whatever_their_last_digits() -> None:
    p = pd.Series([0.02, 0.01, 0.01, 0.3, 0.01])
    expected = [0.05, 0.05, 0.05, 0.3, 0.05]
    for seed in range(5):
        noise = 1 + 1e-13 * np.random.default_rng(seed).uniform(-1, 1, 5)
        found = holm(p * noise)
        assert found.tolist() == pytest.approx(expected, rel=1e-9)
        assert found[1] == found[2] == found[4]


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_holm_matches_statsmodels(count: int) -> None:
    p_values = np.random.default_rng(count).beta(0.3, 1, count).round(2)  # with ties
    expected = multipletests(p_values, method="holm")[1]
    assert holm(pd.Series(p_values)).tolist() == pytest.approx(expected.tolist(), rel=1e-12)


@pytest.mark.data
def test_holm_matches_r(reference: Callable[[str], pd.DataFrame]) -> None:
    table = reference("expected/agreement_paired.csv")
    rows = table[table["command"] == "p.adjust(p,'holm')"]
    assert len(rows) == 10
    p_values = pd.Series([float(p) for p in rows["dataset"].iloc[0].split(";")])
    assert holm(p_values).tolist() == pytest.approx(rows["value"].tolist(), rel=1e-9)
