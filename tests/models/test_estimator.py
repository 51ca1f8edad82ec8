from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.errors import ModelError
from samesplit.models.definition import read_model
from samesplit.models.estimator import EstimatorSettings

OWN = """
import numpy as np

class Recorder:
    '''Has nothing of scikit-learn; remembers what it was given.'''
    def __init__(self, random_state, strength=1.0):
        self.random_state, self.strength = random_state, strength
    def fit(self, X, y):
        self.shape, self.mean, self.gaps = X.shape, X.mean(), int(np.isnan(X).sum())
        self.kinds = (str(X.dtype), str(y.dtype))
    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-self.strength * X[:, 0]))
        return np.column_stack([1 - p, p])
"""


def settings(**keys: Any) -> EstimatorSettings:
    given = {"target": "sklearn.ensemble.RandomForestClassifier", "parameters": {"n_estimators": 30}} | keys
    return EstimatorSettings(name="mine", title="Mine", **given)


def own(folder: Path, code: str = OWN, **keys: Any) -> Any:
    (folder / "own.py").write_text(code, encoding="utf-8")
    yaml = folder / "own.yaml"
    yaml.write_text("kind: estimator\ntitle: Own\ntarget: own.py:Recorder\n", encoding="utf-8")
    return read_model(yaml, overrides=keys)


@pytest.mark.parametrize(("inputs", "columns"), [("features", 30), ("clinical", 3), ("both", 33)])
def test_it_learns_from_the_inputs_that_are_named(make_fold: Any, inputs: str, columns: int) -> None:
    fold, cases, truth = make_fold(effect=1.2)
    model = settings(inputs=inputs).build()
    model.fit(fold)
    assert len(model.columns) == columns
    assert roc_auc_score(truth, model.predict(cases)) > 0.75
    assert settings(inputs=inputs).needs().profiles == (() if inputs == "clinical" else ("*",))


def test_the_same_seed_gives_the_same_probabilities_and_another_does_not(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    predicted = []
    for seed in (5, 5, 6):
        model = settings().build()
        model.fit(replace(fold, seed=seed))
        predicted.append(model.predict(cases))
    pd.testing.assert_series_equal(predicted[0], predicted[1])
    assert not np.allclose(predicted[0], predicted[2])


def test_a_seed_that_the_file_sets_stays(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    model = settings(parameters={"n_estimators": 5, "random_state": 42}).build()
    model.fit(fold)
    assert model.fitted.estimator.random_state == 42
    assert model.fitted.estimator.n_jobs == 1


def test_a_class_of_ones_own_gets_arrays_without_gaps_scaled_on_the_training_part(
    make_fold: Any, tmp_path: Path
) -> None:
    fold, cases, _ = make_fold()
    fold.training.features.iloc[0, :5] = np.nan
    fold.training.features.iloc[1, 6] = np.inf
    model = own(tmp_path).build()
    model.fit(replace(fold, seed=9))
    estimator = model.fitted.estimator
    assert estimator.shape == (80, 30)
    assert estimator.gaps == 0
    assert estimator.kinds == ("float64", "int64")
    assert abs(estimator.mean) < 1e-9
    assert estimator.random_state == 9
    assert model.predict(cases).between(0, 1).all()


def test_imputation_and_scaling_can_be_switched_off(make_fold: Any, tmp_path: Path) -> None:
    fold, _, _ = make_fold()
    fold.training.features.iloc[0, :5] = np.nan
    model = own(tmp_path, impute="none", scale="none").build()
    model.fit(fold)
    assert model.fitted.estimator.gaps == 5


def test_a_classifier_without_probabilities_is_refused_when_built() -> None:
    with pytest.raises(ModelError, match=r"has no predict_proba[\s\S]*CalibratedClassifierCV"):
        settings(target="sklearn.svm.LinearSVC", parameters={}).build()


def test_an_unknown_parameter_is_an_error_that_lists_the_parameters() -> None:
    with pytest.raises(ModelError, match=r"cannot be made[\s\S]*n_estimators"):
        settings(parameters={"trees": 3}).build()


def test_an_error_inside_fit_names_the_target(make_fold: Any, tmp_path: Path) -> None:
    fold, _, _ = make_fold()
    broken = OWN.replace("self.kinds =", "raise KeyError('oh')\n        self.kinds =")
    with pytest.raises(ModelError, match=r"own.yaml, line 3: fitting 'own.py:Recorder' failed: KeyError"):
        own(tmp_path, broken).build().fit(fold)


@pytest.mark.parametrize(
    ("give", "message"),
    [("p + 1", "outside"), ("p * np.nan", "outside"), ("np.column_stack([p, p])", "shape")],
)
def test_what_is_no_probability_is_refused(make_fold: Any, tmp_path: Path, give: str, message: str) -> None:
    fold, cases, _ = make_fold()
    model = own(tmp_path, OWN.replace("[1 - p, p]", f"[1 - p, {give}]")).build()
    model.fit(fold)
    with pytest.raises(ModelError, match=message):
        model.predict(cases)


def test_the_positive_class_is_found_by_its_label_not_by_its_column(make_fold: Any, tmp_path: Path) -> None:
    fold, cases, _ = make_fold()
    code = OWN.replace("[1 - p, p]", "[p, 1 - p]").replace("def fit(", "classes_ = (1, 0)\n    def fit(")
    straight, turned = own(tmp_path).build(), own(tmp_path, code).build()
    for model in (straight, turned):
        model.fit(fold)
    np.testing.assert_allclose(straight.predict(cases), turned.predict(cases))
