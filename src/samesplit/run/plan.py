"""Everything a run is made of, read and checked before any work starts, and the hash that names the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import BenchmarkDefinition, read_benchmark
from samesplit.benchmarks.image_hashes import image_differences
from samesplit.benchmarks.published import load_published
from samesplit.benchmarks.readings import load_readings
from samesplit.benchmarks.splits import Split, read_split
from samesplit.errors import DeclarationError
from samesplit.execution.processes import cores
from samesplit.features.engines import engine_module
from samesplit.features.profiles import Profile
from samesplit.models.settings import ModelSettings
from samesplit.run.chain.check import check_chain
from samesplit.run.claim_rules import check_families
from samesplit.run.external_predictions import ExternalModel, load_externals
from samesplit.run.models import load_models
from samesplit.run.profiles import read_profiles
from samesplit.run.provenance import ContentHashes
from samesplit.run.shuffling import shuffle_outcomes
from samesplit.run.versions import versions
from samesplit.source import source_digest
from samesplit.storage import hash_object
from samesplit.tables import LEDGER, READINGS, empty_table, hash_table
from samesplit.tasks import Task
from samesplit.workspace import Workspace, find_benchmark

__all__ = ["Plan", "RunOptions", "check_organ_masks", "jobs_of", "load_plan", "run_code"]


@dataclass(frozen=True)
class RunOptions:
    """What the command line may change.

    Attributes:
        jobs: Processes to use; None means one per core.
        shuffle_labels: Seed of the label permutation check: labels are shuffled between patients before
            anything is fitted.
        only: Models to run; empty means all of the benchmark's.
        scheduler: Address of a Dask scheduler whose workers open the images, extract the features, search the
            grids and fit the folds.
    """

    jobs: int | None = None
    shuffle_labels: int | None = None
    only: tuple[str, ...] = ()
    scheduler: str | None = None


@dataclass(frozen=True)
class Plan:
    """A benchmark ready to run.

    Attributes:
        workspace: Where the results go.
        folder: The benchmark's folder.
        definition: `benchmark.yaml`.
        cohort: Lesions, images and outcomes.
        tasks: What is asked, by name.
        outcomes: By task: the cohort's outcomes, or the permuted ones.
        split: The frozen split.
        readings: The readers' calls; no rows when there are none.
        published: Results that others have published on the benchmark; no rows when there are none.
        ledger: What happened to lesions while reading the cohort and the readings.
        notes: What was found out about the files: their separators, their missing values, ...
        profiles: Profile by name.
        models: Settings of every model, members before the ensembles made of them.
        model_tasks: The names of the tasks that each model is fitted for.
        simple_arm: The name of the strong simple model among them; None where there is none.
        added: The names of models that the benchmark does not list: the simple arm, where it is not listed.
        externals: Models whose predictions were made elsewhere.
        options: What the command line changed.
        content: Hash of each image's and mask's content, by reference.
        remarks: What is to be known before any number is believed, such as images that are not those of the
            published run.
        run_id: Names the run: the hash of all of the above.
    """

    workspace: Workspace
    folder: Path
    definition: BenchmarkDefinition
    cohort: Cohort
    tasks: dict[str, Task]
    outcomes: dict[str, pd.DataFrame]
    split: Split
    readings: pd.DataFrame
    published: pd.DataFrame
    ledger: pd.DataFrame
    profiles: dict[str, Profile]
    models: tuple[ModelSettings, ...]
    model_tasks: dict[str, tuple[str, ...]]
    externals: tuple[ExternalModel, ...]
    options: RunOptions
    content: dict[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()
    simple_arm: str | None = None
    added: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    run_id: str = ""

    @property
    def run_folder(self) -> Path:
        """Where this run writes."""
        return self.workspace.reports / self.definition.name / self.run_id

    @property
    def tested(self) -> frozenset[str]:
        """The lesions of patients who are tested in any fold."""
        table, lesions = self.split.table, self.cohort.lesions
        patients = set(table.loc[table["subset"] == "test", "patient_id"])
        return frozenset(lesions.loc[lesions["patient_id"].isin(patients), "lesion_id"])

    @property
    def reference(self) -> str:
        """The model that all others are compared with."""
        return self.reference_of(None)

    def reference_of(self, task: str | None) -> str:
        """Return the model that all others are compared with in a task; None: in any of them.

        It is the one that benchmark.yaml names where it is fitted for the task, else the first model that learns
        from features, else the first.
        """
        models = [model for model in self.models if task is None or task in self.model_tasks[model.name]]
        externals = [external for external in self.externals if task in (None, external.task)]
        named = self.definition.statistics.reference
        names = [*(model.name for model in models), *(external.name for external in externals)]
        if named in names:
            return str(named)
        radiomic = [model.name for model in models if model.radiomic()]
        return (radiomic or names or [""])[0]

    def clinical_of(self, task: str) -> str | None:
        """Return the first model of a task that learns from clinical variables alone, if there is one."""
        own = [model for model in self.models if task in self.model_tasks[model.name]]
        return next((model.name for model in own if model.only_clinical()), None)

    def readings_of(self, task: str) -> pd.DataFrame:
        """Return the readings that answer a task, of the lesions that have an outcome in it."""
        if "task" not in self.readings:
            return self.readings if not self.definition.tasks else self.readings.iloc[:0]
        own = self.readings[self.readings["task"] == task]
        own = own[own["lesion_id"].isin(self.outcomes[task].index)]
        return own.drop(columns="task").reset_index(drop=True)


def load_plan(benchmark: str | Path, options: RunOptions, *, start: Path | None = None) -> Plan:
    """Read and check everything that a run needs.

    Raises:
        SamesplitError: (one of its kinds) Something is missing or wrong; nothing has been written.
    """
    workspace, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    models, arm, added, model_tasks = load_models(workspace, folder, definition, only=options.only)
    profiles = read_profiles(workspace, definition)
    check_chain(definition, models, model_tasks, folder, only=options.only)
    cohort = load_cohort(folder, definition)
    check_organ_masks(models, cohort, folder)
    split = read_split(folder, cohort, settings=definition.split)
    readings, ledger = empty_table(READINGS), empty_table(LEDGER)
    notes = list(cohort.notes)
    if definition.readings is not None:
        readings, ledger = load_readings(folder, definition, cohort, notes=notes)
    published = load_published(folder, missing=definition.missing_values, notes=notes)
    externals = load_externals(workspace, definition.name, definition.all_tasks())
    if any(external.name in added for external in externals):  # joined before the arm was there by itself
        models, arm, added = tuple(model for model in models if model.name not in added), None, ()
    known = [use.name for use in definition.model_uses()]
    known += [model.name for model in models] + [external.name for external in externals]
    check_families(definition.statistics, list(dict.fromkeys(known)), folder)
    outcomes = cohort.outcomes
    if options.shuffle_labels is not None:
        outcomes = shuffle_outcomes(cohort, definition.all_tasks(), split, options.shuffle_labels)
        readings, externals = empty_table(READINGS), ()
    hashes = ContentHashes()
    references = sorted(
        {str(r) for column in _files_of(cohort.images) for r in cohort.images[column].dropna()}
    )
    content = {reference: hashes.of(reference) for reference in references}
    plan = Plan(
        workspace=workspace,
        folder=folder,
        definition=definition,
        cohort=cohort,
        tasks=definition.all_tasks(),
        outcomes=outcomes,
        split=split,
        readings=readings,
        published=published,
        ledger=pd.concat([cohort.ledger, ledger], ignore_index=True),
        profiles=profiles,
        models=models,
        model_tasks=model_tasks,
        externals=externals,
        options=options,
        content=content,
        notes=(*notes, *split.notes, *(note for external in externals for note in external.notes)),
        simple_arm=arm,
        added=added,
        remarks=image_differences(folder, cohort.images, hashes.of),
    )
    object.__setattr__(plan, "run_id", hash_object(_identity(plan))[:10])
    return plan


def check_organ_masks(models: Sequence[ModelSettings], cohort: Cohort, folder: Path) -> None:
    """Refuse a model that finds the organ first where no organ was outlined."""
    there = "organ_mask" in cohort.images and cohort.images["organ_mask"].notna().any()
    for model in models:
        if model.needs().organ_masks and not there:
            raise DeclarationError(
                f"the model '{model.name}' finds the organ first, and images.csv names no organ mask",
                where=folder / "images.csv",
                remedy="add a column organ_mask, or set 'localise: lesion' in the model's settings",
            )


def _identity(plan: Plan) -> dict[str, Any]:
    """Plain data that changes when, and only when, the results may change."""
    return {
        "code": source_digest(*_code(plan)),
        "versions": versions(),
        "benchmark": plan.definition.model_dump(mode="json", exclude={"data", "split", "publication"}),
        "lesions": hash_table(plan.cohort.lesions),
        "images": hash_table(_images_by_content(plan)),
        "features": plan.cohort.features.sha256 if plan.cohort.features is not None else "",
        "published": hash_table(plan.published),
        "data": [plan.definition.data.licence, plan.definition.data.source],
        "outcomes": {name: hash_table(table.reset_index()) for name, table in plan.outcomes.items()},
        "split": plan.split.sha256,
        "readings": hash_table(plan.readings),
        "profiles": {name: profile.digest() for name, profile in plan.profiles.items()},
        "models": [
            (
                model.name,
                model.title,
                model.digest(),
                model.seeds,
                model.keeps(),
                plan.model_tasks[model.name],
            )
            for model in plan.models
        ],
        "externals": [
            (external.task, external.name, external.title, external.sha256) for external in plan.externals
        ],
    }


def _code(plan: Plan) -> list[str]:
    """Return the modules a run starts from: its stages (evaluation and report among them), models, engines."""
    engines = [engine_module(profile.engine) for profile in plan.profiles.values()]
    models = [module for model in plan.models for module in model.code()]
    return sorted({"samesplit.workflows.run", "samesplit.run.plan", *engines, *models})


def run_code() -> str:
    """Return a hash of the code and versions without which an unfinished run cannot be gone on with."""
    return hash_object([source_digest("samesplit.workflows.run", "samesplit.run.plan"), versions()])


def _images_by_content(plan: Plan) -> pd.DataFrame:
    """Replace paths in the images table by the content of the files: a moved cohort is the same cohort."""
    images = plan.cohort.images
    return images.assign(**{column: images[column].map(plan.content) for column in _files_of(images)})


def _files_of(images: pd.DataFrame) -> list[str]:
    """Return the columns of the images table that name files."""
    return [column for column in ("image", "mask", "organ_mask") if column in images]


def jobs_of(plan: Plan) -> int:
    """Return how many processes to use: as asked, else one per core that this process may use."""
    return plan.options.jobs or cores()
