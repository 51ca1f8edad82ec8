from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.free_response import FreeResponseStudy, HitRule

NAN = np.nan
MARKS = pd.DataFrame(
    {
        "reader": ["a", "a", "b", "a", "b"],
        "case": ["p", "p", "p", "n", "n"],
        "rating": [4.0, 2.0, 3.0, 1.0, NAN],
        "x_mm": [1.0, 60.0, 300.0, 5.0, NAN],
        "y_mm": [0.0, 0.0, 0.0, 5.0, NAN],
    }
)
LESIONS = pd.DataFrame(
    {"lesion": ["l1", "l2"], "case": ["p", "p"], "x_mm": [0.0, 61.0], "y_mm": [0.0, 0.0], "weight": [3, 1]}
)


def test_marks_become_ratings_of_lesions_and_false_marks() -> None:
    study = FreeResponseStudy.from_marks(MARKS, LESIONS, ["p", "n"], HitRule(10))
    assert study.lesion_ratings.tolist() == [[[4.0, 2.0], [-np.inf, -np.inf]]]
    assert study.false_ratings[0, 0].tolist() == [1.0]
    assert study.highest_false(0, 1).tolist() == [3.0, -np.inf]
    assert study.lesion_weights.tolist() == [0.75, 0.25]
    assert study.truth.tolist() == [1, 0]
    assert study.is_crossed
    assert study.modalities == ("reading",)


def test_a_case_without_any_row_was_not_read() -> None:
    study = FreeResponseStudy.from_marks(MARKS.drop(index=4), LESIONS, ["p", "n"], HitRule(10))
    assert not study.is_crossed
    assert study.is_read[0].tolist() == [[True, True], [True, False]]


def test_the_third_axis_counts_where_lesions_have_one() -> None:
    marks, lesions = MARKS.assign(z_mm=[0.0, 90.0, 0.0, 0.0, NAN]), LESIONS.assign(z_mm=0.0)
    study = FreeResponseStudy.from_marks(marks, lesions, ["p", "n"], HitRule(10))
    assert study.lesion_ratings[0, 0].tolist() == [4.0, -np.inf]
    flat = FreeResponseStudy.from_marks(marks, lesions.assign(z_mm=NAN), ["p", "n"], HitRule(10))
    assert flat.lesion_ratings[0, 0].tolist() == [4.0, 2.0]


@pytest.mark.parametrize(
    ("marks", "lesions", "cases", "message"),
    [
        (MARKS.iloc[:0], LESIONS, ["p", "n"], "there are no marks"),
        (MARKS.drop(columns="y_mm"), LESIONS, ["p", "n"], "marks has no column 'y_mm'"),
        (MARKS, LESIONS.drop(columns="lesion"), ["p", "n"], "lesions has no column 'lesion'"),
        (MARKS, LESIONS, ["p"], "mark lies in case 'n'"),
        (MARKS.iloc[3:], LESIONS, ["n"], "lesion lies in case 'p'"),
        (MARKS.assign(x_mm=NAN), LESIONS, ["p", "n"], "a rating and no position"),
        (MARKS.assign(rating=NAN), LESIONS, ["p", "n"], "a rating and no position"),
        (MARKS, LESIONS.assign(lesion="l"), ["p", "n"], "a lesion is there twice"),
        (MARKS, LESIONS.assign(weight=[1, 0]), ["p", "n"], "weights of lesions must be positive"),
        (MARKS.iloc[:3], LESIONS, ["p"], "cases of both kinds are needed"),
    ],
)
def test_tables_that_do_not_fit_are_an_error(
    marks: pd.DataFrame, lesions: pd.DataFrame, cases: list[str], message: str
) -> None:
    with pytest.raises(StatisticsError, match=message):
        FreeResponseStudy.from_marks(marks, lesions, cases, HitRule(10))


@pytest.mark.parametrize(
    ("column", "message"), [("rating", "ratings must be"), ("x_mm", "positions of marks must be")]
)
def test_text_in_place_of_a_number_is_refused(column: str, message: str) -> None:
    marks = pd.DataFrame(
        {"reader": ["p", "p"], "case": ["a", "b"], "rating": [1.0, 2.0], "x_mm": 0.0, "y_mm": 0.0}
    )
    marks[column] = "high"
    lesions = pd.DataFrame({"lesion": ["l"], "case": ["a"], "x_mm": [0.0], "y_mm": [0.0]})
    with pytest.raises(StatisticsError, match=message):
        FreeResponseStudy.from_marks(marks, lesions, ["a", "b"], HitRule(3.0))
