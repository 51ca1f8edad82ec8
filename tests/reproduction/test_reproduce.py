from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.errors import SamesplitError
from samesplit.reproduction.reproduce import REPRODUCTION_COLUMNS, reproduce

HEADER = "study,table_figure,cohort_split,n,n_pos,n_neg,model_or_reader,metric,value,ci_low,ci_high,p_value\n"


def published(folder: Path, *lines: str) -> Path:
    (folder / "published.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def test_every_printed_number_has_exactly_one_verdict(tmp_path: Path) -> None:
    folder = published(
        tmp_path,
        "A,T1,test,112,63,49,Net,ROC_AUC,0.73,0.60,0.70,0.03",
        "A,T1,test,112,63,49,Net,comment,N/A,,,",
    )

    found = reproduce(folder)

    assert tuple(found.table.columns) == REPRODUCTION_COLUMNS
    assert found.table[["row", "part"]].to_numpy().tolist() == [
        [2, "value"], [2, "ci_low"], [2, "ci_high"], [2, "p_value"], [3, "value"],
    ]  # fmt: skip
    assert found.table["printed"].tolist() == ["0.73", "0.60", "0.70", "0.03", "N/A"]
    assert sum(found.totals.values()) == 5


def test_a_value_outside_its_own_interval_is_inconsistent(tmp_path: Path) -> None:
    found = reproduce(published(tmp_path, "A,T1,test,112,63,49,Net,kappa,0.64,0.66,0.89,"))

    assert found.table.set_index("part").loc["value", "verdict"] == "inconsistent"
    assert found.totals["inconsistent"] == 1


def test_a_percentage_outside_its_own_interval_is_inconsistent(tmp_path: Path) -> None:
    found = reproduce(published(tmp_path, "A,T1,test,30,,,Net,sensitivity,64%,0.66,0.89,"))

    assert found.table.set_index("part").loc["value", "verdict"] == "inconsistent"


def test_lines_of_the_file_name_the_rows(tmp_path: Path) -> None:
    found = reproduce(published(tmp_path, "", "A,T1,,,,,Net,kappa,0.64,,,", "", "A,T1,,,,,Net,kappa,0.65,,,"))

    assert found.table["row"].tolist() == [3, 5]


def test_a_folder_without_printed_numbers_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SamesplitError, match=r"no published\.csv"):
        reproduce(tmp_path)
    with pytest.raises(SamesplitError, match="no printed number"):
        reproduce(published(tmp_path))
