from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samesplit.benchmarks.published import PUBLISHED_COLUMNS, load_published
from samesplit.errors import SamesplitError

HEADER = ",".join(PUBLISHED_COLUMNS) + "\n"
ROW = "Xi 2020,Table 2,benign or not,test,112,66,46,ensemble,accuracy,0.70,0.60,0.78,<0.05,experts,\n"


def test_values_are_kept_as_printed_and_as_numbers(tmp_path: Path) -> None:
    text = HEADER + ROW + "Xi 2020,,,,,,,reader,ROC_AUC_range,0.62-0.91,,,n.s.,,\n"
    (tmp_path / "published.csv").write_text(text)
    table = load_published(tmp_path)
    assert list(table.columns) == [*PUBLISHED_COLUMNS, "number", "doubt"]
    assert table["value"].tolist() == ["0.70", "0.62-0.91"]
    np.testing.assert_array_equal(table["number"], [0.7, np.nan])
    assert table["p_value"].tolist() == ["<0.05", "n.s."]
    assert table.loc[1, "comparator"] == ""
    assert table["n"].dtype == np.float64


def test_without_a_file_there_are_no_rows(tmp_path: Path) -> None:
    table = load_published(tmp_path)
    assert len(table) == 0
    assert list(table.columns) == [*PUBLISHED_COLUMNS, "number", "doubt"]


def test_columns_that_are_not_needed_may_be_absent(tmp_path: Path) -> None:
    (tmp_path / "published.csv").write_text("study,model_or_reader,metric,value\nXi,CNN,F1,0.7\n")
    table = load_published(tmp_path)
    assert table.loc[0, "note"] == ""
    assert table["ci_low"].isna().to_numpy()[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("study,metric,value\n", "the published results lack the column model_or_reader"),
        (HEADER.replace("note", "remark"), "the published results have the unknown column remark"),
        (HEADER + ROW.replace("0.60", "low"), "line 2: column 'ci_low' must hold a number, found 'low'"),
        (HEADER + ROW.replace("0.60", "60%"), "write a share (0.80 for 80%)"),
        (HEADER + ROW.replace(",112,", ",-112,"), "line 2: column 'n' must not be negative"),
        (HEADER + ROW.replace("accuracy", ""), "line 2: column 'metric' is empty"),
        (HEADER + ROW.replace("0.70", "").replace("<0.05", ""), "line 2: column 'value' is empty"),
    ],
)  # fmt: skip
def test_bad_tables(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "published.csv").write_text(text)
    with pytest.raises(SamesplitError) as caught:
        load_published(tmp_path)
    assert problem in str(caught.value)
    assert "\nRemedy: " in str(caught.value)


def test_misprints_are_kept_and_marked(tmp_path: Path) -> None:
    rows = [
        ROW,
        ROW.replace("0.70", "0.9"),
        ROW.replace("46", "47"),
        ROW.replace("0.70", "0.1").replace("46", "1"),
    ]
    (tmp_path / "published.csv").write_text(HEADER + "".join(rows))
    assert load_published(tmp_path)["doubt"].tolist() == [
        "", "outside its own interval", "n_pos + n_neg is not n",
        "outside its own interval; n_pos + n_neg is not n",
    ]  # fmt: skip


@pytest.mark.data
def test_the_printed_numbers_of_five_studies_are_read(shared_data: Path) -> None:
    table = load_published(shared_data / "papers")
    assert len(table) == 430
    auc = table[(table["study"] == "003_Xi2020") & (table["metric"] == "ROC_AUC")]
    assert auc["number"].dropna().between(0.4, 1).all()
    doubtful = table[table["doubt"] != ""]
    outside = doubtful[doubtful["doubt"].str.contains("interval")]
    assert outside["value"].tolist() == ["0.64"]
