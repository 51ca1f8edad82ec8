"""Xi 2020: expected numbers were computed apart from this package, from the printed numbers and by SciPy."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.reproduction.finding import Finding
from samesplit.reproduction.numbers import read_printed
from samesplit.reproduction.reproduce import Reproduction, reproduce
from samesplit.reproduction.studies.xi2020.comparisons import comparisons
from samesplit.reproduction.studies.xi2020.cross_validation import folds_that_fit
from samesplit.reproduction.studies.xi2020.lookup import paper_tables

FOLDER = Path(__file__).parents[3] / "benchmarks" / "xi2020-renal-mri"

TABLES = {
    ("train", "Clinical"): (398, 62, 163, 193),
    ("train", "T1C"): (458, 2, 353, 3),
    ("train", "T2"): (448, 12, 320, 36),
    ("train", "Ensemble"): (456, 4, 323, 33),
    ("validation", "Clinical"): (122, 10, 37, 65),
    ("validation", "T1C"): (102, 30, 53, 49),
    ("validation", "T2"): (109, 23, 58, 44),
    ("validation", "Ensemble"): (115, 17, 61, 41),
    ("test", "Clinical"): (52, 11, 6, 43),
    ("test", "T1C"): (55, 8, 17, 32),
    ("test", "T2"): (57, 6, 20, 29),
    ("test", "Ensemble"): (58, 5, 20, 29),
    ("test", "Expert 1"): (53, 10, 20, 29),
    ("test", "Expert 2"): (53, 10, 13, 36),
    ("test", "Expert 3"): (47, 16, 20, 29),
    ("test", "Expert 4"): (49, 14, 16, 33),
    ("test", "Radiomics"): (50, 13, 19, 30),
    ("test, segmenter 2", "Ensemble"): (58, 5, 20, 29),
    ("test, segmenter 3", "Ensemble"): (54, 9, 14, 35),
}


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return read_printed(FOLDER)


@pytest.fixture(scope="module")
def found() -> Reproduction:
    return reproduce(FOLDER)


def finding(found: Reproduction, title: str) -> Finding:
    return next(one for one in found.findings if title in one.title)


def cells(finding: Finding) -> list[tuple[object, ...]]:
    assert finding.numbers is not None
    return list(finding.numbers.itertuples(index=False, name=None))


def test_every_row_comes_from_one_table_of_whole_lesions(published: pd.DataFrame) -> None:
    tables = {key: (table.tp, table.fn, table.tn, table.fp) for key, table in paper_tables(published).items()}

    assert tables == TABLES


def test_every_rate_of_table_2_but_three_comes_out(found: Reproduction) -> None:
    rates = ["F1", "accuracy", "sensitivity", "specificity", "PPV", "NPV", "FDR"]
    table = found.table
    mine = table[
        (table["table_figure"] == "Table 2") & (table["part"] == "value") & table["metric"].isin(rates)
    ]

    assert len(mine) == 17 * 7
    failing = mine[mine["verdict"] != "reproduced"]
    assert failing[["cohort_split", "model_or_reader", "metric", "verdict"]].to_numpy().tolist() == [
        ["validation", "Clinical", "F1", "inconsistent"],
        ["validation", "T1C", "FDR", "inconsistent"],
        ["validation", "T2", "F1", "inconsistent"],
    ]
    assert failing["note"].str.startswith("rounded twice").all()


def test_63_malignant_and_49_benign_is_the_only_division_of_the_test_lesions(found: Reproduction) -> None:
    lines = cells(finding(found, "How many test lesions"))

    assert lines[0] == ("test", 63, 49, "0 of 63")
    assert [line[1:] for line in lines[1:3]] == [(64, 48, "22 of 63"), (62, 50, "27 of 63")]
    assert ("validation", 132, 102, "3 of 28") in lines
    assert lines[-1][:3] == ("train", 460, 356)
    assert "the only division" in finding(found, "How many test lesions").text


def test_all_33_test_intervals_come_out_by_agresti_and_coull(found: Reproduction) -> None:
    assert cells(finding(found, "Agresti and Coull's")) == [
        ("Agresti-Coull", 33, 33),
        ("plus-4", 32, 33),
        ("Wilson", 26, 33),
        ("Jeffreys", 18, 33),
        ("Clopper-Pearson", 7, 33),
        ("Wald", 5, 33),
    ]


def test_every_interval_of_a_rate_is_reproduced(found: Reproduction) -> None:
    bounds = found.table[found.table["part"].isin(["ci_low", "ci_high"])]

    assert len(bounds) > 150
    assert set(bounds["verdict"]) == {"reproduced"}


def test_the_p_values_are_those_of_a_binomial_test_against_the_unrounded_rate(found: Reproduction) -> None:
    mine = found.table[found.table["part"] == "p_value"]

    assert mine["printed"].tolist() == ["0.004", "0.053", "0.017", "0.450", "0.081", "0.012", "0.770"]
    computed = [0.0042, 0.0529, 0.0167, 0.4550, 0.0812, 0.0117, 0.7711]
    assert mine["recomputed"].astype(float).tolist() == pytest.approx(computed, abs=5.1e-5)
    assert mine["verdict"].tolist().count("reproduced") == 5
    assert mine.loc[mine["verdict"] == "inconsistent", "note"].str.contains("rounded to two digits").all()


def test_the_comparators_are_the_unrounded_means(published: pd.DataFrame) -> None:
    rates = {(one.metric, one.comparator): one.rate for one in comparisons(published)}

    assert rates[("accuracy", "Zero rule")] == 63 / 112
    assert rates[("accuracy", "Mean of 4 experts")] == pytest.approx(0.60491, abs=5e-6)
    assert rates[("sensitivity", "Mean of 4 experts")] == pytest.approx(0.80159, abs=5e-6)
    assert rates[("specificity", "Mean of 4 experts")] == pytest.approx(0.35204, abs=5e-6)


def test_only_the_zero_rule_is_left_after_proper_tests(found: Reproduction) -> None:
    said = finding(found, "P values")
    lines = {line[:2]: line[2:] for line in cells(said)}

    assert lines[("accuracy", "Zero rule")][3:] == ("0.0041", "0.028")
    assert lines[("accuracy", "Radiomics")][2:] == ("0.260", "0.0039 to 0.289", "0.243")
    assert lines[("sensitivity", "Radiomics")][2:4] == ("0.073", "0.0078 to 0.096")
    assert lines[("specificity", "Radiomics")][2:4] == ("1.000", "1.0000")
    fisher = [
        lines[(metric, "Mean of 4 experts")][2] for metric in ("accuracy", "sensitivity", "specificity")
    ]
    assert fisher == ["0.081", "0.026", "0.508"]
    adjusted = [float(str(line[-1])) for line in lines.values()]
    assert [p < 0.05 for p in adjusted] == [True, *[False] * 6]
    assert "paired P of 0.0625 to 0.590" in said.text
    assert "P is 1 whatever the overlap" in said.text


def test_the_radiomics_aucs_are_those_of_decisions(found: Reproduction) -> None:
    table = found.table
    mine = table[
        (table["model_or_reader"] == "Radiomics")
        & (table["cohort_split"] == "test")
        & table["metric"].isin(["ROC_AUC", "PR_AUC"])
    ].set_index("metric")

    assert float(str(mine.loc["ROC_AUC", "recomputed"])) == pytest.approx(0.5907, abs=5e-5)
    assert float(str(mine.loc["PR_AUC", "recomputed"])) == pytest.approx(0.7674, abs=5e-5)
    assert set(mine["verdict"]) == {"reproduced"}
    assert "as average precision it is 0.61" in finding(found, "AUC of its decisions").text


def test_the_cross_validation_row_is_of_one_fold(found: Reproduction, published: pd.DataFrame) -> None:
    folds = [(fold.n_pos, fold.n_neg) for fold in folds_that_fit(published)]
    mine = found.table[found.table["cohort_split"] == "5-fold CV average"]

    assert (36, 10) in folds
    assert all(35 <= n_pos <= 37 and n_neg == 10 for n_pos, n_neg in folds)
    wrong = mine[mine["verdict"] == "inconsistent"]
    assert list(zip(wrong["metric"], wrong["printed"], strict=True)) == [
        ("accuracy", "0.64"),
        ("accuracy", "0.64"),
        ("PR_AUC", "0.84"),
    ]
    assert "F1 would be 0.75" in finding(found, "cross-validation").text


def test_inconsistent_dice_and_counts_are_found(found: Reproduction) -> None:
    wrong = found.table[found.table["verdict"] == "inconsistent"].set_index("model_or_reader")

    assert float(str(wrong.loc["all segmenters", "recomputed"])) == pytest.approx(0.794, abs=5e-4)
    assert "at most 0.7987" in str(wrong.loc["all segmenters", "note"])
    assert wrong.loc["benign, imaging and follow-up", "printed"] == "347"
    assert float(str(wrong.loc["benign, imaging and follow-up", "recomputed"])) == 345
    assert found.totals["inconsistent"] == 10


def test_what_no_single_number_says(found: Reproduction) -> None:
    assert finding(found, "second segmenter").numbers is not None
    ties = finding(found, "highest specificity").text
    assert ties.startswith("T2, Ensemble, Expert 1 and Expert 3 all have 20 of 49")
    assert "23 of them empty" in finding(found, "features").title
    assert "345 of the 458" in finding(found, "diagnosed by imaging").text
    assert [line[-1] for line in cells(finding(found, "Rounded twice"))] == ["0.77", "0.33", "0.77"]
    assert len(cells(finding(found, "another ensemble"))) == 21


def test_intervals_of_the_printed_aucs(found: Reproduction) -> None:
    lines = cells(finding(found, "Intervals of AUCs"))
    said = {(line[0], *line[2:4]): line[-1] for line in lines if line[0] == "Xi 2020"}

    assert said[("Xi 2020", "test", "Ensemble")] == "0.638 to 0.822"
    assert said[("Xi 2020", "test", "Radiomics")] == "0.485 to 0.695"


def test_the_rules_say_nothing_where_rows_are_missing(published: pd.DataFrame) -> None:
    from samesplit.reproduction.studies.xi2020 import FINDINGS, RULES

    few = published[published["metric"] == "ECE"]

    assert [rule(few) for rule in RULES] == [[]] * len(RULES)
    assert [rule(few) for rule in FINDINGS] == [[]] * len(FINDINGS)
