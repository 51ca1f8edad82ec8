from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from samesplit.benchmarks.cohort import load_cohort
from samesplit.benchmarks.readings import load_readings
from samesplit.errors import ReadingsError

HEADER = "reader_id,lesion_id,modality,decision,score,seconds\n"


@pytest.fixture
def load(benchmark_folder: Any) -> Any:
    def read(text: str | None, **changes: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
        folder, definition = benchmark_folder(readings="readings.csv", **changes)
        if text is not None:
            (folder / "readings.csv").write_text(text)
        return load_readings(folder, definition, load_cohort(folder, definition))

    return read


def complete(reader: str = "A", modality: str = "unaided") -> str:
    return "".join(f"{reader},L{number},{modality},benign,{number},60\n" for number in range(1, 5))


def refused(load: Any, text: str | None) -> str:
    with pytest.raises(ReadingsError) as caught:
        load(text)
    return str(caught.value).partition("readings.csv")[2]


def test_decisions_may_be_names_or_numbers_and_come_sorted(load: Any) -> None:
    text = (
        HEADER + "B,L1,aided,malignant,90,30\nA,L1,unaided,1,,\nA,L2,unaided,0,,\nA,L3,unaided,benign,2.5,\n"
    )
    readings, ledger = load(text)
    assert readings["reader_id"].tolist() == ["A", "A", "A", "B"]
    assert readings["decision"].tolist() == [1, 0, 0, 1]
    assert str(readings["decision"].dtype) == "Int8"
    assert readings["score"].tolist()[2:] == [2.5, 90.0]
    assert len(ledger) == 4  # L4 unaided, L2 to L4 aided


def test_names_of_classes_win_over_numbers(load: Any) -> None:
    task = {"positive": "0", "negative": "1", "question": "?"}
    lesions = "lesion_id,patient_id,label,age,sex\n" + "".join(f"L{n},P{n},{n % 2},,\n" for n in range(1, 5))
    readings, _ = load(HEADER + "A,L1,unaided,0,,\nA,L2,unaided,1,,\n", task=task, lesions=lesions)
    assert readings["decision"].tolist() == [1, 0]


def test_a_benchmark_without_readings_has_none(benchmark_folder: Any) -> None:
    folder, definition = benchmark_folder()
    readings, ledger = load_readings(folder, definition, load_cohort(folder, definition))
    assert (len(readings), len(ledger)) == (0, 0)
    assert list(readings) == ["reader_id", "lesion_id", "modality", "decision", "score", "seconds"]


def test_complete_readings_leave_the_ledger_empty(load: Any) -> None:
    _, ledger = load(HEADER + complete())
    assert len(ledger) == 0


def test_missing_calls_stay_missing_and_are_reported(load: Any) -> None:
    text = HEADER + complete("A") + complete("B").replace("L3,unaided,benign,3,60", "L3,unaided,,,60")
    text = text.replace("B,L4,unaided,benign,4,60\n", "")
    readings, ledger = load(text)
    row = readings[(readings["reader_id"] == "B") & (readings["lesion_id"] == "L3")].iloc[0]
    assert pd.isna(row["decision"])
    assert ledger["lesion_id"].tolist() == ["L3", "L4"]
    assert ledger["reason"].tolist() == ["no unaided call by 1 of 2 readers: B"] * 2
    assert set(ledger["stage"]) == {"readings"}


def test_a_score_alone_is_a_call(load: Any) -> None:
    readings, ledger = load("reader_id,lesion_id,score\n" + "".join(f"A,L{n},{n}\n" for n in range(1, 5)))
    assert readings["decision"].isna().all()
    assert set(readings["modality"]) == {"unaided"}
    assert len(ledger) == 0


def test_readings_of_unknown_lesions(load: Any) -> None:
    assert refused(load, HEADER + complete() + "A,L9,unaided,1,,\nA,L8,unaided,1,,\n") == (
        ", line 6: lesion 'L9' is not in lesions.csv (reader 'A')\n"
        "Remedy: Correct the id, or take the lines out"
    )


def test_doubled_rows(load: Any) -> None:
    assert refused(load, HEADER + complete() + "A,L1,unaided,1,,\n") == (
        ", lines 2, 6: reader_id 'A', lesion_id 'L1', modality 'unaided' stands in 2 lines\n"
        "Remedy: keep one of them"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEADER + "A,L1,unaided,maybe,,\n", ", line 2: decision 'maybe' of reader 'A' on lesion 'L1' is neither "
         "'malignant' (1) nor 'benign' (0)\nRemedy: write the name of a class, 1 or 0, or leave the cell empty"),
        (HEADER + "A,L1,unaided,1,high,\n", ", line 2: column 'score' of reader 'A' on lesion 'L1' must hold a "
         "number, found 'high'"),
        (HEADER + "A,L1,unaided,1,1,-3\n", ", line 2: column 'seconds' must not be negative, found -3.0 ("),
        (HEADER + "A,L1,unaided,1,inf,\n", ", line 2: column 'score' must be finite, found inf (lesion_id 'L1')"),
        (HEADER + ",L1,unaided,1,,\n", ", line 2: column 'reader_id' is empty (lesion_id 'L1')"),
        ("reader_id,lesion_id\nA,L1\n", ": the readings have neither a column 'decision' nor a column 'score'"),
        ("lesion_id,decision\nL1,1\n", ": the readings table lacks the column reader_id"),
        ("reader_id,lesion_id,decision,mood\nA,L1,1,x\n", ": the readings table has the unknown column 'mood'"),
        (None, ": does not exist\nRemedy: check the name, or create the file"),
    ],
)  # fmt: skip
def test_bad_readings(load: Any, text: str | None, problem: str) -> None:
    assert refused(load, text).startswith(problem)


