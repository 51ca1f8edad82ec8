from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import PredictionsError, ReadingsError, StatisticsError
from samesplit.evaluation.validation import (
    check_predictions,
    check_readings,
    check_truth,
    choose_rater,
    common_units,
)

Make = Callable[..., Any]


def test_truth_gets_text_ids_and_integer_labels() -> None:
    found = check_truth(pd.DataFrame({"patient_id": [1, 2], "label": [True, False]}, index=[10, 11]))
    assert found.index.tolist() == ["10", "11"]
    assert found["patient_id"].tolist() == ["1", "2"]
    assert found["label"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("columns", "index", "message"),
    [
        ({"label": [0, 1]}, ["a", "b"], "lacks the columns patient_id"),
        ({"patient_id": ["p", "q"], "label": [0, 1]}, ["a", "a"], "occur twice: a"),
        ({"patient_id": ["p", "q"], "label": [0, 2]}, ["a", "b"], "labels other than 0 and 1: b"),
        ({"patient_id": ["p", "q"], "label": [0, np.nan]}, ["a", "b"], "labels other than 0 and 1: b"),
        ({"patient_id": ["p", None], "label": [0, 1]}, ["a", "b"], "without a patient: b"),
    ],
)
def test_unusable_truth_is_an_error(columns: dict[str, list[object]], index: list[str], message: str) -> None:
    with pytest.raises(StatisticsError, match=message):
        check_truth(pd.DataFrame(columns, index=index))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="fold"), "columns fold are missing"),
        (lambda t: t.assign(lesion_id="X9"), "without truth: X9"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "predicted twice"),
        (lambda t: t.assign(probability=1.01), r"outside \[0, 1\]"),
        (lambda t: t.assign(probability=np.nan), "missing or outside"),
        (lambda t: t[t["subset"] != "test"], "no predictions of the subset 'test'"),
    ],
)
def test_unusable_predictions_are_errors(
    make_study: Make, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    study = make_study(n_lesions=20)
    with pytest.raises(PredictionsError, match=message):
        check_predictions(change(study.predictions), check_truth(study.truth))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="score"), "columns score are missing"),
        (lambda t: t.assign(lesion_id="X9"), "without truth: X9"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "read twice"),
        (lambda t: t.assign(decision=3), "decisions other than"),
    ],
)
def test_unusable_readings_are_errors(
    make_study: Make, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    study = make_study(n_lesions=20)
    with pytest.raises(ReadingsError, match=message):
        check_readings(change(study.readings), check_truth(study.truth))


def test_a_single_rater_needs_no_name(make_study: Make) -> None:
    assert choose_rater(make_study(n_lesions=20).predictions, None) == "R1"


def test_several_raters_need_one_that_is_there(make_study: Make) -> None:
    predictions = make_study(n_lesions=20, raters=("R1", "R2")).predictions
    assert choose_rater(predictions, "R2") == "R2"
    with pytest.raises(StatisticsError, match="several raters: R1, R2"):
        choose_rater(predictions, None)
    with pytest.raises(StatisticsError, match="rater 'R3'"):
        choose_rater(predictions, "R3")


def test_complete_predictions_are_all_kept(make_study: Make) -> None:
    test = make_study(n_folds=3, n_repeats=2, seeds=(0, 1)).predictions.query("subset == 'test'")
    kept, notes = common_units(test)
    assert len(kept) == len(test)
    assert notes == []


def test_a_lesion_that_one_seed_of_one_model_lacks_is_left_out_for_all(make_study: Make) -> None:
    test = make_study(n_folds=3, n_repeats=2, seeds=(0, 1)).predictions.query("subset == 'test'")
    lacks = (test["model"] == "cnn") & (test["seed"] == 1) & (test["repeat"] == 0)
    kept, notes = common_units(test[~(lacks & (test["lesion_id"] == "L004"))])
    left = kept[kept["lesion_id"] == "L004"]
    assert set(left["repeat"]) == {1}
    assert len(left) == 3 * 2
    assert notes == ["cnn: 1 of 120 test predictions are missing (L004); left out for every model"]


def test_a_seed_that_lacks_a_fold_is_noted_but_costs_no_lesion(make_study: Make) -> None:
    test = make_study(n_folds=3, seeds=(0, 1)).predictions.query("subset == 'test'")
    lacks = (test["model"] == "cnn") & (test["seed"] == 1) & (test["fold"] == 2)
    kept, notes = common_units(test[~lacks])
    assert kept["lesion_id"].nunique() == 60
    assert notes == ["cnn: the folds do not all have the same number of seeds"]


def test_models_without_a_common_lesion_are_an_error(make_study: Make) -> None:
    test = make_study().predictions.query("subset == 'test'").copy()
    test.loc[test["model"] == "cnn", "fold"] = 7
    with pytest.raises(PredictionsError, match="predicted by all models"):
        common_units(test)
