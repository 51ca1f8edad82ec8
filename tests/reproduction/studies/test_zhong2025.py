from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.reproduction.numbers import read_printed
from samesplit.reproduction.reproduce import Reproduction, reproduce, reproduce_table

FOLDER = Path(__file__).parents[3] / "benchmarks" / "zhong2025-t1-mapping"


@pytest.fixture(scope="module")
def found() -> Reproduction:
    return reproduce(FOLDER)


def cell(found: Reproduction, name: str, metric: str, part: str = "value", table: str = "") -> pd.Series:
    rows = found.table
    fits = rows[(rows["model_or_reader"] == name) & (rows["metric"] == metric) & (rows["part"] == part)]
    fits = fits[fits["table_figure"].str.contains(table, regex=False)]
    assert len(fits) == 1
    return fits.iloc[0]


def test_counts_that_do_not_add_up_are_inconsistent(found: Reproduction) -> None:
    for name, value in {
        "patients, all": 103,
        "male, all": 63,
        "male, benign": 9,
        "benign (header of Table 2)": 25,
    }.items():
        one = cell(found, name, "n")
        assert (one["verdict"], one["recomputed"]) == ("inconsistent", value)
    assert {cell(found, name, "n")["verdict"] for name in ("malignant", "benign", "ccRCC", "oncocytoma")} == {
        "reproduced"
    }


def test_exactly_three_percentages_of_104_and_the_share_of_aml_are_wrong(found: Reproduction) -> None:
    rows = found.table[found.table["metric"] == "percent"]
    wrong = set(rows.loc[rows["verdict"] == "inconsistent", "model_or_reader"])
    assert wrong == {"male, benign", "female, all", "female, benign", "AML, share of benign"}
    assert len(rows) == 18


@pytest.mark.parametrize(("name", "p", "verdict"), [
    ("NPr %", 0.8645, "reproduced"), ("T1 ms", 0.0007, "reproduced"), ("T1e ms", 0.0416, "reproduced"),
    ("T1r %", 0.0129, "reproduced"), ("CMPr %", 0.3765, "inconsistent"),
])  # fmt: skip
def test_table_2_comes_from_pooled_t_tests_with_25_benign_masses_but_for_cmpr(
    found: Reproduction, name: str, p: float, verdict: str
) -> None:
    for group in ("malignant", "benign"):
        one = cell(found, name, f"{group} mean±sd", "p_value")
        assert one["recomputed"] == pytest.approx(p, abs=5e-5)
        assert one["verdict"] == verdict


def test_sex_and_surgery_are_chi_square_without_correction(found: Reproduction) -> None:
    sex, surgery = (
        cell(found, "male, all", "n", "p_value"),
        cell(found, "partial nephrectomy all", "n", "p_value"),
    )
    assert (sex["recomputed"], surgery["recomputed"]) == pytest.approx((0.0010470, 0.65369), rel=1e-3)
    assert {sex["verdict"], surgery["verdict"]} == {"reproduced"}
    assert "0.0016" in sex["note"]
    assert "0.7890" in surgery["note"]


def test_age_is_reproduced_within_rounding_and_size_is_not(found: Reproduction) -> None:
    assert cell(found, "age all", "mean_sd")["verdict"] == "reproduced"
    assert cell(found, "age all", "mean_sd", "p_value")["verdict"] == "reproduced"
    size = cell(found, "size cm all", "mean_sd")
    assert (size["verdict"], size["recomputed"]) == ("inconsistent", "2.88±0.725")
    p = cell(found, "size cm all", "mean_sd", "p_value")
    assert (p["verdict"], p["recomputed"]) == ("inconsistent", pytest.approx(0.551, abs=5e-4))


def test_every_odds_ratio_of_table_4_fits_its_interval_and_p_value(found: Reproduction) -> None:
    rows = found.table[found.table["metric"].str.startswith("OR_")]
    with_interval = rows[rows["row"].isin(rows.loc[rows["part"] == "ci_low", "row"])]
    assert set(with_interval["verdict"]) == {"reproduced"}
    assert len(with_interval) == 4 * 24


