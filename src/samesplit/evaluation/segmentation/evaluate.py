"""The evaluation of predicted masks: measures of each lesion in, tables of results out.

What each predicted mask says of its lesions is measured where the images are (in the run); what comes here is one
row a lesion and sequence, and one row a predicted component.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.evaluation.binary.evaluate import RESULT_COLUMNS, Evaluation
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.segmentation.between_groups import compare_groups, summarise_groups
from samesplit.evaluation.segmentation.covariates import regress_dice
from samesplit.evaluation.segmentation.differences import (
    compare_masks,
    difference_rows,
    fold_table,
    further_differences,
)
from samesplit.evaluation.segmentation.estimates import rows_of_part
from samesplit.evaluation.segmentation.tables import COMPONENTS, OVERLAP, parts_of, read_tables
from samesplit.evaluation.segmentation.types import compare_types
from samesplit.evaluation.validation import check_reference
from samesplit.statistics.checks import check_confidence
from samesplit.tables import RESULTS, check_table
from samesplit.tasks import SegmentationTask

__all__ = ["BETWEEN", "COMPONENTS", "COVARIATES", "GROUPS", "OVERLAP", "TYPES", "evaluate_masks"]

COVARIATES = "dice_covariates"
"""The name of the table of the regression of Dice."""
TYPES = "dice_by_type"
"""The name of the table of Dice between types of lesions and between sequences."""
GROUPS = "dice_by_group"
"""The name of the table of Dice and detection in each test set and group, for each sequence."""
BETWEEN = "dice_between_groups"
"""The name of the table of differences of Dice between test sets and between groups."""


def evaluate_masks(
    task: SegmentationTask, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> Evaluation:
    """Judge the predicted masks of all models on the same test lesions.

    Args:
        task: What was asked, and by which sizes, sides and columns the results are shown apart.
        predictions: Model, seed, repeat, fold, subset, rater, lesion_id, sequence, mask.
        truth: Indexed by lesion_id: patient_id and columns to group by.
        options: How; `details["overlap"]` has the column `dice` and what else was measured beside those of the
            predictions, `details["components"]` a row a predicted component.

    Returns:
        The tables: results with the quantities of `estimates.SUMMARIES` and of detection; `pairs`; `folds`;
        `tables["overlap"]` with the measures of each lesion and sequence, `tables["components"]`,
        `tables["dice_covariates"]`, `tables["dice_by_type"]`, `tables["dice_by_group"]` and
        `tables["dice_between_groups"]`.

    Raises:
        StatisticsError: The overlaps are not there, or a column that is named is not.
        PredictionsError: No test lesion was predicted by all models.
    """
    confidence = check_confidence(options.confidence)
    tables, notes = read_tables(truth, options)
    check_reference(options.reference, tables.overlap)
    rows = [
        row
        for part in parts_of(task, tables, truth, options, notes)
        for row in rows_of_part(part, options, confidence)
    ]
    settings: dict[str, Any] = {
        "reference": options.reference,
        "confidence": confidence,
        "rules": options.rules,
    }
    pairs = compare_masks(tables, **settings)
    results = pd.DataFrame([*rows, *difference_rows(pairs), *further_differences(tables, **settings)])
    nothing = pd.DataFrame()
    return Evaluation(
        results=check_table(results[RESULT_COLUMNS], RESULTS),
        curves={},
        thresholds=nothing,
        confusion=nothing,
        decisions=nothing,
        pairs=pairs,
        folds=fold_table(tables),
        summaries={},
        notes=tuple(dict.fromkeys(notes)),
        tables={
            OVERLAP: tables.overlap,
            COMPONENTS: tables.components,
            COVARIATES: regress_dice(
                task, tables, truth, confidence=confidence, declared=options.mask_regression
            ),
            TYPES: compare_types(task, tables, truth, confidence=confidence),
            GROUPS: summarise_groups(task, tables, truth, options, confidence=confidence),
            BETWEEN: compare_groups(task, tables, truth, options, confidence=confidence),
        },
    )
