"""Figures of merit that are read off the empirical ROC curve: a part of its area, one point, the best utility."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.ordering import above, below
from samesplit.statistics.checks import FloatArray, IntArray, check_labels, check_scores
from samesplit.statistics.mrmc.figures_of_merit import FigureOfMerit

__all__ = [
    "curve_of_counts",
    "expected_utility",
    "partial_auc",
    "score_places",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
]

Steps = Literal["upper", "lower"]
Ends = Literal["curve", "interpolated"]


def partial_auc(
    low: float,
    high: float,
    *,
    over: Literal["specificity", "sensitivity"] = "specificity",
    normalised: bool = False,
    ends: Ends = "curve",
) -> FigureOfMerit:
    """Make the figure: the area under a part of the empirical ROC curve.

    Over a range of specificities it is the area below the curve between the two; over a range of
    sensitivities the area to the right of the curve between the two.

    Args:
        low: The smallest specificity or sensitivity.
        high: The largest.
        over: What `low` and `high` are.
        normalised: Whether the area is divided by `high` - `low`, so that it is the mean sensitivity (or
            specificity) over the range.
        ends: `curve` is the area under the curve as it is, as pROC takes it. `interpolated` cuts the curve at
            `low` and `high` by the values of `sensitivity_at_specificity` and `specificity_at_sensitivity`
            and leaves out what stands exactly there, as MRMCaov does. The two differ where an end falls
            between or on vertical (or flat) parts of the curve, where a step is cut by a slope.

    Raises:
        StatisticsError: A range that is empty or leaves [0, 1].

    Example:
        >>> half = partial_auc(0.5, 1.0, normalised=True)
        >>> half.of(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
        0.5
    """
    if not 0 <= low < high <= 1:
        raise StatisticsError(
            f"{low!r} to {high!r} is no range of {over}", remedy="give two numbers between 0 and 1, low first"
        )

    def of_curve(fpr: FloatArray, tpr: FloatArray) -> float:
        if over == "specificity":
            x, y, bounds = fpr, tpr, np.array([1 - high, 1 - low])
            at = _on_steps(bounds, fpr, tpr, steps="upper")
        else:
            x, y, bounds = tpr, 1 - fpr, np.array([low, high])
            at = 1 - _on_steps(bounds, tpr, fpr, steps="upper")
        if ends == "curve":
            area = _area(x, y, bounds[0], bounds[1])
        else:
            inside = above(x, bounds[0]) & below(x, bounds[1])
            corners = np.r_[bounds[0], x[inside], bounds[1]]
            area = float(np.trapezoid(np.r_[at[0], y[inside], at[1]], corners))
        return area / (high - low) if normalised else area

    share = ", normalised" if normalised else ""
    return _read_off(f"partial AUC ({over} {low:g} to {high:g}{share})", of_curve)


def sensitivity_at_specificity(specificity: float, *, steps: Steps = "upper") -> FigureOfMerit:
    """Make the figure: the sensitivity on the empirical ROC curve at a specificity.

    Args:
        specificity: Between 0 and 1. Between two points of the curve the sensitivity is interpolated.
        steps: Where the curve rises straight up at one specificity, `upper` takes the highest sensitivity
            there, as MRMCaov does, `lower` the lowest.

    Raises:
        StatisticsError: A specificity outside [0, 1].

    Example:
        >>> sensitivity_at_specificity(0.5).of(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
        1.0
    """
    asked = _rate(specificity)

    def of_curve(fpr: FloatArray, tpr: FloatArray) -> float:
        return float(_on_steps(1 - asked, fpr, tpr, steps=steps))

    return _read_off(f"sensitivity at specificity {specificity:g}", of_curve)


def specificity_at_sensitivity(sensitivity: float, *, steps: Steps = "lower") -> FigureOfMerit:
    """Make the figure: the specificity on the empirical ROC curve at a sensitivity.

    Args:
        sensitivity: Between 0 and 1. Between two points of the curve the specificity is interpolated.
        steps: Where the curve runs flat at one sensitivity, `lower` takes the lowest specificity there, as
            MRMCaov does, `upper` the highest: what is reached by the first threshold with this sensitivity.

    Raises:
        StatisticsError: A sensitivity outside [0, 1].

    Example:
        >>> truth, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
        >>> [specificity_at_sensitivity(0.5, steps=steps).of(truth, scores) for steps in ("lower", "upper")]
        [0.5, 1.0]
    """
    asked = _rate(sensitivity)

    def of_curve(fpr: FloatArray, tpr: FloatArray) -> float:
        high_fpr: Steps = "upper" if steps == "lower" else "lower"
        return 1 - float(_on_steps(asked, tpr, fpr, steps=high_fpr))

    return _read_off(f"specificity at sensitivity {sensitivity:g}", of_curve)


def expected_utility(slope: float = 1.0) -> FigureOfMerit:
    """Make the figure: the largest TPR - slope x FPR on the empirical ROC curve.

    Args:
        slope: Of the line of equal utility; with 1 it is Youden's J at the best threshold of each reader,
            seen afterwards: too good as a claim of performance.

    Raises:
        StatisticsError: A slope that is not positive.

    References:
        Abbey CK, Samuelson FW, Gallas BD. Acad Radiol 2013;20:798-806. doi:10.1016/j.acra.2013.02.008.

    Example:
        >>> expected_utility().of(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
        0.5
    """
    if not slope > 0:
        raise StatisticsError(f"a slope of {slope!r} is not positive", remedy="give a positive number")

    def of_curve(fpr: FloatArray, tpr: FloatArray) -> float:
        return float((tpr - slope * fpr).max())

    return _read_off(f"expected utility at slope {slope:g}", of_curve)


def _read_off(name: str, of_curve: Callable[[FloatArray, FloatArray], float]) -> FigureOfMerit:
    def of(truth: IntArray, scores: FloatArray) -> float:
        labels = check_labels(truth)
        places, n_places = score_places(check_scores(scores, n=labels.size))
        positive = np.bincount(places[labels == 1], minlength=n_places).astype(np.float64)
        negative = np.bincount(places[labels == 0], minlength=n_places).astype(np.float64)
        return of_curve(*curve_of_counts(negative, positive))

    return FigureOfMerit(name, of, of_curve=of_curve)


def score_places(scores: FloatArray) -> tuple[IntArray, int]:
    """Give each score the number of its value, from the highest value on.

    Args:
        scores: Shape (n,).

    Returns:
        The number of each score, shape (n,), and how many distinct ones there are.
    """
    distinct, places = np.unique(-scores, return_inverse=True)
    return places.astype(np.int64), distinct.size


def curve_of_counts(negative: FloatArray, positive: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Make the empirical ROC curve of how many cases have each score, from the highest score on.

    Args:
        negative: Shape (n scores,), negative cases.
        positive: Shape (n scores,), positive cases.

    Returns:
        False-positive and true-positive rates, from (0, 0) to (1, 1).
    """
    fpr, tpr = np.zeros(negative.size + 1), np.zeros(positive.size + 1)
    np.cumsum(negative, out=fpr[1:])
    np.cumsum(positive, out=tpr[1:])
    return fpr / fpr[-1], tpr / tpr[-1]


def _rate(value: float) -> float:
    if not 0 <= value <= 1:
        raise StatisticsError(f"{value!r} is no rate", remedy="give a number between 0 and 1")
    return float(value)


def _on_steps(at: npt.ArrayLike, x: FloatArray, y: FloatArray, *, steps: Steps) -> FloatArray:
    """Read a rising curve at some x; where it goes straight up, at the upper or the lower end.

    Args:
        at: Where to read it, between 0 and 1.
        x: Shape (n,), not falling, from 0 to 1.
        y: Shape (n,), not falling.
        steps: Which end of a vertical part is read, and from which straight lines go on to the next.
    """
    last = np.r_[x[1:] != x[:-1], True]
    first = np.r_[True, x[1:] != x[:-1]]
    kept = last if steps == "upper" else first
    return np.asarray(np.interp(np.asarray(at), x[kept], y[kept]), dtype=np.float64)


def _area(x: FloatArray, y: FloatArray, low: float, high: float) -> float:
    """Integrate a curve of straight pieces between two x."""
    rising = x[1:] > x[:-1]
    start, end = x[:-1][rising], x[1:][rising]
    width = np.clip(np.minimum(end, high) - np.maximum(start, low), 0.0, None)
    middle = (np.minimum(end, high) + np.maximum(start, low)) / 2
    slope = (y[1:] - y[:-1])[rising] / (end - start)
    return float((width * (y[:-1][rising] + slope * (middle - start))).sum())
