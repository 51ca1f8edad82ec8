"""The run's side of a package: predictions, results, features and the report, without anything of an image.

The report is built anew from a copy of the run's tables in which no picture of a lesion is: thumbnails, and the
maps of what networks look at. Fitted models are named with their hashes; they come along where they are asked for.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit import run_folder
from samesplit.kept import read_kept_json
from samesplit.places import Places
from samesplit.reports import build_report
from samesplit.run.external_predictions import load_externals
from samesplit.storage import hash_file, temporary_directory
from samesplit.tasks import SegmentationTask
from samesplit.workflows.export.package import Package
from samesplit.workflows.export.source import Source

__all__ = ["RESULTS", "add_externals", "add_run"]

RESULTS = "results"
"""The folder of the run inside a package."""

_PICTURES = (run_folder.THUMBNAILS, "heatmaps.parquet")
"""Tables that hold pixels of images."""
_LEFT_OUT = (
    run_folder.MODELS,
    run_folder.CONTENT,
    run_folder.CACHE_LIST,
    run_folder.PUSHED,
    run_folder.FINISHED,
)
_REPORTS = (
    (run_folder.REPORT_PAGE, "The report of the run, as a page."),
    (run_folder.REPORT_TEXT, "The same as text."),
    (run_folder.REPORT_DATA, "The same as data."),
    (run_folder.RESULTS_CSV, "Every estimate with its interval."),
)


def add_run(
    package: Package, source: Source, *, predictions: bool, models: bool, thumbnails: bool
) -> dict[str, Any]:
    """Write `results/`.

    Args:
        package: Is filled; what is not in it is noted.
        source: The benchmark and its run.
        predictions: Whether predictions come along.
        models: Whether fitted models come along.
        thumbnails: Whether the report shows pieces of images.

    Returns:
        The record of the run as it stands in the package, without what tells one machine from another.
    """
    places = Places(source.workspace.root)
    record = {**source.record, "machine": _machine(source.record.get("machine", {}))}
    record = dict(places.hide_in(record))
    text = json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    package.write(
        f"{RESULTS}/{run_folder.RUN_RECORD}", text, "What was run, with what, on what machine.", "results"
    )
    if predictions:
        _add_predictions(package, source)
    else:
        package.notes.append("predictions of single lesions")
    for name, about in (
        (run_folder.LEDGER_CSV, "What happened to lesions on the way, with the reason."),
        (run_folder.NOTES, "What a reader of the report should know."),
    ):
        package.copy(f"{RESULTS}/{name}", source.run / name, about, "results")
    _add_features(package, source)
    _add_report(package, source, text, thumbnails=thumbnails)
    _add_models(package, source, wanted=models)
    return record


def _machine(machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return the machine in words that fit many: the build of the system's kernel is taken off."""
    return {**machine, "system": str(machine.get("system", "")).partition(" ")[0]} if machine else {}


def _add_predictions(package: Package, source: Source) -> None:
    """Write the predictions; of predicted masks, which are images, their hashes."""
    path = source.run / run_folder.PREDICTIONS_CSV
    target = f"{RESULTS}/{run_folder.PREDICTIONS_CSV}"
    about = "Predictions of every model: one row a model, seed, repeat, fold, subset, rater and lesion."
    with path.open(encoding="utf-8") as file:
        header = file.readline().strip().split(",")
    if "mask" not in header:
        package.copy(target, path, about, "results")
        return
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    known = {mask: _hash_of(mask, source) for mask in table["mask"].unique()}
    table = table.assign(mask_sha256=table["mask"].map(known)).drop(columns="mask")
    package.write_table(target, table, about + " Masks by their hash.", "results")
    package.notes.append(
        "predicted masks, which are images: predictions.csv has their hashes, results.csv what was measured"
    )


def _hash_of(mask: str, source: Source) -> str:
    if not mask:
        return ""
    path = source.workspace.root / mask
    return hash_file(path) if path.is_file() else ""


def _add_features(package: Package, source: Source) -> None:
    folder = source.run / run_folder.FEATURES
    for name in source.definition.profiles:
        path = folder / f"{name}.parquet"
        if path.is_file():
            about = f"Features of the profile {name}: one row a lesion, sequence, rater and feature."
            package.copy(f"{RESULTS}/features/{name}.parquet", path, about, "data")
    catalogue = source.run / run_folder.CATALOGUE
    if source.definition.profiles and catalogue.is_file():
        package.write_table(
            f"{RESULTS}/features/catalogue.csv",
            pd.read_parquet(catalogue),
            "What every feature is.",
            "results",
        )
    for name, about in (("steps", "What was done to each image."), ("notes", "Remarks on single values.")):
        if source.definition.profiles and (folder / f"{name}.csv").is_file():
            package.copy(f"{RESULTS}/features/{name}.csv", folder / f"{name}.csv", about, "results")


