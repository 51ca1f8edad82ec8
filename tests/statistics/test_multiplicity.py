"""P-values adjusted over comparisons that answer the same question."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from samesplit.errors import StatisticsError
from samesplit.statistics.multiplicity import (
    adjust,
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    hochberg,
    holm,
    hommel,
)

STATSMODELS = {
    "holm": (holm, "holm"),
    "hochberg": (hochberg, "simes-hochberg"),
    "hommel": (hommel, "hommel"),
    "bonferroni": (bonferroni, "bonferroni"),
    "Benjamini-Hochberg": (benjamini_hochberg, "fdr_bh"),
    "Benjamini-Yekutieli": (benjamini_yekutieli, "fdr_by"),
}


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
@pytest.mark.parametrize("method", list(STATSMODELS))
def test_every_method_matches_statsmodels(method: str, count: int) -> None:
    p_values = np.random.default_rng(count).beta(0.3, 1, count).round(2)  # with ties
    function, name = STATSMODELS[method]
    expected = multipletests(p_values, method=name)[1]
    assert function(pd.Series(p_values)).tolist() == pytest.approx(expected.tolist(), rel=1e-12)
    assert adjust(pd.Series(p_values), method=method).tolist() == pytest.approx(expected.tolist(), rel=1e-12)


@pytest.mark.parametrize("method", list(STATSMODELS))
def test_missing_p_values_stay_missing_and_do_not_count(method: str) -> None:
    p_values = pd.Series([0.01, np.nan, 0.2, 0.03], index=list("abcd"))
    found = adjust(p_values, method=method)
    assert found.drop("b").tolist() == adjust(p_values.drop("b"), method=method).tolist()
    assert np.isnan(found["b"])
    assert adjust(pd.Series([np.nan]), method=method).isna().all()


def test_families_are_adjusted_apart() -> None:
    p_values = pd.Series([0.01, 0.02, 0.03, 0.5, np.nan], index=list("vwxyz"))
    families = pd.Series(["one", "two", "one", "two", "one"], index=list("vwxyz"))
    found = adjust(p_values, method="bonferroni", families=families)
    assert found.tolist() == pytest.approx([0.02, 0.04, 0.06, 1.0, np.nan], nan_ok=True)


def test_what_cannot_be_adjusted_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="unknown adjustment"):
        adjust(pd.Series([0.1]), method="sidak")
    with pytest.raises(StatisticsError, match="between 0 and 1"):
        adjust(pd.Series([1.1]))
    with pytest.raises(StatisticsError, match="do not fit"):
        adjust(pd.Series([0.1, 0.2]), families=pd.Series(["a"]))


@pytest.mark.data
def test_every_method_matches_r(reference: Callable[[str], pd.DataFrame]) -> None:
    rows = reference("expected/agreement_paired.csv").query("table == 'p_adjust'")
    names = {"BH": "Benjamini-Hochberg", "BY": "Benjamini-Yekutieli"}
    p_values = pd.Series([float(p) for p in rows["dataset"].iloc[0].split(";")])
    for name, part in rows.groupby("row"):
        found = adjust(p_values, method=names.get(name, name))
        assert found.tolist() == pytest.approx(part["value"].astype(float).tolist(), rel=1e-9)
    assert len(rows) == 60
