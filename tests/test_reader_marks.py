from __future__ import annotations

import pandas as pd

from samesplit.reader_marks import one_row_a_reading


def test_the_highest_mark_speaks_for_a_case() -> None:
    marks = pd.DataFrame(
        {
            "reader_id": ["A", "A", "A", "B"],
            "lesion_id": ["L1", "L1", "L2", "L1"],
            "modality": "unaided",
            "mark": [1, 2, 1, 1],
            "decision": pd.array([0, 1, None, 0], dtype="Int8"),
            "score": [20.0, 80.0, None, 5.0],
            "x_mm": [1.0, 2.0, None, 3.0],
            "y_mm": [1.0, 2.0, None, 3.0],
            "task": "malignant",
        }
    )
    found = one_row_a_reading(marks)
    assert list(found) == ["reader_id", "lesion_id", "modality", "decision", "score", "task"]
    assert found["score"].tolist() == [80.0, 4.0, 5.0]  # without a mark: below every mark
    assert found["decision"].tolist()[::2] == [1, 0]
    assert found["decision"].isna().tolist() == [False, True, False]


def test_readings_without_marks_stay_as_they_are() -> None:
    readings = pd.DataFrame({"reader_id": ["A"], "lesion_id": ["L1"]})
    assert one_row_a_reading(readings) is readings


def test_a_case_without_a_mark_was_read() -> None:
    marks = pd.DataFrame(
        {
            "reader_id": "A",
            "lesion_id": ["L1", "L2", "L3"],
            "modality": "unaided",
            "mark": 1,
            "score": [7.0, None, None],
            "x_mm": [1.0, None, 4.0],
            "y_mm": [1.0, None, 4.0],
        }
    )
    assert one_row_a_reading(marks)["score"].fillna(-1).tolist() == [
        7.0,
        6.0,
        -1.0,
    ]  # L3: a mark without rating
    unrated = marks.assign(score=[None, None, None])
    assert one_row_a_reading(unrated)["score"].isna().all()
