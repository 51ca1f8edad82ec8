from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from samesplit.models.radiomics.lasso_forest import LassoForestSettings
from samesplit.models.radiomics.oversampling import OversampleSettings, nothing_added, oversample
from samesplit.models.radiomics.settings import RadiomicsGridSettings


def data(positives: int, n: int = 40, columns: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, columns)), rng.permutation((np.arange(n) < positives).astype(int))


@pytest.mark.parametrize("positives", [9, 31])
def test_both_classes_become_as_common_and_the_given_rows_stay_first(positives: int) -> None:
    X, y = data(positives)
    more, labels = oversample(X, y, seed=1)
    assert np.bincount(labels).tolist() == [31, 31]
    np.testing.assert_array_equal(more[:40], X)
    np.testing.assert_array_equal(labels[:40], y)
    assert set(labels[40:]) == {int(positives < 20)}


@pytest.mark.parametrize("seed", range(3))
def test_last_digits_change_no_new_lesion(seed: int) -> None:
    X, y = data(9)
    X = np.round(X) / 3  # many equally near lesions
    moved = X * (1 + 1e-13 * np.random.default_rng(seed).uniform(-1, 1, X.shape))
    np.testing.assert_allclose(oversample(moved, y, seed=1)[0], oversample(X, y, seed=1)[0], atol=1e-9)


@pytest.mark.parametrize("neighbours", [1, 5])
def test_every_new_lesion_lies_between_one_of_the_class_and_one_of_its_nearest(neighbours: int) -> None:
    X, y = data(9)
    more, _ = oversample(X, y, neighbours=neighbours, seed=1)
    rare = X[y == 1]
    for point in more[40:]:
        lies = False
        for start in rare:
            distances = np.linalg.norm(rare - start, axis=1)
            for end in rare[np.argsort(distances)[1 : neighbours + 1]]:
                along = (point - start) @ (end - start) / ((end - start) ** 2).sum()
                gap = np.abs(start + along * (end - start) - point).max()
                lies |= bool(gap < 1e-12 and -1e-12 <= along <= 1 + 1e-12)
        assert lies


def test_fewer_lesions_than_neighbours_use_those_there_are() -> None:
    X, y = data(3)
    more, labels = oversample(X, y, neighbours=5, seed=1)
    assert np.bincount(labels).tolist() == [37, 37]
    assert np.isfinite(more).all()


@pytest.mark.parametrize("positives", [0, 1, 20])
def test_nothing_is_made_of_a_single_lesion_nor_where_classes_are_alike(positives: int) -> None:
    X, y = data(positives)
    more, labels = oversample(X, y, seed=1)
    np.testing.assert_array_equal(more, X)
    np.testing.assert_array_equal(labels, y)


def test_the_seed_decides() -> None:
    X, y = data(9)
    first, second, third = (oversample(X, y, seed=seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, third)


def test_more_columns_than_rows_and_a_single_column_work() -> None:
    for columns in (1, 200):
        X, y = data(9, columns=columns)
        assert oversample(X, y, seed=1)[0].shape == (62, columns)


def test_settings_know_one_method_and_at_least_one_neighbour() -> None:
    assert OversampleSettings().neighbours == 5
    with pytest.raises(ValidationError):
        OversampleSettings.model_validate({"method": "adasyn"})
    with pytest.raises(ValidationError):
        OversampleSettings(neighbours=0)


def test_a_class_of_a_single_lesion_is_told_by_grid_and_lasso_forest(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=40, n_features=8, effect=3.0)
    negative = fold.training_labels.index[fold.training_labels == 0]
    patients = fold.training.lesions["patient_id"]
    others = [i for i in fold.training_labels.index if i not in negative]
    two = [others[0], next(i for i in others if patients[i] != patients[others[0]])]
    ids = [*negative, *two]
    few = replace(fold, training=fold.training.select(ids), training_labels=fold.training_labels.loc[ids])
    settings = {"name": "m", "title": "M", "oversample": {}, "inner_folds": 2}
    grid = RadiomicsGridSettings.model_validate(
        settings | {"selectors": ["anova-f"], "classifiers": ["lda"], "sizes": [1]}
    )
    forest = LassoForestSettings.model_validate(settings | {"trees": 2, "size": 1})
    for model in (grid.build(), forest.build()):
        model.fit(few)
        (note,) = model.details()["notes"]["note"]
        assert note.startswith("SMOTE added nothing in 2 of 3 inner fits")
    model = grid.build()
    model.fit(replace(fold, directory=fold.directory / "again"))
    assert "notes" not in model.details()


def test_of_several_classes_each_becomes_as_common_as_the_commonest() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(23, 3)), np.repeat([0, 1, 2, 3], [12, 7, 3, 1])
    more, labels = oversample(X, y, seed=1)
    assert np.bincount(labels).tolist() == [12, 12, 12, 1]
    np.testing.assert_array_equal(more[:23], X)
    of_two = oversample(X[y < 2], y[y < 2], seed=1)[0][19:]
    np.testing.assert_array_equal(more[23:28], of_two)  # the other classes have no say


def test_a_single_lesion_of_one_of_several_classes_is_told() -> None:
    note = nothing_added([np.array([0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 2, 2])])
    assert note == (
        "SMOTE added nothing to a class in 1 of 2 inner fits, where it has a single lesion; classes stay unequal"
    )
