"""The benchmark's side of a package: its declaration, its tables, its split, and what others submitted to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.feature_files import read_feature_file
from samesplit.benchmarks.fingerprint import split_columns
from samesplit.benchmarks.image_hashes import IMAGE_HASHES, image_hashes
from samesplit.declarations import read_yaml
from samesplit.errors import CohortError, Faults, WorkspaceError
from samesplit.imaging.image_references import split_reference
from samesplit.run_folder import CONTENT
from samesplit.run_folder import IMAGES as IMAGES_OF_RUN
from samesplit.tables import IMAGES, LESIONS, READINGS, read_csv, read_table
from samesplit.workflows.export.package import Package
from samesplit.workflows.export.source import Source
from samesplit.workflows.leaderboard.frozen import submission_files, submissions_folder

__all__ = ["add_benchmark", "folder_of", "further_tables", "own_tables", "submitted"]

_OTHER_FILES = {
    "published.csv": "Results that others have published for the same question.",
    "columns.csv": "What each column of the tables means.",
    "study.yaml": "The published study that the benchmark follows.",
}
_NEEDED = {
    "lesions.csv": ("lesion_id", "patient_id", "label"),
    "readings": tuple(name for name, column in READINGS.columns.items() if column.required),
}


def folder_of(source: Source) -> str:
    """Return the benchmark's folder inside the package."""
    return f"benchmarks/{source.name}"


def own_tables(source: Source) -> dict[str, pd.DataFrame]:
    """Read lesions.csv, images.csv and the readings as tables of text, by the name of their file."""
    words, definition = source.definition.missing_values, source.definition
    lesions = read_csv(
        source.table("lesions.csv"),
        error=CohortError,
        known=[*LESIONS.columns, *definition.cohort.clinical, *definition.outcome_columns()],
        numbers=["size_mm", *(n for n, kind in definition.cohort.clinical.items() if kind == "number")],
        missing=words,
    )
    tables = {"lesions.csv": lesions}
    if definition.cohort.sequences:
        tables["images.csv"] = read_csv(
            source.table("images.csv"),
            known=list(IMAGES.columns),
            numbers=["mask_label", "spacing_mm"],
            missing=words,
        )
    if definition.readings is not None:
        tables[definition.readings] = read_csv(
            source.table(definition.readings),
            known=[*READINGS.columns, "task", "mark", "x_mm", "y_mm", "z_mm"],
            numbers=["decision", "score", "seconds", "order", "mark", "x_mm", "y_mm", "z_mm"],
            missing=words,
        )
    return tables


def further_tables(source: Source) -> dict[str, pd.DataFrame]:
    """Read the tables that go along as they are, a table of features and a split that was given, by their files.

    Of columns of numbers there is the name alone.
    """
    definition, tables = source.definition, {}
    if definition.features is not None:
        words, name = definition.missing_values, definition.features.file
        found = read_feature_file(source.table(name), definition.features, words, Faults()).columns
        text = {column: None if _is_numbers(cells) else list(cells) for column, cells in found.items()}
        tables[name] = pd.DataFrame(text, dtype="object")
    given = definition.split.file
    if given is not None and given.lower().endswith(".csv"):
        tables[given] = read_csv(source.folder / given, known=["lesion_id", "patient_id", "subset"])
    return tables


def _is_numbers(cells: object) -> bool:
    return isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu"


def add_benchmark(
    package: Package,
    source: Source,
    tables: dict[str, pd.DataFrame],
    *,
    drop: Collection[str] = (),
    submissions: bool = True,
) -> None:
    """Write the benchmark's folder.

    Args:
        package: Is filled.
        source: The benchmark and its run.
        tables: From `own_tables`.
        drop: Columns of lesions.csv and the readings to leave out.
        submissions: Whether the predictions that others submitted come along.

    Raises:
        WorkspaceError: A column to leave out is in no table, or is needed; or images.csv has absolute paths that
            lead out of the data folder.
    """
    folder, definition = folder_of(source), source.definition
    _check_drop(source, tables, drop)
    package.copy(
        f"{folder}/benchmark.yaml",
        source.folder / "benchmark.yaml",
        "What is asked, of whom, in which split, with which profiles and models.",
        "declarations",
    )
    about = {
        "lesions.csv": "The cohort: one row a lesion, with its patient, outcome and clinical variables.",
        "images.csv": "Which file shows which lesion, relative to the data folder; no image is here.",
    }
    for name, table in tables.items():
        kept = table.drop(columns=[column for column in drop if column in table and name != "images.csv"])
        if name == "images.csv":
            kept = _relative(kept, source)
        told = about.get(name, "What human readers said: one row a reading.")
        package.write_table(f"{folder}/{name}", kept, told, "data")
    for name, told in (
        ("splits.csv", "The frozen split: the side of each patient in every repeat and fold."),
        ("splits.json", "How the split was made, and its hash."),
    ):
        package.copy(f"{folder}/{name}", source.folder / name, told, "data")
    if definition.features is not None:
        path = source.table(definition.features.file)
        package.copy(f"{folder}/{definition.features.file}", path, "Features, one row a lesion.", "data")
    for name, told in _further(source):
        package.copy(f"{folder}/{name}", source.folder / name, told, "data")
    for path in submitted(source) if submissions else ():
        package.copy(f"{folder}/submissions/{path.name}", path, "Predictions submitted by others.", "results")
    _add_image_hashes(package, source)


