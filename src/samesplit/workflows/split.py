"""The frozen split of a benchmark: made once, written with its hash, handed to nnU-Net if wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import SplitSettings, read_benchmark
from samesplit.benchmarks.splits import Split, make_split, read_split, write_nnunet, write_split
from samesplit.benchmarks.splits.split import SUBSETS
from samesplit.declarations import parse_declaration
from samesplit.tasks import BinaryTask, MulticlassTask, SegmentationTask, SurvivalTask, Task
from samesplit.workspace import find_benchmark

__all__ = ["FrozenSplit", "export_split", "freeze_split"]

_OF_ALL_SCHEMES = ("never_tested", "seed", "strata", "test_sets", "validation")
"""Settings that stay when the command line asks for another scheme; one that it cannot keep refuses them."""


@dataclass(frozen=True)
class FrozenSplit:
    """A split as it was written.

    Attributes:
        path: splits.csv.
        sha256: Its hash.
        counts: Patients, lesions and lesions of each class per fold and part (of the first repeat); named test
            sets have lines of their own below the test part.
        notes: What is to be known about test parts that lack a class.
    """

    path: Path
    sha256: str
    counts: pd.DataFrame
    notes: tuple[str, ...] = ()


def freeze_split(
    benchmark: str | Path, *, changes: dict[str, Any], overwrite: bool = False, start: Path | None = None
) -> FrozenSplit:
    """Make and write the split of a benchmark.

    Args:
        benchmark: Folder or name.
        changes: Settings that replace those of `benchmark.yaml`.
        overwrite: Replace a split that stands; results made with the old one stay with the old one.
        start: Where to look for the benchmark.

    Raises:
        SplitError: The split stands already, or cannot be made fairly.
    """
    _, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    settings = definition.split
    if changes:
        settings = _changed(settings, changes, folder / "benchmark.yaml")
    cohort = load_cohort(folder, definition)
    split = make_split(cohort.lesions, cohort.classes, settings, folder=folder)
    write_split(split, folder, overwrite=overwrite, declared=definition.split)
    frozen = read_split(folder, cohort)
    tasks = definition.all_tasks()
    rows = [
        (repeat, fold, part, *_sizes(tasks, cohort, lesions))
        for repeat, fold in frozen.pairs()
        for part, lesions in _parts(frozen, cohort, repeat, fold)
    ]
    columns = ["repeat", "fold", "part", "patients", "lesions", *_counted(tasks)]
    counts = pd.DataFrame(rows, columns=columns)
    return FrozenSplit(folder / "splits.csv", frozen.sha256, counts[counts["repeat"] == 0], frozen.notes)


def _parts(split: Split, cohort: Cohort, repeat: int, fold: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the lesions of each part of a fold, then those of each named test set that it tests."""
    for subset in SUBSETS:
        yield subset, split.lesions(cohort.lesions, repeat, fold, subset)
    tested = set(split.patient_ids(repeat, fold, "test"))
    owner = cohort.lesions.set_index("lesion_id")["patient_id"]
    set_of = owner[owner.isin(tested)].map(split.test_set_of())
    for name in split.test_sets():
        members = sorted(set_of.index[set_of == name])
        if members:
            yield f"test: {name}", members


def _counted(tasks: Mapping[str, Task]) -> list[str]:
    """Return the columns that count classes and events: positive lesions, each class of several, events."""
    columns: list[str] = []
    for name, task in tasks.items():
        of = "" if len(tasks) == 1 else f" ({name})"
        if isinstance(task, BinaryTask):
            columns.append(f"{task.positive}{of}")
        elif isinstance(task, MulticlassTask):
            columns += [f"{one}{of}" for one in task.classes]
        elif isinstance(task, SurvivalTask):
            columns.append(f"events{of}")
    return columns


def _sizes(tasks: Mapping[str, Task], cohort: Cohort, lesions: list[str]) -> list[int]:
    """How many patients and lesions there are among some lesions, and what `_counted` names."""
    patients = cohort.lesions.loc[cohort.lesions["lesion_id"].isin(lesions), "patient_id"].nunique()
    counts = [patients, len(lesions)]
    for name, task in tasks.items():
        if isinstance(task, SegmentationTask):
            continue
        labels = cohort.outcomes[name]["label"]
        labels = labels[labels.index.isin(lesions)]
        wanted = range(len(task.classes)) if isinstance(task, MulticlassTask) else (1,)
        counts += [int((labels == number).sum()) for number in wanted]
    return counts


def _changed(settings: SplitSettings, changes: dict[str, Any], path: Path) -> SplitSettings:
    """Merge the file's settings and those of the command line; another scheme keeps only what all use."""
    kept = settings.model_dump(mode="json", exclude_defaults=True)
    if changes.get("scheme", settings.scheme) != settings.scheme:
        kept = {name: value for name, value in kept.items() if name in _OF_ALL_SCHEMES}
    if (kept | changes)["scheme"] == "fixed":
        kept = {name: value for name, value in kept.items() if name in ("scheme", "file", "nnunet_val")}
    changed: SplitSettings = parse_declaration(kept | changes, SplitSettings, path=path)
    return changed


def export_split(benchmark: str | Path, path: Path, *, start: Path | None = None) -> Path:
    """Write the split that stands as nnU-Net's `splits_final.json`."""
    _, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    cohort = load_cohort(folder, definition)
    return write_nnunet(read_split(folder, cohort, settings=definition.split), cohort.lesions, path)
