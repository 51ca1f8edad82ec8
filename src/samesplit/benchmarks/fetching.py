"""Where the files of a benchmark are, and how they get there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import platformdirs
from pydantic import ValidationError

from samesplit.benchmarks.archives import is_unpacked, unpack
from samesplit.benchmarks.cropping import CroppedFile, fetch_cropped, read_file_list
from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.benchmarks.downloads import Progress, download
from samesplit.benchmarks.synthetic import AnySettings, generate, known_keys, parse_settings
from samesplit.errors import DataMissingError, DeclarationError, FetchError
from samesplit.storage import locked
from samesplit.tables import write_csv

__all__ = ["Progress", "data_root", "fetch"]

ENVIRONMENT = "SAMESPLIT_DATA"
_TABLES = ("readings", "images", "lesions")
"""Of a synthetic cohort, in the order in which they are written: where there are lesions there are the others."""


def data_root(definition: BenchmarkDefinition, folder: Path) -> Path:
    """Return the folder in which the paths of `images.csv` start, and where a table of features may lie.

    Without `data.folder` this is the benchmark's own folder. Else it is that folder under the one that the
    environment variable SAMESPLIT_DATA names, if it exists there, and else under the user's cache folder.

    Args:
        definition: The benchmark's definition.
        folder: The benchmark's folder.

    Raises:
        DataMissingError: The data are in neither place (a synthetic cohort: not with the settings that the
            benchmark states now); the message says both ways to get them.
    """
    if definition.data.folder is None:
        if definition.data.synthetic is not None and not _is_generated(definition, folder, folder):
            raise _missing(definition, [folder])
        return folder
    places = _places(definition.data.folder)
    for place in places:
        if place.is_dir() and (definition.data.synthetic is None or _is_generated(definition, folder, place)):
            return place
    raise _missing(definition, places)


def fetch(
    definition: BenchmarkDefinition, folder: Path, *, progress: Progress | None = None, jobs: int = 1
) -> Path:
    """Download the files of a benchmark, or generate its synthetic cohort, into the user's cache folder.

    Files that are there and verified are skipped, downloads that broke off are taken up again, archives that
    were unpacked whole are not fetched twice. Two fetches at once wait for each other. Without `data.folder`
    the files go into the benchmark's own folder.

    Args:
        definition: The benchmark's definition.
        folder: The benchmark's folder.
        progress: Told what is being fetched, how much of it is done and how much there is: bytes of a file, or
            lesions of a synthetic cohort.
        jobs: Processes for a synthetic cohort.

    Returns:
        The folder that was filled.

    Raises:
        FetchError: There is nothing to fetch, a URL cannot be read, a hash differs, or an archive is not safe.
        WorkspaceError: The folder cannot be written.
    """
    data = definition.data
    if not data.files and data.file_list is None and data.synthetic is None:
        raise FetchError(
            "the benchmark names nothing that can be fetched",
            where=folder / "benchmark.yaml",
            remedy=f"put the files where {_naming(definition)}, below {_described(definition, folder)}"
            + (f"; they come from: {data.source}" if data.source else ""),
        )
    target = folder if data.folder is None else _places(data.folder)[-1]
    with locked(target.parent / f".{target.name}.fetch.lock"):
        for file in data.files:
            place = target / file.path
            if file.unpack and is_unpacked(place, place.parent, sha256=file.sha256):
                continue
            download(file.url, file.sha256, place, progress=progress)
            if file.unpacked_mb is not None:
                unpack(place, place.parent, sha256=file.sha256, unpacked_mb=file.unpacked_mb)
        if data.file_list is not None:
            _fetch_list(read_file_list(folder / data.file_list), target, progress)
        if data.synthetic is not None:
            _generate(definition, folder, target, progress, jobs)
    return target


def _fetch_list(files: list[CroppedFile], target: Path, progress: Progress | None) -> None:
    for done, file in enumerate(files):
        if progress is not None:
            progress("volumes", done, len(files))
        fetch_cropped(file, target)
    if progress is not None:
        progress("volumes", len(files), len(files))


def _places(name: str) -> list[Path]:
    """Where a data folder may be, in the order in which it is looked for; the last is the cache."""
    shared = os.environ.get(ENVIRONMENT)
    cache = platformdirs.user_cache_path("samesplit") / "data" / name
    return ([Path(shared).absolute() / name] if shared else []) + [cache]


def _missing(definition: BenchmarkDefinition, places: list[Path]) -> DataMissingError:
    looked = " and ".join(map(str, places))
    name = definition.name
    if definition.data.synthetic is not None:
        return DataMissingError(
            f"the synthetic cohort of '{name}' is not there, unfinished or made with other settings",
            where=looked,
            remedy=f"make it with: samesplit fetch {name}",
        )
    source = f" (source: {definition.data.source})" if definition.data.source else ""
    by_hand = f"set {ENVIRONMENT} to a folder that holds '{definition.data.folder}' with the files{source}"
    ways = (
        f"{by_hand}, or run: samesplit fetch {name}"
        if definition.data.files or definition.data.file_list
        else by_hand
    )
    return DataMissingError(f"the data of '{name}' are not on this machine", where=looked, remedy=ways)


def _naming(definition: BenchmarkDefinition) -> str:
    """Return what says where the files go."""
    says = ["images.csv says"] if definition.cohort.sequences else []
    says += ["benchmark.yaml says under 'features'"] if definition.features is not None else []
    return " and ".join(says)


def _described(definition: BenchmarkDefinition, folder: Path) -> str:
    return str(folder if definition.data.folder is None else _places(definition.data.folder)[0])


def _synthetic_settings(definition: BenchmarkDefinition, folder: Path) -> AnySettings:
    given = definition.data.synthetic or {}
    try:
        return parse_settings(given)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in ("data", "synthetic", *first["loc"]))
        known = ", ".join(known_keys(given))
        raise DeclarationError(
            f"'{key}': {first['msg']}",
            where=folder / "benchmark.yaml",
            remedy=f"keys of data.synthetic: {known}",
        ) from None


def _generate(
    definition: BenchmarkDefinition, folder: Path, target: Path, progress: Progress | None, jobs: int
) -> None:
    def report(done: int, total: int) -> None:
        if progress is not None:
            progress("synthetic lesions", done, total)

    settings = _synthetic_settings(definition, folder)
    if target != folder and not _is_generated(definition, folder, target):
        for name in _TABLES:  # those of other settings, which would pass for these once the images are there
            (target / f"{name}.csv").unlink(missing_ok=True)
    cohort = generate(settings, target, progress=report, n_jobs=jobs)
    for name in _TABLES:
        table = getattr(cohort, name)
        if not (folder / f"{name}.csv").exists() and len(table):
            write_csv(table, target / f"{name}.csv")


def _is_generated(definition: BenchmarkDefinition, folder: Path, place: Path) -> bool:
    """Tell whether a place holds the images of the settings, and the tables that the benchmark lacks itself."""
    try:
        record = json.loads((place / "complete.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if record.get("settings_sha256") != _synthetic_settings(definition, folder).sha256():
        return False
    return all((folder / name).exists() or (place / name).exists() for name in ("lesions.csv", "images.csv"))
