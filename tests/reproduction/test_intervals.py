from __future__ import annotations

import pandas as pd
import pytest

from samesplit.reproduction.intervals import RATE_METHODS, auc_interval_by, own_interval, rate_interval
from samesplit.reproduction.p_values import mcnemar_range, one_sample_binomial, unpaired_p_values
from samesplit.statistics import mcnemar_p_value


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        ("Agresti-Coull", 0.2352, 0.7648),
        ("Wilson", 0.2366, 0.7634),
        ("Clopper-Pearson", 0.1871, 0.8129),
        ("Wald", 0.1901, 0.8099),
    ],
)
def test_five_of_ten(method: str, low: float, high: float) -> None:
    assert rate_interval(5, 10, method) == pytest.approx((low, high), abs=2e-3)


def test_no_interval_leaves_0_to_1() -> None:
    for method in RATE_METHODS:
        low, high = rate_interval(10, 10, method)
        assert 0 <= low <= high <= 1


def row(**cells: object) -> pd.Series:
    empty = {"metric": "AUC", "number": 0.73, "n": 112.0, "n_pos": 63.0, "n_neg": 49.0}
    return pd.Series({**empty, **cells})


def test_an_interval_of_ones_own_where_none_is_printed() -> None:
    low, high, method = own_interval(row()) or (0.0, 0.0, "")
    assert (round(low, 3), round(high, 3), method) == (0.638, 0.822, "Hanley-McNeil")

    low, high, method = own_interval(row(metric="sensitivity", number=0.92)) or (0.0, 0.0, "")
    assert (round(low, 2), round(high, 2), method) == (0.82, 0.97, "Agresti-Coull")

    low, high, method = own_interval(row(metric="accuracy", number=0.7, n_pos=float("nan"))) or (0.0, 0.0, "")
    assert (round(low, 2), round(high, 2)) == (0.61, 0.77)


@pytest.mark.parametrize(
    "cells",
    [
        {"n_pos": float("nan")},
        {"number": float("nan")},
        {"number": 1.0},
        {"metric": "DSC"},
        {"metric": "sensitivity", "n_pos": float("nan")},
    ],
)
def test_no_interval_where_the_row_does_not_say_enough(cells: dict[str, object]) -> None:
    assert own_interval(row(**cells)) is None


def test_an_auc_taken_for_a_proportion_at_its_ends() -> None:
    assert auc_interval_by(0.0, 5, 5, "Clopper-Pearson of AUC x n")[0] == 0.0
    assert auc_interval_by(1.0, 5, 5, "Clopper-Pearson of AUC x n")[1] == 1.0


def test_the_range_of_mcnemars_test_holds_every_overlap() -> None:
    first, second, n = 7, 4, 10
    possible = []
    for both in range(max(0, first + second - n), min(first, second) + 1):
        possible.append(mcnemar_p_value(first - both, second - both))

    found = mcnemar_range([(first, second, n)])

    assert (found.low, found.high) == (min(possible), max(possible))
    assert found.only_first - found.only_second == first - second


def test_classes_that_differ_in_opposite_directions_do_not_cancel() -> None:
    found = mcnemar_range([(10, 4, 10), (2, 8, 10)])

    assert found.high == 1.0
    assert found.only_first >= 6
    assert found.only_second >= 6


def test_p_values_of_margins() -> None:
    assert one_sample_binomial(5, 10, 0.5) == 1.0
    found = unpaired_p_values((10, 10), (10, 10))
    assert found["Fisher"] == 1.0
    assert pd.isna(found["chi-square"])
