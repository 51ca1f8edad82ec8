"""How an imported cohort becomes a benchmark: its tables and benchmark.yaml, all of them or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from samesplit.errors import CohortError
from samesplit.storage import write_text
from samesplit.tables import write_csv
from samesplit.workspace import init_workspace

__all__ = ["Imported", "benchmark_folder", "read_json", "write_benchmark"]


@dataclass(frozen=True)
class Imported:
    """A cohort that was imported.

    Attributes:
        folder: The benchmark's folder, with benchmark.yaml, lesions.csv and images.csv.
        n_patients: How many patients it has.
        n_lesions: How many lesions it has.
        n_images: How many images (lesions times sequences times raters).
        notes: What is missing, was left out or had to be decided.
    """

    folder: Path
    n_patients: int
    n_lesions: int
    n_images: int
    notes: tuple[str, ...]


def benchmark_folder(out: Path) -> Path:
    """Make the place for a new benchmark: in the workspace around `out`, else a workspace of its own.

    Args:
        out: A name, or the folder of a new workspace.

    Returns:
        The benchmark's folder. Its template files are replaced by `write_benchmark`.

    Raises:
        CohortError: There is such a benchmark already.
    """
    written = init_workspace(out)
    for path in written:
        if path.name == "benchmark.yaml" and path.parent.parent.name == "benchmarks":
            return path.parent
    raise CohortError(
        "there is a benchmark of this name already",
        where=out,
        remedy="choose another name with --out, or delete the folder; a benchmark is not written over, since a "
        "frozen split and runs may belong to it",
    )


def write_benchmark(
    folder: Path,
    definition: Mapping[str, Any],
    lesions: pd.DataFrame,
    images: pd.DataFrame,
    *,
    comment: str,
    others: Mapping[str, pd.DataFrame] | None = None,
    notes: tuple[str, ...] = (),
) -> Imported:
    """Write the tables and the definition of an imported cohort.

    Args:
        folder: From `benchmark_folder`.
        definition: The keys of benchmark.yaml.
        lesions: One row a lesion.
        images: One row an image and mask; paths are absolute.
        comment: Lines for the head of benchmark.yaml.
        others: Further tables by file name.
        notes: What is to be told about the import.
    """
    write_csv(lesions, folder / "lesions.csv")
    write_csv(images, folder / "images.csv")
    for name, table in (others or {}).items():
        write_csv(table, folder / name)
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    text = yaml.safe_dump(dict(definition), sort_keys=False, allow_unicode=True, width=110)
    write_text(folder / "benchmark.yaml", head + text)
    return Imported(folder, lesions["patient_id"].nunique(), len(lesions), len(images), notes)


def read_json(path: Path, what: str) -> Any:
    """Read a JSON file of a public cohort.

    Raises:
        CohortError: It cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CohortError(
            f"{what} cannot be read ({error})", where=path, remedy="download it again; it must be plain JSON"
        ) from None
