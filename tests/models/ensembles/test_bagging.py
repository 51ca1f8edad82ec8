from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import BaggingClassifier

from samesplit.errors import ModelError
from samesplit.models.ensembles.bagging import BaggingSettings

SKILLS = {"a": 1.5, "b": 1.2}


def settings(**changes: Any) -> BaggingSettings:
    return BaggingSettings(**({"name": "x", "title": "X", "members": ("a", "b"), "trees": 5} | changes))


def test_it_is_scikit_learns_bagging_with_the_settings_of_the_study(members_fold: Any) -> None:
    fold, cases, _ = members_fold(SKILLS)
    model = settings().build()
    model.fit(fold)
    reference = BaggingClassifier(n_estimators=5, max_samples=0.1, max_features=1, random_state=fold.seed)
    reference.fit(fold.training.predictions.to_numpy(), fold.training_labels)
    expected = reference.predict_proba(cases.predictions.to_numpy())[:, 1]
    np.testing.assert_allclose(model.predict(cases)["probability"], expected)
    assert "ensemble_candidates" not in model.details()
    defaults = BaggingSettings(name="x", title="X", members=("a", "b"))
    assert (defaults.trees, defaults.max_samples, defaults.max_features) == (20, 0.1, 1)


@pytest.mark.parametrize("classes", [2, 3])
def test_of_several_candidates_the_best_on_the_validation_part_is_kept(
    members_fold: Any, classes: int
) -> None:
    fold, cases, _ = members_fold(SKILLS, classes=classes)
    model = settings(candidates=6).build()
    model.fit(fold)
    table = model.details()["ensemble_candidates"]
    best = table["validation_accuracy"].to_numpy().argmax()
    assert table["validation_accuracy"].min() < table["validation_accuracy"].max()
    assert list(np.flatnonzero(table["chosen"])) == [best]
    told = model.predict(fold.validation)
    calls = told.to_numpy().argmax(axis=1) if classes == 3 else (told["probability"] >= 0.5).astype(int)
    assert np.mean(calls == fold.validation_labels) == pytest.approx(table["validation_accuracy"].max())
    assert list(model.details()["notes"]["note"]) == [
        "The best of 6 candidates on the validation part was kept"
    ]
    alone = settings().build()
    alone.fit(replace(fold, seed=fold.seed + int(best)))
    pd.testing.assert_frame_equal(alone.predict(cases), model.predict(cases))


def test_what_it_chooses_on_is_not_what_it_was_fitted_on(members_fold: Any) -> None:
    fold, _, _ = members_fold(SKILLS)
    with pytest.raises(ModelError, match="which is what they are fitted on"):
        settings(candidates=2, out_of_fold="validation").build().fit(fold)
    empty = replace(
        fold, validation=fold.validation.select([]), validation_labels=fold.validation_labels.iloc[:0]
    )
    with pytest.raises(ModelError, match="which is empty"):
        settings(candidates=2).build().fit(empty)


def test_shares_of_few_lesions_and_more_columns_than_there_are_are_told(members_fold: Any) -> None:
    fold, _, _ = members_fold(SKILLS, n=8)
    with pytest.raises(ModelError, match=r"8 lesions with 2 columns are too few for max_samples 0\.1"):
        settings().build().fit(fold)
    with pytest.raises(ModelError, match="max_features 3"):
        settings(max_samples=0.5, max_features=3).build().fit(fold)
