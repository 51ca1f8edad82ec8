from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.reproduction.numbers import read_printed
from samesplit.reproduction.reproduce import Reproduction, reproduce, reproduce_table

FOLDER = Path(__file__).parents[3] / "benchmarks" / "xiong2025-renal-ct"


@pytest.fixture(scope="module")
def found() -> Reproduction:
    return reproduce(FOLDER)


def numbers(found: Reproduction, title: str) -> pd.DataFrame:
    (table,) = (finding.numbers for finding in found.findings if finding.title == title)
    assert table is not None
    return table


def test_every_sum_of_the_cohort_table_agrees(found: Reproduction) -> None:
    counts = found.table[(found.table["metric"] == "n") & (found.table["verdict"] == "reproduced")]
    assert len(counts) == 2 + 5 * 5 + 1
    table = numbers(found, "Sums that agree")
    assert table["sum"].tolist() == [2400, 598, 561, 610, 388]
    assert table["printed"].tolist() == ["2400", "598", "561", "610", "388"]


def test_only_these_numbers_are_inconsistent(found: Reproduction) -> None:
    wrong = found.table[found.table["verdict"] == "inconsistent"]
    said = wrong[["model_or_reader", "printed", "recomputed"]].to_numpy().tolist()
    assert said == [
        ["class share, first wrongly labelled", "13.8", "benign-indolent"],
        ["class share, second wrongly labelled", "63.9", "malignant-indolent"],
        ["TNM II", "6.7", 40.0],
        ["TNM III", "9.0", 54.0],
        ["White", "14", "more than 194"],
        ["Black", "0.1", pytest.approx(100 * 3 / 388)],
        ["MEST", "1.4", pytest.approx(100 * 2 / 388)],
    ]


def test_volumes_are_bounded_and_not_derivable(found: Reproduction) -> None:
    volumes = found.table[found.table["model_or_reader"] == "CT volumes"].iloc[0]
    assert (volumes["verdict"], volumes["recomputed"]) == ("not derivable", "12895 to 13671")


def test_hazard_ratios_are_not_derivable_and_shown_beside_those_of_5_year_rates(found: Reproduction) -> None:
    ratios = found.table[found.table["metric"].str.startswith("HR_")]
    assert set(ratios["verdict"]) == {"not derivable"}
    compared = ratios.loc[ratios["metric"].eq("HR_DSS_univariate") & ratios["part"].eq("value"), "recomputed"]
    assert compared.tolist() == pytest.approx([7.106, 56.92], rel=1e-3)
    table = numbers(found, "Hazard ratios against 5-year rates")
    assert table["ln ratio"].tolist() == ["7.1", "4.6", "5.0", "56.9", "9.0", "21.3"]
    assert table["printed hazard ratio"].tolist() == ["5.48", "4.11", "2.66", "20.61", "9.69", "13.19"]


def test_classes_and_majorities_follow_from_the_cohort_table(found: Reproduction) -> None:
    table = numbers(found, "Classes, majority and indeterminate labels").set_index("cohort")
    assert table["malignant + benign"].tolist() == ["504 + 94", "472 + 89", "526 + 84", "374 + 14"]
    assert table["aggressive + indolent"].tolist() == ["128 + 465", "111 + 432", "128 + 474", "176 + 212"]
    assert table.loc["external", "aggressive if indeterminate counted so"] == 129


def test_aucs_without_interval_get_hanley_and_mcneils(found: Reproduction) -> None:
    table = numbers(found, "Intervals of AUCs that are not printed")
    assert table.iloc[:, -1].tolist() == [
        "0.872 to 0.924", "0.819 to 0.887", "0.840 to 0.902", "0.821 to 0.941",
        "0.743 to 0.841", "0.708 to 0.818", "0.733 to 0.833", "0.706 to 0.804",
    ]  # fmt: skip


def test_one_cell_fraction_is_left_after_holm(found: Reproduction) -> None:
    table = numbers(found, "Cell fractions")
    assert table.loc[table["Holm"] < 0.05, "cells"].tolist() == ["Mast fraction"]


def test_rows_that_are_missing_make_rules_silent() -> None:
    published = read_printed(FOLDER)
    assert reproduce_table(published.iloc[:1]).totals["reproduced"] == 0
    for start in (0, 45):
        reproduce_table(published.drop(published.index[start : start + 45]))
