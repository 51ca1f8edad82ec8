"""How far a comparison at a reader's operating point moves with other cases, the threshold being chosen anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.ordering import RELATIVE
from samesplit.statistics.checks import FloatArray, IntArray

__all__ = ["rematched_replicates"]


@dataclass(frozen=True)
class _OfClass:
    """The cases of one class in the order of their scores, and how many lie below each threshold."""

    cases: IntArray
    below: IntArray
    right: FloatArray

    @classmethod
    def of(
        cls, cases: IntArray, scores: FloatArray, thresholds: FloatArray, right: npt.NDArray[np.bool_]
    ) -> _OfClass:
        ordered = cases[np.argsort(scores[cases], kind="stable")]
        below = np.searchsorted(scores[ordered], thresholds, side="left").astype(np.int64)
        return cls(ordered, below, right[ordered].astype(np.float64))

    def shares(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the share of drawn cases below each threshold, and the share that the reader has right."""
        own = weights[:, self.cases]
        summed = np.concatenate([np.zeros((len(own), 1)), np.cumsum(own, axis=1)], axis=1)
        total = np.where(summed[:, -1:] > 0, summed[:, -1:], np.nan)
        return summed[:, self.below] / total, own @ self.right / total[:, 0]


def rematched_replicates(
    truth: IntArray,
    scores: FloatArray,
    right: npt.NDArray[np.bool_],
    weights: FloatArray,
    *,
    on_sensitivity: bool,
) -> FloatArray:
    """Compute the matched difference of bootstrap samples, each with a threshold of its own.

    Args:
        truth: Shape (n,), 0 or 1, both present.
        scores: Shape (n,), of the model, equals merged.
        right: Shape (n,), whether the reader is right.
        weights: Shape (b, n), how often each case was drawn.
        on_sensitivity: Whether the sensitivities are matched, and not the specificities.

    Returns:
        Shape (b,): model minus reader in what is compared; NaN where a sample lacks a class.

    Example:
        >>> truth, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.9])
        >>> right = np.array([True, False, True, False])
        >>> rematched_replicates(truth, scores, right, np.ones((1, 4)), on_sensitivity=False).tolist()
        [0.5]
    """
    thresholds = np.append(np.unique(scores), np.inf)
    positive = _OfClass.of(np.flatnonzero(truth == 1), scores, thresholds, right)
    negative = _OfClass.of(np.flatnonzero(truth == 0), scores, thresholds, right)
    missed, sensitivity = positive.shares(weights)
    specificities, specificity = negative.shares(weights)
    rows = np.arange(len(weights))
    if on_sensitivity:
        reached = (1 - missed) >= sensitivity[:, np.newaxis] - RELATIVE
        places = np.maximum(reached.sum(axis=1) - 1, 0)  # none is reached where a sample lacks the class
        return np.asarray(specificities[rows, places] - specificity + 0.0 * sensitivity)
    places = (specificities >= specificity[:, np.newaxis] - RELATIVE).argmax(axis=1)
    return np.asarray((1 - missed[rows, places]) - sensitivity + 0.0 * specificity)
