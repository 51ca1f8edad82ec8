"""Average precision; the measures of probabilities are in `calibration`, and can be imported from here as well."""

from __future__ import annotations

import numpy.typing as npt
from sklearn.metrics import average_precision_score

from samesplit.statistics.calibration.binned import Binning, bin_of, expected_calibration_error
from samesplit.statistics.calibration.recalibration import calibration_in_the_large, calibration_slope
from samesplit.statistics.calibration.scoring import PROBABILITY_FLOOR, brier, brier_scaled, log_loss
from samesplit.statistics.checks import check_labels, check_scores

__all__ = [
    "PROBABILITY_FLOOR",
    "Binning",
    "average_precision",
    "bin_of",
    "brier",
    "brier_scaled",
    "calibration_in_the_large",
    "calibration_slope",
    "expected_calibration_error",
    "log_loss",
]


def average_precision(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Compute the area under the precision-recall curve as average precision.

    The sum of precision times step in recall, ties as one step. It is not the trapezoid under the curve,
    which interpolates between points that no threshold reaches and is too optimistic.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        scores: Shape (n,), more means more likely positive.

    Returns:
        Between 0 and 1; a useless score gives about the share of positives.

    Raises:
        StatisticsError: A class is missing, or a score is not finite.

    Example:
        >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
        0.8333
    """
    truth = check_labels(labels)
    return float(average_precision_score(truth, check_scores(scores, n=truth.size)))
