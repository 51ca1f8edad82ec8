from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import PredictionsError
from samesplit.models.external import read_predictions
from samesplit.tasks import MulticlassTask, SurvivalTask, Task

CLASSES = MulticlassTask(question="?", classes=("solid", "cyst", "AML"))
SURVIVAL = SurvivalTask(question="?", time="months", event="died")
EXPECTED = pd.DataFrame({"repeat": 0, "fold": 0, "subset": "test", "lesion_id": ["L1", "L2", "L3"]})
WIDE = "lesion_id,AML,cyst,solid\nL1,0.1,0.2,0.7\nL2,0.5,0.25,0.25\n"
LONG = (
    "lesion_id,class,probability\nL1,AML,0.1\nL1,cyst,0.2\nL1,solid,0.7\n"
    "L2,solid,0.25\nL2,cyst,0.25\nL2,AML,0.5\n"
)


def read(tmp_path: Path, text: str, task: Task = CLASSES, **keys: object) -> pd.DataFrame:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    options = {"name": "m", "expected": EXPECTED, "task": task, "answered": ["L1", "L2"]} | keys
    return read_predictions(path, **options)  # type: ignore[arg-type]


def refused(tmp_path: Path, text: str, task: Task = CLASSES) -> str:
    with pytest.raises(PredictionsError) as caught:
        read(tmp_path, text, task)
    return str(caught.value).partition("mine.csv")[2]


def test_a_column_a_class_and_a_line_a_class_are_the_same(tmp_path: Path) -> None:
    wide, long = read(tmp_path, WIDE), read(tmp_path, LONG)
    pd.testing.assert_frame_equal(wide, long)
    of_one = wide[wide["lesion_id"] == "L1"].set_index("class")["probability"]
    assert of_one.to_dict() == {"AML": 0.1, "cyst": 0.2, "solid": 0.7}


def test_risks_may_be_any_number(tmp_path: Path) -> None:
    table = read(tmp_path, "lesion_id,risk\nL1,-12.5\nL2,3e2\n", SURVIVAL)
    assert table["risk"].tolist() == [-12.5, 300.0]


def test_lesions_without_an_outcome_in_the_task_are_left_out_with_a_note(tmp_path: Path) -> None:
    notes: list[str] = []
    table = read(tmp_path, WIDE + "L3,0,0,1\n", notes=notes)
    assert set(table["lesion_id"]) == {"L1", "L2"}
    assert notes == ["mine.csv: predictions of 1 lesions that have no outcome in the task were left out"]


def test_rounded_probabilities_are_divided_by_their_sum_with_a_note(tmp_path: Path) -> None:
    notes: list[str] = []
    table = read(tmp_path, WIDE.replace("0.1,0.2,0.7", "0.333,0.333,0.333"), notes=notes)
    np.testing.assert_allclose(table.loc[table["lesion_id"] == "L1", "probability"], 1 / 3, rtol=1e-12)
    assert notes[0].startswith("mine.csv: the probabilities of 1 predictions sum to 1 only within 0.01")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            WIDE.replace("0.7", "0.9"),
            ", line 2, lesion L1: the probabilities of all classes sum to 1.2 and not to 1",
        ),
        (
            WIDE.replace("0.7", "1.7"),
            ", line 2, lesion L1: the probability of the class 'solid' 1.7 lies outside",
        ),
        (WIDE.replace("0.7", ""), ", line 2, lesion L1: the probability of the class 'solid' is missing"),
        (WIDE.replace("solid", "sold"), ": lacks the column 'solid'\nRemedy: rename the column 'sold'"),
        (
            LONG.replace("L1,AML", "L1,AMLL"),
            ", line 2, lesion L1: the class 'AMLL' is none of the task's\nRemedy: did",
        ),
        (LONG.replace("L1,AML", "L1,cyst"), ", lines 2, 3: the class 'cyst' of the lesion 'L1' stands twice"),
        (
            LONG.replace("L1,AML,0.1\n", ""),
            ", line 2, lesion L1: the lesion has no probability of the class 'AML'",
        ),
    ],
)
def test_what_is_wrong_with_classes_is_named(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lesion_id,risk\nL1,inf\nL2,1\n", ", line 2, lesion L1: the risk inf is not finite"),
        ("lesion_id,risk\nL1,high\nL2,1\n", ", line 2, lesion L1: the risk 'high' is not a number"),
        ("lesion_id,risk\nL1,\nL2,1\n", ", line 2, lesion L1: the risk is missing"),
        ("lesion_id,probability\nL1,1\n", ": lacks the column 'risk'"),
    ],
)
def test_what_is_wrong_with_risks_is_named(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text, SURVIVAL).startswith(message)
