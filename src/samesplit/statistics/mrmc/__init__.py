"""Multi-reader multi-case (MRMC) analysis: readers and cases both random, on arrays of scores.

Start with `ReaderStudy.from_columns`, then `obuchowski_rockette` to compare modalities (two ways of reading,
with and without a model) and `model_against_readers` to compare a model with those who read the same cases.
"""

from __future__ import annotations

from samesplit.statistics.mrmc.components import Components, MeanSquares
from samesplit.statistics.mrmc.covariance import (
    CovarianceMethod,
    jackknife_covariance,
    reader_covariance,
    score_covariance,
)
from samesplit.statistics.mrmc.curve_figures import (
    expected_utility,
    partial_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from samesplit.statistics.mrmc.figures_of_merit import (
    ACCURACY,
    AUC,
    SENSITIVITY,
    SPECIFICITY,
    FigureOfMerit,
    as_figure,
)
from samesplit.statistics.mrmc.global_test import GlobalTest
from samesplit.statistics.mrmc.obuchowski_rockette import analyse_values, obuchowski_rockette
from samesplit.statistics.mrmc.or_analysis import FixedReadersTest, ORAnalysis, Random
from samesplit.statistics.mrmc.pseudovalues import PseudovalueAnova, pseudovalue_anova, pseudovalues
from samesplit.statistics.mrmc.reader_panel import model_against_panel, panel_scores
from samesplit.statistics.mrmc.roe_metz import RoeMetz, roe_metz_to_or
from samesplit.statistics.mrmc.standalone import StandaloneComparison, model_against_readers
from samesplit.statistics.mrmc.study import ReaderStudy
from samesplit.statistics.mrmc.u_statistics import UAnalysis, u_statistic_analysis

__all__ = [
    "ACCURACY",
    "AUC",
    "SENSITIVITY",
    "SPECIFICITY",
    "Components",
    "CovarianceMethod",
    "FigureOfMerit",
    "FixedReadersTest",
    "GlobalTest",
    "MeanSquares",
    "ORAnalysis",
    "PseudovalueAnova",
    "Random",
    "ReaderStudy",
    "RoeMetz",
    "StandaloneComparison",
    "UAnalysis",
    "analyse_values",
    "as_figure",
    "expected_utility",
    "jackknife_covariance",
    "model_against_panel",
    "model_against_readers",
    "obuchowski_rockette",
    "panel_scores",
    "partial_auc",
    "pseudovalue_anova",
    "pseudovalues",
    "reader_covariance",
    "roe_metz_to_or",
    "score_covariance",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
    "u_statistic_analysis",
]
