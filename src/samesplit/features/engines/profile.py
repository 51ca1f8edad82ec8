"""A profile: by which engine and with which settings features are extracted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from samesplit.declarations import Declaration
from samesplit.storage import hash_object

__all__ = ["EngineSettings", "Modality", "Profile"]

Modality = Literal["any", "CT", "MR", "PET"]


class EngineSettings(Declaration):
    """The base of what the profiles of an engine may say under `settings`."""

    def matching_reference(self) -> str | None:
        """Return the sequence of the same lesion whose image is wanted beside each image; None for none."""
        return None

    def came_from(self, folder: Path) -> None:
        """Remember the folder of the YAML file, for settings that name files."""

    def check_ready(self, where: str | Path) -> None:
        """See to it that the files that the settings name are there; `where` names the profile.

        Raises:
            DeclarationError: One is not, or is another than declared.
        """

    def decides(self) -> dict[str, Any]:
        """Everything in the settings that decides the values; a file counts by its content."""
        return self.model_dump(mode="json")

    def mask_regime(self) -> str | None:
        """Tell whether features are of the `lesion` alone or of its `box`, where the settings decide it."""
        return None

    def provenance(self) -> dict[str, str]:
        """Where values come from besides the image, for the report; empty where from nowhere else."""
        return {}


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
        decides: dict[str, Any] = {"engine": self.engine, "settings": self.settings.decides()}
        if self.relative_change_to is not None:
            decides["relative_change_to"] = self.relative_change_to
        return hash_object(decides)

    def effective(self) -> dict[str, Any]:
        """Every setting with its value, given or default, as plain data."""
        return self.settings.model_dump(mode="json")
