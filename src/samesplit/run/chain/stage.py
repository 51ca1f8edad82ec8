"""The chain inside the model stage: what its classifiers are given, and what becomes of their predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from samesplit.models.settings import ModelSettings
from samesplit.places import Places
from samesplit.run.chain.check import chain_task, classifiers_of
from samesplit.run.chain.inputs import ChainInputs, chain_inputs
from samesplit.run.chain.predicted_masks import rater_of
from samesplit.run.feature_stage import FeatureStage
from samesplit.run.fold_tasks import FoldTask
from samesplit.run.plan import Plan
from samesplit.run.progress import Reporter
from samesplit.tasks import ClassificationTask

__all__ = [
    "begin_chain",
    "chain_classifiers",
    "chain_tables",
    "members_on_predicted_masks",
    "with_predicted_masks",
]


def chain_classifiers(plan: Plan) -> tuple[str, ...]:
    """Return the models of a run that diagnose on predicted masks; none without a model that draws them."""
    chain = plan.definition.chain
    if chain is None or not {model.name for model in plan.models} & set(chain.segmentation):
        return ()
    return classifiers_of(chain, plan.models, plan.tasks, plan.model_tasks)


def begin_chain(
    plan: Plan,
    predictions: Mapping[str, pd.DataFrame],
    images: FeatureStage,
    reporter: Reporter,
) -> ChainInputs:
    """Make what the classifiers are given, once the masks are drawn.

    Args:
        plan: The run.
        predictions: Of each task; a model of masks that failed is not among those of its task.
        images: The features under the rater's masks.
        reporter: Progress reporter.
    """
    chain = plan.definition.chain
    assert chain is not None
    masks = predictions[chain_task(chain, plan.tasks)]
    drawn = [name for name in chain.segmentation if name in set(masks["model"])]
    names = chain_classifiers(plan)
    classifiers: Sequence[ModelSettings] = [model for model in plan.models if model.name in names]
    return chain_inputs(plan, drawn, list(classifiers), masks, images, reporter)


def with_predicted_masks(task: FoldTask, chain: ChainInputs | None) -> FoldTask:
    """Give a classifier's fit its test lesions with predicted masks, beside those with the rater's."""
    if chain is None or not isinstance(task.task, ClassificationTask):
        return task
    place = (task.settings.name, (task.repeat, task.fold))
    if place not in chain.cases:
        return task
    digest = task.digest + chain.digests[place]
    return replace(task, cases=task.cases | chain.cases[place], digest=digest)


def members_on_predicted_masks(
    members: pd.DataFrame, chain: ChainInputs | None, primary_rater: str
) -> pd.DataFrame:
    """Let members of an ensemble that look at no mask answer on predicted masks as they do on any other.

    Args:
        members: Predictions of the members in one fold, on all masks.
        chain: What was found.
        primary_rater: The benchmark's.

    Returns:
        The predictions, and those of such members again under the name of each set of predicted masks.
    """
    tables = [members]
    for rater in [rater_of(segmentation) for segmentation in chain.masks] if chain is not None else []:
        answered = set(members.loc[members["rater"] == rater, "model"])
        same = members[(members["rater"] == primary_rater) & (members["subset"] == "test")]
        same = same[~same["model"].isin(answered)]
        if answered and len(same):
            tables.append(same.assign(rater=rater))
    return pd.concat(tables, ignore_index=True)


def chain_tables(
    plan: Plan, chain: ChainInputs, name: str, predictions: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Part a task's predictions on predicted masks from the others.

    Args:
        plan: The run.
        chain: What was found.
        name: The task's.
        predictions: Of the task.

    Returns:
        The predictions without them, and four tables. `chain`: the predictions on predicted masks, with the
        column `segmentation`. `chain_models`: segmentation and model of every chain, also of those that found no
        lesion. `chain_lesions`: one row a test lesion, repeat and fold: segmentation, repeat, fold, lesion_id,
        found, reason (why not), dice. `chain_images`: one row a tested image, of the first sequence that its
        lesions have: segmentation, repeat, fold, patient_id, image, false_positives (components that are no
        lesion).
    """
    by_rater = {rater_of(segmentation): segmentation for segmentation in chain.masks}
    on_predicted = predictions["rater"].isin(list(by_rater))
    own = predictions[on_predicted]
    told = own.assign(segmentation=own["rater"].map(by_rater))
    told = told[["segmentation", *own.columns]].reset_index(drop=True)
    answered = plan.outcomes[name].index
    lesions = _together({s: masks.lesions for s, masks in chain.masks.items()})
    lesions = lesions[lesions["lesion_id"].isin(answered)].reset_index(drop=True)
    scans = _together({s: masks.scans for s, masks in chain.masks.items()})
    scans = Places(plan.workspace.root).hide_in_table(scans, ["image"])
    models = [model for model in chain_classifiers(plan) if model in set(predictions["model"])]
    pairs = [(segmentation, model) for segmentation in chain.masks for model in models]
    tables = {
        "chain": told,
        "chain_models": pd.DataFrame(pairs, columns=["segmentation", "model"], dtype="str"),
        "chain_lesions": lesions,
        "chain_images": scans,
    }
    return predictions[~on_predicted].reset_index(drop=True), tables


def _together(rows: Mapping[str, Sequence[Mapping[str, object]]]) -> pd.DataFrame:
    return pd.DataFrame(
        [{"segmentation": segmentation, **row} for segmentation, of_model in rows.items() for row in of_model]
    )
