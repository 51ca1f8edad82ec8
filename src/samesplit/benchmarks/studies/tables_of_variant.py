"""The tables that a variant of one's own study needs beside its benchmark.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from samesplit.errors import CohortError
from samesplit.imaging.image_references import split_reference
from samesplit.tables import read_csv

__all__ = ["tables_of_variant"]

_PATHS = ("image", "mask", "organ_mask")


def tables_of_variant(folder: Path, keys: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the content of the files of a study's folder that a composed benchmark reads, by name.

    Args:
        folder: The study's folder.
        keys: The composed benchmark.yaml.

    Raises:
        CohortError: There is no lesions.csv, or images.csv cannot be read.
    """
    found = {name: (folder / name).read_bytes() for name in _names(keys) if (folder / name).is_file()}
    if (folder / "images.csv").is_file():
        own = not (keys.get("data") or {}).get("folder")
        found["images.csv"] = _images(folder) if own else (folder / "images.csv").read_bytes()
    return found


def _names(keys: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files, beside images.csv, that benchmark.yaml names in the benchmark's folder."""
    yield "lesions.csv"
    features = keys.get("features")
    named = [
        keys.get("readings"),
        features.get("file") if isinstance(features, Mapping) else features,
        (keys.get("split") or {}).get("file"),
        (keys.get("data") or {}).get("file_list"),
    ]
    yield from (str(name) for name in named if name)


def _images(folder: Path) -> bytes:
    """Return images.csv with relative paths made absolute: they start in the study's folder, not the variant's."""
    table = read_csv(folder / "images.csv", error=CohortError)
    for column in (name for name in _PATHS if name in table):
        table[column] = table[column].map(lambda cell: _absolute(cell, folder), na_action="ignore")
    return table.to_csv(index=False, lineterminator="\n").encode()


def _absolute(reference: str, folder: Path) -> str:
    """Return a reference with an absolute path; what follows `::` stays as it is."""
    path, part = split_reference(reference)
    return str(folder.resolve() / path) + part