def test_readings_beside_the_data_are_found(
    benchmark_folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, definition = benchmark_folder(readings="readings.csv", data={"folder": "mine"})
    cohort = load_cohort(folder, definition, data_root=folder)
    monkeypatch.setenv("SAMESPLIT_DATA", str(tmp_path / "shared"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(ReadingsError, match="does not exist"):
        load_readings(folder, definition, cohort)
    place = tmp_path / "shared" / "mine"
    place.mkdir(parents=True)
    (place / "readings.csv").write_text(HEADER + complete())
    assert len(load_readings(folder, definition, cohort)[0]) == 4


TASKS = {
    "malignant": {"kind": "binary", "question": "?", "positive": "malignant", "negative": "benign"},
    "female": {"kind": "binary", "question": "?", "positive": "f", "negative": "m", "column": "gender"},
    "age": {"kind": "survival", "question": "?", "time": "months", "event": "died"},
}
LESIONS = """\
lesion_id,patient_id,label,gender,months,died
L1,P1,malignant,f,3,1
L2,P2,benign,m,3,0
L3,P3,malignant,f,3,0
L4,P4,benign,,3,0
"""


NAMED: dict[str, Any] = {
    "task": None,
    "tasks": TASKS,
    "lesions": LESIONS,
    "cohort": {"sequences": ["T1C", "T2"]},
}


class TestNamedTasks:
    def test_a_reading_answers_the_task_that_it_names_with_its_classes(self, load: Any) -> None:
        text = "reader_id,lesion_id,task,decision\nA,L1,female,f\nA,L1,malignant,malignant\nA,L2,,benign\n"
        readings, ledger = load(text, **NAMED)
        assert readings[["task", "lesion_id", "decision"]].to_numpy().tolist() == [
            ["female", "L1", 1],
            ["malignant", "L1", 1],
            ["malignant", "L2", 0],
        ]
        told = ledger.groupby("lesion_id")["reason"].agg(list).to_dict()
        assert told["L2"] == ["no unaided call (female) by 1 of 1 readers: A"]
        assert told["L4"] == ["no unaided call (malignant) by 1 of 1 readers: A"]

    def test_without_the_column_all_answer_the_first_binary_task(self, load: Any) -> None:
        readings, _ = load("reader_id,lesion_id,decision\nA,L1,malignant\n", **NAMED)
        assert readings["task"].tolist() == ["malignant"]

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("A,L1,femal,f", ", line 2: the benchmark has no binary task 'femal'\nRemedy: did you mean 'fem"),
            ("A,L1,age,1", ", line 2: the benchmark has no binary task 'age'\nRemedy: Binary tasks are: m"),
            ("A,L1,female,malignant", ", line 2: decision 'malignant' of reader 'A' on lesion 'L1' is neither 'f"),
        ],
    )  # fmt: skip
    def test_a_task_or_class_that_does_not_exist_is_named(self, load: Any, line: str, message: str) -> None:
        with pytest.raises(ReadingsError) as caught:
            load(f"reader_id,lesion_id,task,decision\n{line}\n", **NAMED)
        assert str(caught.value).partition("readings.csv")[2].startswith(message)

    def test_readings_need_a_task_of_two_classes(self, load: Any) -> None:
        changes = NAMED | {"tasks": {"age": TASKS["age"]}}
        with pytest.raises(ReadingsError, match="the benchmark has no task of kind binary"):
            load("reader_id,lesion_id,decision\nA,L1,1\n", **changes)


MARKS = "reader_id,lesion_id,score,x_mm,y_mm,z_mm\n"


def test_when_a_lesion_was_read_may_be_recorded(load: Any) -> None:
    text = "reader_id,lesion_id,decision,session,order,date\nA,L1,1,first,2,2024-01-31\nA,L2,0,first,1,\n"
    readings, _ = load(text)
    assert readings["order"].tolist() == [2.0, 1.0]
    assert readings["session"].tolist() == ["first", "first"]
    assert readings["date"].tolist()[0] == "2024-01-31"
    assert pd.isna(readings["date"][1])
    assert "YYYY-MM-DD" in refused(load, text.replace("2024-01-31", "31.1.2024"))


def test_several_marks_of_a_case_have_positions_and_are_numbered(load: Any) -> None:
    readings, ledger = load(MARKS + "A,L1,90,1,2,3\nA,L1,20,4,5,6.5\nA,L2,,,,\nA,L3,5,1,1,1\n")
    assert readings["mark"].tolist() == [1, 2, 1, 1]
    assert readings["z_mm"].tolist()[:2] == [3.0, 6.5]
    assert set(ledger["lesion_id"]) == {"L2", "L4"}


def test_marks_may_be_numbered_in_the_table(load: Any) -> None:
    readings, _ = load("reader_id,lesion_id,mark,score,x_mm,y_mm\nA,L1,7,90,1,2\nA,L1,3,20,4,5\n")
    assert readings["mark"].tolist() == [3, 7]
    assert "stands in 2 lines" in refused(
        load, "reader_id,lesion_id,mark,score,x_mm,y_mm\nA,L1,7,90,1,2\nA,L1,7,20,4,5\n"
    )


def test_half_a_position_and_a_mark_too_many_are_refused(load: Any) -> None:
    assert "is not complete" in refused(load, MARKS + "A,L1,90,1,,3\n")
    assert "one of several marks" in refused(load, MARKS + "A,L1,90,1,2,3\nA,L1,20,,,\n")
    assert "lacks the columns x_mm, y_mm" in refused(load, "reader_id,lesion_id,score,mark\nA,L1,90,1\n")


def test_named_tasks_may_have_marks(load: Any) -> None:
    tasks = {
        "first": {
            "kind": "binary",
            "column": "label",
            "positive": "malignant",
            "negative": "benign",
            "question": "?",
        }
    }
    readings, _ = load(MARKS + "A,L1,90,1,2,3\nA,L1,20,4,5,6\n", tasks=tasks, task=None)
    assert readings["task"].tolist() == ["first", "first"]
    assert readings["mark"].tolist() == [1, 2]
