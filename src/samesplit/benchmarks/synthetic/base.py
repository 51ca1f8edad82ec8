"""What the settings of all synthetic cohorts have in common."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "CohortPart",
    "CohortSettings",
    "NonNegative",
    "OfAClass",
    "Positive",
    "Probability",
    "check_subtypes",
    "number_in_order",
    "settings_hash",
]

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
NonNegative = Annotated[float, Field(ge=0.0)]


class CohortPart(BaseModel):
    """A part of a synthetic cohort's settings: unknown keys are refused, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    later: ClassVar[tuple[str, ...]] = ()
    """Settings that came later than the first cohorts: they count in the hash only where they are not the
    default, so that cohorts made before keep their hash."""

    def effective(self) -> dict[str, Any]:
        """Return what counts in the hash, as plain JSON."""
        counted = self.model_dump(mode="json")
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if name in self.later and value == field.get_default(call_default_factory=True):
                del counted[name]
            elif isinstance(value, CohortPart):
                counted[name] = value.effective()
            elif isinstance(value, tuple) and any(isinstance(part, CohortPart) for part in value):
                counted[name] = [part.effective() for part in value]
        return counted


class CohortSettings(CohortPart):
    """The settings of a whole synthetic cohort."""

    def sha256(self) -> str:
        """Hash of all effective settings, the same on every machine."""
        return settings_hash(self.effective())


class OfAClass(Protocol):
    """A subtype of one of the two classes."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def label(self) -> str:
        """Benign or malignant."""


def check_subtypes(subtypes: Sequence[OfAClass]) -> None:
    """Refuse subtypes that share a name, or that leave a class without any.

    Raises:
        ValueError: They do.
    """
    names = [subtype.name for subtype in subtypes]
    if len(set(names)) != len(names):
        msg = f"two subtypes have the same name: {', '.join(names)}; give each its own"
        raise ValueError(msg)
    if {subtype.label for subtype in subtypes} != {"benign", "malignant"}:
        msg = "both classes need a subtype: list at least one benign and one malignant"
        raise ValueError(msg)


def settings_hash(effective: Mapping[str, Any]) -> str:
    """Return the SHA-256 of settings that are plain JSON, the same on every machine.

    Example:
        >>> settings_hash({"seed": 1, "effect": 0.5}) == settings_hash({"effect": 0.5, "seed": 1})
        True
    """
    return hashlib.sha256(json.dumps(effective, sort_keys=True).encode()).hexdigest()


def number_in_order(shares: Sequence[float], index: int, n: int) -> int:
    """Return which of several parts the item at `index` of `n` is in, when the parts follow each other.

    Args:
        shares: The sizes of the parts, relative to each other or as counts.
        index: From 0 on.
        n: How many items there are.

    Example:
        >>> [number_in_order([490, 81], index, 571) for index in (0, 489, 490, 570)]
        [0, 0, 1, 1]
    """
    ends = np.cumsum(np.asarray(shares, dtype=np.float64))
    return int(np.searchsorted(ends[:-1], (index + 0.5) / n * ends[-1]))
