"""The features of a run measured again under perturbations, for the models that ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from samesplit.features.derived import with_derived_columns
from samesplit.features.perturbation.changes import with_changes
from samesplit.features.perturbation.extraction import extract_repeats
from samesplit.features.perturbation.feature_matrix import wide_repeats
from samesplit.features.perturbation.settings import Perturbations
from samesplit.run.plan import Plan
from samesplit.run.progress import Reporter
from samesplit.storage import hash_object

__all__ = ["RepeatStage", "measure_again", "name_of"]


@dataclass(frozen=True)
class RepeatStage:
    """Result of extracting perturbed features.

    Attributes:
        tables: Wide repeats (see `Cases.repeats`) by the name of the perturbations.
        ledgers: Cases that failed under a perturbation.
        seconds: Computing time by what was done, summed over processes.
        codes: Why cases failed, as codes of `samesplit.execution.failures`.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    ledgers: list[pd.DataFrame] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)


def name_of(perturbations: Perturbations) -> str:
    """Return what tells one declaration of perturbations from another."""
    return hash_object(perturbations.model_dump(mode="json"))


def measure_again(
    plan: Plan, images: pd.DataFrame, reporter: Reporter, *, jobs: int, matching_references: pd.DataFrame
) -> RepeatStage:
    """Extract the profiles of every model that asks for perturbations under those that it asks for.

    Every lesion is measured, since each is in the training part of some fold; a model is fitted on those of its
    own training part (see `Cases.select`).

    Args:
        plan: The run.
        images: The readable rows of the images table, of all raters.
        reporter: Progress reporter.
        jobs: How many processes.
        matching_references: All rows, readable or not, in which a profile looks for the sequence beside an image.
    """
    stage, cohort = RepeatStage(), plan.definition.cohort
    for perturbations, profiles in _wanted(plan).items():
        tables = {}
        for name in profiles:
            sequences = plan.definition.profiles[name]
            with reporter.stage(f"Perturbed {name}") as advance:
                done = extract_repeats(
                    images[images["sequence"].isin(sequences)],
                    plan.profiles[name],
                    perturbations,
                    raters=(cohort.rater, *cohort.other_raters),
                    cache=plan.workspace.cache / "features",
                    jobs=jobs,
                    geometry_repair=cohort.geometry_repair,
                    minimum_voxels=cohort.minimum_voxels,
                    progress=advance,
                    matching_references=matching_references,
                    scheduler=plan.options.scheduler,
                )
            baseline = plan.profiles[name].relative_change_to
            if baseline is None:
                tables[name] = done.table
            else:
                tables[name] = with_changes(done.table, sequences[0] if baseline == "first" else baseline)
            stage.ledgers.append(done.ledger)
            stage.codes.update(done.codes)
            spent = stage.seconds.get(f"{name} perturbed", 0.0)
            stage.seconds[f"{name} perturbed"] = round(spent + done.seconds, 2)
        stage.tables[name_of(perturbations)] = with_derived_columns(
            wide_repeats(tables), plan.definition.derived()
        )
    return stage


def _wanted(plan: Plan) -> dict[Perturbations, list[str]]:
    """Return the profiles that are to be measured again, by the perturbations."""
    wanted: dict[Perturbations, list[str]] = {}
    for model in plan.models:
        needs = model.needs()
        if needs.perturbations is not None:
            names = list(plan.profiles) if "*" in needs.profiles else list(needs.profiles)
            known = wanted.setdefault(needs.perturbations, [])
            known += [name for name in names if name not in known]
    return wanted
