"""The definitions of columns read as a table, and every line that is wrong is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.benchmarks.studies import read_columns
from samesplit.errors import CohortError
from toy_study import write_toy_study


def test_columns_say_what_a_user_must_bring(tmp_path: Path) -> None:
    columns = read_columns(write_toy_study(tmp_path / "toy"))

    needed = columns[columns["required"] & columns["table"].eq("lesions")]
    assert needed["column"].tolist() == ["lesion_id", "patient_id", "label", "age", "size_mm", "sex"]
    assert columns.set_index(["table", "column"]).loc[("lesions", "age"), "unit"] == "years"


def test_every_line_that_is_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "columns.csv").write_text(
        "table,column,required,kind,unit,values,meaning\n"
        "lesions,age,maybe,number,years,,Age\n"
        "lesions,sex,yes,category,,,\n"
        "lesions,age,yes,number,years,,Age\n"
    )

    with pytest.raises(CohortError, match="column 'meaning' is empty") as told:
        read_columns(tmp_path)

    assert [str(one.where).rpartition(", ")[2] for one in (told.value, *told.value.more)] == [
        "line 3",
        "line 2",
        "line 4",
    ]


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "columns.csv").write_text(
        "table,column,required,kind,unit,meaning\nlesions,age,yes,number,a,b\n"
    )

    with pytest.raises(CohortError, match="lacks the column values"):
        read_columns(tmp_path)
