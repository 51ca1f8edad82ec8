from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.errors import ModelError
from samesplit.models.radiomics.ridge import RidgeModel, RidgeSettings

SETTINGS = RidgeSettings(name="ridge", title="Ridge", inner_folds=3)


def test_it_learns_from_all_features_and_says_which_penalty_was_chosen(make_fold: Any) -> None:
    fold, cases, truth = make_fold(n=120, n_features=60)
    model = RidgeModel(SETTINGS)
    model.fit(fold)
    assert roc_auc_score(truth, model.predict(cases)["probability"]) > 0.8
    table = model.details()["penalties"]
    assert table["chosen"].sum() == 1
    assert table.loc[table["chosen"], "inner_log_loss"].item() == table["inner_log_loss"].min()
    assert table["penalty"].is_monotonic_decreasing


def test_where_there_is_nothing_to_learn_the_largest_penalty_keeps_near_the_prevalence(
    make_fold: Any,
) -> None:
    fold, cases, truth = make_fold(effect=0.0, n_features=100)
    model = RidgeModel(SETTINGS)
    model.fit(fold)
    found = model.predict(cases)["probability"]
    assert abs(roc_auc_score(truth, found) - 0.5) < 0.12
    assert (found - 0.5).abs().max() < 0.2


def test_the_fold_and_no_order_of_its_rows_decides(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    turned = replace(
        fold,
        training=fold.training.select(fold.training.lesion_ids[::-1]),
        training_labels=fold.training_labels[::-1],
    )
    found = []
    for one in (fold, turned):
        model = RidgeModel(SETTINGS)
        model.fit(one)
        found.append(model.predict(cases)["probability"])
    pd.testing.assert_series_equal(*found)


def test_missing_infinite_and_constant_features_do_no_harm(make_fold: Any) -> None:
    fold, cases, truth = make_fold()
    features = fold.training.features
    features.iloc[::3, 4] = np.nan
    features.iloc[:, 5] = np.nan
    features.iloc[:, 6] = 7.0
    features.iloc[3, 7] = np.inf
    features.iloc[10] = np.nan  # a lesion of which nothing is known
    model = RidgeModel(SETTINGS)
    model.fit(fold)
    assert roc_auc_score(truth, model.predict(cases)["probability"]) > 0.8


def test_a_class_of_one_patient_is_an_error_and_penalties_stand_once(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=20)
    patients = fold.training.lesions["patient_id"].where(fold.training_labels == 0, "one")
    fold.training.lesions["patient_id"] = patients
    with pytest.raises(ModelError, match="single patient"):
        RidgeModel(SETTINGS).fit(fold)
    with pytest.raises(ValueError, match="named twice"):
        RidgeSettings(name="r", title="R", penalties=(1.0, 1.0))
