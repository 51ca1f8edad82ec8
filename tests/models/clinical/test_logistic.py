from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from samesplit.errors import ModelError
from samesplit.models.clinical.logistic import ClinicalLogisticSettings


def settings(**keys: Any) -> ClinicalLogisticSettings:
    return ClinicalLogisticSettings(name="clinical", title="Clinical", **keys)


def test_it_learns_from_the_declared_variables_but_not_from_patient_or_site(make_fold: Any) -> None:
    fold, cases, truth = make_fold(n=160, effect=1.0)
    model = settings().build()
    model.fit(fold)
    assert model.columns == ["age", "sex", "size_mm"]
    assert model.details()["coefficients"]["term"].tolist() == ["age", "size_mm", "sex_female", "sex_male"]
    assert roc_auc_score(truth, model.predict(cases)["probability"]) > 0.75


def test_the_probabilities_are_those_of_the_formula_written_out(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    for part in (fold.training, cases):
        part.lesions.iloc[::7, part.lesions.columns.get_loc("age")] = np.nan
    model = settings(variables=("age",), C=0.3).build()
    model.fit(fold)
    train = fold.training.lesions["age"]
    train, test = train.fillna(train.median()), cases.lesions["age"].fillna(train.median())
    mean, sd = train.mean(), train.std(ddof=0)
    reference = LogisticRegression(C=0.3).fit(((train - mean) / sd).to_frame(), fold.training_labels)
    known = cases.lesions["age"].notna()
    # A lesion of which the only variable is missing is not predicted.
    assert list(model.predict(cases)["probability"].index) == list(cases.lesions.index[known])
    in_training = fold.training.lesions["age"].notna()
    reference.fit(
        ((train - train[in_training].mean()) / train[in_training].std(ddof=0))[in_training].to_frame(),
        fold.training_labels[in_training],
    )
    z = (test - train[in_training].mean()) / train[in_training].std(ddof=0)
    expected = reference.predict_proba(z.to_frame())[:, 1][known.to_numpy()]
    np.testing.assert_allclose(model.predict(cases)["probability"], expected, rtol=1e-6)


def test_a_missing_value_becomes_the_training_median_whatever_the_test_lesions_are(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    model = settings(variables=("age", "size_mm")).build()
    model.fit(fold)
    gap, filled = cases.select(cases.lesion_ids[:1]), cases.select(cases.lesion_ids[:1])
    gap.lesions["age"] = np.nan
    filled.lesions["age"] = fold.training.lesions["age"].median()
    pd.testing.assert_series_equal(model.predict(gap)["probability"], model.predict(filled)["probability"])


def test_a_category_never_seen_in_training_counts_as_none_of_them(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    model = settings(variables=("sex",)).build()
    model.fit(fold)
    cases.lesions["sex"] = "unknown"
    intercept = model.fitted[-1].intercept_[0]
    np.testing.assert_allclose(model.predict(cases)["probability"], 1 / (1 + np.exp(-intercept)))


def test_a_missing_category_becomes_the_commonest_of_the_training_part(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    model = settings(variables=("sex", "age")).build()
    model.fit(fold)
    gap, filled = replace(cases, lesions=cases.lesions.copy()), replace(cases, lesions=cases.lesions.copy())
    gap.lesions["sex"] = None
    filled.lesions["sex"] = fold.training.lesions["sex"].mode()[0]
    pd.testing.assert_series_equal(model.predict(gap)["probability"], model.predict(filled)["probability"])


def test_a_variable_that_no_training_lesion_has_is_left_out(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    fold.training.lesions["age"] = np.nan
    model = settings().build()
    model.fit(fold)
    assert "age" not in model.details()["coefficients"]["term"].tolist()
    assert model.predict(cases)["probability"].notna().all()


def test_a_misspelt_variable_names_the_nearest(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    with pytest.raises(ModelError, match="did you mean 'age'"):
        settings(variables=("agee",)).build().fit(fold)


def test_a_benchmark_without_clinical_variables_is_told_how_to_declare_them(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    bare = replace(fold.training, lesions=fold.training.lesions[["patient_id", "site"]])
    with pytest.raises(ModelError, match=r"cohort\.clinical"):
        settings().build().fit(replace(fold, training=bare))
