from __future__ import annotations

import pytest

from samesplit.models.radiomics.calibration import CALIBRATION_SLOPES, simulated_slope
from samesplit.models.radiomics.classifiers import CLASSIFIERS


def test_every_classifier_has_a_measured_slope() -> None:
    assert set(CALIBRATION_SLOPES) == set(CLASSIFIERS)


@pytest.mark.parametrize("key", ["adaboost", "bagging", "decision-tree", "knn", "lda", "logistic"])
def test_the_stated_slope_comes_out_again(key: str) -> None:
    assert simulated_slope(key, draws=3) == pytest.approx(CALIBRATION_SLOPES[key], rel=0.4, abs=0.02)


def test_the_page_calls_badly_calibrated_what_is() -> None:
    bad = {key for key, slope in CALIBRATION_SLOPES.items() if not 0.2 < slope < 2}
    assert bad == {"adaboost", "knn", "bagging", "decision-tree"}