def test_necrosis_is_woolf_from_the_counts_of_the_roc_curve(found: Reproduction) -> None:
    values = [cell(found, "Necrosis Y:N", "OR_univariate", part) for part in ("value", "ci_low", "ci_high")]
    assert [one["recomputed"] for one in values] == pytest.approx([16.696, 2.148, 129.77], rel=1e-4)
    assert {one["formula"] for one in values} == {"Woolf, 32/46 and 1/24"}


def test_roc_counts_are_whole_and_the_auc_of_necrosis_is_their_mean(found: Reproduction) -> None:
    for curve, counts in {
        "T1 > 2186.2 ms": ("37/78", "25/25"), "Necrosis": ("32/78", "24/25"),
        "T1 + necrosis logistic": ("54/78", "24/25"),
    }.items():  # fmt: skip
        assert (
            tuple(cell(found, curve, metric)["formula"] for metric in ("sensitivity", "specificity"))
            == counts
        )
    auc = cell(found, "Necrosis", "ROC_AUC")
    assert (auc["verdict"], auc["recomputed"]) == ("reproduced", pytest.approx(0.68513, abs=1e-5))
    assert cell(found, "T1 + necrosis logistic", "ROC_AUC", table="abstract")["verdict"] == "inconsistent"


def test_intervals_of_the_aucs_take_them_for_proportions_of_103_patients(found: Reproduction) -> None:
    rows = found.table[
        (found.table["metric"] == "ROC_AUC") & found.table["table_figure"].str.startswith("Fig 4")
    ]
    bounds = rows[rows["part"] != "value"]
    assert len(bounds) == 6
    assert set(bounds["verdict"]) == {"reproduced"}
    assert all("Clopper-Pearson" in formula for formula in bounds["formula"])


def test_intervals_of_the_iccs_come_from_103_patients_and_two_observers(found: Reproduction) -> None:
    rows = found.table[(found.table["metric"] == "ICC") & (found.table["part"] != "value")]
    assert len(rows) == 10
    assert set(rows["verdict"]) == {"reproduced"}


def test_t1_and_t1e_are_the_mean_of_both_observers_and_npr_is_the_first(found: Reproduction) -> None:
    said = {
        name: cell(found, name, "benign mean±sd") for name in ("T1 ms", "T1e ms", "NPr %", "CMPr %", "T1r %")
    }
    assert {said[name]["note"] for name in ("T1 ms", "T1e ms")} == {"agrees with the mean of both observers"}
    assert said["NPr %"]["note"] == "agrees with Observer 1 alone"
    assert {said[name]["verdict"] for name in ("CMPr %", "T1r %")} == {"inconsistent"}


def test_the_abstract_s_bound_of_all_p_values_is_not_kept(found: Reproduction) -> None:
    one = cell(found, "T1 mapping values, all", "p", "p_value")
    assert (one["verdict"], one["recomputed"]) == ("inconsistent", 0.042)


def test_findings_compute_their_figures(found: Reproduction) -> None:
    by_title = {finding.title: finding for finding in found.findings}
    assert "only 103 give all" in by_title["How the intervals of the AUCs were made"].text
    assert "175.32" in by_title["One digit of CMPr"].text
    assert "3.1 events" in by_title["Variables screened"].text
    tests = by_title["Which tests were made"].numbers
    assert tests is not None
    assert tests.set_index("quantity").loc["T1e ms", "Welch"] == "0.0053"
    units = by_title["Odds ratios are per SD"].numbers
    assert units is not None
    assert units.set_index("quantity")["expected per SD of all patients"].to_dict() == {
        "CMPr %": "1.23", "NPr %": "1.04", "T1 ms": "2.33", "T1e ms": "0.62", "T1r %": "1.82",
    }  # fmt: skip


def test_rows_that_are_missing_make_rules_silent() -> None:
    published = read_printed(FOLDER)
    assert reproduce_table(published.iloc[:1]).totals["reproduced"] == 0
    for start in (0, 45):
        reproduce_table(published.drop(published.index[start : start + 45]))
