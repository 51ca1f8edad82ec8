"""A profile: one YAML file in `features/` that says by which engine and settings features are extracted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import create_model

from samesplit.declarations import Declaration, parse_declaration, read_yaml
from samesplit.errors import DeclarationError
from samesplit.features.engines import EngineSettings, get_engine
from samesplit.storage import hash_object

__all__ = ["Modality", "Profile", "read_profile"]

Modality = Literal["any", "CT", "MR", "PET"]


@dataclass(frozen=True)
class Profile:
    """A feature profile.

    Attributes:
        name: The file's name without `.yaml`; it stands in the features table.
        engine: The engine's name.
        description: One sentence for the report.
        modality: What the settings are meant for.
        settings: The engine's own settings, checked.
        relative_change_to: A sequence: the features of the others are also given as relative changes from it;
            `first` stands for the first one that the benchmark lists for the profile.
    """

    name: str
    engine: str
    description: str
    modality: Modality
    settings: EngineSettings
    relative_change_to: str | None = None

    def digest(self) -> str:
        """SHA-256 of what decides the values: the engine's name and every effective setting."""
        decides: dict[str, Any] = {"engine": self.engine, "settings": self.effective()}
        if self.relative_change_to is not None:
            decides["relative_change_to"] = self.relative_change_to
        return hash_object(decides)

    def effective(self) -> dict[str, Any]:
        """Every setting with its value, given or default, as plain data."""
        return self.settings.model_dump(mode="json")


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
    return Profile(
        path.stem,
        declared.engine,
        declared.description,
        declared.modality,
        declared.settings,
        declared.relative_change_to,
    )
