from __future__ import annotations

import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics import calibration, metrics
from samesplit.statistics.metrics import average_precision


def test_average_precision_is_not_the_trapezoid() -> None:
    # Precision 1/1, 1/2, 2/3 at recall 1/2, 1/2, 1: the staircase gives 1/2 + 1/2 * 2/3.
    assert average_precision([1, 0, 1], [0.9, 0.8, 0.7]) == pytest.approx(5 / 6)


def test_average_precision_takes_ties_as_one_step() -> None:
    assert average_precision([1, 0, 0, 1], [0.5, 0.5, 0.5, 0.5]) == 0.5


def test_average_precision_needs_both_classes() -> None:
    with pytest.raises(StatisticsError, match="negative"):
        average_precision([1, 1], [0.2, 0.3])


def test_measures_of_calibration_can_be_had_from_here_as_before() -> None:
    assert metrics.calibration_slope is calibration.calibration_slope
    assert metrics.bin_of is calibration.bin_of
