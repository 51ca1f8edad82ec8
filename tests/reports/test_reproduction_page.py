from __future__ import annotations

import pandas as pd

from samesplit.reports.reproduction_page import reproduction_page

COLUMNS = ["row", "study", "table_figure", "cohort_split", "model_or_reader", "metric", "part", "printed"]
RECORD = {
    "name": "a-study",
    "title": "A study",
    "samesplit": "0",
    "finished": "2026-01-01T00:00:00+00:00",
}


def table(*rows: tuple[object, ...]) -> pd.DataFrame:
    columns = [*COLUMNS, "recomputed", "formula", "verdict", "note"]
    return pd.DataFrame(list(rows), columns=columns)


def page(numbers: pd.DataFrame, **totals: int) -> str:
    counts = {"reproduced": 0, "inconsistent": 0, "not derivable": 0} | totals
    return reproduction_page(numbers, [("A title <b>", "Said.", None)], {**RECORD, "totals": counts})


def test_a_study_without_a_contradiction_says_so() -> None:
    found = page(
        table((2, "S", "", "test", "Net", "F1", "value", "0.5", 0.5, "x", "reproduced", "")), reproduced=1
    )

    assert "Every printed number that follows from others comes out as printed." in found
    assert "A title &lt;b&gt;" in found


def test_where_nothing_could_be_checked_nothing_is_said_to_hold() -> None:
    found = page(
        table((2, "S", "", "test", "Net", "AUC", "value", "0.5", None, "", "not derivable", "")),
        **{"not derivable": 1},
    )

    assert "No printed number follows from others, so none could be checked." in found
    assert "Of 1 printed numbers none follows from others" in found
    assert "comes out as printed" not in found


def test_an_interval_that_does_not_hold_is_named_in_the_figure_and_its_number_in_the_table() -> None:
    about = ("S", "Table 1", "test", "Net", "accuracy")
    found = page(
        table(
            (2, *about, "value", "0.64", 0.8, "x", "inconsistent", "outside its own interval"),
            (2, *about, "ci_low", "0.66", 0.66, "x", "reproduced", ""),
            (2, *about, "ci_high", "0.89", 0.89, "x", "reproduced", ""),
        ),
        reproduced=2,
        inconsistent=1,
    )

    assert "Printed and recomputed intervals" in found
    assert "Outside its own interval" in found
    assert "2 come out as printed, 1 does not" in found
