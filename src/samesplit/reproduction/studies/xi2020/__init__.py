"""Xi and colleagues, Clin Cancer Res 2020: renal masses on MR, a ResNet against radiomics and four experts."""

from __future__ import annotations

from samesplit.reproduction.rules import FindingRule, Rule
from samesplit.reproduction.studies.xi2020.cohort import (
    cohort_counts,
    features_that_are_empty,
    imaging_diagnoses,
    only_division,
)
from samesplit.reproduction.studies.xi2020.comparisons import comparators, p_values, proper_tests
from samesplit.reproduction.studies.xi2020.cross_validation import cross_validation, one_fold
from samesplit.reproduction.studies.xi2020.decisions import aucs_of_decisions, decisions_not_scores
from samesplit.reproduction.studies.xi2020.masks import copied_masks, dice_of_classes, overall_dice
from samesplit.reproduction.studies.xi2020.tables import (
    intervals_of_test,
    other_ensemble,
    rounded_twice,
    specificity_ties,
    tables_found,
)

__all__ = ["FINDINGS", "RULES", "STUDY"]

STUDY = "Xi 2020"

RULES: tuple[Rule, ...] = (
    cross_validation,
    p_values,
    comparators,
    aucs_of_decisions,
    overall_dice,
    cohort_counts,
)

FINDINGS: tuple[FindingRule, ...] = (
    only_division,
    tables_found,
    intervals_of_test,
    proper_tests,
    decisions_not_scores,
    one_fold,
    copied_masks,
    dice_of_classes,
    rounded_twice,
    specificity_ties,
    other_ensemble,
    imaging_diagnoses,
    features_that_are_empty,
)
