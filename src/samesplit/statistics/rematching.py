"""How far a comparison at a reader's operating point moves with other cases, the threshold being chosen anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.ordering import RELATIVE
from samesplit.statistics.checks import FloatArray, IntArray

__all__ = ["Rematching"]


@dataclass(frozen=True)
class _OfClass:
    """The cases of one class: how often each was drawn, and the share drawn that lies below each threshold."""

    cases: IntArray
    drawn: FloatArray
    total: FloatArray
    below: FloatArray

    @classmethod
    def of(cls, cases: IntArray, scores: FloatArray, thresholds: FloatArray, weights: FloatArray) -> _OfClass:
        ordered = cases[np.argsort(scores[cases], kind="stable")]
        places = np.searchsorted(scores[ordered], thresholds, side="left").astype(np.int64)
        drawn = weights[:, ordered]
        summed = np.concatenate([np.zeros((len(drawn), 1)), np.cumsum(drawn, axis=1)], axis=1)
        total = np.where(summed[:, -1] > 0, summed[:, -1], np.nan)
        return cls(ordered, drawn, total, summed[:, places] / total[:, np.newaxis])

    def share_right(self, right: npt.NDArray[np.bool_]) -> FloatArray:
        """Return the share of drawn cases that the reader has right."""
        return np.asarray(self.drawn @ right[self.cases].astype(np.float64) / self.total)


@dataclass(frozen=True)
class Rematching:
    """A model on bootstrap samples of cases: what is the same for every reader of these cases.

    Attributes:
        positive: The positive cases by their scores.
        negative: The negative ones.
    """

    positive: _OfClass
    negative: _OfClass

    @classmethod
    def of(cls, truth: IntArray, scores: FloatArray, weights: FloatArray) -> Rematching:
        """Compute sensitivity and specificity at every threshold in every sample.

        Args:
            truth: Shape (n,), 0 or 1, both present.
            scores: Shape (n,), of the model, equals merged.
            weights: Shape (b, n), how often each case was drawn.
        """
        thresholds = np.append(np.unique(scores), np.inf)
        positive, negative = (
            _OfClass.of(np.flatnonzero(truth == label), scores, thresholds, weights) for label in (1, 0)
        )
        return cls(positive, negative)

    def replicates(self, right: npt.NDArray[np.bool_], *, on_sensitivity: bool) -> FloatArray:
        """Compute the matched difference of each sample with a threshold of its own.

        Args:
            right: Shape (n,), whether the reader is right.
            on_sensitivity: Whether the sensitivities are matched, and not the specificities.

        Returns:
            Shape (b,): model minus reader in what is compared; NaN where a sample lacks a class.

        Example:
            >>> truth, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.9])
            >>> right = np.array([True, False, True, False])
            >>> drawn = Rematching.of(truth, scores, np.ones((1, 4)))
            >>> drawn.replicates(right, on_sensitivity=False).tolist()
            [0.5]
        """
        missed, specificities = self.positive.below, self.negative.below
        sensitivity, specificity = self.positive.share_right(right), self.negative.share_right(right)
        rows = np.arange(len(missed))
        if on_sensitivity:
            reached = (1 - missed) >= sensitivity[:, np.newaxis] - RELATIVE
            places = np.maximum(reached.sum(axis=1) - 1, 0)  # none is reached where a sample lacks the class
            return np.asarray(specificities[rows, places] - specificity + 0.0 * sensitivity)
        places = (specificities >= specificity[:, np.newaxis] - RELATIVE).argmax(axis=1)
        return np.asarray((1 - missed[rows, places]) - sensitivity + 0.0 * specificity)
