from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import DeclarationError, ModelError
from samesplit.models.persistence import load_model
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.registry import read_model
from samesplit.models.survival.cox import CoxSettings
from samesplit.models.survival.ridge_cox import RidgeCox
from samesplit.statistics.survival.concordance import harrell_c
from samesplit.tasks import SurvivalTask

MakeFold = Callable[..., tuple[TrainingFold, Cases, "pd.Series[int]"]]
TASK = SurvivalTask(question="How long until recurrence?", time="months", event="recurrence")
MODELS = Path(__file__).parents[3] / "models"


def _settings(**changes: Any) -> CoxSettings:
    return CoxSettings(name="cox", title="Cox", **changes)


def _survival(
    make_fold: MakeFold, *, effect: float = 1.5, shuffled: bool = False, events: float = 0.7, **settings: Any
) -> tuple[TrainingFold, Cases, pd.Series, pd.Series]:
    """A fold in which lesions of class 1 have their event earlier, and times and events of the test part."""
    fold, cases, labels = make_fold(n_test=120, effect=effect, shuffled=shuffled, **settings)
    rng = np.random.default_rng(5)

    def outcome(of: pd.Series) -> tuple[pd.Series, pd.Series]:
        times = rng.exponential(size=len(of)) * np.where(of == 1, 4.0, 24.0) + 0.1
        seen = (rng.random(len(of)) < events).astype(int)
        return pd.Series(times, index=of.index), pd.Series(seen, index=of.index)

    times, seen = outcome(fold.training_labels)
    told = replace(
        fold, task=TASK, training_labels=seen, training_times=times, validation_times=times.iloc[:0]
    )
    return told, cases, *outcome(labels)


@pytest.mark.parametrize("inputs", ["features", "clinical", "both"])
def test_risks_order_lesions_by_their_times(make_fold: MakeFold, inputs: str) -> None:
    fold, cases, times, seen = _survival(make_fold)
    model = _settings(inputs=inputs).build()
    model.fit(fold)
    found = model.predict(cases)
    assert list(found.columns) == ["risk"]
    assert found.index.equals(cases.lesions.index)
    assert harrell_c(times, seen, found["risk"]) > 0.6


def test_shuffled_outcomes_are_not_learnt(make_fold: MakeFold) -> None:
    fold, cases, times, seen = _survival(make_fold, shuffled=True, n_features=200)
    model = _settings().build()
    model.fit(fold)
    assert 0.35 < harrell_c(times, seen, model.predict(cases)["risk"]) < 0.65
    penalties = model.details()["penalties"]
    assert penalties.loc[penalties["chosen"], "penalty"].item() > 0.01


def test_more_columns_than_lesions_and_gaps_are_no_trouble(make_fold: MakeFold) -> None:
    fold, cases, times, seen = _survival(make_fold, n_features=300)
    holes = fold.training.features.mask(np.random.default_rng(0).random((80, 300)) < 0.1)
    holes.iloc[0] = np.nan
    fold = replace(fold, training=replace(fold.training, features=holes))
    gaps = cases.features.copy()
    gaps.iloc[0] = np.nan
    gaps.iloc[1, :200] = np.nan
    model = _settings().build()
    model.fit(fold)
    found = model.predict(replace(cases, features=gaps))
    assert found.index.equals(cases.lesions.index[1:])
    assert harrell_c(times[1:], seen[1:], found["risk"]) > 0.55


def test_features_and_clinical_variables_weigh_alike(make_fold: MakeFold) -> None:
    fold, *_ = _survival(make_fold, n_features=40)
    model = _settings(inputs="both", penalties=(0.1,)).build()
    model.fit(fold)
    prepare, cox = model.fitted[0], model.fitted[-1]
    n_clinical = cox.weights.size - 40
    assert cox.weights.tolist() == [40.0] * 40 + [float(n_clinical)] * n_clinical
    X = prepare.transform(model.inputs(fold.training).sort_index())
    ids = sorted(fold.training.lesion_ids)
    again = RidgeCox(penalty=0.1, weights=cox.weights).fit(
        X, fold.training_times.loc[ids], fold.training_labels.loc[ids]
    )
    np.testing.assert_allclose(again.coef_, cox.coef_, rtol=1e-9)


