"""Multi-reader multi-case (MRMC) analysis: readers and cases both random, on arrays of scores.

Start with `ReaderStudy.from_columns`, then `obuchowski_rockette` to compare modalities (two ways of reading,
with and without a model) and `model_against_readers` to compare a model with those who read the same cases.
Where not every reader read every case, `u_statistic_analysis` and `incomplete_standalone` do the same.
"""

from __future__ import annotations

from samesplit.statistics.mrmc.bootstrap import ReaderBootstrap, reader_bootstrap
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
from samesplit.statistics.mrmc.gee import GeeAnalysis, gee_correctness
from samesplit.statistics.mrmc.global_test import GlobalTest
from samesplit.statistics.mrmc.incomplete_standalone import incomplete_standalone
from samesplit.statistics.mrmc.limits_of_agreement import LimitsOfAgreement, limits_of_agreement
from samesplit.statistics.mrmc.logit_scale import on_logit_scale
from samesplit.statistics.mrmc.obuchowski_rockette import analyse_values, obuchowski_rockette
from samesplit.statistics.mrmc.or_analysis import FixedReadersTest, ORAnalysis, Random
from samesplit.statistics.mrmc.pseudovalues import PseudovalueAnova, pseudovalue_anova, pseudovalues
from samesplit.statistics.mrmc.reader_panel import model_against_panel, panel_scores
from samesplit.statistics.mrmc.roe_metz import RoeMetz, roe_metz_to_or
from samesplit.statistics.mrmc.sequence import FixedSequence, fixed_sequence
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
    "FixedSequence",
    "GeeAnalysis",
    "GlobalTest",
    "LimitsOfAgreement",
    "MeanSquares",
    "ORAnalysis",
    "PseudovalueAnova",
    "Random",
    "ReaderBootstrap",
    "ReaderStudy",
    "RoeMetz",
    "StandaloneComparison",
    "UAnalysis",
    "analyse_values",
    "as_figure",
    "expected_utility",
    "fixed_sequence",
    "gee_correctness",
    "incomplete_standalone",
    "jackknife_covariance",
    "limits_of_agreement",
    "model_against_panel",
    "model_against_readers",
    "obuchowski_rockette",
    "on_logit_scale",
    "panel_scores",
    "partial_auc",
    "pseudovalue_anova",
    "pseudovalues",
    "reader_bootstrap",
    "reader_covariance",
    "roe_metz_to_or",
    "score_covariance",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
    "u_statistic_analysis",
]
