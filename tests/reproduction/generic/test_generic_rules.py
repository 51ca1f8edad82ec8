from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.reproduction.numbers import read_printed
from samesplit.reproduction.reproduce import Reproduction, reproduce_table

COLUMNS = (
    "study,table_figure,task,cohort_split,n,n_pos,n_neg,model_or_reader,metric,"
    "value,ci_low,ci_high,p_value,comparator"
)


def reproduced(folder: Path, *lines: str) -> Reproduction:
    (folder / "published.csv").write_text("\n".join([COLUMNS, *lines]) + "\n", encoding="utf-8")
    return reproduce_table(read_printed(folder))


def verdicts(found: Reproduction) -> dict[tuple[int, str], str]:
    rows = found.table[["row", "part", "verdict"]].itertuples(index=False, name=None)
    return {(row, part): verdict for row, part, verdict in rows}


def test_two_rates_only_have_to_be_of_whole_lesions(tmp_path: Path) -> None:
    found = reproduced(
        tmp_path,
        "A,T,t,test,112,63,49,Net,sensitivity,0.91,,,,",
        "A,T,t,test,112,63,49,Net,specificity,0.41,,,,",
        "A,T,t,test,112,63,49,Other,PPV,0.50,,,,",
    )

    assert verdicts(found) == {
        (2, "value"): "inconsistent",
        (3, "value"): "not derivable",
        (4, "value"): "not derivable",
    }
    assert "no whole number of 63 lesions prints as 0.91" in found.table["formula"].iloc[0]


def test_rates_that_contradict_each_other_are_inconsistent_though_any_two_fit(tmp_path: Path) -> None:
    found = reproduced(
        tmp_path,
        "A,T,t,test,112,63,49,Net,accuracy,0.80,,,,",
        "A,T,t,test,112,63,49,Net,sensitivity,0.92,,,,",
        "A,T,t,test,112,63,49,Net,specificity,0.41,,,,",
    )

    said = verdicts(found)
    assert said[(2, "value")] == said[(4, "value")] == "inconsistent"
    assert "contradict each other: 2 of 3 at most" in found.table["note"].iloc[0]


def test_percentages_without_their_sign_are_not_taken_for_rates(tmp_path: Path) -> None:
    found = reproduced(
        tmp_path,
        "A,T,t,test,200,120,80,Net,sensitivity,85.0,,,,",
        "A,T,t,test,200,120,80,Net,specificity,72.5%,,,,",
        "A,T,t,test,200,120,80,Net,accuracy,80%,,,,",
        "A,T,t,test,200,120,80,Net,PPV,0.82,,,,",
    )

    assert verdicts(found)[(2, "value")] == "not derivable"
    assert "write 85.0%" in found.table["note"].iloc[0]
    assert verdicts(found)[(3, "value")] == "reproduced"


def test_an_interval_that_is_turned_around_is_inconsistent(tmp_path: Path) -> None:
    found = reproduced(tmp_path, "A,T,t,test,112,63,49,Net,accuracy,0.62,0.70,0.52,,")

    said = verdicts(found)
    assert said[(2, "ci_low")] == said[(2, "ci_high")] == "inconsistent"
    assert said[(2, "value")] == "not derivable"
    assert "0.70, is above the upper, 0.52" in found.table["formula"].iloc[1]


def test_f1_is_checked_without_class_sizes(tmp_path: Path) -> None:
    found = reproduced(
        tmp_path,
        "A,T,t,test,244,,,Left,precision,0.7696,,,,",
        "A,T,t,test,244,,,Left,recall,0.7254,,,,",
        "A,T,t,test,244,,,Left,F1,0.76,,,,",
        "A,T,t,test,183,,,Right,precision,0.7235,,,,",
        "A,T,t,test,183,,,Right,recall,0.6721,,,,",
        "A,T,t,test,183,,,Right,F1,0.70,,,,",
    )

    assert verdicts(found)[(4, "value")] == "inconsistent"
    assert verdicts(found)[(7, "value")] == "reproduced"


def test_an_interval_that_one_method_alone_does_not_give_is_inconsistent(tmp_path: Path) -> None:
    lines = [
        "A,T,t,test,112,63,49,Net,accuracy,0.70,0.61,0.77,,",
        "A,T,t,test,112,63,49,Net,sensitivity,0.92,0.82,0.97,,",
        "A,T,t,test,112,63,49,Net,specificity,0.41,0.28,0.55,,",
        "A,T,t,test,112,63,49,Reader,sensitivity,0.79,0.60,0.88,,",
    ]
    found = verdicts(reproduced(tmp_path, *lines))

    assert found[(2, "ci_low")] == found[(5, "ci_high")] == "reproduced"
    assert found[(5, "ci_low")] == "inconsistent"


