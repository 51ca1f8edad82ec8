"""What a reader study declares beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["BASELINE", "Hypothesis", "ReaderSettings", "ordered_modalities"]

Hypothesis = Literal["non-inferiority", "superiority"]

BASELINE = "unaided"
"""The modality that the others are compared with; without it the first by name."""


@dataclass(frozen=True)
class ReaderSettings:
    """How readers are judged, and models against them.

    Attributes:
        confidence: Two-sided coverage of all intervals.
        margin: By how much a model (or a modality) may be worse and still count as not inferior, on the scale of
            the figure of merit; None where nothing was declared.
        hypotheses: In the order in which they are tested; empty where nothing was declared.
        hit_radius_mm: How far from a lesion a mark may lie and still hit it; None for no location-specific
            analysis.
        n_bootstrap: Samples, where a statistic has no other interval.
        seed: Of the bootstrap.
    """

    confidence: float = 0.95
    margin: float | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    hit_radius_mm: float | None = None
    n_bootstrap: int = 1000
    seed: int = 0


def ordered_modalities(modalities: Sequence[str]) -> list[str]:
    """Put the modality that the others are compared with first, the others by name.

    Example:
        >>> ordered_modalities(["with AI", "aided", "unaided", "aided"])
        ['unaided', 'aided', 'with AI']
    """
    return sorted(set(modalities), key=lambda name: (name != BASELINE, name))
