from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.errors import ModelError
from samesplit.models.radiomics.resampling import draw_patients
from samesplit.models.radiomics.settings import RadiomicsGridSettings


def settings(**keys: Any) -> RadiomicsGridSettings:
    forest = {"name": "random-forest", "parameters": {"n_estimators": 20}}
    given = {"selectors": ["anova-f", "lasso"], "classifiers": ["logistic", forest], "sizes": [3, 6]}
    return RadiomicsGridSettings.model_validate({"name": "g", "title": "G", "inner_folds": 3} | given | keys)


def test_it_finds_the_planted_features_and_tells_them(make_fold: Any) -> None:
    fold, cases, truth = make_fold(effect=1.5)
    model = settings().build()
    model.fit(fold)
    assert roc_auc_score(truth, model.predict(cases)["probability"]) > 0.85
    details = model.details()
    assert list(details) == [
        "grid", "grid_folds", "rankings", "selector_stability", "classifier_spread", "grid_seconds",
        "chosen_features",
    ]  # fmt: skip
    assert list(details["grid"].columns[:6]) == [
        "selector", "classifier", "size", "inner_auc", "inner_sd", "inner_folds"
    ]  # fmt: skip
    chosen = details["chosen_features"]
    assert chosen["rank"].tolist() == list(range(1, len(chosen) + 1))
    assert set(chosen["feature"][:3]) == set(fold.training.features.columns[:3])
    assert len(chosen) == details["grid"].loc[details["grid"]["chosen"], "size"].item()


@pytest.mark.parametrize("classifier", ["logistic", "random-forest", "xgboost"])
def test_every_chosen_feature_has_its_own_importance(make_fold: Any, classifier: str) -> None:
    fold, _, _ = make_fold(effect=1.5)
    # The two features in the middle of the table matter in opposite directions.
    flipped = fold.training.features.copy()
    flipped.iloc[:, 1] *= -1
    model = settings(classifiers=[classifier], sizes=[6]).build()
    model.fit(replace(fold, training=replace(fold.training, features=flipped)))
    chosen = model.details()["chosen_features"].set_index("feature")["importance"]
    names = list(flipped.columns)
    assert set(names[:3]) <= set(chosen.index)
    noise = chosen.drop(names[:3])
    assert chosen[names[:3]].abs().min() > noise.abs().max()
    if classifier == "logistic":
        assert (np.sign(chosen[names[:3]]) == [1, -1, 1]).all()


def test_the_fold_decides_everything_by_its_seed(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    results = []
    for seed in (1, 1, 2):
        model = settings(classifiers=[{"name": "random-forest", "parameters": {"n_estimators": 10}}]).build()
        model.fit(replace(fold, seed=seed))
        results.append(model.predict(cases)["probability"])
    pd.testing.assert_series_equal(results[0], results[1])
    assert not np.allclose(results[0], results[2])


def test_missing_infinite_and_constant_features_do_no_harm(make_fold: Any) -> None:
    fold, cases, truth = make_fold(effect=1.5)
    rng = np.random.default_rng(0)
    for part in (fold.training, cases):
        gaps = rng.random(part.features.shape) < 0.1
        part.features[:] = part.features.mask(gaps)
        part.features.iloc[0, 5], part.features.iloc[1, 6] = np.inf, -np.inf
        part.features["mr/T2/constant"] = 1.0
        part.features["mr/T2/empty"] = np.nan
    model = settings().build()
    model.fit(fold)
    predicted = model.predict(cases)["probability"]
    assert len(predicted) == len(cases)
    assert roc_auc_score(truth, predicted) > 0.8
    assert not {"mr/T2/constant", "mr/T2/empty"} & set(model.details()["chosen_features"]["feature"])


def test_a_lesion_that_lacks_a_whole_sequence_is_predicted_from_the_others(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    t1c = [name for name in cases.features if "/T1C/" in name]
    cases.features.loc[cases.lesion_ids[:3], t1c] = np.nan
    fold.training.features.loc[fold.training.lesion_ids[:10], t1c] = np.nan
    model = settings().build()
    model.fit(fold)
    assert model.predict(cases)["probability"].notna().all()
    assert len(model.predict(cases)["probability"]) == len(cases)


def test_three_classes_are_compared_on_the_validation_part_and_over_draws(make_fold: Any) -> None:
    fold, cases, truth = make_fold(n=66, n_test=60, n_features=10, effect=0.7, classes=3)
    held = fold.training.lesion_ids[45:]
    fold = replace(
        fold,
        training=fold.training.select(fold.training.lesion_ids[:45]),
        training_labels=fold.training_labels.iloc[:45],
        validation=fold.training.select(held),
        validation_labels=fold.training_labels.loc[held],
    )
    asked = {"compare": "validation", "oversample": {}, "resampling": {"draws": 3, "size": 4}}
    model = settings(classifiers=["logistic", "svm"], sizes=[4], **asked).build()
    model.fit(fold)
    tables = model.details()
    best = tables["grid"].loc[tables["grid"]["chosen"]].iloc[0]
    predicted = model.predict(fold.validation)
    on_validation = roc_auc_score(fold.validation_labels.loc[predicted.index], predicted, multi_class="ovr")
    assert best["validation_auc"] == pytest.approx(on_validation, abs=1e-9)
    assert 0 < best["validation_error"] < 0.2
    assert tables["resampling"]["auc"].mean() > 0.6
    assert roc_auc_score(truth, model.predict(cases), multi_class="ovr") > 0.7


def test_a_class_that_the_validation_part_lacks_is_named(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=40, classes=3)
    labels = fold.training_labels
    held = list(labels.index[labels < 2][:8])
    rest = [lesion for lesion in fold.training.lesion_ids if lesion not in held]
    parted = replace(
        fold,
        training=fold.training.select(rest),
        training_labels=labels.loc[rest],
        validation=fold.training.select(held),
        validation_labels=labels.loc[held],
    )
    with pytest.raises(ModelError, match=r"(?s)has no lesion of the class 'C' in this fold.*has all classes"):
        settings(compare="validation").build().fit(parted)


def test_the_importance_of_a_feature_for_three_classes_is_its_mean_absolute_coefficient(
    make_fold: Any,
) -> None:
    fold, _, _ = make_fold(n=60, n_features=8, effect=1.5, classes=3)
    model = settings(selectors=["anova-f"], classifiers=["logistic"], sizes=[5]).build()
    model.fit(fold)
    chosen = model.details()["chosen_features"].set_index("feature")["importance"]
    names = list(model.fitted[:-1].get_feature_names_out())
    expected = np.abs(model.fitted["classify"].coef_).mean(axis=0)
    np.testing.assert_allclose(chosen.loc[names], expected)


def test_draws_of_three_classes_take_a_share_of_the_patients_of_each() -> None:
    labels = np.repeat([0, 1, 2], [20, 10, 5])
    patients = np.arange(35).astype(str)
    patients[34] = patients[0]  # counts for the class 2
    for drawn, left in draw_patients(labels, patients, draws=4, share=0.8, seed=0):
        assert np.bincount(labels[np.setdiff1d(drawn, [0, 34])]).tolist()[:2] == [15, 8]
        assert not set(patients[drawn]) & set(patients[left])
        assert set(labels[drawn]) == set(labels[left]) == {0, 1, 2}
