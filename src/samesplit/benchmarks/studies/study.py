"""A study's folder: its description, its columns, its variants and the sizes of its synthetic cohorts."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.studies.columns import read_columns
from samesplit.benchmarks.studies.description import StudyDescription
from samesplit.benchmarks.studies.overlays import read_layer
from samesplit.declarations import read_declaration
from samesplit.errors import WorkspaceError
from samesplit.workspace import builtin_folder, designs

__all__ = ["DESCRIPTION", "Study", "is_study", "read_study", "shipped_studies", "sizes_of", "variants_of"]

DESCRIPTION = "study.yaml"


@dataclass(frozen=True)
class Study:
    """What a study's folder holds.

    Attributes:
        folder: The folder.
        name: Its name.
        description: `study.yaml`.
        columns: `columns.csv`, see `read_columns`; without rows where there is no such file.
        variants: The names of the files in `variants/`, sorted.
        sizes: The sizes of synthetic cohorts in `synthetic.yaml`, in its order.
        has_patients: Whether there is a lesions.csv: else the folder is a design.
    """

    folder: Path
    name: str
    description: StudyDescription
    columns: pd.DataFrame
    variants: tuple[str, ...]
    sizes: tuple[str, ...]
    has_patients: bool


def is_study(folder: Path) -> bool:
    """Whether a folder describes a published study."""
    return (folder / DESCRIPTION).is_file()


def read_study(folder: Path) -> Study:
    """Read and check a study's folder.

    Args:
        folder: A folder with a `study.yaml`: a design, or a study of one's own that was begun from one.

    Raises:
        WorkspaceError: It describes no study.
        DeclarationError: `study.yaml` or `synthetic.yaml` says something that cannot be.
        CohortError: `columns.csv` does.
    """
    if not is_study(folder):
        known = [found.name for found in shipped_studies()]
        near = difflib.get_close_matches(folder.name, known, n=1)
        raise WorkspaceError(
            f"there is no {DESCRIPTION}: this is no published study",
            where=folder,
            remedy=(f"did you mean '{near[0]}'? " if near else "")
            + f"There are: {', '.join(known) or 'none'}",
        )
    description: StudyDescription = read_declaration(folder / DESCRIPTION, StudyDescription)
    there = (folder / "columns.csv").is_file()
    return Study(
        folder=folder,
        name=folder.resolve().name,
        description=description,
        columns=read_columns(folder) if there else pd.DataFrame(),
        variants=variants_of(folder),
        sizes=sizes_of(folder),
        has_patients=(folder / "lesions.csv").is_file(),
    )


def variants_of(folder: Path) -> tuple[str, ...]:
    """Return the names of a study's variants, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("variants/*.yaml")))


def sizes_of(folder: Path) -> tuple[str, ...]:
    """Return the sizes of a study's synthetic cohorts, in the order of `synthetic.yaml`; none without the file."""
    path = folder / "synthetic.yaml"
    return tuple(map(str, read_layer(path).keys)) if path.is_file() else ()


def shipped_studies() -> list[Path]:
    """Return the folders of the published studies that come with samesplit, by name."""
    return [builtin_folder() / "benchmarks" / name for name in designs()]
