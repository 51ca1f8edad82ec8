from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.binary.estimates import make_draws
from samesplit.evaluation.binary.evaluate import evaluate
from samesplit.evaluation.binary.operating_point import apply_thresholds, choose_thresholds
from samesplit.evaluation.binary.scores import model_table
from samesplit.evaluation.binary.triage import SHARES, triage_tables
from samesplit.evaluation.validation import check_truth

Make = Callable[..., Any]


def _tables(study: Any) -> dict[str, pd.DataFrame]:
    truth = check_truth(study.truth)
    predictions = study.predictions
    thresholds = choose_thresholds(predictions, truth, "youden")
    decisions = apply_thresholds(predictions.query("subset == 'test'"), thresholds)
    first = decisions[decisions["model"] == decisions["model"].iloc[0]]
    draws = make_draws(model_table(first, truth), n_bootstrap=100, seed=0)
    return triage_tables(decisions, predictions.query("subset == 'validation'"), truth, draws)


def test_deferral_tells_the_error_of_the_lesions_that_are_kept(make_study: Make) -> None:
    study = make_study(n_lesions=100, models=("cnn",))
    told = _tables(study)["deferral"]
    assert told["deferred"].tolist() == list(SHARES)
    predicted = study.predictions.query("subset == 'test'").set_index("lesion_id")["probability"]
    truth = check_truth(study.truth)
    threshold = choose_thresholds(study.predictions, truth, "youden")["threshold"].iloc[0]
    wrong = (predicted >= threshold) != (truth.loc[predicted.index, "label"] == 1)
    odds = np.log(predicted / (1 - predicted)) - np.log(threshold / (1 - threshold))
    kept = odds.abs().sort_values(ascending=False).index[:80]
    assert told.loc[told["deferred"] == 0.2, "error"].item() == pytest.approx(wrong.loc[kept].mean())
    assert told.loc[told["deferred"] == 0, "error"].item() == pytest.approx(wrong.mean())
    assert (told["random"] == told["error"].iloc[0]).all()
    assert ((told["ci_low"] <= told["error"]) & (told["error"] <= told["ci_high"])).all()


def test_conformal_sets_hold_each_class_about_as_often_as_they_promise(make_study: Make) -> None:
    told = _tables(make_study(n_lesions=400, n_folds=5, models=("cnn",)))["conformal_sets"]
    assert told["label"].tolist() == [0, 1]
    assert (told["n"] == [240, 160]).all()
    assert (told["guaranteed"] >= 0.9).all()
    assert (told["ci_high"] > 0.9).all()
    assert told["reason"].tolist() == ["", ""]
    sizes = told[["one_class", "both_classes", "no_class"]].sum(axis=1)
    np.testing.assert_allclose(sizes.astype(float), 1)


def test_folds_with_too_few_validation_lesions_are_refused_with_the_number_that_is_needed(
    make_study: Make,
) -> None:
    told = _tables(make_study(n_lesions=60, n_folds=5, models=("cnn",)))["conformal_sets"]
    assert (told["folds_refused"] == 5).all()
    assert (
        told["reason"]
        .str.contains("calibration lesions; sets that hold it with a probability of 0.9 need 9")
        .all()
    )
    assert told["share_covered"].isna().all()


def test_without_validation_predictions_nothing_can_be_calibrated(make_study: Make) -> None:
    study = make_study(models=("cnn",))
    alone = study.predictions.query("subset == 'test'")
    found = evaluate(
        alone, study.truth, operating_point=0.5, declared_thresholds={"cnn": 0.5}, n_bootstrap=20
    )
    assert (
        found.tables["conformal_sets"]["reason"].str.startswith("there are no validation predictions").all()
    )


def test_a_model_that_tells_no_lesion_from_another_has_no_triage(make_study: Make) -> None:
    study = make_study(models=("cnn", "zero"))
    predictions = study.predictions.assign(
        probability=study.predictions["probability"].mask(study.predictions["model"] == "zero", 0.4)
    )
    found = evaluate(predictions, study.truth, n_bootstrap=20)
    assert set(found.tables["deferral"]["model"]) == {"cnn"}
