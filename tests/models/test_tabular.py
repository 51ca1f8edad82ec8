from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.errors import ModelError
from samesplit.models.baselines import ZeroRuleSettings
from samesplit.models.clinical.logistic import ClinicalLogisticSettings
from samesplit.models.estimator import EstimatorSettings
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.settings import ModelSettings
from samesplit.models.tabular import TabularModel
from samesplit.tasks import SurvivalTask

MODELS: dict[str, ModelSettings] = {
    "clinical": ClinicalLogisticSettings(name="c", title="C"),
    "grid": RadiomicsGridSettings.model_validate(
        {"name": "g", "title": "G", "selectors": ["anova-f", "lasso"], "classifiers": ["logistic"],
         "sizes": [3, 6], "inner_folds": 3}
    ),
    "estimator": EstimatorSettings(
        name="e", title="E", target="sklearn.ensemble.ExtraTreesClassifier", parameters={"n_estimators": 50}
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", MODELS)
def test_the_order_of_the_rows_does_not_matter(make_fold: Any, kind: str) -> None:
    fold, cases, _ = make_fold()
    order = list(np.random.default_rng(4).permutation(fold.training.lesion_ids))
    straight, mixed = MODELS[kind].build(), MODELS[kind].build()
    straight.fit(fold)
    mixed.fit(
        replace(fold, training=fold.training.select(order), training_labels=fold.training_labels.loc[order])
    )
    pd.testing.assert_series_equal(
        straight.predict(cases)["probability"], mixed.predict(cases)["probability"]
    )


@pytest.mark.parametrize("kind", MODELS)
def test_a_lesions_prediction_does_not_depend_on_the_other_test_lesions(make_fold: Any, kind: str) -> None:
    fold, cases, _ = make_fold()
    model = MODELS[kind].build()
    model.fit(fold)
    alone = model.predict(cases.select(cases.lesion_ids[5:6]))["probability"]
    np.testing.assert_allclose(alone, model.predict(cases)["probability"].iloc[5:6], rtol=1e-12)


@pytest.mark.parametrize("kind", MODELS)
def test_the_validation_labels_are_not_looked_at(make_fold: Any, kind: str) -> None:
    fold, cases, _ = make_fold()
    plain, other = MODELS[kind].build(), MODELS[kind].build()
    plain.fit(fold)
    other.fit(replace(fold, validation=cases, validation_labels=pd.Series(1, index=cases.lesions.index)))
    pd.testing.assert_series_equal(plain.predict(cases)["probability"], other.predict(cases)["probability"])


@pytest.mark.parametrize("kind", MODELS)
def test_shuffled_labels_give_chance_and_true_ones_do_not(make_fold: Any, kind: str) -> None:
    true, canary = [], []
    for seed in range(4):
        for shuffled, aucs in ((True, canary), (False, true)):
            fold, cases, truth = make_fold(n=60, n_test=300, effect=1.0, shuffled=shuffled, seed=seed)
            model = MODELS[kind].build()
            model.fit(fold)
            judged = np.random.default_rng(seed).permutation(truth) if shuffled else truth
            aucs.append(roc_auc_score(judged, model.predict(cases)["probability"]))
    # The SE of one AUC of 300 lesions at chance is 0.033, of the mean of four 0.017.
    assert np.mean(canary) == pytest.approx(0.5, abs=0.07)
    assert np.mean(true) > 0.7


def test_a_lesion_of_which_nothing_is_known_is_not_predicted(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    cases.features.iloc[2] = np.nan
    cases.features.iloc[3, 1:] = np.nan
    model = MODELS["estimator"].build()
    model.fit(fold)
    assert list(model.predict(cases)["probability"].index) == [
        i for i in cases.lesion_ids if i != cases.lesion_ids[2]
    ]
    nothing = model.predict(cases.select(cases.lesion_ids[2:3]))["probability"]
    assert len(nothing) == 0
    assert nothing.dtype == "float64"


def test_no_known_lesion_of_a_class_is_an_error(make_fold: Any) -> None:
    fold, _, _ = make_fold()
    fold.training.features.loc[fold.training_labels == 1] = np.nan
    with pytest.raises(ModelError, match="nothing is known"):
        MODELS["estimator"].build().fit(fold)


def test_a_column_that_is_gone_at_prediction_is_named(make_fold: Any) -> None:
    fold, cases, _ = make_fold()
    model = MODELS["estimator"].build()
    model.fit(fold)
    fewer = replace(cases, features=cases.features.drop(columns="mr/T1C/original_firstorder_F1"))
    with pytest.raises(ModelError, match="mr/T1C/original_firstorder_F1"):
        model.predict(fewer)


class Risks(TabularModel):
    """Takes the age of a lesion's patient as the risk, or what it is told to."""

    gives: Any = None

    def inputs(self, cases: Cases) -> pd.DataFrame:
        return cases.lesions[["age"]]

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Any:
        told = self.gives

        class Fitted:
            def predict(self, table: pd.DataFrame) -> Any:
                return table["age"].to_numpy() if told is None else told

        return Fitted()


def test_a_model_of_the_time_until_an_event_gives_risks_and_needs_no_event(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=20, n_test=5)
    task = SurvivalTask(question="How long?", time="months", event="death")
    fold = replace(fold, task=task, training_labels=fold.training_labels * 0)
    model = Risks(ZeroRuleSettings(name="age", title="A"))
    model.fit(fold)
    pd.testing.assert_series_equal(model.predict(cases)["risk"], cases.lesions["age"], check_names=False)
    for wrong in (np.zeros((5, 2)), np.full(5, np.inf)):
        model.gives = wrong
        model.fit(fold)
        with pytest.raises(ModelError, match="for 5 lesions, or risks that are not finite"):
            model.predict(cases)
