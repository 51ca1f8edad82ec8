"""The last stage of a run: predictions and readings against the labels."""

from __future__ import annotations

import pandas as pd

from samesplit.benchmarks.definition import OperatingPoint
from samesplit.evaluation.binary.evaluate import Evaluation, evaluate
from samesplit.run.plan import Plan
from samesplit.run.progress import Reporter

__all__ = ["evaluate_predictions"]


def evaluate_predictions(
    plan: Plan, predictions: pd.DataFrame, details: dict[str, pd.DataFrame], reporter: Reporter
) -> Evaluation:
    """Judge all predictions and readings against the labels; the only place where test labels are read."""
    lesions = plan.split.with_test_sets(plan.cohort.lesions)
    truth = lesions.set_index("lesion_id").assign(label=plan.labels)
    settings = plan.definition.statistics
    with reporter.stage("Statistics") as advance:
        advance(0, 1)
        evaluation = evaluate(
            predictions,
            truth,
            readings=plan.readings if len(plan.readings) else None,
            reference=_reference(plan, predictions),
            operating_point=_operating_point(settings.operating_point),
            confidence=settings.confidence,
            n_bootstrap=settings.bootstraps,
            seed=settings.seed,
            primary_rater=plan.definition.cohort.rater,
            details=details,
            apart=plan.added,
            declared_thresholds={e.name: e.threshold for e in plan.externals if e.threshold is not None},
        )
        advance(1, 1)
    return evaluation


def _reference(plan: Plan, predictions: pd.DataFrame) -> str | None:
    """The model to compare with: as planned, unless it failed and has no predictions."""
    return plan.reference if plan.reference in set(predictions["model"]) else None


def _operating_point(asked: OperatingPoint) -> str | float:
    if asked.value is None:
        return asked.policy
    return asked.value if asked.policy == "fixed" else f"{asked.policy}>={asked.value:g}"
