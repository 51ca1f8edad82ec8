from __future__ import annotations

import numpy as np
import pytest

from samesplit.reproduction.agrees import agreeing, agrees, agrees_within
from samesplit.reproduction.confusion import (
    TABLE_RATES,
    counts_that_print,
    fit_tables,
    rate_of,
    splits_that_fit,
)
from samesplit.reproduction.numbers import parse
from samesplit.statistics.proportions import Confusion

TABLE = Confusion(tp=58, fn=5, tn=20, fp=29)


def printed(table: Confusion, *names: str, digits: int = 2) -> list[tuple[str, object]]:
    return [(name, parse(f"{rate_of(table, name):.{digits}f}")) for name in names]


def test_all_rates_of_a_table_lead_back_to_it_alone() -> None:
    fit = fit_tables(printed(TABLE, *TABLE_RATES), 63, 49)  # type: ignore[arg-type]

    assert fit.table == TABLE
    assert fit.fitting == fit.printed == len(TABLE_RATES)


def test_coarse_rates_leave_several_tables() -> None:
    fit = fit_tables(printed(TABLE, "accuracy", digits=1), 63, 49)  # type: ignore[arg-type]

    assert fit.table is None
    assert TABLE in fit.tables


def test_one_misprint_is_outvoted() -> None:
    rates = [*printed(TABLE, "sensitivity", "specificity", "npv"), ("ppv", parse("0.90"))]
    fit = fit_tables(rates, 63, 49)  # type: ignore[arg-type]

    assert fit.table == TABLE
    assert fit.printed - fit.fitting == 1


def test_very_many_lesions_are_searched_near_the_printed_rates_or_not_at_all() -> None:
    large = Confusion(tp=4_000, fn=1_000, tn=9_000, fp=1_000)
    near = fit_tables(printed(large, "sensitivity", "specificity", "ppv", digits=4), 5_000, 10_000)  # type: ignore[arg-type]

    assert large in near.tables
    assert fit_tables([("ppv", parse("0.80"))], 5_000, 10_000).tables == ()


def test_a_single_division_of_the_lesions_fits() -> None:
    rates = printed(TABLE, "sensitivity", "specificity", "ppv", "npv", "accuracy", "f1", digits=3)
    found = dict(splits_that_fit([rates], 112))  # type: ignore[list-item]

    assert [n_pos for n_pos, missing in found.items() if missing == 0] == [63]


def test_a_rate_of_no_whole_number_is_found() -> None:
    assert counts_that_print(parse("0.91"), 63) == []
    assert counts_that_print(parse("N/A"), 63) == []
    assert counts_that_print(parse("0.5"), 4) == [2]


@pytest.mark.parametrize("text", ["0.12", "0.13", "0.500", "1.00", "0"])
def test_many_numbers_agree_as_each_of_them_does(text: str) -> None:
    values = np.round(np.arange(0, 1.0005, 0.0005), 4)

    assert agreeing(text, values).tolist() == [agrees(text, float(value)) for value in values]


def test_what_comes_from_rounded_numbers_agrees_when_some_of_it_does() -> None:
    assert not agrees_within("0.81", 0.789, 0.799)
    assert agrees_within("<0.05", 0.04, 0.06)
    assert agrees_within(">0.05", 0.04, 0.06)
    assert not agrees_within("N/A", 0.0, 1.0)
