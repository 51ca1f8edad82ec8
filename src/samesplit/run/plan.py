"""Everything a run is made of, read and checked before any work starts, and the hash that names the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import BenchmarkDefinition, read_benchmark
from samesplit.benchmarks.published import load_published
from samesplit.benchmarks.readings import load_readings
from samesplit.benchmarks.splits import Split, read_split
from samesplit.errors import SplitError
from samesplit.execution.processes import cores
from samesplit.features.engines import engine_module
from samesplit.features.profiles import Profile
from samesplit.models.settings import ModelSettings
from samesplit.run.external_predictions import ExternalModel, load_externals
from samesplit.run.models import load_models
from samesplit.run.profiles import read_profiles
from samesplit.run.provenance import ContentHashes
from samesplit.run.versions import versions
from samesplit.source import source_digest
from samesplit.storage import hash_object
from samesplit.tables import LEDGER, READINGS, empty_table, hash_table
from samesplit.workspace import Workspace, find_benchmark

__all__ = ["Plan", "RunOptions", "jobs_of", "load_plan", "run_code"]


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
        cohort: Lesions, images and labels.
        labels: 0 or 1 per lesion: the cohort's, or the permuted ones.
        split: The frozen split.
        readings: The readers' calls; no rows when there are none.
        published: Results that others have published on the benchmark; no rows when there are none.
        ledger: What happened to lesions while reading the cohort and the readings.
        notes: What was found out about the files: their separators, their missing values, ...
        profiles: Profile by name.
        models: Settings of every model, members before the ensembles made of them.
        simple_arm: The name of the strong simple model among them; None where there is none.
        added: The names of models that the benchmark does not list: the simple arm, where it is not listed.
        externals: Models whose predictions were made elsewhere.
        options: What the command line changed.
        content: Hash of each image's and mask's content, by reference.
        run_id: Names the run: the hash of all of the above.
    """

    workspace: Workspace
    folder: Path
    definition: BenchmarkDefinition
    cohort: Cohort
    labels: pd.Series[int]
    split: Split
    readings: pd.DataFrame
    published: pd.DataFrame
    ledger: pd.DataFrame
    profiles: dict[str, Profile]
    models: tuple[ModelSettings, ...]
    externals: tuple[ExternalModel, ...]
    options: RunOptions
    content: dict[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()
    simple_arm: str | None = None
    added: tuple[str, ...] = ()
    run_id: str = ""

    @property
    def run_folder(self) -> Path:
        """Where this run writes."""
        return self.workspace.reports / self.definition.name / self.run_id

    @property
    def reference(self) -> str:
        """The model that all others are compared with."""
        named = self.definition.statistics.reference
        names = [*(model.name for model in self.models), *(external.name for external in self.externals)]
        if named in names:
            return str(named)
        radiomic = [model.name for model in self.models if model.radiomic()]
        return (radiomic or names or [""])[0]


def load_plan(benchmark: str | Path, options: RunOptions, *, start: Path | None = None) -> Plan:
    """Read and check everything that a run needs.

    Raises:
        SamesplitError: (one of its kinds) Something is missing or wrong; nothing has been written.
    """
    workspace, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    models, arm, added = load_models(workspace, folder, definition, only=options.only)
    profiles = read_profiles(workspace, definition)
    cohort = load_cohort(folder, definition)
    split = read_split(folder, cohort, settings=definition.split)
    readings, ledger = empty_table(READINGS), empty_table(LEDGER)
    notes = list(cohort.notes)
    if definition.readings is not None:
        readings, ledger = load_readings(folder, definition, cohort, notes=notes)
    published = load_published(folder, missing=definition.missing_values, notes=notes)
    externals = load_externals(workspace, definition.name)
    if any(external.name in added for external in externals):  # joined before the arm was there by itself
        models, arm, added = tuple(model for model in models if model.name not in added), None, ()
    labels = cohort.labels
    if options.shuffle_labels is not None:
        labels = shuffle_labels(cohort, split, options.shuffle_labels)
        readings, externals = empty_table(READINGS), ()
    hashes = ContentHashes()
    references = sorted({str(r) for column in ("image", "mask") for r in cohort.images[column].unique()})
    content = {reference: hashes.of(reference) for reference in references}
    plan = Plan(
        workspace=workspace,
        folder=folder,
        definition=definition,
        cohort=cohort,
        labels=labels,
        split=split,
        readings=readings,
        published=published,
        ledger=pd.concat([cohort.ledger, ledger], ignore_index=True),
        profiles=profiles,
        models=models,
        externals=externals,
        options=options,
        content=content,
        notes=(*notes, *split.notes, *(note for external in externals for note in external.notes)),
        simple_arm=arm,
        added=added,
    )
    object.__setattr__(plan, "run_id", hash_object(_identity(plan))[:10])
    return plan


def _identity(plan: Plan) -> dict[str, Any]:
    """Plain data that changes when, and only when, the results may change."""
    return {
        "code": source_digest(*_code(plan)),
        "versions": versions(),
        "benchmark": plan.definition.model_dump(mode="json", exclude={"data", "split"}),
        "lesions": hash_table(plan.cohort.lesions),
        "images": hash_table(_images_by_content(plan)),
        "features": plan.cohort.features.sha256 if plan.cohort.features is not None else "",
        "published": hash_table(plan.published),
        "data": [plan.definition.data.licence, plan.definition.data.source],
        "labels": hash_table(plan.labels.reset_index()),
        "split": plan.split.sha256,
        "readings": hash_table(plan.readings),
        "profiles": {name: profile.digest() for name, profile in plan.profiles.items()},
        "models": [
            (model.name, model.title, model.digest(), model.seeds, model.keeps()) for model in plan.models
        ],
        "externals": [(external.name, external.title, external.sha256) for external in plan.externals],
    }


def _code(plan: Plan) -> list[str]:
    """What a run starts from: its own stages (statistics and report among them), its models and its engines."""
    engines = [engine_module(profile.engine) for profile in plan.profiles.values()]
    models = [module for model in plan.models for module in model.code()]
    return sorted({"samesplit.workflows.run", "samesplit.run.plan", *engines, *models})


def run_code() -> str:
    """A hash of the code and versions without which an unfinished run cannot be gone on with."""
    return hash_object([source_digest("samesplit.workflows.run", "samesplit.run.plan"), versions()])


def _images_by_content(plan: Plan) -> pd.DataFrame:
    """The images table with the content of each file instead of its path: a moved cohort is the same cohort."""
    return plan.cohort.images.assign(
        image=plan.cohort.images["image"].map(plan.content), mask=plan.cohort.images["mask"].map(plan.content)
    )


def shuffle_labels(cohort: Cohort, split: Split, seed: int) -> pd.Series[int]:
    """Give each patient the labels of another, whatever the numbers of their lesions: permuted labels.

    A giver with fewer lesions gives its labels round and round. Shuffling only among patients with as many
    lesions would keep any link between the number of lesions and the label, and so would not be chance.
    The first permutation (from the seed) that leaves both classes in every training and test part is taken.

    Raises:
        SplitError: A thousand permutations left some part without a class.
    """
    patients = cohort.lesions.set_index("lesion_id")["patient_id"]
    groups = {str(p): sorted(map(str, part.index)) for p, part in patients.groupby(patients)}
    names = sorted(groups)
    rng = np.random.default_rng(seed)
    for _ in range(1000):
        shuffled = cohort.labels.copy()
        for taker, giver in zip(names, rng.permutation(len(names)), strict=True):
            given = cohort.labels.loc[groups[names[giver]]].to_numpy()
            shuffled.loc[groups[taker]] = np.resize(given, len(groups[taker]))
        if _both_classes(cohort, split, shuffled):
            return shuffled
    raise SplitError(
        "no shuffling of the labels leaves both classes in every training and test part",
        where="label permutation",
        remedy="use fewer folds for the label permutation",
    )


def _both_classes(cohort: Cohort, split: Split, labels: pd.Series[int]) -> bool:
    return all(
        labels.loc[split.lesions(cohort.lesions, repeat, fold, subset)].nunique() == 2
        for repeat, fold in split.pairs()
        for subset in ("train", "test")
    )


def jobs_of(plan: Plan) -> int:
    """Return how many processes to use: as asked, else one per core that this process may use."""
    return plan.options.jobs or cores()
