from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.linear_model import Lasso
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from samesplit.errors import ModelError
from samesplit.features.listing import profile_listing
from samesplit.features.profiles import read_profile
from samesplit.models.persistence import load_model
from samesplit.models.protocol import TrainingFold
from samesplit.models.radiomics.grid import inner_splits
from samesplit.models.radiomics.lasso_forest import LassoForestModel, LassoForestSettings, once_per_lesion
from samesplit.models.radiomics.lasso_forest_search import Search
from samesplit.models.registry import read_model

BUILTIN = Path(__file__).parents[3] / "models"
QUICK: dict[str, Any] = {"trees": 10, "repeats": 1, "sizes": (1, 3), "inner_folds": 3}
SMOTE = {"method": "smote", "neighbours": 5}


def settings(**keys: Any) -> LassoForestSettings:
    return LassoForestSettings.model_validate({"name": "lf", "title": "LF"} | QUICK | keys)


def fitted(fold: TrainingFold, **keys: Any) -> LassoForestModel:
    model = settings(**keys).build()
    model.fit(fold)
    return model


def uneven(fold: TrainingFold) -> TrainingFold:
    """The same fold with about three negatives to a positive."""
    positive = fold.training_labels[fold.training_labels == 1].index[::3]
    ids = [name for name in fold.training.lesion_ids if fold.training_labels[name] == 0 or name in positive]
    return replace(fold, training=fold.training.select(ids), training_labels=fold.training_labels.loc[ids])


def with_validation(fold: TrainingFold, share: int = 3) -> TrainingFold:
    ids = fold.training.lesion_ids
    patients = fold.training.lesions["patient_id"]
    held = [name for name in ids if int(patients[name][-3:]) % share == 0]
    rest = [name for name in ids if name not in held]
    return replace(
        fold,
        training=fold.training.select(rest),
        training_labels=fold.training_labels.loc[rest],
        validation=fold.training.select(held),
        validation_labels=fold.training_labels.loc[held],
    )


def test_it_finds_the_planted_features_and_separates_the_classes(make_fold: Any) -> None:
    fold, cases, truth = make_fold(n=120, effect=1.5)
    model = fitted(fold, oversample=SMOTE)
    chosen = model.details()["chosen_features"]
    planted = {
        "mr/T2/original_firstorder_F0",
        "mr/T1C/original_firstorder_F1",
        "mr/T2/original_firstorder_F2",
    }
    assert set(chosen["feature"]) == planted
    assert chosen["importance"].abs().is_monotonic_decreasing
    assert roc_auc_score(truth, model.predict(cases)["probability"]) > 0.9


def test_the_ranking_is_that_of_scikit_learns_lasso_at_the_chosen_penalty(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=100)
    model = fitted(fold, size=5, penalties=(0.02, 1.0))
    table = model.details()["lasso_penalties"]
    penalty = table.loc[table["chosen"], "penalty"].item()
    Z = StandardScaler().fit_transform(fold.training.features)
    reference = Lasso(alpha=penalty).fit(Z, fold.training_labels)
    order = np.argsort(-np.abs(reference.coef_))[:5]
    chosen = model.details()["chosen_features"]
    assert chosen["feature"].tolist() == [fold.training.features.columns[i] for i in order]
    np.testing.assert_allclose(chosen["importance"], reference.coef_[order], atol=1e-4)


def test_the_penalty_is_the_one_with_the_smallest_squared_error_of_the_inner_folds(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=60)
    penalties = (0.001, 0.05, 0.2)
    model = fitted(fold, size=2, penalties=penalties)
    table = model.details()["lasso_penalties"].set_index("penalty")
    ordered = fold.training.features.sort_index()
    y = fold.training_labels.loc[ordered.index].to_numpy()
    patients = fold.training.lesions.loc[ordered.index, "patient_id"].to_numpy()
    splits = inner_splits(y, patients, folds=3, seed=0, model="reference")
    for penalty in penalties:
        errors = []
        for fit, held in splits:
            scale = StandardScaler().fit(ordered.iloc[fit])
            lasso = Lasso(alpha=penalty).fit(scale.transform(ordered.iloc[fit]), y[fit])
            errors.append(np.mean((y[held] - lasso.predict(scale.transform(ordered.iloc[held]))) ** 2))
        assert table.loc[penalty, "inner_error"] == pytest.approx(np.mean(errors), rel=1e-3)
    assert table["inner_error"].idxmin() == table.index[table["chosen"]].item()


def test_the_probability_is_the_mean_of_one_forest_per_inner_fold(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=60)
    model = fitted(fold, size=4)
    assert len(model.fitted.forests) == 3
    X = model.fitted.prepare.transform(cases.features)[:, model.fitted.columns]
    mean = np.mean([forest.predict_proba(X)[:, 1] for forest in model.fitted.forests], axis=0)
    np.testing.assert_allclose(model.predict(cases)["probability"], mean)


