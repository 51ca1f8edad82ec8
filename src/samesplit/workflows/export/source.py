"""The benchmark and the run that are exported, and whether the one still is what the other was run on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.benchmarks.cohort import Cohort, find_table, load_lesions
from samesplit.benchmarks.definition import BenchmarkDefinition, read_benchmark
from samesplit.benchmarks.feature_table import load_feature_table
from samesplit.benchmarks.fetching import data_root
from samesplit.benchmarks.outcomes import read_labels, read_outcomes
from samesplit.benchmarks.readings import load_readings
from samesplit.errors import DataMissingError, Faults, WorkspaceError
from samesplit.features.profiles import read_profile
from samesplit.kept import read_kept_json
from samesplit.models.registry import read_model
from samesplit.models.settings import ModelSettings
from samesplit.places import Places
from samesplit.run.latest import latest_run
from samesplit.run_folder import FINISHED, READINGS, RUN_RECORD
from samesplit.storage import hash_bytes
from samesplit.tables import IMAGES, LEDGER, empty_table, hash_table, read_table
from samesplit.tasks import DEFAULT_TASK
from samesplit.version import __version__
from samesplit.workspace import Workspace, find_benchmark

__all__ = ["Source", "find_source"]

_NEEDED = (
    "run", "benchmark", "tasks", "models", "profiles", "statistics", "cohort", "split", "hashes", "versions",
    "started", "finished", "options",
)  # fmt: skip
"""What a package needs of run.json."""


@dataclass(frozen=True)
class Source:
    """What is exported.

    Attributes:
        workspace: Where profiles and models are.
        folder: The benchmark's folder.
        definition: Its benchmark.yaml.
        root: Where the paths of images.csv start.
        run: The run's folder.
        record: Its run.json.
        models: The settings of each model of the run that has a file, by name.
        model_files: The YAML file of each.
    """

    workspace: Workspace
    folder: Path
    definition: BenchmarkDefinition
    root: Path
    run: Path
    record: dict[str, Any]
    models: dict[str, ModelSettings]
    model_files: dict[str, Path]

    @property
    def name(self) -> str:
        """The benchmark's name."""
        return self.definition.name

    def table(self, name: str) -> Path:
        """Return the path of a table of the benchmark: in its folder, else beside the data."""
        return find_table(name, self.folder, self.root)


def find_source(benchmark: str | Path, *, run: str | None = None, start: Path | None = None) -> Source:
    """Find a benchmark and a run of it, and see to it that they belong together.

    Args:
        benchmark: Folder or name.
        run: The run's name, or the beginning of it; None: the latest.
        start: Where to look for the benchmark.

    Raises:
        WorkspaceError: There is no such run, it was not finished or is one of shuffled labels, or the benchmark
            has been changed since.
        SamesplitError: (one of its kinds) A file of the benchmark cannot be read.
    """
    workspace, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    reports = workspace.reports / definition.name
    chosen = _run_named(reports, run) if run else latest_run(reports, benchmark=str(benchmark)).resolve()
    again = f"samesplit run {definition.name}"
    record, damage = read_kept_json(chosen / RUN_RECORD, *_NEEDED)
    if not record:
        raise WorkspaceError(
            f"{damage or f'there is no {RUN_RECORD}'}: it is damaged, or an older version of samesplit wrote it",
            where=chosen,
            remedy=f"run the benchmark again, which makes it anew: {again}",
        )
    if record.get("options", {}).get("shuffle_labels"):
        raise WorkspaceError(
            "is a run of shuffled labels, whose results say nothing of the models",
            where=chosen,
            remedy="export another run: --run, or leave it out for the latest",
        )
    if not read_kept_json(chosen / FINISHED, "files")[0]:
        raise WorkspaceError("was not finished, or a model failed in it", where=chosen, remedy=again)
    try:
        root = data_root(definition, folder)
    except DataMissingError:  # the tables lie in the benchmark's folder, and no image is needed
        root = folder
    files = dict(_model_files(workspace, definition, record))
    changes = {use.name: use.settings for use in definition.model_uses()}
    models = {
        name: read_model(path, name=name, overrides=changes.get(name, {})) for name, path in files.items()
    }
    source = Source(workspace, folder, definition, root, chosen, record, models, files)
    changed = next(_changes(source), None)
    if changed is not None:
        raise WorkspaceError(
            f"{changed} is another one than the run {chosen.name} was made with{_by_another_version(record)}",
            where=folder,
            remedy=f"run it as it is now, which does only what is new: {again}; or bring back what was run",
        )
    return source