def test_an_interval_by_a_method_that_is_not_known_is_not_derivable(tmp_path: Path) -> None:
    found = reproduced(tmp_path, "A,T,t,test,112,63,49,Net,sensitivity,0.92,0.70,0.99,,")

    assert verdicts(found)[(2, "ci_low")] == "not derivable"


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [("0.638", "0.822", "reproduced"), ("0.62", "0.81", "not derivable")]
)
def test_the_interval_of_an_auc(tmp_path: Path, low: str, high: str, verdict: str) -> None:
    found = reproduced(tmp_path, f"A,T,t,test,112,63,49,Net,ROC_AUC,0.73,{low},{high},,")

    assert verdicts(found)[(2, "ci_low")] == verdict
    assert verdicts(found)[(2, "value")] == "not derivable"


def test_an_auc_without_class_sizes_has_no_interval_of_its_own(tmp_path: Path) -> None:
    found = reproduced(tmp_path, "A,T,t,test,112,,,Net,ROC_AUC,0.73,0.60,0.80,,")

    assert found.table.set_index("part").loc["ci_low", "note"] == "class sizes are not printed"


def test_sums_and_shares(tmp_path: Path) -> None:
    found = reproduced(
        tmp_path,
        "A,T,cohort,all,,,,all,count,300,,,,",
        "A,T,type,all,,,,malignant,count,180,,,,all",
        "A,T,type,all,,,,malignant,share,60%,,,,",
        "A,T,type,all,,,,benign,count,120,,,,all",
        "A,T,type,all,,,,benign,share,0.41,,,,",
        "A,T,site,all,,,,here,count,100,,,,all",
        "A,T,site,all,,,,there,count,201,,,,all",
    )

    said = verdicts(found)
    assert said[(2, "value")] == "inconsistent"  # one of the two ways of dividing it does not add up
    assert said[(3, "value")] == said[(4, "value")] == "reproduced"
    assert said[(6, "value")] == "inconsistent"
    assert said[(7, "value")] == "not derivable"


def test_a_p_value_that_no_test_of_margins_gives_has_a_range(tmp_path: Path) -> None:
    rates = {"Net": ("0.70", "0.92", "0.41"), "Reader": ("0.62", "0.79", "0.39")}
    lines = []
    for who, values in rates.items():
        for metric, value in zip(("accuracy", "sensitivity", "specificity"), values, strict=True):
            p = "0.033,Reader" if (who, metric) == ("Net", "accuracy") else ","
            lines.append(f"A,T,t,test,112,63,49,{who},{metric},{value},,,{p}")
    table = reproduced(tmp_path, *lines).table
    of_p = table[table["part"] == "p_value"].iloc[0]

    assert of_p["verdict"] == "not derivable"
    assert of_p["recomputed"] == "0.0039 to 0.2892"
    assert "outside" not in str(of_p["note"])


def test_a_p_value_beyond_the_range_of_paired_tests_is_named(tmp_path: Path) -> None:
    lines = ["A,T,t,test,112,63,49,Net,accuracy,0.70,,,0.62,Reader"]
    for who, values in {"Net": ("0.92", "0.41"), "Reader": ("0.79", "0.39")}.items():
        for metric, value in zip(("sensitivity", "specificity"), values, strict=True):
            lines.append(f"A,T,t,test,112,63,49,{who},{metric},{value},,,,")
    lines.append("A,T,t,test,112,63,49,Reader,accuracy,0.62,,,,")
    table = reproduced(tmp_path, *lines).table

    note = str(table.loc[table["part"] == "p_value", "note"].iloc[0])
    assert note.endswith("the printed P value lies outside it")


def test_classes_that_do_not_add_up_are_a_finding(tmp_path: Path) -> None:
    found = reproduced(tmp_path, "A,T,t,test,104,78,25,Net,age,50,,,,")

    assert [one.title for one in found.findings] == ["Classes that do not add up"]
    numbers = found.findings[0].numbers
    assert isinstance(numbers, pd.DataFrame)
    assert numbers[["sum", "n"]].to_numpy().tolist() == [[103, 104]]
