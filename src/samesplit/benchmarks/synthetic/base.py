"""What the settings of all synthetic cohorts have in common."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["CohortPart", "CohortSettings", "NonNegative", "Positive", "Probability", "settings_hash"]

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
NonNegative = Annotated[float, Field(ge=0.0)]


class CohortPart(BaseModel):
    """A part of a synthetic cohort's settings: unknown keys are refused, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CohortSettings(CohortPart):
    """The settings of a whole synthetic cohort."""

    def sha256(self) -> str:
        """Hash of all effective settings, the same on every machine."""
        return settings_hash(self.model_dump(mode="json"))


def settings_hash(effective: Mapping[str, Any]) -> str:
    """Return the SHA-256 of settings that are plain JSON, the same on every machine.

    Example:
        >>> settings_hash({"seed": 1, "effect": 0.5}) == settings_hash({"effect": 0.5, "seed": 1})
        True
    """
    return hashlib.sha256(json.dumps(effective, sort_keys=True).encode()).hexdigest()
