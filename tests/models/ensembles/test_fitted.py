"""What all ensembles that are fitted keep to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from samesplit.errors import ModelError
from samesplit.models.ensembles.bagging import BaggingSettings
from samesplit.models.ensembles.calibrated import CalibratedSettings
from samesplit.models.ensembles.stacking import StackingSettings
from samesplit.models.ensembles.weighted import WeightedSettings
from samesplit.models.persistence import load_model
from samesplit.models.registry import read_model
from samesplit.models.settings import ModelSettings

TWO = {"name": "e", "title": "E", "members": ("a", "b")}
KINDS: tuple[ModelSettings, ...] = (
    WeightedSettings(**TWO),
    StackingSettings(**TWO),
    BaggingSettings(**TWO),
    CalibratedSettings(name="e", title="E", member="a", method="platt"),
    CalibratedSettings(name="e", title="E", member="a", method="isotonic"),
    CalibratedSettings(name="e", title="E", member="a", method="temperature"),
)
SKILLS = {"a": 1.5, "b": 0.8}


def title(settings: ModelSettings) -> str:
    return str(settings.to_dict()["kind"]) + str(settings.to_dict().get("method", ""))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("settings", KINDS, ids=title)
def test_it_predicts_probabilities_and_is_the_same_when_it_is_loaded(
    members_fold: Any, settings: ModelSettings, classes: int, tmp_path: Path
) -> None:
    fold, cases, truth = members_fold(SKILLS, classes=classes)
    model = settings.build()
    model.fit(fold)
    told = model.predict(cases)
    assert list(told.index) == cases.lesion_ids
    assert told.to_numpy().min() >= 0
    if classes == 3:
        assert told.sum(axis=1).to_numpy() == pytest.approx(1.0)
    right = (
        told.to_numpy().argmax(axis=1) if classes == 3 else told["probability"] > 0.5
    ) == truth.to_numpy()
    assert right.mean() > 1 / classes + 0.15
    model.save(tmp_path / "kept")
    pd.testing.assert_frame_equal(load_model(tmp_path / "kept").predict(cases), told)


@pytest.mark.parametrize("settings", KINDS, ids=title)
def test_a_lesion_that_a_member_missed_is_neither_learnt_from_nor_predicted(
    members_fold: Any, settings: ModelSettings
) -> None:
    fold, cases, _ = members_fold(SKILLS)

    def without(table: pd.DataFrame, rows: slice) -> pd.DataFrame:
        table.iloc[rows, 0] = np.nan
        return table

    holes = [
        replace(part, predictions=without(part.predictions.copy(), slice(0, 3)))
        for part in (fold.training, cases)
    ]
    less = replace(
        fold,
        training=holes[0],
        validation=replace(
            fold.validation, predictions=without(fold.validation.predictions.copy(), slice(0, 3))
        ),
    )
    cut = replace(
        fold,
        training=fold.training.select(fold.training.lesion_ids[3:]),
        training_labels=fold.training_labels.iloc[3:],
        validation=fold.validation.select(fold.validation.lesion_ids[3:]),
        validation_labels=fold.validation_labels.iloc[3:],
    )
    told = []
    for given in (less, cut):
        model = settings.build()
        model.fit(given)
        told.append(model.predict(holes[1]))
    assert list(told[0].index) == cases.lesion_ids[3:]
    pd.testing.assert_frame_equal(told[0], told[1])
    assert model.predict(cases.select([])).empty


@pytest.mark.parametrize("settings", KINDS, ids=title)
def test_it_learns_from_the_part_that_it_names_and_from_no_other(
    members_fold: Any, settings: ModelSettings
) -> None:
    fold, cases, _ = members_fold(SKILLS)
    names = {"inner": "training", "validation": "validation"}
    part = names[str(settings.to_dict()["out_of_fold"])]
    (other,) = {"training", "validation"} - {part}
    spoilt = replace(getattr(fold, other), predictions=1 - getattr(fold, other).predictions)
    told = []
    for given in (fold, replace(fold, **{other: spoilt}), replace(fold, **{part: replace(
        getattr(fold, part), predictions=1 - getattr(fold, part).predictions
    )})):  # fmt: skip
        model = settings.build()
        model.fit(given)
        told.append(model.predict(cases))
    pd.testing.assert_frame_equal(told[0], told[1])
    if not isinstance(settings, WeightedSettings) and title(settings) != "calibratedtemperature":
        assert np.abs(told[0].to_numpy() - told[2].to_numpy()).max() > 0.1


def test_one_class_or_too_few_lesions_are_told_with_a_remedy(members_fold: Any) -> None:
    fold, _, _ = members_fold(SKILLS)
    positive = fold.validation_labels.index[fold.validation_labels == 1]
    few = fold.validation.select([*fold.validation_labels.index[fold.validation_labels == 0], positive[0]])
    settings = WeightedSettings(**TWO, out_of_fold="validation")
    with pytest.raises(ModelError, match="validation part has 1 lesion of the class positive") as caught:
        settings.build().fit(
            replace(fold, validation=few, validation_labels=fold.validation_labels[few.lesion_ids])
        )
    assert "out_of_fold: inner" in str(caught.value)
    empty = fold.validation.select([])
    nothing = replace(fold, validation=empty, validation_labels=fold.validation_labels.iloc[:0])
    with pytest.raises(ModelError, match="no validation part"):
        settings.build().fit(nothing)
    with pytest.raises(ModelError, match="no lesion of the positive class"):
        settings.build().fit(replace(fold, training_labels=0 * fold.training_labels))


def test_little_to_learn_from_is_noted(members_fold: Any) -> None:
    fold, _, _ = members_fold(SKILLS, n_validation=18)
    model = CalibratedSettings(name="c", title="C", member="a").build()
    model.fit(fold)
    (note,) = model.details()["notes"]["note"]
    assert note == "It was fitted to few lesions of the validation part: 9 lesions of the class negative"


def test_a_model_that_is_not_fitted_says_so(members_fold: Any) -> None:
    _, cases, _ = members_fold(SKILLS)
    with pytest.raises(ModelError, match="not been fitted"):
        WeightedSettings(**TWO).build().predict(cases)


def test_it_says_what_it_needs() -> None:
    assert WeightedSettings(**TWO).needs().inner_folds == 5
    assert WeightedSettings(**TWO, inner_folds=3).needs().inner_folds == 3
    assert WeightedSettings(**TWO, out_of_fold="validation").needs().inner_folds == 0
    calibrated = CalibratedSettings(name="c", title="C", member="a")
    assert (calibrated.needs().members, calibrated.needs().inner_folds) == (("a",), 0)
    assert replace_settings(calibrated, out_of_fold="inner").needs().inner_folds == 5


def replace_settings(settings: CalibratedSettings, **changes: Any) -> CalibratedSettings:
    return settings.model_copy(update=changes)


def test_a_calibrated_model_is_not_its_own_member(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="cannot be a member of itself"):
        CalibratedSettings(name="c", title="C", member="c")
    (tmp_path / "c.yaml").write_text("kind: calibrated\ntitle: C\nmember: net\nmethod: temperature\n")
    read = read_model(tmp_path / "c.yaml")
    assert isinstance(read, CalibratedSettings)
    assert read.method == "temperature"
