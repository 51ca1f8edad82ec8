"""The profiles and models of a package, with the code, coefficients and weights that they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.errors import WorkspaceError
from samesplit.features.profiles import read_profile
from samesplit.models.settings import ModelSettings
from samesplit.models.target_source import imported_by
from samesplit.models.targets import TargetSettings
from samesplit.workflows.export.package import Package, Part
from samesplit.workflows.export.source import Source
from samesplit.workspace import builtin_folder

__all__ = ["add_declarations"]


def add_declarations(package: Package, source: Source, *, weights: bool) -> None:
    """Write the profiles and models that the benchmark names, and the Python files of models of one's own.

    Args:
        package: Is filled; what could not come along is noted in it.
        source: The benchmark and its run.
        weights: Whether files of pretrained weights come along.
    """
    for name in source.definition.profiles:
        path = source.workspace.find_yaml("features", name)
        _add_yaml(package, path, "features", "How features are extracted.")
    for name, path in source.model_files.items():
        _add_yaml(package, path, "models", f"A model: {source.models[name].title}.")
        _add_code(package, source.models[name], path)
    for noun, told in (("features", "profiles"), ("models", "models")):
        if not any(entry.path.startswith(f"{noun}/") for entry in package.entries):
            package.write(
                f"{noun}/README.md", f"The benchmark names no {told}.\n", f"No {told}.", "declarations"
            )
    _add_weights(package, source, wanted=weights)


def _add_yaml(package: Package, path: Path, noun: str, about: str) -> None:
    built_in = builtin_folder() / noun / path.name
    same = built_in.is_file() and built_in.read_bytes() == path.read_bytes()
    part: Part = "built-in" if same else "declarations"
    if f"{noun}/{path.name}" not in package:
        package.copy(f"{noun}/{path.name}", path, about, part)


def _add_code(package: Package, settings: ModelSettings, yaml: Path) -> None:
    """Copy the Python file or the coefficients that a model names, relative to its YAML file."""
    named: list[tuple[Path, str]] = []
    if isinstance(settings, TargetSettings) and (file := settings.target_file()) is not None:
        named.append((file, f"The code of the model {settings.title}."))
        own = [name for name, told in imported_by(file) if re.fullmatch(r"[0-9a-f]{64}", told)]
        if own:
            package.notes.append(
                f"{', '.join(own)}, which {file.name} imports: put it on Python's path, or write one file"
            )
    coefficients = getattr(settings, "coefficients", None)
    if isinstance(coefficients, str):
        named.append((yaml.parent / coefficients, f"The coefficients of the model {settings.title}."))
    for file, about in named:
        place = _inside(file, yaml.parent, "models")
        if place is None:
            raise WorkspaceError(
                f"names {file.name}, which lies outside of the workspace",
                where=yaml,
                remedy="put the file beside the model file, and name it by a relative path",
            )
        if place not in package:
            package.copy(place, file, about, "declarations")


def _inside(file: Path, folder: Path, noun: str) -> str | None:
    """Return where a file goes that a YAML file in `folder` names; None where that would be outside."""
    target, base = file.resolve(), folder.resolve()
    if target.is_relative_to(base):
        return f"{noun}/{target.relative_to(base).as_posix()}"
    if target.is_relative_to(base.parent):
        return target.relative_to(base.parent).as_posix()
    return None


def _add_weights(package: Package, source: Source, *, wanted: bool) -> None:
    """Name the pretrained weights that profiles and models start from, or copy them."""
    rows = []
    for noun in ("profiles", "models"):
        for told in source.record[noun]:
            if told.get("weights"):
                rows.append({"used_by": f"{noun[:-1]} {told['name']}", **told["weights"]})
    if not rows:
        return
    columns = ["used_by", "network", "weights", "source", "licence", "sha256"]
    table = pd.DataFrame(rows).reindex(columns=columns).sort_values("used_by", ignore_index=True)
    package.write_table(
        "weights.csv", table, "Pretrained weights: where they come from, their licences and hashes.", "about"
    )
    for row in rows if wanted else ():
        _copy_weights(package, source, row)
    lacking = sorted({row["weights"] for row in rows if row.get("sha256")} - _names(package))
    if lacking:
        package.notes.append(
            f"pretrained weights ({', '.join(lacking)}), which weights.csv names with their source and hash"
        )


def _copy_weights(package: Package, source: Source, row: dict[str, str]) -> None:
    """Copy the weights that a profile or model starts from, under their own licence."""
    kind, _, name = row["used_by"].partition(" ")
    if kind == "model" and name in source.models:
        settings: Any = source.models[name]
        noun, folder = "models", source.model_files[name].parent
    elif kind == "profile":
        path = source.workspace.find_yaml("features", name)
        settings, noun, folder = read_profile(path).settings, "features", path.parent
    else:
        return
    weights_file = getattr(settings, "weights_file", None)
    file = weights_file() if callable(weights_file) else None
    place = _inside(file, folder, noun) if file is not None and file.is_file() else None
    if file is not None and place is not None and place not in package:
        about = f"Pretrained weights of the {row['used_by']}."
        package.copy(place, file, about, "weights", licence=str(row.get("licence", "")))


def _names(package: Package) -> set[str]:
    return {Path(entry.path).name for entry in package.entries}
