from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from samesplit.errors import ModelError
from samesplit.models.ensembles.stacking import StackingSettings


def settings(**changes: Any) -> StackingSettings:
    return StackingSettings(**({"name": "s", "title": "S", "members": ("a", "b")} | changes))


def test_it_is_scikit_learns_ridge_logistic_regression_on_the_log_odds(members_fold: Any) -> None:
    fold, cases, _ = members_fold({"a": 1.5, "b": 0.8})
    model = settings(penalties=(0.1,)).build()
    model.fit(fold)
    scale = StandardScaler().fit(logit(fold.training.predictions))
    X = scale.transform(logit(fold.training.predictions))
    # The mean loss + penalty / 2 x columns x |w|^2 is C = 1 / (penalty x columns x lesions) there.
    reference = LogisticRegression(C=1 / (0.1 * 2 * len(X)), tol=1e-10).fit(X, fold.training_labels)
    expected = reference.predict_proba(scale.transform(logit(cases.predictions)))[:, 1]
    np.testing.assert_allclose(model.predict(cases)["probability"], expected, atol=1e-6)
    np.testing.assert_allclose(
        model.details()["stacking_terms"]["coefficient"], reference.coef_[0], atol=1e-5
    )


def test_the_penalty_is_the_one_with_the_smallest_inner_loss(members_fold: Any) -> None:
    fold, _, _ = members_fold({"a": 1.5, "b": 0.8})
    model = settings(penalties=(0.01, 100.0, 1.0)).build()
    model.fit(fold)
    table = model.details()["stacking_penalties"]
    assert list(table["penalty"]) == [100.0, 1.0, 0.01]
    assert list(table["chosen"]) == list(table["inner_log_loss"] == table["inner_log_loss"].min())
    assert table["inner_log_loss"][0] > table["inner_log_loss"].min() + 0.1


def test_a_member_that_says_the_same_of_all_has_no_part(members_fold: Any) -> None:
    fold, cases, _ = members_fold({"a": 1.5, "b": 0.0})
    model = settings().build()
    model.fit(fold)
    terms = model.details()["stacking_terms"].set_index("term")["coefficient"]
    assert terms["b"] == 0
    assert terms["a"] > 0.5
    other = replace(cases, predictions=cases.predictions.assign(b=0.5))
    np.testing.assert_allclose(model.predict(other), model.predict(cases))


def test_with_several_classes_each_member_has_a_term_a_class(members_fold: Any) -> None:
    fold, _, _ = members_fold({"a": 1.5, "b": 0.8}, classes=3)
    model = settings(penalties=(0.1,)).build()
    model.fit(fold)
    terms = model.details()["stacking_terms"]
    assert list(dict.fromkeys(terms["term"])) == ["a: A", "a: B", "a: C", "b: A", "b: B", "b: C"]
    own = terms[terms["term"] == terms["class"].map("a: {}".format)]
    assert (own["coefficient"] > 0.2).all()


def test_too_few_patients_for_a_choice_of_penalty_are_told(members_fold: Any) -> None:
    fold, _, _ = members_fold({"a": 1.5, "b": 0.8}, n=40)
    lesions = fold.training.lesions.assign(patient_id=fold.training_labels.map("P{}".format))
    one_each = replace(fold, training=replace(fold.training, lesions=lesions))
    with pytest.raises(ModelError, match="single patient"):
        settings().build().fit(one_each)
    settings(penalties=(0.1,)).build().fit(one_each)


def test_a_penalty_named_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="named twice"):
        settings(penalties=(0.1, 0.1))
