"""Planning a study: power, sizes of reader studies, events for a model, and what a study can detect.

Start with `detectable_difference` for a study that is done, with `reader_study_power` for readers,
`develop_binary` and `validate_binary` for a model, and `auc_comparison_size` for two models.
"""

from __future__ import annotations

from samesplit.statistics.planning.comparison import (
    ComparisonSize,
    auc_comparison,
    auc_comparison_size,
    auc_precision_size,
    auc_variance,
    paired_proportions_size,
    proportion_precision_size,
)
from samesplit.statistics.planning.development import (
    Criterion,
    DevelopmentSize,
    develop_binary,
    develop_continuous,
    develop_survival,
    maximum_r2_binary,
    maximum_r2_survival,
    r2_from_c_statistic,
)
from samesplit.statistics.planning.linear_predictor import LinearPredictor
from samesplit.statistics.planning.power import check_power, detectable_difference, power_of_difference
from samesplit.statistics.planning.reader_moments import moment_power
from samesplit.statistics.planning.reader_study import (
    DifferenceVariance,
    RandomEffects,
    ReaderStudyPower,
    cases_needed,
    reader_study_power,
    reader_study_table,
    readers_needed,
)
from samesplit.statistics.planning.validation import WIDTHS, Precision, ValidationSize, validate_binary

__all__ = [
    "WIDTHS",
    "ComparisonSize",
    "Criterion",
    "DevelopmentSize",
    "DifferenceVariance",
    "LinearPredictor",
    "Precision",
    "RandomEffects",
    "ReaderStudyPower",
    "ValidationSize",
    "auc_comparison",
    "auc_comparison_size",
    "auc_precision_size",
    "auc_variance",
    "cases_needed",
    "check_power",
    "detectable_difference",
    "develop_binary",
    "develop_continuous",
    "develop_survival",
    "maximum_r2_binary",
    "maximum_r2_survival",
    "moment_power",
    "paired_proportions_size",
    "power_of_difference",
    "proportion_precision_size",
    "r2_from_c_statistic",
    "reader_study_power",
    "reader_study_table",
    "readers_needed",
    "validate_binary",
]
