"""What an Obuchowski-Rockette analysis is asked, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc.components import Components, MeanSquares
from samesplit.statistics.mrmc.global_test import GlobalTest
from samesplit.statistics.student import StudentInterval

__all__ = ["FixedReadersTest", "ORAnalysis", "Random"]

Random = Literal["readers and cases", "cases", "readers"]
"""What the conclusion is to hold for: other readers and other cases (RRRC); other cases read by the same readers
(fixed readers, FRRC); other readers of the same cases (fixed cases, RRFC)."""

FixedReadersTest = Literal["chi-square", "F"]
"""For fixed readers: the covariance over cases counts as known, as in the Obuchowski-Rockette programs; or it has
as many degrees of freedom as there are cases, as in the analysis of pseudovalues by Dorfman, Berbaum and Metz."""


@dataclass(frozen=True, eq=False)
class ORAnalysis:
    """What the Obuchowski-Rockette analysis found.

    Attributes:
        figure: The name of the figure of merit.
        figures: Of each reader under each modality, shape (n modalities, n readers).
        covariance: Over cases, shape (n modalities x n readers) in both directions, modality by modality.
        modalities: Each modality's mean over readers with its interval, made of its own readings alone.
        differences: First minus second modality for every pair, in their order; tested two-sided and not
            adjusted for their number. With three or more modalities the standard error is pooled over all.
        global_test: Whether all modalities do equally well; None for one modality.
        components: Variance components, pooled over modalities.
        mean_squares: Of the figures.
        components_of: For each modality its own components.
        readers: Each reader's figure under each modality, by (modality, reader): over cases alone.
        reader_differences: First minus second modality of each reader, by (reader, first, second): over cases
            alone.
        random: What the conclusion is to hold for.
        method: The analysis in words.
        notes: What a reader must know besides.
        n_cases: Cases that the figure looks at; patients where they have several cases.
    """

    figure: str
    figures: FloatArray
    covariance: FloatArray
    modalities: dict[str, StudentInterval]
    differences: dict[tuple[str, str], StudentInterval]
    global_test: GlobalTest | None
    components: Components
    mean_squares: MeanSquares
    components_of: dict[str, Components]
    readers: dict[tuple[str, str], StudentInterval]
    reader_differences: dict[tuple[str, str, str], StudentInterval]
    random: Random
    method: str
    notes: tuple[str, ...]
    n_cases: int

    @property
    def n_modalities(self) -> int:
        """How many modalities were compared."""
        return int(self.figures.shape[0])

    @property
    def n_readers(self) -> int:
        """How many readers there were."""
        return int(self.figures.shape[1])
