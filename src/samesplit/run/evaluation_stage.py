"""The last stage of a run: predictions and readings against the labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from samesplit.benchmarks.group_columns import numbers_of
from samesplit.benchmarks.splits.split import MOST_TEST_SETS
from samesplit.benchmarks.statistics_settings import StatisticsSettings
from samesplit.errors import PredictionsError
from samesplit.evaluation.binary.decision_curves import DEFAULT_THRESHOLDS
from samesplit.evaluation.binary.evaluate import Evaluation
from samesplit.evaluation.groups import cut_column, cut_into_groups
from samesplit.evaluation.mask_regression import MaskRegressionSettings
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.raters import MASK_PAIRS, RATER_FEATURES
from samesplit.evaluation.readers.settings import Hypothesis, ReaderSettings
from samesplit.evaluation.segmentation.evaluate import COMPONENTS, OVERLAP
from samesplit.evaluation.task import evaluate_task
from samesplit.execution.calls import Workers
from samesplit.run.claim_rules import claim_rules, with_families_told
from samesplit.run.mask_overlap import measure_overlap
from samesplit.run.mask_pairs import measure_mask_pairs
from samesplit.run.plan import Plan, jobs_of
from samesplit.run.prognostic_scores import adjusted_for, cuts_of_scores
from samesplit.run.progress import Advance, Reporter
from samesplit.tasks import SegmentationTask, Task

__all__ = ["evaluate_predictions"]


def evaluate_predictions(
    plan: Plan,
    predictions: dict[str, pd.DataFrame],
    details: dict[str, dict[str, pd.DataFrame]],
    reporter: Reporter,
    failures: Mapping[str, str],
    features: pd.DataFrame,
) -> dict[str, Evaluation]:
    """Judge the predictions and readings of each task; the only place where test labels are read.

    A named task that no model answered has no evaluation.

    Args:
        plan: The run.
        predictions: Of each task.
        details: The models' own tables, by task and name.
        reporter: Progress reporter.
        failures: The reason for each model that failed.
        features: The features under all raters' masks.

    Raises:
        PredictionsError: No model answered any task; the message has the reason of the first that failed.
    """
    settings = plan.definition.statistics
    judged: dict[str, Evaluation] = {}
    if all(table.empty for table in predictions.values()):
        why = next(iter(failures.values()), "")
        raise PredictionsError(
            "no model gave any prediction" + (f". The first that failed: {why}" if why else ""),
            where=plan.definition.name,
            remedy=None if why else "list models that can answer, or join predictions made elsewhere",
        )
    pairs = _mask_pairs(plan, reporter)
    if len(set(features["rater"])) > 1:
        pairs[RATER_FEATURES] = features
    rules = claim_rules(settings, plan.added)
    point = settings.operating_point.declared
    truths = {name: _truth(plan, name) for name in plan.tasks}
    measured = {
        name: _measured_masks(plan, name, task, predictions[name], reporter)
        for name, task in plan.tasks.items()
        if not predictions[name].empty or not plan.definition.tasks
    }
    with reporter.stage("Statistics") as advance:
        for number, (name, task) in enumerate(plan.tasks.items()):
            advance(number, len(plan.tasks))
            if predictions[name].empty and plan.definition.tasks:
                continue
            details_of_masks, notes = measured[name]
            readings, reference = plan.readings_of(name), plan.reference_of(name)
            workers = Workers(
                jobs_of(plan), plan.options.scheduler, _within(advance, number, len(plan.tasks))
            )
            options = EvaluationOptions(
                readings=readings if len(readings) else None,
                reference=reference if reference in set(predictions[name]["model"]) else None,
                operating_point=point,
                confidence=settings.confidence,
                n_bootstrap=settings.bootstraps,
                seed=settings.seed,
                primary_rater=plan.definition.cohort.rater,
                details=details[name] | details_of_masks | pairs,
                rules=rules,
                clinical=dict(adjusted_for(plan, name) or plan.definition.cohort.clinical),
                risk_cuts=cuts_of_scores(plan, predictions, name, truths, point),
                clinical_model=plan.clinical_of(name),
                decision_thresholds=settings.decision_thresholds or DEFAULT_THRESHOLDS,
                risk_categories=settings.risk_categories,
                groups=_groups(plan, name),
                readers=_reader_settings(settings),
                mask_regression=_mask_regression(settings),
                factorial=_combinations(plan, predictions[name]),
                workers=workers,
                declared_thresholds={
                    external.name: external.threshold
                    for external in plan.externals
                    if external.task == name and external.threshold is not None
                },
            )
            found = evaluate_task(task, predictions[name], truths[name], options)
            judged[name] = replace(found, notes=(*found.notes, *notes))
        advance(len(plan.tasks), len(plan.tasks))
    return with_families_told(judged, rules)


def _within(advance: Advance, task: int, tasks: int) -> Callable[[int, int], None]:
    """Return what tells of the pieces of one task among several: each counts for as much as the first one."""
    return lambda done, total: advance(task * total + done, tasks * total)


def _measured_masks(
    plan: Plan, name: str, task: Task, predictions: pd.DataFrame, reporter: Reporter
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    """Return what predicted masks say of the lesions, for a task of masks, and what could not be measured."""
    if not isinstance(task, SegmentationTask):
        return {}, ()
    cohort, images = plan.definition.cohort, plan.cohort.images
    own = images[images["rater"] == cohort.rater]
    with reporter.stage(f"Predicted masks {name}" if plan.definition.tasks else "Predicted masks") as advance:
        measured = measure_overlap(
            predictions,
            own,
            task,
            geometry_repair=cohort.geometry_repair,
            minimum_voxels=cohort.minimum_voxels,
            workers=Workers(jobs_of(plan), plan.options.scheduler, advance),
        )
    return {OVERLAP: measured.overlap, COMPONENTS: measured.components}, measured.notes


def _mask_pairs(plan: Plan, reporter: Reporter) -> dict[str, pd.DataFrame]:
    """Compare the masks of the raters of tested lesions, where there are several."""
    cohort = plan.definition.cohort
    raters = (cohort.rater, *cohort.other_raters)
    if len(raters) < 2 or not cohort.sequences:
        return {}
    with reporter.stage("Raters' masks") as advance:
        pairs = measure_mask_pairs(
            plan.cohort.images[plan.cohort.images["lesion_id"].isin(plan.tested)],
            raters,
            cache=plan.workspace.cache / "mask_pairs",
            jobs=jobs_of(plan),
            geometry_repair=cohort.geometry_repair,
            minimum_voxels=cohort.minimum_voxels,
            progress=advance,
            scheduler=plan.options.scheduler,
        )
    return {MASK_PAIRS: pairs}


def _truth(plan: Plan, task: str) -> pd.DataFrame:
    """Return the lesions that have an outcome in a task, with it and all columns of lesions.csv."""
    outcomes = plan.outcomes[task]
    lesions = plan.split.with_test_sets(plan.cohort.lesions).set_index("lesion_id")
    lesions = lesions.loc[lesions.index.isin(outcomes.index)]
    for column, cuts in plan.definition.statistics.group_cuts.items():
        lesions[cut_column(column)] = cut_into_groups(numbers_of(lesions[column]), cuts)
    return lesions.assign(**{str(column): outcomes[column] for column in outcomes})


def _groups(plan: Plan, task: str) -> tuple[str, ...]:
    """Return the columns whose values are judged by themselves; those that are cut come last."""
    named, lesions = plan.definition.statistics.groups, plan.cohort.lesions
    if named is None:
        tested = lesions[lesions["lesion_id"].isin(plan.outcomes[task].index)]
        several = "site" in lesions and 1 < tested["site"].nunique() <= MOST_TEST_SETS
        named = ("site",) if plan.definition.factorial is not None and several else ()
    return tuple(dict.fromkeys((*named, *plan.definition.statistics.group_cuts)))


def _combinations(plan: Plan, predictions: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the levels of the combinations that have predictions."""
    if plan.definition.factorial is None:
        return {}
    there = set(predictions["model"])
    return {one.name: one.levels for one in plan.definition.factorial.models() if one.name in there}


def _reader_settings(settings: StatisticsSettings) -> ReaderSettings:
    """Return what the benchmark declares of its readers; a margin alone asks for both hypotheses."""
    margin = settings.non_inferiority_margin
    both: tuple[Hypothesis, ...] = () if margin is None else ("non-inferiority", "superiority")
    return ReaderSettings(
        confidence=settings.confidence,
        margin=margin,
        hypotheses=both if settings.hypotheses is None else settings.hypotheses,
        hit_radius_mm=settings.hit_radius_mm,
        n_bootstrap=settings.bootstraps,
        seed=settings.seed,
    )


def _mask_regression(settings: StatisticsSettings) -> MaskRegressionSettings | None:
    """Return what the benchmark declares of the regression of the Dice coefficient."""
    asked = settings.mask_regression
    return None if asked is None else MaskRegressionSettings(asked.columns, dict(asked.references))