def _by_another_version(record: dict[str, Any]) -> str:
    """Say that the run is of another version, whose settings may be other ones though nobody changed a file."""
    made_by = str(record["versions"].get("samesplit", ""))
    return "" if made_by == __version__ else f" (by samesplit {made_by or 'of an unknown version'})"


def _run_named(reports: Path, run: str) -> Path:
    runs = sorted(path.parent for path in reports.glob(f"*/{RUN_RECORD}") if not path.parent.is_symlink())
    named = Path(run).name
    found = [path for path in runs if path.name.startswith(named)]
    if len(found) == 1:
        return found[0]
    raise WorkspaceError(
        f"there is no run '{run}'" if not found else f"several runs begin with '{run}'",
        where=reports,
        remedy=f"runs are: {', '.join(path.name for path in runs) or 'none'}",
    )


def _model_files(
    workspace: Workspace, definition: BenchmarkDefinition, record: dict[str, Any]
) -> Iterator[tuple[str, Path]]:
    """Name the files of the models of a run; predictions made elsewhere and scores of the readers have none."""
    uses = {use.name: use.use for use in definition.model_uses()}
    for model in record["models"]:
        name = str(model["name"])
        if name in uses:
            yield name, workspace.find_yaml("models", uses[name])
        elif name == record.get("simple_arm"):
            yield name, workspace.find_yaml("models", name)


def _changes(source: Source) -> Iterator[str]:
    """Name what is another one now than when the run was made; nothing where all is the same."""
    record, definition = source.record, source.definition
    hashes = record["hashes"]
    lesions = load_lesions(source.folder, definition, root=source.root)
    splits = source.folder / "splits.csv"
    if not splits.is_file() or hash_bytes(splits.read_bytes()) != hashes["split"]:
        yield "splits.csv"
    if hash_table(lesions) != hashes["lesions"]:
        yield "lesions.csv"
    outcomes = _outcomes(source, lesions)
    if definition.features is not None:
        table, _ = load_feature_table(source.folder, definition, lesions, outcomes, root=source.root)
        if table.sha256 != hashes.get("features"):
            yield definition.features.file
    if definition.readings is not None:
        cohort = Cohort(lesions, empty_table(IMAGES), outcomes, empty_table(LEDGER), "")
        readings, _ = load_readings(source.folder, definition, cohort)
        kept = source.run / READINGS
        before = hash_table(read_table(kept)) if kept.exists() else hash_table(readings.iloc[:0])
        if hash_table(readings) != before:
            yield definition.readings
    hide = Places(source.workspace.root).hide_in  # as the record was written
    cohort_keys = definition.cohort.model_dump(mode="json")
    told = {**definition.statistics.model_dump(mode="json"), "reference": record["statistics"]["reference"]}
    if _plain(hide(cohort_keys)) != record["cohort"] or _plain(hide(told)) != record["statistics"]:
        yield "benchmark.yaml"
    if set(definition.all_tasks()) != {task["name"] for task in record["tasks"]}:
        yield "benchmark.yaml"
    if sorted(definition.profiles) != sorted(profile["name"] for profile in record["profiles"]):
        yield "benchmark.yaml"
    for name in definition.profiles:
        path = source.workspace.find_yaml("features", name)
        if read_profile(path).digest() != hashes.get(f"profile {name}"):
            yield f"features/{name}.yaml"
    asked = set(record["options"]["models"]) or {use.name for use in definition.model_uses()}
    if not asked <= {str(model["name"]) for model in record["models"]}:
        yield "the list of models in benchmark.yaml"
    for model in record["models"]:
        settings = source.models.get(str(model["name"]))
        if settings is not None and _plain(hide(settings.to_dict())) != model["settings"]:
            yield f"models/{source.model_files[settings.name].name}"
        elif settings is None and model["kind"] not in ("external", "score"):
            yield "the list of models in benchmark.yaml"


def _outcomes(source: Source, lesions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    faults, path = Faults(), source.table("lesions.csv")
    if source.definition.task is not None:
        outcomes = {DEFAULT_TASK: read_labels(lesions, source.definition.task.as_task(), path, faults)}
    else:
        outcomes, _ = read_outcomes(lesions, source.definition.tasks, path, faults)
    faults.raise_any()
    return outcomes


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))
