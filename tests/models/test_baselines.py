from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.errors import ModelError
from samesplit.models.baselines import LesionSizeSettings, ZeroRuleSettings
from samesplit.models.persistence import load_model


def size(**keys: Any) -> LesionSizeSettings:
    return LesionSizeSettings(name="size", title="Size", **keys)


def with_volume(cases: Any) -> Any:
    volume = cases.lesions["size_mm"] ** 3 * np.pi / 6
    return replace(
        cases,
        lesions=cases.lesions.drop(columns="size_mm"),
        features=cases.features.assign(**{"mr/T2/original_shape_MeshVolume": volume}),
    )


def test_the_zero_rule_says_the_training_prevalence_to_every_lesion(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=40)
    labels = fold.training_labels.copy()
    labels.iloc[:] = [1] * 10 + [0] * 30
    model = ZeroRuleSettings(name="z", title="Z").build()
    model.fit(replace(fold, training_labels=labels))
    predicted = model.predict(cases)["probability"]
    assert list(predicted.index) == cases.lesion_ids
    assert (predicted == 0.25).all()
    assert model.details() == {}


def test_an_unfitted_model_does_not_predict(make_fold: Any) -> None:
    _, cases, _ = make_fold()
    for model in (ZeroRuleSettings(name="z", title="Z").build(), size().build()):
        with pytest.raises(ModelError, match="has not been fitted"):
            model.predict(cases)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_class_missing_from_the_training_part_is_an_error(make_fold: Any, missing: int) -> None:
    fold, _, _ = make_fold()
    labels = fold.training_labels * 0 + (1 - missing)
    for model in (ZeroRuleSettings(name="z", title="Z").build(), size().build()):
        with pytest.raises(ModelError, match="negative" if missing == 0 else "positive"):
            model.fit(replace(fold, training_labels=labels))


def test_the_size_alone_ranks_lesions_as_their_size_does(make_fold: Any) -> None:
    fold, cases, truth = make_fold(effect=1.5)
    model = size().build()
    model.fit(fold)
    predicted = model.predict(cases)["probability"]
    assert roc_auc_score(truth, predicted) == pytest.approx(roc_auc_score(truth, cases.lesions["size_mm"]))
    assert roc_auc_score(truth, predicted) > 0.7
    assert model.details()["coefficients"]["term"].tolist() == ["size_mm"]


def test_the_volume_stands_in_for_a_diameter_and_gives_the_same_probabilities(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    by_diameter = size().build()
    by_diameter.fit(fold)
    by_volume = size().build()
    by_volume.fit(replace(fold, training=with_volume(fold.training)))
    assert by_volume.columns == ["original_shape_MeshVolume"]
    np.testing.assert_allclose(
        by_volume.predict(with_volume(cases))["probability"],
        by_diameter.predict(cases)["probability"],
        rtol=1e-6,
    )


def test_the_feature_is_the_median_over_the_sequences_that_a_lesion_has(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    cases = replace(
        fold.training,
        features=fold.training.features.assign(
            **{"mr/T1C/original_shape_MeshVolume": 8.0, "mr/T2/original_shape_MeshVolume": np.nan}
        ),
    )
    table = size(column=None, scale="linear").build().inputs(cases)
    assert (table["original_shape_MeshVolume"] == 8.0).all()


def test_any_other_single_feature_will_do(make_fold: Any) -> None:
    fold, cases, truth = make_fold(effect=1.5)
    model = size(column=None, features=("original_firstorder_F1",), scale="linear").build()
    model.fit(fold)
    expected = roc_auc_score(truth, cases.features["mr/T1C/original_firstorder_F1"])
    assert roc_auc_score(truth, model.predict(cases)["probability"]) == pytest.approx(expected)


def without_size(cases: Any, places: list[int]) -> Any:
    lesions = cases.lesions.copy()
    lesions.iloc[places, lesions.columns.get_loc("size_mm")] = np.nan
    return replace(cases, lesions=lesions)


def both(cases: Any, share: float) -> Any:
    """Diameters, and the volumes of balls that are a share of them wide."""
    volume = (share * cases.lesions["size_mm"]) ** 3 * np.pi / 6
    return replace(cases, features=cases.features.assign(**{"mr/T2/morph_volume": volume}))


def test_an_empty_size_is_taken_from_the_volume_and_changes_nothing_else(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    whole = size().build()
    whole.fit(fold)
    model = size().build()
    model.fit(replace(fold, training=without_size(both(fold.training, 0.8), [3])))
    assert model.columns == ["size_mm"]
    predicted = model.predict(without_size(both(cases, 0.8), [0, 5]))["probability"]
    assert list(predicted.index) == cases.lesion_ids
    np.testing.assert_allclose(predicted, whole.predict(cases)["probability"], rtol=1e-9)


def test_with_no_empty_size_the_volume_has_no_say(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    alone, beside = size().build(), size().build()
    alone.fit(fold)
    beside.fit(replace(fold, training=both(fold.training, 0.8)))
    pd.testing.assert_series_equal(
        alone.predict(cases)["probability"], beside.predict(both(cases, 0.8))["probability"], check_exact=True
    )


def test_a_lesion_of_which_nothing_is_known_is_judged_at_the_training_median(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    model = size().build()
    model.fit(replace(fold, training=without_size(fold.training, [3])))
    rest = fold.training.select([i for i in fold.training.lesion_ids if i != fold.training.lesion_ids[3]])
    without = size().build()
    without.fit(replace(fold, training=rest, training_labels=fold.training_labels.loc[rest.lesion_ids]))
    middle = cases.select(cases.lesion_ids[:1])
    middle.lesions["size_mm"] = rest.lesions["size_mm"].median()
    predicted = model.predict(without_size(cases, [0]))["probability"]
    assert predicted.iloc[0] == pytest.approx(without.predict(middle)["probability"].iloc[0], rel=1e-3)
    pd.testing.assert_series_equal(predicted.iloc[1:], without.predict(cases)["probability"].iloc[1:])


def test_the_ledger_is_told_where_a_size_came_from(make_fold: Any) -> None:
    _, cases, _ = make_fold()
    gone = without_size(both(cases, 1), [0, 1])
    gone.features.iloc[1, gone.features.columns.get_loc("mr/T2/morph_volume")] = np.nan
    assert size().remarks(gone) == [
        (cases.lesion_ids[0], "size_mm is missing: taken from morph_volume, by the training lesions' line"),
        (cases.lesion_ids[1], "size_mm is missing: judged at the median of the training lesions"),
    ]
    assert size().remarks(both(cases, 1)) == []


def test_what_stands_in_for_a_size_is_kept_with_the_model(make_fold: Any, tmp_path: Any) -> None:
    fold, cases, _ = make_fold()
    model = size().build()
    model.fit(replace(fold, training=both(fold.training, 0.8)))
    gone = without_size(both(cases, 0.8), [0])
    gone.features.iloc[2] = np.nan
    model.save(tmp_path)
    back = load_model(tmp_path)
    pd.testing.assert_series_equal(
        back.predict(gone)["probability"], model.predict(gone)["probability"], check_exact=True
    )


def test_neither_column_nor_feature_is_an_error_that_names_both(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    with pytest.raises(ModelError, match=r"'diameter'[\s\S]*original_shape_MeshVolume"):
        size(column="diameter").build().fit(fold)


def test_a_size_that_has_no_logarithm_names_the_lesion(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    with pytest.raises(ModelError, match=r"of lesion AL\d+[\s\S]*scale: linear"):
        size(column=None, features=("original_firstorder_F1",)).build().fit(fold)
