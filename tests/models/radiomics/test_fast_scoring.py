from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from samesplit.models.radiomics import fast_scoring as quick
from samesplit.models.radiomics import work_units as pieces
from samesplit.models.radiomics.classifiers import CLASSIFIERS, make_classifier
from samesplit.models.radiomics.fast_scoring import quick_scores
from samesplit.models.radiomics.pipeline import RadiomicsGridModel
from samesplit.models.radiomics.settings import RadiomicsGridSettings

COVERED = ["adaboost", "bagging", "decision-tree", "random-forest"]
PRIVATE = {
    "_generate_bagging_indices": "sklearn.ensemble._bagging",
    "Gini": "sklearn.tree._criterion",
    "BestSplitter": "sklearn.tree._splitter",
    "DepthFirstTreeBuilder": "sklearn.tree._tree",
    "Tree": "sklearn.tree._tree",
}
"""Names of scikit-learn's that the quick way needs and that scikit-learn does not promise."""


def rows(kind: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows to fit on, their labels, and rows held out, of several kinds."""
    rng = np.random.default_rng(seed)
    n, p = {"few": (14, 30), "many": (150, 12), "one column": (40, 1)}.get(kind, (40, 9))
    y = rng.permutation(np.arange(n) % 2)
    X = rng.normal(size=(n, p))
    X[:, 0] += 0.8 * y
    if kind == "ties":
        X = X.round(0)
    if kind == "separable":
        X[:, -1] = y + 0.1 * rng.random(n)
    if kind == "constant":
        X[:] = 1.0
    if kind == "rare":
        y[:] = 0
        y[:2] = 1
    return X, y.astype(np.int64), rng.normal(size=(25, p)).round(0 if kind == "ties" else 8)


@pytest.mark.parametrize("kind", ["few", "many", "one column", "ties", "separable", "constant", "rare"])
@pytest.mark.parametrize("key", COVERED)
def test_the_quick_way_gives_what_scikit_learn_gives_to_the_last_digit(key: str, kind: str) -> None:
    X, y, held = rows(kind)
    for seed in (0, 2**31 - 2):
        classifier = make_classifier(key, {}, seed=seed)
        quick = quick_scores(classifier)
        assert quick is not None
        expected = classifier.fit(X, y).predict_proba(held)[:, 1]
        np.testing.assert_array_equal(quick(X, y, held), expected)


@pytest.mark.parametrize(
    ("key", "parameters"),
    [
        ("random-forest", {"n_estimators": 7, "max_depth": 3, "min_samples_leaf": 1, "max_features": None}),
        ("decision-tree", {"max_depth": 2, "min_samples_leaf": 4, "max_features": "sqrt"}),
        ("adaboost", {"n_estimators": 9, "learning_rate": 0.3}),
        ("bagging", {"n_estimators": 3}),
    ],
)
def test_settings_that_are_covered_are_kept_to(key: str, parameters: dict[str, Any]) -> None:
    X, y, held = rows("many")
    classifier = make_classifier(key, parameters, seed=5)
    quick = quick_scores(classifier)
    assert quick is not None
    np.testing.assert_array_equal(quick(X, y, held), classifier.fit(X, y).predict_proba(held)[:, 1])


@pytest.mark.parametrize(
    ("key", "parameters"),
    [
        ("random-forest", {"class_weight": "balanced"}),
        ("random-forest", {"criterion": "entropy"}),
        ("random-forest", {"min_samples_leaf": 0.1}),
        ("random-forest", {"max_features": 0.5}),
        ("random-forest", {"bootstrap": False}),
        ("random-forest", {"min_samples_split": 5}),
        ("decision-tree", {"ccp_alpha": 0.1}),
        ("decision-tree", {"splitter": "random"}),
        ("bagging", {"max_samples": 0.5}),
        ("bagging", {"max_samples": 1}),  # one row, not all
        ("bagging", {"max_features": 1}),  # one feature, not all
        ("bagging", {"estimator": LogisticRegression()}),
        ("adaboost", {"estimator": LogisticRegression()}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(f"{k}={v}" for k, v in value.items()),
)
def test_other_settings_take_the_usual_way(key: str, parameters: dict[str, Any]) -> None:
    assert quick_scores(make_classifier(key, parameters, seed=0)) is None


def test_every_other_classifier_takes_the_usual_way_and_none_is_fitted_by_asking() -> None:
    for key in CLASSIFIERS:
        classifier = make_classifier(key, {}, seed=0)
        assert (quick_scores(classifier) is not None) == (key in [*COVERED, "svm"])
        assert not hasattr(classifier, "classes_")
    for key in ("adaboost", "bagging"):
        assert quick_scores(make_classifier(key, {}, seed=0, class_weight="balanced")) is None


@pytest.mark.parametrize("kind", ["few", "many", "one column", "ties", "separable", "rare"])
def test_a_machines_scores_have_the_order_of_its_probabilities(kind: str) -> None:
    X, y, held = rows(kind)
    for parameters in ({}, {"kernel": "linear", "C": 10.0}, {"class_weight": "balanced"}):
        classifier = make_classifier("svm", parameters, seed=0)
        quick = quick_scores(classifier)
        assert quick is not None
        probabilities = classifier.fit(X, y).predict_proba(held)[:, 1]
        truth = np.arange(len(held)) % 2
        assert roc_auc_score(truth, quick(X, y, held)) == roc_auc_score(truth, probabilities)


def imported_again() -> ModuleType:
    """The module as a process imports it that finds scikit-learn as it is at this moment."""
    spec = importlib.util.spec_from_file_location("quick_again", quick.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def grid_scores(make_fold: Any, monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> pd.DataFrame:
    """The inner scores of a grid whose pieces take the quick way of `module`, where it has one."""
    monkeypatch.setattr(pieces, "quick_scores", module.quick_scores)
    settings = RadiomicsGridSettings(
        name="grid",
        title="Grid",
        selectors=("anova-f",),
        classifiers=(*COVERED, "lda"),
        sizes=(4,),
        inner_folds=2,
    )
    fold, _, _ = make_fold(n=40, n_features=8)
    model = RadiomicsGridModel(settings)
    model.fit(fold)
    return model.details()["grid"][["selector", "classifier", "size", "inner_auc", "chosen"]]


def gone(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(importlib.import_module(module), name)


def takes_other_arguments(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module(module), name, lambda *, other: other)


@pytest.mark.parametrize("change", [gone, takes_other_arguments])
@pytest.mark.parametrize("name", PRIVATE)
def test_without_a_private_name_of_scikit_learn_a_grid_has_the_same_scores(
    name: str, change: Any, make_fold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = grid_scores(make_fold, monkeypatch, quick)
    with monkeypatch.context() as patch:
        change(PRIVATE[name], name, patch)
        module = imported_again()
    lost = ["bagging"] if name == "_generate_bagging_indices" and change is not gone else COVERED
    for key in COVERED:
        assert (module.quick_scores(make_classifier(key, {}, seed=0)) is None) == (key in lost)
    found = grid_scores(make_fold, monkeypatch, module)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


def test_the_test_above_takes_away_every_private_name() -> None:
    lines = Path(quick.__file__).read_text(encoding="utf-8").splitlines()
    source = [line.split() for line in lines if "import" in line]
    private = {
        (word.strip(","), line[1])
        for line in source
        if line[0] == "from" and "._" in line[1]
        for word in line[3:]
    }
    assert private == set(PRIVATE.items())


def test_a_quick_way_that_gives_other_probabilities_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    module = imported_again()
    monkeypatch.setattr(module, "softmax", lambda decision: np.full_like(decision, 0.5))
    assert module.quick_scores(make_classifier("adaboost", {}, seed=0)) is None
    assert module.quick_scores(make_classifier("bagging", {}, seed=0)) is not None


@pytest.mark.parametrize("key", COVERED)
@pytest.mark.parametrize("classes", [3, 5])
def test_several_classes_get_the_probabilities_of_all_as_scikit_learn_gives_them(
    key: str, classes: int
) -> None:
    X, _, held = rows("many")
    y = np.random.default_rng(1).permutation(np.arange(len(X)) % classes)
    X[:, 1] += y
    classifier = make_classifier(key, {}, seed=3)
    found = quick_scores(classifier, classes=classes)
    assert found is not None
    np.testing.assert_allclose(found(X, y, held), classifier.fit(X, y).predict_proba(held), rtol=1e-12)


def test_a_machine_of_several_classes_takes_the_usual_way() -> None:
    assert quick_scores(make_classifier("svm", {}, seed=0)) is not None
    assert quick_scores(make_classifier("svm", {}, seed=0), classes=3) is None


@pytest.mark.parametrize("key", sorted(CLASSIFIERS))
def test_every_classifier_gives_one_probability_a_class(key: str) -> None:
    X, _, held = rows("many")
    y = np.random.default_rng(1).permutation(np.arange(len(X)) % 3)
    X[:, 1] += 2 * y
    found = make_classifier(key, {}, seed=3).fit(X, y).predict_proba(held)
    assert found.shape == (25, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
