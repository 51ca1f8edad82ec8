from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline

from samesplit.errors import ModelError
from samesplit.models.radiomics.grid import choose, inner_splits, search
from samesplit.models.radiomics.settings import RadiomicsGridSettings

FOREST = {"name": "random-forest", "parameters": {"n_estimators": 5}}


def settings(**keys: Any) -> RadiomicsGridSettings:
    given = {"selectors": ["anova-f", "lasso"], "classifiers": ["logistic", FOREST], "sizes": [2, 6]} | keys
    return RadiomicsGridSettings.model_validate({"name": "g", "title": "G", "inner_folds": 3} | given)


def data(n: int = 60, p: int = 20, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    X = pd.DataFrame(rng.normal(size=(n, p)), columns=[f"f{i}" for i in range(p)])
    X.iloc[:, :2] += y[:, None]
    return X, y, np.array([f"P{i // 2}" for i in range(n)])


def test_a_patients_lesions_stay_together_and_every_lesion_is_held_out_once() -> None:
    _, y, patients = data()
    splits = inner_splits(y, patients, folds=5, seed=1, model="m")
    assert len(splits) == 5
    assert sorted(np.concatenate([held for _, held in splits])) == list(range(60))
    for fit, held in splits:
        assert not set(patients[fit]) & set(patients[held])
        assert 0.2 < y[held].mean() < 0.8


def test_the_inner_folds_follow_the_seed() -> None:
    _, y, patients = data()
    held = [inner_splits(y, patients, folds=5, seed=seed, model="m")[0][1].tolist() for seed in (1, 1, 2)]
    assert held[0] == held[1]
    assert held[0] != held[2]


def test_a_rare_class_gives_fewer_folds_and_a_single_patient_none() -> None:
    y = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0])
    patients = np.array(list("aabcdefgh"))
    assert len(inner_splits(y, patients, folds=5, seed=0, model="m")) == 2
    with pytest.raises(ModelError, match="a single patient"):
        inner_splits(y, np.array(list("aaacdefgh")), folds=5, seed=0, model="m")


def test_the_grid_has_one_row_a_cell_and_the_mean_of_its_folds() -> None:
    X, y, patients = data()
    result = search(X, y, patients, settings=settings(), seed=0)
    assert len(result.grid) == 8
    assert len(result.folds) == 24
    assert result.grid["chosen"].sum() == 1
    assert result.grid["one_standard_error"].sum() == 1
    by_cell = result.folds.groupby(["selector", "classifier", "size"], sort=False)["auc"]
    np.testing.assert_allclose(result.grid["inner_auc"], by_cell.mean())
    np.testing.assert_allclose(result.grid["inner_sd"], by_cell.std())
    chosen = result.grid[result.grid["chosen"]].iloc[0]
    assert (chosen["selector"], chosen["classifier"], chosen["size"]) == (
        result.cell.selector.label, result.cell.classifier.label, result.cell.size
    )  # fmt: skip


