from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from samesplit.errors import ModelError
from samesplit.models.ensembles.average import AverageSettings


def test_it_is_the_mean_of_the_members_and_needs_no_other_column(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n_test=4)
    table = pd.DataFrame(
        {"a": [0.1, 0.5, 0.9, 0.2], "b": [0.3, 0.5, 0.8, 0.4], "other": 1.0}, index=cases.lesions.index
    )
    model = AverageSettings(name="avg", title="A", members=("a", "b")).build()
    model.fit(fold)
    np.testing.assert_allclose(
        model.predict(replace(cases, predictions=table))["probability"], [0.2, 0.5, 0.85, 0.3]
    )


def test_a_lesion_that_a_member_missed_is_not_predicted(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n_test=4)
    table = pd.DataFrame({"a": [0.1, np.nan, 0.9, 0.2], "b": 0.4}, index=cases.lesions.index)
    model = AverageSettings(name="avg", title="A", members=("a", "b")).build()
    model.fit(fold)
    predicted = model.predict(replace(cases, predictions=table))["probability"]
    assert list(predicted.index) == [cases.lesion_ids[i] for i in (0, 2, 3)]


def test_a_member_without_predictions_is_named(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n_test=4)
    model = AverageSettings(name="avg", title="A", members=("a", "b")).build()
    with pytest.raises(ModelError, match="not been fitted"):
        model.predict(cases)
    model.fit(fold)
    with pytest.raises(ModelError, match="its members a, b"):
        model.predict(cases)


@pytest.mark.parametrize("members", [("a",), ("a", "a"), ("a", "avg")])
def test_an_ensemble_has_two_different_other_members(members: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        AverageSettings(name="avg", title="A", members=members)


def test_it_asks_for_its_members() -> None:
    needs = AverageSettings(name="avg", title="A", members=("a", "b")).needs()
    assert needs.members == ("a", "b")
    assert not needs.images
    assert not needs.profiles
