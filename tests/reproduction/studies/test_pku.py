from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.reproduction.numbers import read_printed
from samesplit.reproduction.reproduce import Reproduction, reproduce, reproduce_table

FOLDER = Path(__file__).parents[3] / "benchmarks" / "pku-renal-ct"


@pytest.fixture(scope="module")
def found() -> Reproduction:
    return reproduce(FOLDER)


def test_only_these_numbers_are_inconsistent(found: Reproduction) -> None:
    wrong = found.table[found.table["verdict"] == "inconsistent"]
    said = wrong[["cohort_split", "model_or_reader", "metric", "printed", "formula"]].to_numpy().tolist()
    window = "as printed 285 to 315 HU, swapped -120 to 180 HU"
    assert said == [
        ["external", "3D U-Net left", "F1", "0.76", "2 x 177 / (244 + 230)"],
        ["test, >=5 mm", "3D ResNet-10 AML", "precision", "1.0", "16/17"],
        ["test, >=5 mm", "3D ResNet-10 solid", "precision", "0.9474", "36/39"],
        ["all", "CT window", "width HU", "30", window],
        ["all", "CT window", "level HU", "300", window],
    ]


def test_detection_and_accuracy_come_from_whole_masses(found: Reproduction) -> None:
    formulas = set(found.table.loc[found.table["verdict"] == "reproduced", "formula"])
    assert formulas >= {
        "82/121", "82/97", "63/104", "63/83", "177/230", "177/244", "123/170", "123/183",
        "left + right = 177 + 123", "left + right = 53 + 47", "(126 + 37) / (137 + 43) = 163/180",
        "(2 + 35) / (7 + 36) = 37/43", "(16 + 74 + 36) / (17 + 77 + 43) = 126/137",
        "(18 + 139 + 26) / (32 + 157 + 28) = 183/217", "32 + 157 + 28", "487 + 58 + 65", "263 + 227",
    }  # fmt: skip


def test_the_p_value_of_the_correlation_needs_89_masses(found: Reproduction) -> None:
    rows = found.table[(found.table["metric"] == "pearson_r") & (found.table["part"] == "p_value")]
    assert rows[["recomputed", "verdict"]].to_numpy().tolist() == [["n >= 89", "not derivable"]]


def test_findings_compute_their_figures(found: Reproduction) -> None:
    tables = {finding.title: finding.numbers for finding in found.findings}
    possible = tables["Which confusion matrices are possible"]
    assert possible is not None
    assert possible["possible tables"].tolist() == [0, 1, 3]
    assert possible["predicted by type"].tolist() == ["16/82/38", "3/40", "23/146/48"]
    baselines = tables["Accuracy against the commonest type"]
    assert baselines is not None
    assert baselines["always the commonest type"].tolist() == ["113/180 = 0.628", "157/217 = 0.724"]
    assert baselines["balanced accuracy"].tolist()[1] == "0.792"
    assert baselines["macro F1"].tolist()[1] == "0.752"
    missed = tables["Missed masses are not scored"]
    assert missed is not None
    assert missed["masses"].tolist() == [427, 300, 217, 183]
    texts = {finding.title: finding.text for finding in found.findings}
    assert "127 of 427" in texts["Missed masses are not scored"]


def test_rows_that_are_missing_make_rules_silent() -> None:
    published = read_printed(FOLDER)
    assert reproduce_table(published.iloc[:1]).totals["reproduced"] == 0
    for start in (0, 45):
        reproduce_table(published.drop(published.index[start : start + 45]))
