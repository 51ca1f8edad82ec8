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
from samesplit.statistics.calibration import (
    CalibrationDistances,
    FlexibleCalibration,
    HosmerLemeshow,
    bin_of,
    brier,
    brier_parts,
    brier_scaled,
    calibration_distances,
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    expected_calibration_error,
    flexible_calibration,
    hosmer_lemeshow,
    log_loss,
    logistic_indices,
    maximum_calibration_error,
    observed_to_expected,
    spiegelhalter,
)
from samesplit.statistics.concordance import Concordance, concordance, concordance_influence, harrell_c
from samesplit.statistics.cross_validated import corrected_resampled_t, cross_validated_auc, fold_aucs
from samesplit.statistics.cross_validated_concordance import (
    concordance_interval,
    concordance_sizes,
    cross_validated_concordance,
    fold_concordances,
)
from samesplit.statistics.curves import calibration_points, pr_points, roc_points
from samesplit.statistics.decision_curve import decision_curve, net_benefit
from samesplit.statistics.detection import Matches, match_components
from samesplit.statistics.icc import ICC, icc
from samesplit.statistics.influence import Influence, covariance, mean_influence
from samesplit.statistics.interval import Interval, normal_interval, z_test
from samesplit.statistics.kaplan_meier import kaplan_meier, risk_groups
from samesplit.statistics.metrics import average_precision
from samesplit.statistics.mrmc import (
    FigureOfMerit,
    ORAnalysis,
    ReaderStudy,
    StandaloneComparison,
    model_against_readers,
    obuchowski_rockette,
    partial_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from samesplit.statistics.multiclass_auc import (
    fold_multiclass_aucs,
    multiclass_auc,
    multiclass_auc_influence,
)
from samesplit.statistics.multiclass_metrics import (
    accuracy,
    balanced_accuracy,
    call_classes,
    class_confusion,
    classwise_calibration_error,
    cohen_kappa,
    f1_macro,
    multiclass_brier,
    multiclass_log_loss,
)
from samesplit.statistics.multiplicity import holm
from samesplit.statistics.overlap import dice
from samesplit.statistics.paired_proportions import paired_difference, paired_proportions
from samesplit.statistics.proportions import (
    RATES,
    Confusion,
    confusion,
    proportion_influence,
    proportion_interval,
)
from samesplit.statistics.reclassification import (
    DiscriminationImprovement,
    Reclassification,
    integrated_discrimination_improvement,
    net_reclassification_improvement,
)
from samesplit.statistics.selection_stability import (
    nogueira,
    relative_standard_deviation,
    selection_matrix,
)
from samesplit.statistics.student import StudentInterval, student_interval
from samesplit.statistics.surface_distances import SurfaceDistances, surface_distances

__all__ = [
    "ICC",
    "RATES",
    "CalibrationDistances",
    "Concordance",
    "Confusion",
    "DiscriminationImprovement",
    "FigureOfMerit",
    "FlexibleCalibration",
    "HosmerLemeshow",
    "Influence",
    "Interval",
    "Matches",
    "ORAnalysis",
    "PatientBootstrap",
    "Placements",
    "ReaderStudy",
    "Reclassification",
    "StandaloneComparison",
    "StudentInterval",
    "SurfaceDistances",
    "accuracy",
    "auc_covariance",
    "auc_influence",
    "auc_interval",
    "auc_test",
    "average_precision",
    "balanced_accuracy",
    "bin_of",
    "bootstrap_interval",
    "brier",
    "brier_parts",
    "brier_scaled",
    "calibration_distances",
    "calibration_in_the_large",
    "calibration_intercept",
    "calibration_points",
    "calibration_slope",
    "call_classes",
    "class_confusion",
    "classwise_calibration_error",
    "cohen_kappa",
    "concordance",
    "concordance_influence",
    "concordance_interval",
    "concordance_sizes",
    "confusion",
    "corrected_resampled_t",
    "covariance",
    "cross_validated_auc",
    "cross_validated_concordance",
    "decision_curve",
    "delong_covariance",
    "dice",
    "draw_patients",
    "empirical_auc",
    "expected_calibration_error",
    "f1_macro",
    "flexible_calibration",
    "fold_aucs",
    "fold_concordances",
    "fold_multiclass_aucs",
    "harrell_c",
    "holm",
    "hosmer_lemeshow",
    "icc",
    "integrated_discrimination_improvement",
    "kaplan_meier",
    "log_loss",
    "logistic_indices",
    "match_components",
    "maximum_calibration_error",
    "mean_influence",
    "model_against_readers",
    "multiclass_auc",
    "multiclass_auc_influence",
    "multiclass_brier",
    "multiclass_log_loss",
    "net_benefit",
    "net_reclassification_improvement",
    "nogueira",
    "normal_interval",
    "observed_to_expected",
    "obuchowski_rockette",
    "paired_difference",
    "paired_proportions",
    "partial_auc",
    "placements",
    "pr_points",
    "proportion_influence",
    "proportion_interval",
    "relative_standard_deviation",
    "risk_groups",
    "roc_points",
    "selection_matrix",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
    "spiegelhalter",
    "student_interval",
    "surface_distances",
    "z_test",
]
