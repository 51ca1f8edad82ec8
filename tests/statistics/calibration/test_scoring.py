from __future__ import annotations

import math

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.calibration import brier, brier_parts, brier_scaled, log_loss


def test_brier_and_log_loss_of_one_class_are_defined() -> None:
    assert brier([1, 1], [0.5, 1.0]) == 0.125
    assert log_loss([1], [0.5]) == pytest.approx(math.log(2))


def test_log_loss_of_a_certain_error_is_finite() -> None:
    assert log_loss([1, 0], [0.0, 0.5]) == pytest.approx((-math.log(1e-6) + math.log(2)) / 2)


def test_scaled_brier_of_the_prevalence_is_0_and_of_the_truth_1() -> None:
    assert brier_scaled([0, 0, 0, 1], [0.25] * 4) == pytest.approx(0)
    assert brier_scaled([0, 0, 0, 1], [0, 0, 0, 1]) == 1


def test_probabilities_outside_0_and_1_are_an_error() -> None:
    with pytest.raises(StatisticsError, match="outside"):
        brier([0, 1], [0.5, 1.5])


def test_a_missing_class_is_an_error_for_the_scaled_brier_score() -> None:
    with pytest.raises(StatisticsError, match="negative"):
        brier_scaled([1, 1], [0.2, 0.3])


@pytest.mark.parametrize("binning", ["width", "frequency"])
def test_the_parts_of_the_brier_score_add_up_to_it(binning: str) -> None:
    rng = np.random.default_rng(1)
    p = rng.random(90)
    y = (rng.random(90) < p).astype(int)
    parts = brier_parts(y, p, binning=binning)  # type: ignore[arg-type]
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bins
    assert total == pytest.approx(brier(y, p), rel=1e-12)
    assert min(parts.reliability, parts.resolution) > 0
    assert parts.uncertainty == pytest.approx(y.mean() * (1 - y.mean()))


def test_bins_of_one_probability_leave_nothing_within() -> None:
    assert brier_parts([0, 1, 0, 1], [0.25, 0.25, 0.75, 0.75]).within_bins == 0