def test_details_tell_the_penalties_and_the_terms(make_fold: MakeFold) -> None:
    fold, *_ = _survival(make_fold)
    model = _settings(inputs="both", penalties=(1.0, 0.1, 0.01)).build()
    assert model.details() == {}
    model.fit(fold)
    details = model.details()
    assert details["penalties"]["penalty"].tolist() == [1.0, 0.1, 0.01]
    assert details["penalties"]["chosen"].sum() == 1
    best = details["penalties"]["inner_log_likelihood"].idxmax()
    assert details["penalties"].loc[best, "chosen"]
    terms = details["coefficients"]
    assert {"mr/T1C/original_firstorder_F1", "age", "sex_male"} <= set(terms["term"])
    np.testing.assert_allclose(terms["hazard_ratio"], np.exp(terms["coefficient"]))


def test_the_order_of_the_lesions_does_not_matter(make_fold: MakeFold) -> None:
    fold, cases, *_ = _survival(make_fold)
    order = list(np.random.default_rng(1).permutation(fold.training.lesion_ids))
    other = replace(
        fold,
        training=fold.training.select(order),
        training_labels=fold.training_labels.loc[order],
        training_times=fold.training_times.loc[order],
    )
    found = []
    for one in (fold, other):
        model = _settings().build()
        model.fit(one)
        found.append(model.predict(cases))
    pd.testing.assert_frame_equal(*found)


def test_a_kept_model_gives_the_same_risks(make_fold: MakeFold, tmp_path: Path) -> None:
    fold, cases, *_ = _survival(make_fold)
    model = _settings(inputs="both").build()
    model.fit(fold)
    model.save(tmp_path / "kept")
    pd.testing.assert_frame_equal(load_model(tmp_path / "kept").predict(cases), model.predict(cases))


def test_everybody_with_the_event_is_no_trouble(make_fold: MakeFold) -> None:
    fold, cases, times, seen = _survival(make_fold, events=1.1)
    assert fold.training_labels.eq(1).all()
    model = _settings(inner_folds=3).build()
    model.fit(fold)
    assert harrell_c(times, seen, model.predict(cases)["risk"]) > 0.6


def test_too_few_events_and_missing_times_are_told(make_fold: MakeFold) -> None:
    fold, *_ = _survival(make_fold)
    nobody = replace(fold, training_labels=fold.training_labels * 0)
    with pytest.raises(ModelError, match="fewer than two patients of the training part"):
        _settings().build().fit(nobody)
    with pytest.raises(ModelError, match="no times to the event"):
        _settings().build().fit(replace(fold, training_times=None))
    with pytest.raises(ModelError, match="has not been fitted"):
        _settings().build().predict(fold.training)


def test_an_inner_fold_without_an_event_is_left_out(make_fold: MakeFold) -> None:
    fold, *_ = _survival(make_fold)
    events = fold.training_labels * 0
    both = fold.training.lesions["patient_id"].drop_duplicates().index[:2]
    events.loc[both] = 1
    model = _settings(inner_folds=2).build()
    model.fit(replace(fold, training_labels=events))
    assert model.details()["penalties"]["inner_log_likelihood"].notna().all()


def test_the_model_files_are_read(tmp_path: Path) -> None:
    features = read_model(MODELS / "cox.yaml")
    clinical = read_model(MODELS / "cox-clinical.yaml")
    assert isinstance(features, CoxSettings)
    assert features.needs().profiles == ("*",)
    assert clinical.needs().profiles == ()
    assert clinical.needs().clinical == ("*",)
    assert features.task_kinds() == {"survival"}
    twice = tmp_path / "cox.yaml"
    twice.write_text("kind: cox\ntitle: Cox\npenalties: [1, 1]\n")
    with pytest.raises(DeclarationError, match="a value is named twice"):
        read_model(twice)
