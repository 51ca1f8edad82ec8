"""The definitions of columns read as a table, and every line that is wrong is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.benchmarks.definition import read_benchmark
from samesplit.benchmarks.studies import explain_missing_columns, missing_columns, read_columns
from samesplit.errors import CohortError, SamesplitError
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


def test_a_needed_column_that_lesions_lack_is_told_once_in_the_words_of_columns_csv(tmp_path: Path) -> None:
    folder = write_toy_study(tmp_path / "toy")
    (folder / "lesions.csv").write_text("lesion_id,patient_id,label,sex\nL1,P1,benign,F\n")
    found = [
        SamesplitError(
            "there is no column 'age', which cohort.clinical in benchmark.yaml asks for",
            where=folder / "lesions.csv",
        ),
        SamesplitError("there is no column 'age' either", where=folder / "images.csv"),
    ]

    missing = missing_columns(folder, read_benchmark(folder))

    assert [fault.problem for fault in missing] == [
        "there is no column 'age': Age at imaging (years)",
        "there is no column 'size_mm': Largest diameter in any plane (mm)",
    ]
    assert explain_missing_columns(found, missing) == [*missing, found[1]]


def test_a_range_of_numbers_is_not_told_as_a_list_of_values(tmp_path: Path) -> None:
    folder = write_toy_study(tmp_path / "toy")
    columns = (folder / "columns.csv").read_text().splitlines()
    place = next(i for i, line in enumerate(columns) if line.startswith("lesions,size_mm,"))
    columns[place] = "lesions,size_mm,yes,number,mm,above 0 to 40,Largest diameter"
    (folder / "columns.csv").write_text("\n".join(columns) + "\n")
    (folder / "lesions.csv").write_text("lesion_id\n")

    told = {str(fault.problem): fault.remedy for fault in missing_columns(folder, read_benchmark(folder))}

    remedy = told["there is no column 'size_mm': Largest diameter (mm)"]
    assert remedy is not None
    assert remedy.startswith("add the column (number; above 0 to 40)")


def test_tables_that_the_benchmark_does_not_ask_for_need_no_columns(tmp_path: Path) -> None:
    folder = write_toy_study(tmp_path / "toy")
    (folder / "readings.csv").write_text("reader_id\n")
    (folder / "lesions.csv").write_text('lesion_id\t"\n')  # what cannot be read is told by whoever reads it
    definition = read_benchmark(folder)

    told = missing_columns(folder, definition)
    assert told[-1].problem == "there is no column 'decision': The call"
    assert told[-1].remedy is not None
    assert "one of benign, malignant" in told[-1].remedy
    without = definition.model_copy(update={"readings": None})
    assert not any("readings" in str(fault.where) for fault in missing_columns(folder, without))
    (folder / "columns.csv").unlink()
    assert missing_columns(folder, definition) == []
