"""Profiles read from `features/*.yaml` and checked against their engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import create_model

from samesplit.declarations import Declaration, parse_declaration, read_yaml
from samesplit.errors import DeclarationError
from samesplit.features.engines import get_engine
from samesplit.features.engines.profile import Modality, Profile

__all__ = ["Modality", "Profile", "read_profile"]


class _ProfileFile(Declaration):
    engine: str
    description: str
    modality: Modality = "any"
    relative_change_to: str | None = None


def read_profile(path: Path) -> Profile:
    """Read a profile and check its settings against its engine.

    Raises:
        DeclarationError: The file is missing or says something that the engine does not know.
    """
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        raise DeclarationError("holds no keys", where=path, remedy="write 'key: value' lines")
    if "engine" not in data and data.keys() & {"setting", "featureClass", "imageType", "inputImage"}:
        raise DeclarationError(
            "is a parameter file of pyradiomics and no profile",
            where=path,
            remedy=f"samesplit extract --params {path.name}, or in Python samesplit.PyradiomicsExtractor; "
            "docs/from-pyradiomics.md",
        )
    name = data.get("engine")
    settings: Any = dict[str, Any]  # without an engine there is nothing to check the settings against
    try:
        if isinstance(name, str):
            settings = get_engine(name).settings
    except DeclarationError as error:
        line = lines.get(("engine",))
        place = f"{path}, line {line}" if line is not None else path
        raise DeclarationError(error.problem, where=place, remedy=error.remedy) from None
    kind = create_model("ProfileFile", __base__=_ProfileFile, settings=(settings, ...))
    declared: Any = parse_declaration(data, kind, path=path, lines=lines)
    declared.settings.came_from(path.parent)
    return Profile(
        path.stem,
        declared.engine,
        declared.description,
        declared.modality,
        declared.settings,
        declared.relative_change_to,
    )
