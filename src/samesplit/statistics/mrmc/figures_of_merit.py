"""Figures of merit: what says how well one reader did on the cases, from their truth and the reader's scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import empirical_auc
from samesplit.statistics.checks import FloatArray, IntArray

__all__ = [
    "ACCURACY",
    "AUC",
    "SENSITIVITY",
    "SPECIFICITY",
    "Cases",
    "FigureOfMerit",
    "Figures",
    "as_figure",
]

Cases = Literal["all", "positive", "negative"]


@dataclass(frozen=True)
class FigureOfMerit:
    """How well a reader, or a model, did on the cases.

    Attributes:
        name: As it is reported.
        of: Takes truth (n,) of 0 and 1 and scores (n,), and returns the figure. It must not depend on the
            order of the cases.
        higher_is_better: Whether more is better.
        bounds: The smallest and the largest value that can be; intervals are cut off there. None for no such.
        cases: Which cases it looks at. The others are left out before anything is resampled, so that a
            sensitivity has as many independent cases as there are positive ones.
        per_case: Of a figure that is the mean over its cases of something known for each case by itself (a
            proportion): takes truth (n,) and scores (..., n), and returns that something, shape (..., n).
        of_curve: Of a figure that is read off the empirical ROC curve: takes its false-positive and
            true-positive rates from (0, 0) to (1, 1), points that repeat included, and returns the figure.
        of_calls: Whether the scores must be calls, 0 and 1.
    """

    name: str
    of: Callable[[IntArray, FloatArray], float]
    higher_is_better: bool = True
    bounds: tuple[float, float] | None = (0.0, 1.0)
    cases: Cases = "all"
    per_case: Callable[[IntArray, FloatArray], FloatArray] | None = None
    of_curve: Callable[[FloatArray, FloatArray], float] | None = None
    of_calls: bool = False

    @property
    def is_auc(self) -> bool:
        """Whether it is the area under the whole empirical ROC curve."""
        return self.of is empirical_auc

    @property
    def is_proportion(self) -> bool:
        """Whether it is a mean over cases."""
        return self.per_case is not None

    def looks_at(self, truth: IntArray) -> npt.NDArray[np.bool_]:
        """Tell which cases the figure looks at.

        Args:
            truth: Shape (n,), 0 or 1.

        Returns:
            Shape (n,).
        """
        if self.cases == "all":
            return np.ones(truth.shape, dtype=np.bool_)
        return np.asarray(truth == (1 if self.cases == "positive" else 0))


Figures: TypeAlias = FigureOfMerit | Callable[[IntArray, FloatArray], float]
"""A figure of merit, or any function of truth and scores that gives one number."""


def as_figure(figure: Figures) -> FigureOfMerit:
    """Return a figure of merit as it is, and make one of any function of truth and scores.

    Args:
        figure: A figure, or a function that takes truth (n,) and scores (n,) and returns a number, more being
            better. Its intervals are not cut off: nothing is known of its bounds.

    Example:
        >>> from sklearn.metrics import average_precision_score
        >>> as_figure(average_precision_score).name
        'average_precision_score'
    """
    if isinstance(figure, FigureOfMerit):
        return figure
    return FigureOfMerit(getattr(figure, "__name__", "figure of merit"), figure, bounds=None)


def _right(truth: IntArray, calls: FloatArray) -> FloatArray:
    return np.asarray(calls == truth, dtype=np.float64)


def _share_right(cases: Cases) -> Callable[[IntArray, FloatArray], float]:
    def share(truth: IntArray, calls: FloatArray) -> float:
        rows = slice(None) if cases == "all" else truth == (1 if cases == "positive" else 0)
        right = _right(truth, calls)[rows]
        if not right.size:
            raise StatisticsError(f"no {cases} case: the proportion is not defined")
        return float(right.mean())

    return share


AUC = FigureOfMerit("AUC", empirical_auc)
"""The area under the empirical ROC curve (the Mann-Whitney statistic, ties as half)."""

SENSITIVITY = FigureOfMerit(
    "sensitivity", _share_right("positive"), cases="positive", per_case=_right, of_calls=True
)
"""The share of positive cases that are called positive."""

SPECIFICITY = FigureOfMerit(
    "specificity", _share_right("negative"), cases="negative", per_case=_right, of_calls=True
)
"""The share of negative cases that are called negative."""

ACCURACY = FigureOfMerit("accuracy", _share_right("all"), per_case=_right, of_calls=True)
"""The share of cases that are called right."""
