"""The checks of a run: its tables, put together for `samesplit.evaluation.checks`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from samesplit.evaluation.binary.evaluate import Evaluation
from samesplit.evaluation.checks import CheckedModel, CheckedRun, run_checks
from samesplit.run.plan import Plan
from samesplit.run_folder import CHECKS
from samesplit.tasks import BinaryTask, MulticlassTask, Task

__all__ = ["with_checks"]


def with_checks(
    plan: Plan,
    judged: Mapping[str, Evaluation],
    predictions: Mapping[str, pd.DataFrame],
    details: Mapping[str, Mapping[str, pd.DataFrame]],
) -> dict[str, Evaluation]:
    """Add the table of checks to the evaluation of each task.

    Args:
        plan: What was asked.
        judged: By task: the evaluation.
        predictions: By task: the predictions of all models, those made elsewhere included.
        details: By task: what models wrote while they were fitted.
    """
    return {
        name: replace(
            found,
            tables={
                **found.tables,
                CHECKS: run_checks(_checked(plan, name, found, predictions[name], details[name])),
            },
        )
        for name, found in judged.items()
    }


def _checked(
    plan: Plan,
    name: str,
    judged: Evaluation,
    predictions: pd.DataFrame,
    details: Mapping[str, pd.DataFrame],
) -> CheckedRun:
    task, statistics = plan.tasks[name], plan.definition.statistics
    outcomes = plan.outcomes[name]
    cohort = plan.cohort.lesions.set_index("lesion_id")
    truth = cohort.loc[cohort.index.isin(outcomes.index)]
    truth = truth.assign(**{str(column): outcomes[column] for column in outcomes})
    own = predictions[predictions["rater"] == plan.definition.cohort.rater]
    point = statistics.operating_point
    return CheckedRun(
        kind=task.kind,
        results=judged.results,
        predictions=own if len(own) else predictions,
        truth=truth,
        cohort=cohort,
        splits=plan.split.table,
        images=_images(plan),
        models=_models(plan, name, judged),
        readings=plan.readings_of(name),
        thresholds=judged.thresholds,
        details=details,
        reference=plan.reference_of(name) or None,
        confidence=statistics.confidence,
        operating_point=point.policy if point.value is None else f"{point.policy} {point.value:g}",
        declared_thresholds=tuple(
            external.name
            for external in plan.externals
            if external.task == name and external.threshold is not None
        ),
        margin=_margin(statistics),
        classes=_classes(task),
        shuffled=plan.options.shuffle_labels is not None,
    )


def _margin(statistics: object) -> float:
    declared = getattr(statistics, "non_inferiority_margin", None)
    return math.nan if declared is None else float(declared)


def _classes(task: Task) -> tuple[str, ...]:
    return tuple(task.classes) if isinstance(task, BinaryTask | MulticlassTask) else ()


def _images(plan: Plan) -> pd.DataFrame:
    """Return the images with the hash of their content; empty text where a file could not be read."""
    images = plan.cohort.images
    content = images["image"].map(plan.content).fillna("").astype(str)
    content = content.mask(content.str.startswith("missing"), "")
    table = images[["lesion_id", "sequence"]].assign(content=content)
    return table.drop_duplicates(ignore_index=True)


def _models(plan: Plan, task: str, judged: Evaluation) -> tuple[CheckedModel, ...]:
    """Return the models that have results in a task."""
    evaluated = set(judged.results["model"])
    found = [
        CheckedModel(model.name, model.title, str(model.to_dict()["kind"]), tuple(model.seeds))
        for model in plan.models
    ]
    found += [
        CheckedModel(
            external.name,
            external.title,
            "external",
            tuple(sorted({int(seed) for seed in external.predictions["seed"]})),
        )
        for external in plan.externals
        if external.task == task
    ]
    return tuple(model for model in found if model.name in evaluated)
