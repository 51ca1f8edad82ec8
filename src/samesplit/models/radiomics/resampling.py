"""Stability of the grid over subsamples of training patients: selectors and classifiers.

Each draw takes a share of the training patients without replacement, class by class. The preparation and the
selectors are fitted on the draw, so that a measure of stability can compare the rankings, and each classifier
is fitted on the draw and scored on the training lesions left out, so that the spread of its score is that of
honest scores. Nothing is chosen by it, and neither validation nor test lesions take part.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from samesplit.declarations import Declaration

__all__ = ["ResamplingSettings", "draw_patients"]

Rows = npt.NDArray[np.int64]


class ResamplingSettings(Declaration):
    """`resampling:` of a radiomics grid."""

    draws: Annotated[int, Field(ge=2)] = 100
    """How many subsamples."""
    share: Annotated[float, Field(gt=0, lt=1)] = 0.8
    """Of the patients of each class."""
    selector: str | None = None
    """Only this one of the grid's; null takes every selector."""
    size: Annotated[int, Field(ge=1)] = 50
    """How many features: the first of the selector's ranking."""


def draw_patients(
    labels: npt.NDArray[np.int64], patients: npt.NDArray[Any], *, draws: int, share: float, seed: int
) -> list[tuple[Rows, Rows]]:
    """Subsamples without replacement, stratified by class; a patient's lesions stay together.

    A patient with lesions of several classes counts for the last of them (of two: as positive). Of each class at
    least one patient is drawn and one left out, where it has two.

    Args:
        labels: Class numbers from 0, shape (n_lesions,).
        patients: The patient of each lesion, shape (n_lesions,).
        draws: How many.
        share: Of the patients of each class that are drawn.
        seed: Of the draws.

    Returns:
        Row numbers drawn and row numbers left out, one pair a draw.

    Example:
        >>> drawn, left = draw_patients(
        ...     np.array([0, 0, 1, 1]), np.array(["a", "b", "c", "d"]), draws=1, share=0.5, seed=0)[0]
        >>> len(drawn), len(left)
        (2, 2)
    """
    names, codes = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    counts_for = np.zeros(len(names), dtype=np.int64)
    np.maximum.at(counts_for, codes, labels)
    strata = [np.flatnonzero(counts_for == label) for label in range(max(2, int(labels.max(initial=0)) + 1))]
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        taken = np.zeros(len(names), dtype=bool)
        for stratum in strata:
            most = max(len(stratum) - 1, 1)
            count = int(np.clip(round(share * len(stratum)), 1, most)) if len(stratum) else 0
            taken[rng.permutation(stratum)[:count]] = True
        found.append((np.flatnonzero(taken[codes]), np.flatnonzero(~taken[codes])))
    return found