def test_each_cell_is_what_a_plain_pipeline_gives_on_the_same_inner_folds() -> None:
    """The shared preparation and the prefix of one ranking are a shortcut, not another method."""
    X, y, patients = data()
    grid = settings(correlation=0.9)
    result = search(X, y, patients, settings=grid, seed=4)
    values = X.to_numpy()
    for number, (fit, held) in enumerate(inner_splits(y, patients, folds=3, seed=4, model="m")):
        for _, cell in result.folds[result.folds["inner_fold"] == number].iterrows():
            selector = next(use for use in grid.selectors if use.label == cell["selector"])
            classifier = next(use for use in grid.classifiers if use.label == cell["classifier"])
            pipeline = Pipeline(
                [
                    *grid.steps(),
                    ("select", selector.make(size=int(cell["size"]), seed=4)),
                    ("classify", classifier.make(seed=4)),
                ]
            ).fit(values[fit], y[fit])
            expected = roc_auc_score(y[held], pipeline.predict_proba(values[held])[:, 1])
            assert cell["auc"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("classifier", ["lda", "logistic", "naive-bayes", "knn", "svm", "decision-tree"])
def test_last_digits_of_the_features_change_no_score_and_no_choice(classifier: str) -> None:
    X, y, patients = data()
    X = X.round(0) / 3  # ties, among lesions and among features
    X["f7"], X["f8"] = 2 * X["f1"] + 1, -X["f0"]
    X.iloc[1::2] = X.iloc[::2].to_numpy()  # each lesion twice: equal probabilities
    grid = settings(selectors=["anova-f", "wilcoxon", "mrmr", "lasso"], classifiers=[classifier])
    expected = search(X, y, patients, settings=grid, seed=0)
    noise = 1 + 1e-13 * np.random.default_rng(1).uniform(-1, 1, X.shape)
    found = search(X * noise, y, patients, settings=grid, seed=0)
    assert found.cell == expected.cell
    pd.testing.assert_frame_equal(found.grid, expected.grid, rtol=1e-9)
    pd.testing.assert_frame_equal(found.folds, expected.folds, rtol=1e-9)
    pd.testing.assert_frame_equal(found.tables["rankings"], expected.tables["rankings"])


def test_a_fold_with_one_class_is_left_out_of_the_mean() -> None:
    X, _, _ = data(n=30)
    y = np.zeros(30, dtype=int)
    y[:3] = 1  # patient a has two, patient b one: two folds at most
    patients = np.array(["a", "a", "b", *[f"n{i}" for i in range(27)]])
    result = search(X, y, patients, settings=settings(), seed=0)
    assert set(result.grid["inner_folds"]) == {2}
    assert result.grid["inner_auc"].notna().all()


def test_sizes_beyond_the_number_of_features_are_the_whole_ranking_and_the_smaller_one_is_taken() -> None:
    X, y, patients = data(p=4)
    grid = settings(selectors=["anova-f"], classifiers=["logistic"], sizes=[50, 10])
    result = search(X, y, patients, settings=grid, seed=0)
    assert len(set(result.grid["inner_auc"])) == 1
    assert result.cell.size == 10


def test_no_usable_feature_is_an_error() -> None:
    X, y, patients = data()
    with pytest.raises(ModelError, match="no feature is usable"):
        search(X * 0 + 3.0, y, patients, settings=settings(), seed=0)
    with pytest.raises(ModelError, match="no feature is usable"):
        search(X * np.nan, y, patients, settings=settings(), seed=0)


def table(rows: list[tuple[int, float, float]]) -> pd.DataFrame:
    grid = pd.DataFrame(rows, columns=["size", "inner_auc", "inner_sd"])
    return grid.assign(inner_folds=4)


def test_of_equal_cells_the_smaller_and_then_the_earlier_is_chosen() -> None:
    assert choose(table([(20, 0.8, 0.0), (10, 0.8, 0.0), (10, 0.8, 0.0)]))[0] == 1
    assert choose(table([(20, 0.8, 0.0), (10, 0.8 - 1e-6, 0.0)]))[0] == 0
    assert choose(table([(20, 0.8, 0.0), (10, 0.8 - 1e-15, 0.0)]))[0] == 1


@pytest.mark.parametrize("seed", range(5))
def test_last_digits_choose_no_cell(seed: int) -> None:
    auc = np.array([0.7, 0.1 + 0.7, 0.8, 0.8, 0.75, 0.75])
    table = pd.DataFrame({"size": [5, 20, 10, 10, 5, 5], "inner_auc": auc, "inner_sd": 0.1, "inner_folds": 4})
    assert choose(table) == (2, 4)  # 0.75 is one standard error, 0.05, below 0.8
    noise = 1 + 1e-13 * np.random.default_rng(seed).uniform(-1, 1, (2, 6))
    moved = table.assign(inner_auc=auc * noise[0], inner_sd=0.1 * noise[1])
    assert choose(moved) == (2, 4)


def test_the_one_standard_error_choice_is_the_sparest_within_reach() -> None:
    # The best has SD 0.1 over 4 folds: one standard error is 0.05.
    grid = table([(50, 0.80, 0.1), (20, 0.76, 0.3), (10, 0.74, 0.0), (20, 0.77, 0.0), (30, 0.79, 0.0)])
    assert choose(grid) == (0, 3)
    assert choose(table([(50, 0.80, np.nan), (10, 0.79, 0.1)])) == (0, 0)


def test_the_sparest_cell_is_the_choice_where_the_file_asks_for_it() -> None:
    X, y, patients = data()
    best = search(X, y, patients, settings=settings(), seed=2).grid
    sparest = search(X, y, patients, settings=settings(choose="one-standard-error"), seed=2).grid
    pd.testing.assert_series_equal(best["one_standard_error"], sparest["one_standard_error"])
    assert (sparest["chosen"] == sparest["one_standard_error"]).all()
