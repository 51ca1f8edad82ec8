"""Calibration, whether probabilities mean what they say: scoring rules, bins, recalibration, tests and curves."""

from __future__ import annotations

from samesplit.statistics.calibration.binned import (
    bin_gaps,
    bin_of,
    expected_calibration_error,
    maximum_calibration_error,
)
from samesplit.statistics.calibration.flexible import (
    CalibrationDistances,
    FlexibleCalibration,
    calibration_distances,
    flexible_calibration,
)
from samesplit.statistics.calibration.goodness_of_fit import HosmerLemeshow, hosmer_lemeshow, spiegelhalter
from samesplit.statistics.calibration.likelihood import LogisticIndices, logistic_indices
from samesplit.statistics.calibration.loess import Loess
from samesplit.statistics.calibration.recalibration import (
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    observed_to_expected,
)
from samesplit.statistics.calibration.scoring import BrierParts, brier, brier_parts, brier_scaled, log_loss

__all__ = [
    "BrierParts",
    "CalibrationDistances",
    "FlexibleCalibration",
    "HosmerLemeshow",
    "Loess",
    "LogisticIndices",
    "bin_gaps",
    "bin_of",
    "brier",
    "brier_parts",
    "brier_scaled",
    "calibration_distances",
    "calibration_in_the_large",
    "calibration_intercept",
    "calibration_slope",
    "expected_calibration_error",
    "flexible_calibration",
    "hosmer_lemeshow",
    "log_loss",
    "logistic_indices",
    "maximum_calibration_error",
    "observed_to_expected",
    "spiegelhalter",
]
