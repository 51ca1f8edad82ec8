"""The first stage of a run: from images to thumbnails and features."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from samesplit.features.changes import relative_changes
from samesplit.features.derived import derived_features
from samesplit.features.extraction import NOTE_COLUMNS, STEP_COLUMNS, extract
from samesplit.imaging.thumbnails import COLUMNS, thumbnails
from samesplit.run.perturbed_features import measure_again
from samesplit.run.plan import Plan, jobs_of
from samesplit.run.progress import Reporter
from samesplit.tables import FEATURES, LEDGER, empty_table, stack_ledgers

__all__ = ["FeatureStage", "extract_features"]


@dataclass(frozen=True)
class FeatureStage:
    """Result of the feature stage.

    Attributes:
        features: All profiles, sequences and raters.
        pictures: One thumbnail an image of the benchmark's own rater.
        ledger: Images that failed or were repaired.
        seconds: Computing time by profile, summed over processes.
        steps: How each image was processed for each profile; see `samesplit.features.extraction`.
        notes: What is to be known about single cases, such as features that are not defined for them.
        repeats: The features measured again, for models that ask for it; see `samesplit.run.perturbed_features`.
        codes: Why images failed, as codes of `samesplit.execution.failures`.
    """

    features: pd.DataFrame
    pictures: pd.DataFrame
    ledger: pd.DataFrame
    seconds: dict[str, float]
    steps: pd.DataFrame
    notes: pd.DataFrame
    repeats: dict[str, pd.DataFrame] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()

    @property
    def unreadable(self) -> set[tuple[str, str, str]]:
        """(lesion_id, sequence, rater) of the images that no model is to open."""
        failed = self.ledger[(self.ledger["status"] == "failed") & (self.ledger["stage"] == "images")]
        return set(zip(failed["lesion_id"], failed["sequence"], failed["rater"], strict=True))


def extract_features(plan: Plan, reporter: Reporter) -> FeatureStage:
    """Open every image once, draw its thumbnail, and extract every profile; nothing where there are no images.

    Masks of other raters judge the fitted models, so theirs are looked at of tested lesions only.
    """
    cohort = plan.definition.cohort
    if not cohort.sequences:
        return _no_images()
    raters = [cohort.rater, *cohort.other_raters]
    drawn = plan.cohort.images[plan.cohort.images["rater"].isin(raters)]
    images = drawn[(drawn["rater"] == cohort.rater) | drawn["lesion_id"].isin(plan.tested)]
    jobs, cache, scheduler = jobs_of(plan), plan.workspace.cache, plan.options.scheduler
    with reporter.stage("Images") as advance:
        looked = thumbnails(
            images,
            cache=cache / "thumbnails",
            jobs=jobs,
            progress=advance,
            geometry_repair=cohort.geometry_repair,
            minimum_voxels=cohort.minimum_voxels,
            scheduler=scheduler,
        )
    failed = _keys(looked.ledger[looked.ledger["status"] == "failed"])
    tables, ledgers, seconds, codes = [], [looked.ledger], {}, set(looked.codes)
    steps, notes = [pd.DataFrame(columns=STEP_COLUMNS)], [pd.DataFrame(columns=NOTE_COLUMNS)]
    for name, sequences in plan.definition.profiles.items():
        wanted = _without(images[images["sequence"].isin(sequences)], failed)
        with reporter.stage(f"Features {name}") as advance:
            done = extract(
                wanted,
                plan.profiles[name],
                cache=cache / "features",
                jobs=jobs,
                progress=advance,
                geometry_repair=cohort.geometry_repair,
                minimum_voxels=cohort.minimum_voxels,
                matching_references=drawn,
                scheduler=scheduler,
            )
        tables.append(done.features)
        baseline = plan.profiles[name].relative_change_to
        if baseline is not None:
            tables.append(relative_changes(done.features, sequences[0] if baseline == "first" else baseline))
        ledgers.append(done.ledger[~done.ledger["status"].isin(["repaired", "noted"])])
        seconds[name] = done.seconds
        codes |= done.codes
        steps.append(done.steps)
        notes.append(done.notes)
    features = pd.concat(tables, ignore_index=True) if tables else empty_table(FEATURES)
    derived, lacking = derived_features(features, plan.definition.derived())
    if len(derived):
        features = pd.concat([features, derived], ignore_index=True)
    pictures = looked.thumbnails[looked.thumbnails["rater"] == cohort.rater]
    again = measure_again(plan, _without(drawn, failed), reporter, jobs=jobs, matching_references=drawn)
    ledger = stack_ledgers([*ledgers, lacking, *again.ledgers])
    return FeatureStage(
        features=features,
        pictures=pictures,
        ledger=ledger,
        seconds=seconds | again.seconds,
        steps=pd.concat(steps, ignore_index=True),
        notes=pd.concat(notes, ignore_index=True),
        repeats=again.tables,
        codes=frozenset(codes | again.codes),
    )


def _no_images() -> FeatureStage:
    """Return what comes of a benchmark that has a table of features and no images."""
    nothing = (pd.DataFrame(columns=names) for names in (COLUMNS, STEP_COLUMNS, NOTE_COLUMNS))
    pictures, steps, notes = nothing
    return FeatureStage(empty_table(FEATURES), pictures, empty_table(LEDGER), {}, steps, notes)


def _without(images: pd.DataFrame, failed: set[tuple[str, str, str]]) -> pd.DataFrame:
    keys = zip(images["lesion_id"], images["sequence"], images["rater"], strict=True)
    return images.loc[[key not in failed for key in keys]]


def _keys(ledger: pd.DataFrame) -> set[tuple[str, str, str]]:
    return set(zip(ledger["lesion_id"], ledger["sequence"], ledger["rater"], strict=True))