def _add_report(package: Package, source: Source, record: str, *, thumbnails: bool) -> None:
    """Build the report from a copy of the run's tables, and take it into the package."""
    with temporary_directory(package.root.parent / "report") as copy:
        for path in sorted(source.run.rglob("*")):
            place = path.relative_to(source.run)
            if not path.is_file() or any(part in _LEFT_OUT for part in place.parts):
                continue
            if path.name in _PICTURES and not thumbnails:
                continue
            _link(path, copy / place)
        (copy / run_folder.RUN_RECORD).unlink()
        (copy / run_folder.RUN_RECORD).write_text(record, encoding="utf-8")
        for name in (*(name for name, _ in _REPORTS), run_folder.REPORT_TABLES):
            _remove(copy / name)  # a link to the run's own file is never written through
        for path in (copy / run_folder.TASKS).glob(f"*/{run_folder.RESULTS_CSV}"):
            path.unlink()
        build_report(copy)
        for name, about in _REPORTS:
            package.copy(f"{RESULTS}/{name}", copy / name, about, "results")
        for path in sorted((copy / run_folder.REPORT_TABLES).glob("*.csv")):
            inside = f"{RESULTS}/{run_folder.REPORT_TABLES}/{path.name}"
            package.copy(inside, path, "A table of the report.", "results")
        for path in sorted((copy / run_folder.TASKS).glob(f"*/{run_folder.RESULTS_CSV}")):
            task = path.parent.name
            inside = f"{RESULTS}/{run_folder.TASKS}/{task}/{path.name}"
            package.copy(inside, path, f"Every estimate of the task {task}.", "results")
    if not thumbnails and source.definition.cohort.sequences:
        package.notes.append("pieces of images in the report")


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk, or one that knows no hard links
        shutil.copyfile(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _add_models(package: Package, source: Source, *, wanted: bool) -> None:
    """Name the fitted models with their hashes, or copy them."""
    files = read_kept_json(source.run / run_folder.FINISHED, "files")[0]["files"]
    fitted = {
        path: told
        for path, told in sorted(files.items())
        if path.startswith(f"{run_folder.MODELS}/") or f"/{run_folder.MODELS}/" in path
    }
    if not fitted:
        return
    rows = [(path, told["bytes"], told["sha256"]) for path, told in fitted.items()]
    package.write_table(
        f"{RESULTS}/fitted-models.csv",
        pd.DataFrame(rows, columns=["file", "bytes", "sha256"]),
        "The files of all fitted models, with their hashes.",
        "results",
    )
    if wanted:
        for path in fitted:
            package.copy(f"{RESULTS}/{path}", source.run / path, "A fitted model.", "results")
    else:
        package.notes.append(
            f"the {len(fitted)} files of fitted models, which {RESULTS}/fitted-models.csv names with their hashes"
        )


def add_externals(package: Package, source: Source) -> None:
    """Copy predictions that were joined with `samesplit compare`, so that a run of the package judges them too."""
    places = Places(source.workspace.root)
    reports = source.workspace.reports
    tasks = source.definition.all_tasks()
    used = {str(model["name"]) for model in source.record["models"]}
    for external in load_externals(source.workspace, source.name, tasks):
        if external.name not in used:
            package.notes.append(f"the predictions '{external.title}', which were joined after the run")
            continue
        if isinstance(tasks[external.task], SegmentationTask):
            package.notes.append(
                f"the masks of '{external.title}', which are images: a run of the package lacks that model"
            )
            continue
        folder = reports / source.name / "external"
        folder = folder if not source.definition.tasks else folder / external.task
        path = folder / f"{external.name}.parquet"
        place = path.relative_to(source.workspace.root).as_posix()
        package.copy(place, path, f"Predictions made elsewhere: {external.title}.", "results")
        kept = places.hide_in(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
        package.write(
            place.removesuffix(".parquet") + ".json",
            json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False) + "\n",
            f"Where the predictions of {external.title} come from.",
            "results",
        )