def test_forests_and_penalties_never_see_the_fold_that_they_are_fitted_without(
    make_fold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Synthetic lesions are made of the rows that are fitted on; every SMOTE gets training rows of one fold."""
    import samesplit.models.radiomics.lasso_forest_search as module

    given: list[int] = []

    def spy(X: np.ndarray, y: np.ndarray, **keys: Any) -> Any:
        given.append(len(X))
        return original(X, y, **keys)

    original = module.oversample
    monkeypatch.setattr(module, "oversample", spy)
    fold, _, _ = make_fold(n=80)
    fold = uneven(fold)
    fitted(fold, size=3, oversample=SMOTE)
    n = len(fold.training)
    # Three inner folds for the penalty, once all rows for the ranking, three inner folds for the forests.
    assert len(given) == 7
    assert given.count(n) == 1
    assert sum(given) - n == 2 * (3 * n - n)


@pytest.mark.parametrize("compare", ["inner", "validation"])
def test_the_number_of_features_is_the_best_on_average_and_the_smallest_of_equals(
    make_fold: Any, compare: str
) -> None:
    fold, _, _ = make_fold(n=110, effect=1.2)
    fold = with_validation(fold)
    table = fitted(fold, compare=compare, sizes=(1, 2, 3, 50, 60), repeats=2).details()["sizes"]
    assert (table["compared_on"] == compare).all()
    assert (table["scores"] == (6 if compare == "inner" else 2)).all()
    assert table["auc"].iloc[3] == table["auc"].iloc[4]
    assert table.loc[table["chosen"], "size"].item() == table.loc[table["auc"].idxmax(), "size"]


def test_the_inner_choice_does_not_look_at_the_validation_part(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=90)
    fold = with_validation(fold)
    turned = replace(fold, validation_labels=1 - fold.validation_labels)
    pd.testing.assert_series_equal(
        fitted(turned).predict(cases)["probability"], fitted(fold).predict(cases)["probability"]
    )
    published, other = (
        fitted(each, compare="validation", sizes=(1, 2, 3, 4)).details()["sizes"] for each in (fold, turned)
    )
    np.testing.assert_allclose(published["auc"], 1 - other["auc"])


def test_without_both_classes_in_the_validation_part_inner_folds_decide(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=60)
    table = fitted(fold, compare="validation").details()["sizes"]
    assert (table["compared_on"] == "inner").all()


def test_features_with_a_coefficient_of_nothing_are_never_used(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=80, effect=2.0)
    model = fitted(fold, penalties=(0.2,), size=19)
    kept = model.details()["lasso_penalties"]["features"].item()
    assert 0 < kept < 19
    assert len(model.details()["chosen_features"]) == kept
    with pytest.raises(ModelError, match="add smaller 'penalties'"):
        fitted(fold, penalties=(100.0,))


def test_row_order_processes_and_test_lesions_change_nothing(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=70)
    order = list(np.random.default_rng(1).permutation(fold.training.lesion_ids))
    turned = replace(
        fold, training=fold.training.select(order), training_labels=fold.training_labels.loc[order], jobs=2
    )
    predicted = fitted(fold, oversample=SMOTE).predict(cases)["probability"]
    pd.testing.assert_series_equal(fitted(turned, oversample=SMOTE).predict(cases)["probability"], predicted)
    some = cases.lesion_ids[:4]
    model = fitted(fold, oversample=SMOTE)
    pd.testing.assert_series_equal(model.predict(cases.select(some))["probability"], predicted.loc[some])


def test_patients_stay_together_in_the_inner_folds(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=80)
    patients = fold.training.lesions["patient_id"].to_numpy()
    labels = fold.training_labels.to_numpy()
    search = Search(fold.training.features, labels, patients, settings(), seed=0)
    for fit, held in search.splits():
        assert not set(patients[fit]) & set(patients[held])


def test_shape_comes_once_and_three_phases_of_the_published_profile_give_282_features() -> None:
    listing = profile_listing(read_profile(BUILTIN.parent / "features" / "xiong2025-ct.yaml"))
    names = listing["feature"]
    phases = ("N", "A", "V")
    table = pd.DataFrame({f"xiong2025-ct/{p}/{name}": [1.0] for p in phases for name in names})
    assert table.shape[1] == 300
    patterns = read_model(BUILTIN / "lasso-random-forest.yaml").once_per_lesion  # type: ignore[attr-defined]
    kept = once_per_lesion(table, patterns, phases)
    assert kept.shape[1] == 282
    assert sum("/N/original_shape2D_" in name for name in kept) == 9


def test_the_shape_of_a_lesion_that_lacks_the_first_phase_comes_from_the_next(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    T1C, T2 = "mr/T1C/original_shape2D_Area", "mr/T2/original_shape2D_Area"
    features = fold.training.features.assign(**{T1C: [np.nan] + [2.0] * 79, T2: 3.0})
    table = (
        settings(once_per_lesion=("original_shape2D_*",))
        .build()
        .inputs(replace(fold.training, features=features))
    )
    assert T2 not in table
    assert table[T1C].tolist() == [3.0] + [2.0] * 79


def test_a_kept_model_gives_the_same_predictions_again(make_fold: Any, tmp_path: Path) -> None:
    fold, cases, _ = make_fold(n=60)
    cases.features.iloc[0, 0] = np.nan
    model = fitted(fold)
    model.save(tmp_path / "kept")
    pd.testing.assert_series_equal(
        load_model(tmp_path / "kept").predict(cases)["probability"], model.predict(cases)["probability"]
    )
    assert not list((tmp_path / "kept").glob("*.pkl"))


def test_a_size_or_penalty_named_twice_is_an_error() -> None:
    with pytest.raises(ValidationError, match="named twice"):
        settings(sizes=(3, 3))
    assert settings(sizes=(9, 2)).sizes == (2, 9)


def test_the_built_in_file_is_the_published_setting_compared_inside() -> None:
    read = read_model(BUILTIN / "lasso-random-forest.yaml")
    assert isinstance(read, LassoForestSettings)
    assert read.penalties == (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
    assert read.sizes == tuple(range(1, 20))
    assert (read.repeats, read.trees, read.inner_folds, read.compare) == (3, 100, 5, "inner")
    assert read.radiomic()


def test_on_shuffled_labels_it_is_at_chance(make_fold: Any) -> None:
    scores = []
    for seed in range(5):
        fold, cases, truth = make_fold(n=60, n_test=400, shuffled=True, seed=seed)
        model = fitted(fold, oversample=SMOTE, sizes=(3,), penalties=(0.01, 0.1))
        scores.append(roc_auc_score(truth, model.predict(cases)["probability"]))
    assert abs(np.mean(scores) - 0.5) < 0.09


def with_few(fold: TrainingFold, positives: int) -> TrainingFold:
    """The same fold with so many positive patients."""
    patients = fold.training.lesions["patient_id"]
    positive = fold.training_labels[fold.training_labels == 1].index
    kept = list(dict.fromkeys(patients[positive]))[:positives]
    ids = [
        name for name in fold.training.lesion_ids if fold.training_labels[name] == 0 or patients[name] in kept
    ]
    labels = fold.training_labels.loc[ids]
    labels = labels.mask(~patients.loc[ids].isin(kept), 0)
    return replace(fold, training=fold.training.select(ids), training_labels=labels)


@pytest.mark.parametrize("oversample", [None, SMOTE])
def test_an_inner_fold_that_keeps_one_patient_of_a_class_takes_the_penalty_of_the_whole_training_part(
    make_fold: Any, oversample: Any
) -> None:
    fold, cases, _ = make_fold(n=60, effect=3.0)

    model = fitted(with_few(fold, 2), oversample=oversample)

    assert model.predict(cases)["probability"].between(0, 1).all()
    assert model.details()["sizes"]["scores"].tolist() == [2, 2]  # two inner folds, both with a score
    notes = model.details()["notes"]["note"].tolist()
    assert sum("took the penalty of the whole training part" in note for note in notes) == 1
    assert sum("SMOTE added nothing" in note for note in notes) == len(notes) - 1 == (oversample is not None)
    assert "notes" not in fitted(with_few(fold, 4)).details()
    assert "notes" not in fitted(with_few(fold, 2), size=2).details()  # nothing was compared


def test_a_penalty_given_is_taken_or_the_next_smaller_that_leaves_a_feature(make_fold: Any) -> None:
    fold, _, _ = make_fold(effect=3.0)
    table = fold.training.features
    search = Search(table, fold.training_labels.to_numpy(), np.arange(len(table)).astype(str), settings(), 0)

    def taken(penalty: float) -> float:
        told = search.rank(penalty).penalties
        return float(told.loc[told["chosen"], "penalty"].iloc[0])

    assert [taken(0.001), taken(0.01)] == [0.001, 0.01]
    largest = max(row.penalty for row in search.rank(1.0).penalties.itertuples() if row.features)
    assert taken(100.0) == largest


def test_a_class_of_one_patient_is_an_error(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=60, effect=3.0)
    with pytest.raises(ModelError, match="comes from a single patient"):
        fitted(with_few(fold, 1))
