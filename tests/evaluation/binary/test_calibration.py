from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.binary.calibration import calibration_rows, smooth_calibration
from samesplit.evaluation.binary.draws import Draws, make_draws
from samesplit.statistics.calibration import calibration_distances, maximum_calibration_error, spiegelhalter


def _table(n: int = 60, n_folds: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.02, 0.98, n)
    fold = np.arange(n) % n_folds
    return pd.DataFrame(
        {
            "lesion_id": [f"L{i:03d}" for i in range(n)],
            "patient_id": [f"P{i // 2:03d}" for i in range(n)],
            "label": (rng.random(n) < p).astype(int),
            "score": p,
            "repeat": 0,
            "run": 0,
            "cell": fold,
        }
    )


def _draws(table: pd.DataFrame, n_bootstrap: int = 200) -> Draws:
    return make_draws(table, n_bootstrap=n_bootstrap, seed=0)


def test_the_rows_are_those_of_the_statistics_with_intervals_that_hold_them() -> None:
    table = _table()
    found = dict(calibration_rows(table, _draws(table), confidence=0.95))
    distances = calibration_distances(table["label"], table["score"])
    for name, value in vars(distances).items():
        assert found[name].estimate == pytest.approx(value)
        assert 0 <= found[name].ci_low <= value <= found[name].ci_high
    for name, binning in (("mce", "width"), ("mce_equal_frequency", "frequency")):
        value = maximum_calibration_error(table["label"], table["score"], binning=binning)  # type: ignore[arg-type]
        assert found[name].estimate == pytest.approx(value)
    assert 0 <= found["mce_equal_frequency"].ci_low <= found["mce_equal_frequency"].estimate
    assert found["mce_equal_frequency"].estimate <= found["mce_equal_frequency"].ci_high
    assert math.isnan(found["mce"].ci_low)
    assert "single lesion" in found["mce"].note
    test = spiegelhalter(table["label"], table["score"], patients=table["patient_id"])
    assert found["spiegelhalter_z"] == test
    intercept = found["calibration_intercept"]
    assert intercept.ci_low < intercept.estimate < intercept.ci_high


def test_bins_that_a_sample_of_patients_lacks_add_no_noise() -> None:
    table = _table(20)  # bins of one patient
    found = dict(calibration_rows(table, _draws(table), confidence=0.95))["mce_equal_frequency"]
    assert found.ci_low <= found.estimate <= found.ci_high <= 1


def test_a_model_with_one_probability_a_fold_has_no_smooth_curve_and_no_intercept() -> None:
    table = _table(n_folds=4)
    table["score"] = 0.4 + 0.05 * table["cell"]
    found = dict(calibration_rows(table, _draws(table), confidence=0.95))
    for name in ("ici", "emax", "calibration_intercept", "calibration_slope"):
        assert math.isnan(found[name].estimate)
        assert "one probability" in found[name].note
    assert found["ece"].estimate >= 0
    assert smooth_calibration(table, _draws(table), confidence=0.95).curve.empty


def test_few_distinct_probabilities_have_no_smooth_curve_and_say_so() -> None:
    table = _table()
    table["score"] = table["score"].round(0).clip(0.2, 0.8)
    found = dict(calibration_rows(table, _draws(table), confidence=0.95))
    assert "too few distinct" in found["ici"].note
    assert math.isfinite(found["calibration_slope"].estimate)


def test_without_samples_the_estimates_stand_alone_and_say_why() -> None:
    table = _table()
    found = dict(calibration_rows(table, _draws(table, 0), confidence=0.95))
    for name in ("ici", "mce_equal_frequency", "ece"):
        assert math.isfinite(found[name].estimate)
        assert math.isnan(found[name].ci_low)
        assert found[name].note == "no bootstrap samples were asked for"
    assert smooth_calibration(table, _draws(table, 0), confidence=0.95).curve["ci_low"].isna().all()


def test_one_class_has_bins_and_a_curve_but_no_recalibration() -> None:
    table = _table().query("label == 1")
    found = dict(calibration_rows(table, _draws(table), confidence=0.95))
    assert "one class" in found["calibration_intercept"].note
    assert found["ici"].estimate == pytest.approx(1 - table["score"].mean(), abs=1e-6)