def submitted(source: Source) -> list[Path]:
    """Return the files that others submitted to the benchmark, by name."""
    return submission_files(submissions_folder(source.workspace, source.folder, source.name))


def _further(source: Source) -> Iterator[tuple[str, str]]:
    """Name the small files that benchmark.yaml, or its reader, needs besides the tables."""
    definition = source.definition
    if definition.split.file is not None:
        yield definition.split.file, "The split as it was given."
    if definition.data.file_list is not None:
        yield definition.data.file_list, "What `samesplit fetch` downloads."
    for name, told in _OTHER_FILES.items():
        if (source.folder / name).is_file():
            yield name, told


def _add_image_hashes(package: Package, source: Source) -> None:
    content = read_table(source.run / CONTENT)
    if content.empty:
        return
    known = dict(zip(content["reference"].astype(str), content["sha256"].astype(str), strict=True))
    hashes = image_hashes(read_table(source.run / IMAGES_OF_RUN), known)
    package.write_table(
        f"{folder_of(source)}/{IMAGE_HASHES}",
        hashes,
        "SHA-256 of every image and mask of the run; `samesplit validate` says which of yours differ.",
        "data",
    )


def _relative(images: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return images.csv with paths that start in the data folder.

    Raises:
        WorkspaceError: A path is absolute and leads elsewhere.
    """
    images = images.copy()
    for column in (name for name in ("image", "mask", "organ_mask") if name in images):
        for line, reference in images[column].dropna().items():
            path, part = split_reference(str(reference))
            if not Path(path).is_absolute():
                continue
            if not Path(path).is_relative_to(source.root):
                raise WorkspaceError(
                    f"the path {reference!r} is absolute and leads out of the data folder {source.root}: nobody "
                    "else has it",
                    where=f"{source.table('images.csv')}, line {line}",
                    remedy="put the images under one folder, name it as data.folder in benchmark.yaml, and write "
                    "paths relative to it (results stay the same: they depend on what is in the images)",
                )
            images.loc[line, column] = Path(path).relative_to(source.root).as_posix() + part
    return images


def _check_drop(source: Source, tables: dict[str, pd.DataFrame], drop: Collection[str]) -> None:
    """Refuse to drop what no table has, and what the benchmark or a model needs."""
    needing = {name: table for name, table in tables.items() if name != "images.csv"}
    words = _words_of(source)
    for column in drop:
        there = [name for name, table in needing.items() if column in table]
        if not there:
            raise WorkspaceError(
                f"no table has a column '{column}' that can be dropped",
                where="--drop-column",
                remedy="columns are: " + ", ".join(str(c) for table in needing.values() for c in table),
            )
        for name in there:
            needed = _NEEDED["lesions.csv" if name == "lesions.csv" else "readings"]
            if column in needed or (name == "lesions.csv" and column in words):
                raise WorkspaceError(
                    f"the column '{column}' of {name} cannot be dropped: "
                    + ("every such table has it" if column in needed else f"{words[column]} names it"),
                    where="--drop-column",
                    remedy="write other values into it, such as new ids or shifted dates, and run again",
                )


def _words_of(source: Source) -> dict[str, str]:
    """Return every word of benchmark.yaml, the split and the model files, with the file that says it."""
    found: dict[str, str] = {}
    split = source.definition.split
    for column in split_columns(split.scheme, split.strata, split.rule_columns()):
        found[column] = "the split"
    files = [source.folder / "benchmark.yaml", *source.model_files.values()]
    for path in files:
        for word in _words(read_yaml(path)[0]):
            found.setdefault(word, path.name)
    return found


def _words(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield str(name)
            yield from _words(part, str(name))
    elif isinstance(value, list):
        for part in value:
            yield from _words(part, key)
    elif isinstance(value, str) and key not in ("title", "description", "question", "source", "licence"):
        yield value
