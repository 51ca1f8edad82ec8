from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from samesplit.models.ensembles.calibrated import CalibratedModel, CalibratedSettings
from samesplit.models.ensembles.members import log_odds
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.statistics.calibration import calibration_slope, expected_calibration_error

TOO_SURE = 3.0


def calibrated(fold: TrainingFold, method: str, **changes: Any) -> CalibratedModel:
    model = CalibratedSettings(name="c", title="C", member="a", method=method, **changes).build()
    model.fit(fold)
    return model


def too_sure(cases: Cases) -> Cases:
    """The member's log odds three times what they should be."""
    return replace(cases, predictions=cases.predictions.map(lambda p: expit(TOO_SURE * logit(p))))


@pytest.fixture
def overconfident(members_fold: Any) -> tuple[TrainingFold, Cases, Any]:
    fold, cases, truth = members_fold({"a": 1.5}, n_validation=600, n_test=2000)
    return replace(fold, validation=too_sure(fold.validation)), too_sure(cases), truth


@pytest.mark.parametrize("method", ["platt", "isotonic", "temperature"])
def test_probabilities_that_are_too_sure_become_calibrated(overconfident: Any, method: str) -> None:
    fold, cases, truth = overconfident
    before = cases.predictions["a"]
    after = calibrated(fold, method).predict(cases)["probability"]
    assert expected_calibration_error(truth, before) > 0.09
    assert expected_calibration_error(truth, after) < 0.05
    assert log_loss(truth, np.clip(after, 1e-3, 1 - 1e-3)) < log_loss(truth, before) - 0.1
    if method != "isotonic":
        assert calibration_slope(truth, before).estimate == pytest.approx(1 / TOO_SURE, abs=0.05)
        assert calibration_slope(truth, after).estimate == pytest.approx(1.0, abs=0.2)
        assert roc_auc_score(truth, after) == pytest.approx(roc_auc_score(truth, before), abs=1e-12)


def test_platt_is_a_logistic_regression_on_the_log_odds(overconfident: Any) -> None:
    """Platt's targets are a little inside 0 and 1, which with 600 lesions hardly matters."""
    fold, _, _ = overconfident
    table = calibrated(fold, "platt").details()["calibration_map"]
    X = logit(fold.validation.predictions[["a"]])
    reference = LogisticRegression(C=np.inf).fit(X.to_numpy(), fold.validation_labels)
    assert table["slope"].item() == pytest.approx(reference.coef_[0, 0], abs=0.02)
    assert table["intercept"].item() == pytest.approx(reference.intercept_[0], abs=0.02)
    assert (table["class"].item(), table["lesions"].item()) == ("positive", 600)


def test_the_temperature_is_the_one_with_the_smallest_log_loss(overconfident: Any) -> None:
    fold, cases, _ = overconfident
    model = calibrated(fold, "temperature")
    slope = model.details()["calibration_map"]["slope"].item()
    odds, y = log_odds(fold.validation.predictions["a"]), fold.validation_labels
    losses = [log_loss(y, expit(s * odds)) for s in (slope - 0.01, slope, slope + 0.01)]
    assert losses[1] == min(losses)
    np.testing.assert_allclose(
        model.predict(cases)["probability"], expit(slope * log_odds(cases.predictions["a"])), atol=1e-9
    )


def test_isotonic_is_scikit_learns_regression(overconfident: Any) -> None:
    fold, cases, _ = overconfident
    reference = IsotonicRegression(out_of_bounds="clip").fit(
        logit(fold.validation.predictions["a"]), fold.validation_labels
    )
    told = calibrated(fold, "isotonic").predict(cases)["probability"]
    np.testing.assert_allclose(told, reference.predict(logit(cases.predictions["a"])), atol=1e-12)


def test_equal_probabilities_in_other_last_digits_are_one_step(members_fold: Any) -> None:
    fold, _, _ = members_fold({"a": 1.0}, n_validation=40)
    rng = np.random.default_rng(0)
    alike = np.repeat([0.2, 0.4, 0.6, 0.8], 10)
    told = []
    for noise in (0.0, 1e-15):
        table = fold.validation.predictions.assign(a=alike * (1 + noise * rng.normal(size=40)))
        part = replace(fold.validation, predictions=table)
        told.append(calibrated(replace(fold, validation=part), "isotonic").predict(part)["probability"])
    np.testing.assert_allclose(told[0], told[1], atol=1e-6)


@pytest.mark.parametrize("method", ["platt", "isotonic", "temperature"])
def test_several_classes_are_calibrated_too(members_fold: Any, method: str) -> None:
    fold, cases, truth = members_fold({"a": 1.5}, n_validation=600, n_test=1500, classes=3)
    sharp = [
        replace(
            part,
            predictions=(part.predictions**TOO_SURE).div((part.predictions**TOO_SURE).sum(axis=1), axis=0),
        )
        for part in (fold.validation, cases)
    ]
    model = calibrated(replace(fold, validation=sharp[0]), method)
    told = model.predict(sharp[1]).to_numpy()
    np.testing.assert_allclose(told.sum(axis=1), 1.0)
    rows = np.arange(len(truth))
    before, after = (
        -np.log(np.maximum(p[rows, truth], 1e-6)).mean() for p in (sharp[1].predictions.to_numpy(), told)
    )
    assert after < before - 0.1
    table = model.details()["calibration_map"]
    assert list(table["class"]) == (["all"] if method == "temperature" else ["A", "B", "C"])
    if method == "temperature":
        assert table["slope"].item() == pytest.approx(1 / TOO_SURE, abs=0.08)


def test_a_map_that_turns_the_order_around_is_noted(members_fold: Any) -> None:
    fold, _, _ = members_fold({"a": 1.5})
    upside_down = replace(fold.validation, predictions=1 - fold.validation.predictions)
    notes = calibrated(replace(fold, validation=upside_down), "platt").details()["notes"]["note"]
    assert "turned the order of the probabilities around (positive)" in notes.item()
