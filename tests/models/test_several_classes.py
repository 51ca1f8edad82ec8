"""Models of tables on tasks of three and six classes: against scikit-learn, and what any such model must do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samesplit.errors import DeclarationError, ModelError
from samesplit.models.baselines import LesionSizeSettings, ZeroRuleSettings
from samesplit.models.clinical.logistic import ClinicalLogisticSettings
from samesplit.models.ensembles.average import AverageSettings
from samesplit.models.estimator import EstimatorSettings
from samesplit.models.persistence import load_model
from samesplit.models.radiomics.lasso_forest import LassoForestSettings
from samesplit.models.radiomics.ridge import RidgeSettings
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.registry import KINDS, settings_class
from samesplit.models.settings import ModelSettings
from samesplit.tasks import BinaryTask, MulticlassTask, SurvivalTask

MODELS: dict[str, ModelSettings] = {
    "ridge": RidgeSettings(name="ridge", title="Ridge", penalties=(1.0, 0.01), inner_folds=3),
    "forest": LassoForestSettings(
        name="forest", title="F", penalties=(0.03,), sizes=(3, 6), repeats=1, trees=8, inner_folds=2
    ),
    "grid": RadiomicsGridSettings.model_validate(
        {
            "name": "grid",
            "title": "Grid",
            "selectors": ["anova-f"],
            "classifiers": ["logistic", {"name": "random-forest", "parameters": {"n_estimators": 10}}],
            "sizes": [6],
            "inner_folds": 2,
            "class_weight": "balanced",
        }
    ),
    "estimator": EstimatorSettings(
        name="mine",
        title="Mine",
        target="sklearn.ensemble.ExtraTreesClassifier",
        parameters={"n_estimators": 20},
    ),
}


def macro_auc(truth: pd.Series[int], predicted: pd.DataFrame) -> float:
    return float(roc_auc_score(truth.loc[predicted.index], predicted, multi_class="ovr", average="macro"))


@pytest.mark.parametrize(
    ("kind", "classes", "n"),
    [("ridge", 3, 60), ("ridge", 6, 120), ("forest", 3, 60), ("grid", 6, 120), ("estimator", 6, 120)],
)
def test_separable_classes_are_told_apart(make_fold: Any, kind: str, classes: int, n: int) -> None:
    fold, cases, truth = make_fold(n=n, n_test=120, n_features=20, effect=2.0, classes=classes)
    model = MODELS[kind].build()
    model.fit(fold)
    predicted = model.predict(cases)
    assert list(predicted.columns) == list("ABCDEF"[:classes])
    assert list(predicted.index) == cases.lesion_ids
    np.testing.assert_allclose(predicted.sum(axis=1), 1, atol=1e-9)
    assert macro_auc(truth, predicted) > 0.9


@pytest.mark.parametrize("kind", ["ridge", "grid"])
def test_noise_teaches_nothing(make_fold: Any, kind: str) -> None:
    aucs = []
    for seed in range(2):
        fold, cases, truth = make_fold(n=60, n_test=150, n_features=12, effect=0.0, seed=seed, classes=3)
        directory = fold.directory / str(seed)
        directory.mkdir()
        model = MODELS[kind].build()
        model.fit(replace(fold, directory=directory))
        aucs.append(macro_auc(truth, model.predict(cases)))
    assert 0.4 < np.mean(aucs) < 0.6


@pytest.mark.parametrize("kind", ["ridge", "grid"])
def test_classes_in_another_order_permute_the_columns(make_fold: Any, tmp_path: Path, kind: str) -> None:
    fold, cases, _ = make_fold(n=75, n_test=40, n_features=12, classes=3)
    turned = replace(
        fold,
        task=MulticlassTask(question="Which?", classes=("C", "A", "B")),
        training_labels=fold.training_labels.map({0: 1, 1: 2, 2: 0}),
        directory=tmp_path / "turned",
    )
    settings: Any = MODELS[kind]
    if kind == "grid":  # a forest draws by the order of the classes, and inner folds are dealt by it
        one = RadiomicsGridSettings.model_validate(
            settings.to_dict() | {"classifiers": ["logistic"], "sizes": [12]}
        )
        settings = RadiomicsGridSettings.model_validate(one.to_dict() | {"selectors": ["anova-f"]})
    else:
        settings = RidgeSettings(name="ridge", title="Ridge", penalties=(0.1,), inner_folds=3)
    found = []
    for each in (fold, turned):
        model = settings.build()
        model.fit(each)
        found.append(model.predict(cases)[list("ABC")])
    pd.testing.assert_frame_equal(found[0], found[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["forest", "grid", "estimator"])
def test_a_saved_model_answers_as_before_and_refuses_another_task(
    make_fold: Any, tmp_path: Path, kind: str
) -> None:
    fold, cases, _ = make_fold(n=60, n_test=20, n_features=12, classes=3)
    model = MODELS[kind].build()
    model.fit(fold)
    model.save(tmp_path / "kept")
    again = load_model(tmp_path / "kept", task=fold.task)
    pd.testing.assert_frame_equal(again.predict(cases), model.predict(cases))
    for other in (
        BinaryTask(question="Which?", positive="B", negative="A"),
        MulticlassTask(question="Which?", classes=("B", "A", "C")),
    ):
        with pytest.raises(
            ModelError, match="was fitted for a multiclass task of the classes A, B, C and is to"
        ):
            load_model(tmp_path / "kept", task=other)


def test_a_saved_model_without_a_task_is_not_loaded(make_fold: Any, tmp_path: Path) -> None:
    fold, _, _ = make_fold(n=30)
    model = ZeroRuleSettings(name="zero", title="Z").build()
    model.fit(fold)
    model.save(tmp_path)
    record = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(record | {"task": {"kind": "guess"}}))
    with pytest.raises(
        ModelError, match=r"is not the record of a kept model.*its task is none that is known"
    ):
        load_model(tmp_path)


@pytest.mark.parametrize("kind", [*MODELS, "zero"])
def test_a_class_that_is_missing_in_the_training_part_is_named(make_fold: Any, kind: str) -> None:
    fold, _, _ = make_fold(n=30, classes=3)
    gone = replace(fold, training_labels=fold.training_labels.replace(1, 2))
    settings = {"zero": ZeroRuleSettings(name="zero", title="Z"), **MODELS}[kind]
    with pytest.raises(ModelError, match="has no lesion of the class B"):
        settings.build().fit(gone)


@pytest.mark.parametrize("kind", ["ridge", "forest", "grid"])
def test_a_class_of_one_patient_is_refused_as_with_two_classes(make_fold: Any, kind: str) -> None:
    fold, _, _ = make_fold(n=40, classes=3)
    labels = fold.training_labels.where(fold.training_labels != 2, 0)
    labels.iloc[0] = 2
    with pytest.raises(ModelError, match="comes from a single patient"):
        MODELS[kind].build().fit(replace(fold, training_labels=labels))


@pytest.mark.parametrize("kind", ["ridge", "forest", "grid"])
def test_a_class_of_two_patients_leaves_some_inner_folds_without_it_and_scores_the_others(
    make_fold: Any, kind: str
) -> None:
    fold, cases, _ = make_fold(n=40, n_test=12, classes=3)
    labels = fold.training_labels.where(fold.training_labels != 2, 1)
    labels.iloc[[0, 1]] = 2
    model = MODELS[kind].build()
    model.fit(replace(fold, training_labels=labels))
    predicted = model.predict(cases)
    assert predicted.notna().all().all()
    table = model.details().get("grid")
    assert table is None or table["inner_auc"].notna().all()


def test_the_zero_rule_gives_each_class_its_share(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=40, classes=3)
    model = ZeroRuleSettings(name="zero", title="Z").build()
    model.fit(fold)
    predicted = model.predict(cases)
    assert predicted.drop_duplicates().to_numpy() == pytest.approx(np.array([[14, 13, 13]]) / 40)


def test_the_size_of_the_lesion_is_learnt_from_by_multinomial_regression(
    make_fold: Any, tmp_path: Path
) -> None:
    fold, cases, _ = make_fold(n=60, n_test=20, classes=3)
    model = LesionSizeSettings(name="size", title="S").build()
    model.fit(fold)
    reference = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    reference.fit(np.log(fold.training.lesions[["size_mm"]]), fold.training_labels)
    expected = reference.predict_proba(np.log(cases.lesions[["size_mm"]]))
    np.testing.assert_allclose(model.predict(cases), expected, rtol=1e-5)
    table = model.details()["coefficients"]
    assert table[["class", "term"]].to_numpy().tolist() == [[name, "size_mm"] for name in "ABC"]
    unknown = replace(
        cases, lesions=cases.lesions.assign(size_mm=np.nan), features=cases.features.iloc[:, :0]
    )
    middle = reference.predict_proba(np.log(fold.training.lesions[["size_mm"]]).median().to_frame().T)
    np.testing.assert_allclose(model.predict(unknown), np.repeat(middle, 20, axis=0), rtol=1e-5)
    model.save(tmp_path)
    pd.testing.assert_frame_equal(load_model(tmp_path).predict(cases), model.predict(cases))


def test_the_size_of_the_lesion_is_itself_the_risk_of_a_survival_task(make_fold: Any, tmp_path: Path) -> None:
    fold, cases, _ = make_fold(n=30, n_test=10)
    fold = replace(
        fold,
        task=SurvivalTask(question="How long?", time="months", event="death"),
        training_labels=fold.training_labels * 0,
        training_times=pd.Series(5.0, index=fold.training.lesions.index),
    )
    model = LesionSizeSettings(name="size", title="S").build()
    model.fit(fold)
    lesions = cases.lesions.copy()
    lesions.iloc[3, lesions.columns.get_loc("size_mm")] = np.nan
    risk = model.predict(replace(cases, lesions=lesions))["risk"]
    expected = np.log(cases.lesions["size_mm"])
    expected.iloc[3] = np.log(fold.training.lesions["size_mm"]).median()
    np.testing.assert_allclose(risk, expected)
    assert model.details() == {}
    model.save(tmp_path)
    pd.testing.assert_frame_equal(load_model(tmp_path).predict(cases), model.predict(cases))


def test_the_clinical_regression_is_scikit_learns_multinomial_one(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=80, n_test=30, classes=4)
    columns = ["age", "size_mm"]
    model = ClinicalLogisticSettings(name="clinical", title="C", variables=("age", "size_mm")).build()
    model.fit(fold)
    reference = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=1000))
    reference.fit(fold.training.lesions[columns], fold.training_labels)
    np.testing.assert_allclose(
        model.predict(cases), reference.predict_proba(cases.lesions[columns]), rtol=1e-4, atol=1e-8
    )
    table = model.details()["coefficients"]
    np.testing.assert_allclose(table["coefficient"], reference[-1].coef_.ravel(), rtol=1e-4, atol=1e-8)
    assert table["class"].tolist() == [name for name in "ABCD" for _ in columns]


def test_ridge_is_the_multinomial_regression_that_scikit_learn_fits_to_all_columns(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=48, n_test=20, n_features=60, classes=3)
    model = RidgeSettings(name="ridge", title="Ridge", penalties=(0.05,), inner_folds=2).build()
    model.fit(fold)
    columns = list(fold.training.features.columns)
    one = LogisticRegression(C=1 / (0.05 * 48 * 60), solver="newton-cholesky", tol=1e-10, max_iter=200)
    reference = make_pipeline(StandardScaler(), one).fit(
        fold.training.features[columns], fold.training_labels
    )
    expected = reference.predict_proba(cases.features[columns])
    np.testing.assert_allclose(model.predict(cases), expected, rtol=1e-6)


def test_an_average_takes_the_mean_of_its_members_class_by_class(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=30, n_test=3, classes=3)
    members = {
        "a": np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8], [np.nan] * 3]),
        "b": np.array([[0.4, 0.3, 0.3], [0.3, 0.3, 0.4], [0.2, 0.2, 0.6]]),
    }
    table = pd.concat(
        {
            name: pd.DataFrame(rows, index=cases.lesions.index, columns=[*"ABC"])
            for name, rows in members.items()
        },
        axis=1,
    )
    model = AverageSettings(name="avg", title="A", members=("b", "a")).build()
    model.fit(fold)
    predicted = model.predict(replace(cases, predictions=table))
    assert list(predicted.index) == cases.lesion_ids[:2]
    np.testing.assert_allclose(predicted, [[0.3, 0.3, 0.4], [0.2, 0.2, 0.6]])


class Odd:
    """Gives what it is told to, whatever the rows."""

    def __init__(self, gives: str = "few") -> None:
        self.gives = gives

    def fit(self, X: Any, y: Any) -> Odd:
        if self.gives == "error":
            raise ValueError("no")
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        return np.full((len(X), 2 if self.gives == "few" else 3), 0.5)


@pytest.mark.parametrize(
    ("gives", "message"),
    [
        ("few", r"(?s)shape \(20, 2\) for 20 lesions.*one row a lesion and 3 columns: A, B, C"),
        ("much", "do not add up to 1 over the classes"),
        ("error", "labels 0 to 2"),
    ],
)
def test_what_an_estimator_of_ones_own_gives_is_checked(make_fold: Any, gives: str, message: str) -> None:
    fold, cases, _ = make_fold(n=30, n_test=20, classes=3)
    target = f"{__name__}:Odd"
    model = EstimatorSettings(name="odd", title="O", target=target, parameters={"gives": gives}).build()

    def fit_and_predict() -> None:
        model.fit(fold)
        model.predict(cases)

    with pytest.raises(ModelError, match=message):
        fit_and_predict()


def test_kinds_of_model_say_which_tasks_they_can_do() -> None:
    two_only = {"univariate-multivariable-logistic", "renal-nomogram", "tpot"}
    for kind in KINDS:
        tasks = settings_class(kind).tasks
        if not tasks & {"survival", "segmentation"} or kind == "lesion-size":
            assert "binary" in tasks
            assert ("multiclass" in tasks) == (kind not in two_only), kind


def test_a_classifier_for_two_classes_is_refused_before_anything_runs() -> None:
    settings = RadiomicsGridSettings.model_validate(
        {
            "name": "grid",
            "title": "Grid",
            "selectors": ["anova-f"],
            "classifiers": [{"name": "logistic", "parameters": {"solver": "liblinear"}}],
            "sizes": [5],
        }
    )
    settings.check_task(BinaryTask(question="Which?", positive="B", negative="A"))
    with pytest.raises(DeclarationError, match="'grid' is for two classes, and the task has 3"):
        settings.check_task(MulticlassTask(question="Which?", classes=("A", "B", "C")))


def splits_of_which_the_first_lacks_a_class(labels: Any, patients: Any, **_: Any) -> list[Any]:
    """Two inner folds; the first holds out all lesions of the last class, so that it has none to fit on."""
    rows = np.arange(len(labels))
    last = labels == labels.max()
    first = last | (rows % 3 == 0)
    second = rows % 2 == 0
    return [(rows[~held], rows[held]) for held in (first, second)]


def test_an_inner_fold_that_lacks_a_class_gives_no_score_and_the_others_decide(
    make_fold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("search", "ridge", "lasso_forest_search"):
        name = f"samesplit.models.radiomics.{module}.inner_splits"
        monkeypatch.setattr(name, splits_of_which_the_first_lacks_a_class)
    fold, cases, _ = make_fold(n=45, n_test=9, classes=3)
    grid, ridge, forest = (MODELS[kind].build() for kind in ("grid", "ridge", "forest"))
    for model in (grid, ridge, forest):
        model.fit(fold)
        assert model.predict(cases).notna().all().all()
    tables = grid.details()
    folds = tables["grid_folds"].set_index("inner_fold")["auc"]
    assert folds.loc[0].isna().all()
    assert folds.loc[1].between(0, 1).all()
    np.testing.assert_allclose(tables["grid"]["inner_auc"], folds.loc[1])
    assert ridge.details()["penalties"]["inner_log_loss"].notna().all()
    assert forest.details()["sizes"]["scores"].eq(1).all()


def test_where_no_inner_fold_has_all_classes_to_fit_on_that_is_said(
    make_fold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("search", "ridge", "lasso_forest_search"):
        monkeypatch.setattr(
            f"samesplit.models.radiomics.{module}.inner_splits",
            lambda *given, **named: splits_of_which_the_first_lacks_a_class(*given, **named)[:1],
        )
    fold, _, _ = make_fold(n=45, classes=3)
    forest = LassoForestSettings(name="forest", title="F", penalties=(0.03,), size=3, inner_folds=2)
    for settings in (MODELS["ridge"], forest):
        with pytest.raises(ModelError, match="no inner fold of the training part has all classes to fit on"):
            settings.build().fit(fold)
    with pytest.raises(ModelError, match="has all classes to fit on and two or more among the lesions"):
        MODELS["grid"].build().fit(fold)
