from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.errors import ModelError
from samesplit.models.estimator import EstimatorSettings
from samesplit.models.registry import read_model

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
    assert roc_auc_score(truth, model.predict(cases)["probability"]) > 0.75
    assert settings(inputs=inputs).needs().profiles == (() if inputs == "clinical" else ("*",))


def test_the_same_seed_gives_the_same_probabilities_and_another_does_not(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    predicted = []
    for seed in (5, 5, 6):
        model = settings().build()
        model.fit(replace(fold, seed=seed))
        predicted.append(model.predict(cases)["probability"])
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
    assert model.predict(cases)["probability"].between(0, 1).all()


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
    np.testing.assert_allclose(straight.predict(cases)["probability"], turned.predict(cases)["probability"])


def built_in(name: str, **keys: Any) -> Any:
    return read_model(Path(__file__).parents[2] / "models" / f"{name}.yaml", overrides=keys)


BOOSTING = {
    "catboost": {"parameters": {"iterations": 15, "verbose": False, "allow_writing_files": False}},
    "ebm": {
        "parameters": {
            "interactions": 0,
            "outer_bags": 1,
            "max_rounds": 9,
            "random_state": None,
            "n_jobs": None,
        }
    },
}


@pytest.mark.parametrize("name", BOOSTING)
def test_boosting_learns_with_gaps_is_seeded_and_writes_and_prints_nothing(
    make_fold: Any,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    fold, cases, truth = make_fold(effect=1.5, n_features=8)
    fold.training.features.iloc[::5, 1] = np.nan
    cases.features.iloc[::7, 2] = np.nan
    found = []
    for seed in (3, 3, 4):
        model = built_in(name, **BOOSTING[name]).build()
        model.fit(replace(fold, seed=seed))
        found.append(model.predict(cases)["probability"])
    assert roc_auc_score(truth, found[0]) > 0.8
    pd.testing.assert_series_equal(found[0], found[1])
    assert not found[0].equals(found[2])
    assert [path.name for path in tmp_path.iterdir()] == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", BOOSTING)
def test_the_shipped_settings_of_boosting_are_those_that_were_tested(name: str) -> None:
    settings = built_in(name)
    tested = BOOSTING[name]["parameters"]
    assert set(settings.parameters) <= set(tested)
    assert (settings.impute, settings.scale) == ("none", "none")
    quiet = ("verbose", "allow_writing_files", "interactions", "random_state", "n_jobs")
    assert all(settings.parameters.get(key) == tested.get(key) for key in quiet)


def test_catboost_takes_the_seed_and_one_thread_and_a_seed_of_ones_own_stays() -> None:
    for given, seed in (({}, 7), ({"random_seed": 5}, 5), ({"random_state": 6}, 6)):
        model = built_in("catboost", **{"parameters": BOOSTING["catboost"]["parameters"] | given}).build()
        parameters = model._make(seed=7, jobs=1).get_params()
        assert [parameters[key] for key in ("random_state", "random_seed") if key in parameters] == [seed]
        assert parameters["thread_count"] == 1


@pytest.mark.parametrize(
    ("target", "extra"),
    [("catboost.CatBoostClassifier", "boosting"), ("interpret.glassbox.Some", "boosting")],
)
def test_a_missing_extra_is_named_before_anything_is_fitted(
    target: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = target.partition(".")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])
    importlib.invalidate_caches()
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(ModelError, match=rf"'{package}' is not installed[\s\S]*samesplit\[{extra}\]"):
        settings(target=target, parameters={}).check_ready()


def test_balanced_weights_reach_a_fit_that_takes_them_and_are_refused_by_one_that_does_not(
    make_fold: Any, tmp_path: Path
) -> None:
    fold, cases, _ = make_fold(effect=0.3)
    rare = fold.training_labels.iloc[:50].index.union(fold.training_labels.index[fold.training_labels == 0])
    fold = replace(
        fold, training=fold.training.select(list(rare)), training_labels=fold.training_labels.loc[rare]
    )
    means = []
    for weight in (None, "balanced"):
        model = settings(
            target="sklearn.linear_model.LogisticRegression", parameters={}, class_weight=weight
        ).build()
        model.fit(fold)
        means.append(model.predict(cases)["probability"].mean())
    assert abs(means[1] - 0.5) < abs(means[0] - 0.5)
    model = own(tmp_path, class_weight="balanced").build()
    with pytest.raises(ModelError, match="takes no sample_weight"):
        model.fit(fold)


WARNS = OWN.replace("self.kinds =", "__import__('warnings').warn('the step is too long'); self.kinds =")


def test_what_a_class_warns_of_becomes_a_note_of_the_run(make_fold: Any, tmp_path: Path) -> None:
    fold, _, _ = make_fold()
    model = own(tmp_path, WARNS).build()
    model.fit(fold)
    assert model.details()["notes"]["note"].tolist() == ["UserWarning while fitting (the step is too long)"]
    quiet = own(tmp_path).build()
    quiet.fit(fold)
    assert quiet.details() == {}
