"""Estimates, intervals and tests on plain arrays and columns.

Knows nothing of models, files or the package's tables: what puts estimates into a table of results is in
`samesplit.evaluation`.
"""

from __future__ import annotations

from samesplit.statistics.auc import (
    Placements,
    auc_covariance,
    auc_influence,
    auc_interval,
    auc_test,
    delong_covariance,
    empirical_auc,
    placements,
)
from samesplit.statistics.bootstrap import PatientBootstrap, bootstrap_interval, draw_patients
from samesplit.statistics.cross_validated import corrected_resampled_t, cross_validated_auc, fold_aucs
from samesplit.statistics.curves import calibration_points, pr_points, roc_points
from samesplit.statistics.icc import ICC, icc
from samesplit.statistics.influence import Influence, covariance, mean_influence
from samesplit.statistics.interval import Interval, normal_interval, z_test
from samesplit.statistics.metrics import (
    average_precision,
    bin_of,
    brier,
    brier_scaled,
    calibration_in_the_large,
    calibration_slope,
    expected_calibration_error,
    log_loss,
)
from samesplit.statistics.multiplicity import holm
from samesplit.statistics.paired_proportions import paired_difference, paired_proportions
from samesplit.statistics.proportions import (
    RATES,
    Confusion,
    confusion,
    proportion_influence,
    proportion_interval,
)
from samesplit.statistics.selection_stability import (
    nogueira,
    relative_standard_deviation,
    selection_matrix,
)

__all__ = [
    "ICC",
    "RATES",
    "Confusion",
    "Influence",
    "Interval",
    "PatientBootstrap",
    "Placements",
    "auc_covariance",
    "auc_influence",
    "auc_interval",
    "auc_test",
    "average_precision",
    "bin_of",
    "bootstrap_interval",
    "brier",
    "brier_scaled",
    "calibration_in_the_large",
    "calibration_points",
    "calibration_slope",
    "confusion",
    "corrected_resampled_t",
    "covariance",
    "cross_validated_auc",
    "delong_covariance",
    "draw_patients",
    "empirical_auc",
    "expected_calibration_error",
    "fold_aucs",
    "holm",
    "icc",
    "log_loss",
    "mean_influence",
    "nogueira",
    "normal_interval",
    "paired_difference",
    "paired_proportions",
    "placements",
    "pr_points",
    "proportion_influence",
    "proportion_interval",
    "relative_standard_deviation",
    "roc_points",
    "selection_matrix",
    "z_test",
]
