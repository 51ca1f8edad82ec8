"""Readers one by one: the sample of cases is all that varies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc.components import estimate_components
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = ["ONE_READER", "single_readers"]

ONE_READER = "one reader, cases random"


def single_readers(
    figures: FloatArray,
    blocks: FloatArray,
    modalities: Sequence[str],
    readers: Sequence[str],
    *,
    df_cases: float,
    confidence: float,
    bounds: tuple[float, float] | None,
) -> tuple[dict[tuple[str, str], StudentInterval], dict[tuple[str, str, str], StudentInterval]]:
    """Take each reader alone.

    Args:
        figures: Shape (n modalities, n readers).
        blocks: Their covariance over cases, shape (n modalities, n readers) twice.
        modalities: Their names.
        readers: Their names.
        df_cases: Degrees of freedom of the covariance; infinite where it counts as known.
        confidence: Two-sided coverage.
        bounds: The smallest and the largest value of the figure; None for no such.

    Returns:
        Figures by (modality, reader), and differences of modalities by (reader, first, second). The variance
        of a reader's differences is pooled over all modalities.
    """
    alone = {
        (modality, reader): student_interval(
            float(figures[i, j]),
            float(blocks[i, j, i, j]),
            df_cases,
            method=ONE_READER,
            confidence=confidence,
            bounds=bounds,
        )
        for i, modality in enumerate(modalities)
        for j, reader in enumerate(readers)
    }
    differences = {}
    for j, reader in enumerate(readers):
        own = estimate_components(figures[:, j : j + 1], blocks[:, j, :, j])
        for a, b in combinations(range(len(modalities)), 2):
            differences[reader, modalities[a], modalities[b]] = student_interval(
                float(figures[a, j] - figures[b, j]),
                2 * (own.error - own.cov1),
                df_cases,
                method=ONE_READER,
                confidence=confidence,
                null=0.0,
            )
    return alone, differences
