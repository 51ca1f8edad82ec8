from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.errors import ModelError
from samesplit.models.baselines import LesionSizeSettings, ZeroRuleSettings


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
    predicted = model.predict(cases)
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
    predicted = model.predict(cases)
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
    np.testing.assert_allclose(by_volume.predict(with_volume(cases)), by_diameter.predict(cases), rtol=1e-6)


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
    assert roc_auc_score(truth, model.predict(cases)) == pytest.approx(expected)


def test_a_lesion_without_a_size_is_not_predicted_and_not_learnt_from(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    cases.lesions.iloc[0, cases.lesions.columns.get_loc("size_mm")] = np.nan
    fold.training.lesions.iloc[3, fold.training.lesions.columns.get_loc("size_mm")] = np.nan
    model = size().build()
    model.fit(fold)
    assert list(model.predict(cases).index) == cases.lesion_ids[1:]
    rest = fold.training.select([i for i in fold.training.lesion_ids if i != fold.training.lesion_ids[3]])
    without = size().build()
    without.fit(replace(fold, training=rest, training_labels=fold.training_labels.loc[rest.lesion_ids]))
    pd.testing.assert_series_equal(model.predict(cases), without.predict(cases))


def test_neither_column_nor_feature_is_an_error_that_names_both(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    with pytest.raises(ModelError, match=r"'diameter'[\s\S]*original_shape_MeshVolume"):
        size(column="diameter").build().fit(fold)


def test_a_size_that_has_no_logarithm_names_the_lesion(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    with pytest.raises(ModelError, match=r"of lesion AL\d+[\s\S]*scale: linear"):
        size(column=None, features=("original_firstorder_F1",)).build().fit(fold)
