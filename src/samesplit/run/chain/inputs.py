"""What classifiers of the chain are given: test lesions with predicted masks, and the features of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from samesplit.features.changes import relative_changes
from samesplit.features.derived import derived_features
from samesplit.features.extraction import extract
from samesplit.models.protocol import Cases
from samesplit.models.settings import ModelSettings
from samesplit.run.chain.predicted_masks import PredictedMasks, predicted_masks, rater_of
from samesplit.run.feature_stage import FeatureStage
from samesplit.run.model_inputs import cases_under, feature_columns, inputs_digest
from samesplit.run.plan import Plan, jobs_of
from samesplit.run.progress import Reporter
from samesplit.tables import FEATURES, LEDGER, empty_table, stack_ledgers

__all__ = ["ChainInputs", "chain_inputs"]

Place = tuple[int, int]


@dataclass
class ChainInputs:
    """What the chains of a run have found, for their classifiers and for the evaluation.

    Attributes:
        masks: By model of masks.
        cases: By classifier and place (repeat, fold): the cases by name of the pseudo-rater.
        digests: Of the same.
        ledger: Predicted masks whose features could not be extracted.
    """

    masks: dict[str, PredictedMasks] = field(default_factory=dict)
    cases: dict[tuple[str, Place], dict[str, Cases]] = field(default_factory=dict)
    digests: dict[tuple[str, Place], str] = field(default_factory=dict)
    ledger: pd.DataFrame = field(default_factory=lambda: empty_table(LEDGER))


def chain_inputs(
    plan: Plan,
    segmentation: list[str],
    classifiers: list[ModelSettings],
    predictions: pd.DataFrame,
    stage: FeatureStage,
    reporter: Reporter,
) -> ChainInputs:
    """Make the inputs of the classifiers from predicted masks.

    Args:
        plan: The run, with a chain.
        segmentation: The models of masks that did not fail.
        classifiers: The models that diagnose.
        predictions: Of the task of masks.
        stage: The features under the rater's masks, whose columns are wanted.
        reporter: Progress reporter.
    """
    chain = plan.definition.chain
    assert chain is not None
    made = ChainInputs()
    with reporter.stage("Predicted masks") as advance:
        for number, name in enumerate(segmentation):
            advance(number, len(segmentation))
            made.masks[name] = predicted_masks(plan, name, predictions, chain.least_overlap)
        advance(len(segmentation), len(segmentation))
    wanted = {p for m in classifiers for p in m.needs().profiles}
    profiles = [name for name in plan.profiles if name in wanted or "*" in wanted]
    features, made.ledger = _features(plan, made.masks, profiles, reporter)
    content = dict(plan.content)
    for masks in made.masks.values():
        content |= masks.content
    for model in classifiers:
        needs = model.needs()
        sequences = needs.sequences or plan.definition.cohort.sequences
        used = tuple(plan.profiles) if "*" in needs.profiles else needs.profiles
        columns = feature_columns(stage.features, used, sequences, plan.definition.cohort.rater)
        for name, masks in made.masks.items():
            for place, images in masks.images.items():
                own = features[features["rater"] == _tag(name, place)]
                cases = cases_under(plan, model, rater_of(name), images, own, columns)
                if len(cases):
                    made.cases.setdefault((model.name, place), {})[rater_of(name)] = cases
        for place in {place for masks in made.masks.values() for place in masks.images}:
            by_rater = made.cases.get((model.name, place), {})
            made.digests[model.name, place] = inputs_digest(by_rater, content)
    return made


def _features(
    plan: Plan, masks: Mapping[str, PredictedMasks], profiles: list[str], reporter: Reporter
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Extract the features of all predicted masks; the rater's name tells the model and the fold."""
    tables = [
        images.assign(rater=_tag(name, place))
        for name, of_model in masks.items()
        for place, images in of_model.images.items()
        if len(images)
    ]
    if not tables:
        return empty_table(FEATURES), empty_table(LEDGER)
    images = pd.concat(tables, ignore_index=True)
    found, ledgers = [empty_table(FEATURES)], []
    for name in profiles:
        wanted = images[images["sequence"].isin(plan.definition.profiles[name])]
        with reporter.stage(f"Features {name}, predicted masks") as advance:
            done = extract(
                wanted,
                plan.profiles[name],
                cache=plan.workspace.cache / "features",
                jobs=jobs_of(plan),
                progress=advance,
                geometry_repair=plan.definition.cohort.geometry_repair,
                minimum_voxels=plan.definition.cohort.minimum_voxels,
                matching_references=plan.cohort.images,
                scheduler=plan.options.scheduler,
            )
        found.append(done.features)
        baseline = plan.profiles[name].relative_change_to
        if baseline is not None:
            first = plan.definition.profiles[name][0]
            found.append(relative_changes(done.features, first if baseline == "first" else baseline))
        ledgers.append(done.ledger[done.ledger["status"] == "failed"])
    features = pd.concat(found, ignore_index=True)
    own = [one for one in plan.definition.derived() if one.profile in profiles]
    derived, lacking = derived_features(features, own)
    return pd.concat([features, derived], ignore_index=True), stack_ledgers([*ledgers, lacking])


def _tag(segmentation: str, place: Place) -> str:
    repeat, fold = place
    return f"{rater_of(segmentation)}, repeat {repeat} fold {fold}"
