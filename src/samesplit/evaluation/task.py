"""The evaluation of any task: one function for each kind, which gets tables and gives tables.

All kinds fill the same table of results, so that whoever reads results need not know the kind of the task.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import pandas as pd

from samesplit.evaluation.binary.evaluate import Evaluation, evaluate
from samesplit.evaluation.chain.evaluate import CHAIN, CHAIN_MODELS, evaluate_chain
from samesplit.evaluation.factorial import evaluate_factorial
from samesplit.evaluation.interval_coverage import INTERVAL_COVERAGE, interval_coverage
from samesplit.evaluation.multiclass.evaluate import evaluate_classes
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.raters import (
    MASK_PAIRS,
    RATER_FEATURE_VALUES,
    RATER_FEATURES,
    RATER_MASKS,
    RATERS,
    evaluate_raters,
    feature_agreement,
    mask_agreement,
)
from samesplit.evaluation.segmentation.evaluate import evaluate_masks
from samesplit.evaluation.survival.evaluate import evaluate_survival
from samesplit.tasks import BinaryTask, MulticlassTask, SegmentationTask, Task

__all__ = ["EVALUATIONS", "TaskEvaluation", "evaluate_task"]


class TaskEvaluation(Protocol):
    """Judges the predictions that answer one kind of task."""

    def __call__(
        self, task: Any, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
    ) -> Evaluation:
        """See `evaluate_task`."""


def _binary(
    task: Any, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> Evaluation:
    """Judge probabilities of the positive class; the two classes are 0 and 1 whatever the task calls them."""
    return evaluate(
        predictions,
        truth,
        readings=options.readings,
        reference=options.reference,
        operating_point=options.operating_point,
        confidence=options.confidence,
        n_bootstrap=options.n_bootstrap,
        seed=options.seed,
        primary_rater=options.primary_rater,
        groups=options.groups,
        declared_thresholds=options.declared_thresholds,
        details=options.details,
        rules=options.rules,
        reader_settings=options.readers,
        clinical_model=options.clinical_model,
        decision_thresholds=options.decision_thresholds,
        risk_categories=options.risk_categories,
        workers=options.workers,
    )


EVALUATIONS: dict[str, TaskEvaluation] = {
    "binary": _binary,
    "multiclass": evaluate_classes,
    "survival": evaluate_survival,
    "segmentation": evaluate_masks,
}
"""How the predictions of each kind of task are judged."""


def evaluate_task(
    task: Task, predictions: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions
) -> Evaluation:
    """Judge the predictions that answer a task.

    Args:
        task: What was asked.
        predictions: A table of the schema `samesplit.tables.prediction_schema(task)`.
        truth: Indexed by `lesion_id`, the lesions that have an outcome: `patient_id`, `label` (the number of the
            class, or whether the event was seen), `time` of a survival task, and columns to group by.
        options: How.

    Returns:
        The tables; those that mean nothing for the kind of task are empty. Where the details have predictions on
        predicted masks, those of `evaluate_chain` are among them; those of `evaluate_factorial` where there are
        combinations of factors; those of `evaluate_raters`, `mask_agreement` and `feature_agreement` where there
        are several raters.

    Raises:
        StatisticsError: The truth or an option is not usable.
        PredictionsError: The predictions do not fit the truth.
    """
    found = EVALUATIONS[task.kind](task, predictions, truth, options)
    if isinstance(task, BinaryTask | SegmentationTask):
        tested = predictions[predictions["subset"] == "test"]
        n_folds = int(tested.groupby("repeat")["fold"].nunique().max())
        coverage = interval_coverage(found.results, n_folds=n_folds)
        found = replace(found, tables=found.tables | {INTERVAL_COVERAGE: coverage})
    if not isinstance(task, BinaryTask | MulticlassTask):
        return found
    tables = found.tables
    if any(not options.details.get(name, pd.DataFrame()).empty for name in (CHAIN, CHAIN_MODELS)):
        tables = tables | evaluate_chain(task, predictions, truth, options)
    if len(set(predictions["rater"])) > 1:
        tables = tables | {RATERS: evaluate_raters(task, predictions, truth, options)}
    pairs = options.details.get(MASK_PAIRS, pd.DataFrame())
    if not pairs.empty:
        tables = tables | {RATER_MASKS: mask_agreement(pairs, truth, options, classes=task.classes)}
    measured = options.details.get(RATER_FEATURES, pd.DataFrame())
    if not measured.empty:
        agreement = feature_agreement(measured, truth, options)
        tables = tables | {RATER_FEATURES: agreement.table, RATER_FEATURE_VALUES: agreement.measured}
    if options.factorial:
        tables = tables | evaluate_factorial(task, predictions, truth, options)
    return replace(found, tables=tables)
