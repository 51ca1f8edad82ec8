from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.reproduction.numbers import read_printed
from samesplit.reproduction.ratios import is_ratio, ratios_fit
from samesplit.reproduction.reproduce import reproduce

HEADER = "study,model_or_reader,metric,value,ci_low,ci_high,p_value\n"


def verdicts(folder: Path, row: str) -> dict[str, str]:
    (folder / "published.csv").write_text(HEADER + row + "\n", encoding="utf-8")
    return {one.part: one.verdict for one in ratios_fit(read_printed(folder))}


@pytest.mark.parametrize("row", [
    "A,necrosis,OR_univariate,16.696,2.148,129.772,0.007", "A,T1,HR,2.62,1.43,4.81,0.002",
    "A,aggressive,HR_DSS_multivariate,2.0,1.2,3.3,<0.01",
])  # fmt: skip
def test_a_ratio_that_fits_its_interval_and_p_value_is_reproduced(tmp_path: Path, row: str) -> None:
    found = verdicts(tmp_path, row)
    assert found == dict.fromkeys(("value", "ci_low", "ci_high", "p_value"), "reproduced")


def test_a_ratio_off_the_middle_of_its_interval_is_inconsistent(tmp_path: Path) -> None:
    found = verdicts(tmp_path, "A,necrosis,OR_univariate,12.0,2.148,129.772,0.007")
    assert found == {
        "value": "inconsistent", "ci_low": "inconsistent", "ci_high": "inconsistent", "p_value": "reproduced",
    }  # fmt: skip


def test_a_p_value_that_the_interval_denies_is_inconsistent(tmp_path: Path) -> None:
    found = verdicts(tmp_path, "A,ADC,OR,0.341,0.116,1.002,0.02")
    assert found["p_value"] == "inconsistent"
    assert {found[part] for part in ("value", "ci_low", "ci_high")} == {"reproduced"}


@pytest.mark.parametrize("row", [
    "A,T1,OR,2.6,,,0.002", "A,T1,OR,ref,,,0.07", "A,T1,AUC,0.692,0.594,0.78,", "A,T1,OR,0,0,2,0.5",
])  # fmt: skip
def test_other_rows_are_left_to_other_rules(tmp_path: Path, row: str) -> None:
    assert verdicts(tmp_path, row) == {}


def test_any_study_is_checked(tmp_path: Path) -> None:
    (tmp_path / "published.csv").write_text(HEADER + "A,T1,OR,2.62,1.43,4.81,0.002\n", encoding="utf-8")
    assert reproduce(tmp_path).totals == {"reproduced": 4, "inconsistent": 0, "not derivable": 0}


def test_ratios_are_told_by_the_beginning_of_the_metric() -> None:
    names = ("OR_univariate", "HR DSS", "RR", "ROC_AUC", "ORR")
    assert [is_ratio(name) for name in names] == [True, True, True, False, False]
