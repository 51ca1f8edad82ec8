from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import ModelError
from samesplit.models.design_tables import clinical_table, feature_table, preparation


def test_only_the_sequences_and_profiles_in_use_are_given(make_fold: Any) -> None:
    _, cases, _ = make_fold(n_test=4, n_features=6)
    table = cases.features.assign(**{"ct/T1C/f": 1.0, "mr/PET/f": 1.0})
    cases = replace(cases, features=table, sequences=("T1C",))
    names = [f"mr/T1C/original_firstorder_F{i}" for i in (1, 3, 5)]
    assert list(feature_table(cases, model="m").columns) == [*names, "ct/T1C/f"]
    assert list(feature_table(cases, profiles=("ct",), model="m").columns) == ["ct/T1C/f"]


def test_infinite_features_count_as_missing(make_fold: Any) -> None:
    _, cases, _ = make_fold(n_test=4)
    cases.features.iloc[0, 0], cases.features.iloc[1, 1] = np.inf, -np.inf
    assert int(feature_table(cases, model="m").isna().sum().sum()) == 2


def test_no_feature_at_all_is_an_error(make_fold: Any) -> None:
    _, cases, _ = make_fold(n_test=4)
    with pytest.raises(ModelError, match="there are no features of the profiles none"):
        feature_table(cases, profiles=("none",), model="m")


def test_numbers_stay_numbers_and_everything_else_becomes_a_category(make_fold: Any) -> None:
    _, cases, _ = make_fold(n_test=4)
    cases.lesions["grade"] = pd.array([1, None, 3, 2], dtype="Int64")
    table = clinical_table(cases, variables=("grade", "sex"), model="m")
    assert table["grade"].dtype == "float64"
    assert table["grade"].isna().sum() == 1
    assert table["sex"].dtype == object


def test_the_preparation_uses_training_statistics_alone() -> None:
    train = pd.DataFrame({"a": [1.0, 3.0, np.nan, 5.0], "b": ["x", "y", "x", None]})
    prepare = preparation(train, scale="none").fit(train)
    test = pd.DataFrame({"a": [np.nan, 100.0], "b": [None, "new"]})
    np.testing.assert_array_equal(prepare.transform(test), [[3, 1, 0], [100, 0, 0]])


@pytest.mark.parametrize(
    ("scale", "expected"), [("standard", [-1, 1]), ("min-max", [0, 1]), ("robust", [-1, 1]), ("none", [2, 6])]
)
def test_every_way_of_scaling_does_what_it_says(scale: Any, expected: list[float]) -> None:
    train = pd.DataFrame({"a": [2.0, 6.0]})
    np.testing.assert_allclose(preparation(train, scale=scale).fit_transform(train)[:, 0], expected)
