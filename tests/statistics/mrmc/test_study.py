from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import ReaderStudy


def _study() -> ReaderStudy:
    return ReaderStudy.from_columns(
        reader=["r2", "r2", "r1", "r1", "r1"],
        case=["a", "b", "a", "b", "b"],
        score=[1.0, 3.0, 2.0, np.nan, 5.0],
        truth=[0, 1, 0, 1, 1],
        modality=["unaided", "unaided", "unaided", "unaided", "aided"],
        patient=["p", "p", "p", "p", "p"],
    )


def test_a_study_holds_the_scores_by_modality_reader_and_case_in_order_of_appearance() -> None:
    study = _study()
    assert study.modalities == ("unaided", "aided")
    assert study.readers == ("r2", "r1")
    assert study.cases == ("a", "b")
    np.testing.assert_array_equal(study.scores[0], [[1, 3], [2, np.nan]])
    np.testing.assert_array_equal(study.scores[1], [[np.nan, np.nan], [np.nan, 5]])
    np.testing.assert_array_equal(study.truth, [0, 1])


def test_a_missing_score_is_no_reading() -> None:
    study = _study()
    assert not study.is_crossed
    assert study.is_read.sum() == 4


def test_several_cases_of_a_patient_make_a_study_clustered() -> None:
    assert _study().is_clustered
    alone = ReaderStudy.from_columns(["r", "r"], ["a", "b"], [0, 1], [0, 1])
    assert not alone.is_clustered
    assert alone.is_crossed
    assert alone.modalities == ("reading",)


def test_some_modalities_and_readers_can_be_kept_in_another_order() -> None:
    study = _study().select(modalities=["aided"], readers=["r1", "r2"])
    np.testing.assert_array_equal(study.scores, [[[np.nan, 5], [np.nan, np.nan]]])
    with pytest.raises(StatisticsError, match="no reader 'r9'"):
        _study().select(readers=["r9"])
    with pytest.raises(StatisticsError, match="no modality 'x'"):
        _study().select(modalities=["x"])


def test_calls_come_from_a_threshold_and_missing_readings_stay_missing() -> None:
    calls = _study().decisions(2)
    np.testing.assert_array_equal(calls.scores[0], [[0, 1], [1, np.nan]])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"case": ["a"]}, "same number of rows"),
        ({"reader": [], "case": [], "score": [], "truth": []}, "same number of rows"),
        ({"case": ["a", "a"], "truth": [0, 0]}, "two readings of case 'a'"),
        ({"reader": ["r", "s"], "case": ["a", "a"]}, "more than one truth"),
        ({"score": [0, np.inf]}, "finite"),
        ({"truth": [1, 1]}, "none of the 2 lesions is negative"),
        (
            {"reader": ["r", "s"], "case": ["a", "a"], "truth": [0, 0], "patient": ["p", "q"]},
            "more than one patient",
        ),
    ],
)
def test_readings_that_do_not_fit_are_refused(changed: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"reader": ["r", "r"], "case": ["a", "b"], "score": [0, 1], "truth": [0, 1]}
    with pytest.raises(StatisticsError, match=message):
        ReaderStudy.from_columns(**(given | changed))  # type: ignore[arg-type]


def test_readings_without_a_name_or_a_number_are_refused() -> None:
    with pytest.raises(StatisticsError, match="1 of 2 readings have no reader"):
        ReaderStudy.from_columns(["r", None], ["a", "b"], [0.1, 0.2], [0, 1])
    with pytest.raises(StatisticsError, match="1 of 2 readings have no patient"):
        ReaderStudy.from_columns(["r", "r"], ["a", "b"], [0.1, 0.2], [0, 1], patient=["p", np.nan])
    with pytest.raises(StatisticsError, match="scores must be numbers"):
        ReaderStudy.from_columns(["r", "r"], ["a", "b"], ["high", "low"], [0, 1])


def test_a_score_at_the_threshold_but_for_its_last_digit_is_a_call() -> None:
    study = ReaderStudy.from_columns(["r", "r"], ["a", "b"], [0.3, 0.29], [0, 1])
    assert study.decisions(0.1 + 0.2).scores.ravel().tolist() == [1.0, 0.0]


def test_arrays_of_another_shape_than_the_names_are_refused_where_the_study_is_made() -> None:
    names = {"modalities": ("reading",), "readers": ("r",), "cases": ("a", "b"), "patients": [0, 1]}
    assert ReaderStudy([[[0.1, 0.9]]], [0, 1], **names).scores.shape == (1, 1, 2)  # type: ignore[arg-type]
    with pytest.raises(StatisticsError, match=r"no array of numbers of shape \(1, 1, 2\)"):
        ReaderStudy([[[0.1, 0.9], [0.3]]], [0, 1], **names)  # type: ignore[arg-type]
    with pytest.raises(StatisticsError, match=r"scores have the shape \(1, 1, 3\), truth \(2,\)"):
        ReaderStudy([[[0.1, 0.9, 0.3]]], [0, 1], **names)  # type: ignore[arg-type]
