"""Reclassification: how a second set of probabilities moves lesions up and down (NRI, IDI).

The category-free index overstates what a model adds, even on independent lesions (Kerr et al., Epidemiology
2014;25:114-121, doi:10.1097/EDE.0000000000000018): positives and negatives are given apart, nothing is claimed
from either, and the change of net benefit (`decision_curve`) says what reclassification is worth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.ordering import RELATIVE, probability_at_least
from samesplit.statistics.checks import AnyArray, FloatArray, IntArray, check_labels, check_scores, codes_of
from samesplit.statistics.decision_curve import check_thresholds
from samesplit.statistics.interval import Interval, z_test

__all__ = [
    "DiscriminationImprovement",
    "Reclassification",
    "integrated_discrimination_improvement",
    "moves",
    "net_reclassification_improvement",
]


@dataclass(frozen=True)
class Reclassification:
    """The net reclassification improvement of new probabilities over old ones.

    Attributes:
        nri: events + non_events; between -2 and 2, which is no share of anything.
        events: Of the positives, the share that moved up less the share that moved down.
        non_events: Of the negatives, the share that moved down less the share that moved up.
        events_up: Share of the positives that moved up.
        events_down: Share of the positives that moved down.
        non_events_up: Share of the negatives that moved up.
        non_events_down: Share of the negatives that moved down.
    """

    nri: Interval
    events: Interval
    non_events: Interval
    events_up: float
    events_down: float
    non_events_up: float
    non_events_down: float


def net_reclassification_improvement(
    labels: npt.ArrayLike,
    old: npt.ArrayLike,
    new: npt.ArrayLike,
    *,
    categories: npt.ArrayLike | None = None,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Reclassification:
    """Compute the net reclassification improvement, of positives and negatives apart and together.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        old: Shape (n,), the probabilities to improve on.
        new: Shape (n,), the others.
        categories: The limits between categories of risk, rising; a lesion moves when its category changes. None
            is the category-free NRI: it moves when its probability changes.
        patients: Shape (n,), the patient of each prediction; the variance is that of the patients' totals. None
            for independent lesions.
        confidence: Two-sided coverage.

    Returns:
        Estimates with Wald intervals; the p-values test that each is 0.

    Raises:
        StatisticsError: A class is missing, or a probability or limit is not usable.

    References:
        Pencina MJ, D'Agostino RB, Steyerberg EW. Extensions of net reclassification improvement calculations to
        measure usefulness of new biomarkers. Stat Med 2011;30:11-21. doi:10.1002/sim.4085.

    Example:
        >>> found = net_reclassification_improvement([0, 0, 1, 1], [0.3, 0.6, 0.4, 0.6], [0.2, 0.7, 0.6, 0.8])
        >>> found.events.estimate, found.non_events.estimate, found.nri.estimate
        (1.0, 0.0, 1.0)
    """
    truth, before, after = _three(labels, old, new)
    codes = _codes(patients, truth.size)
    move = moves(before, after, categories=categories)
    name = "Wald"
    if categories is not None:
        name += ", categories from " + ", ".join(f"{limit:g}" for limit in np.asarray(categories))
    events = _mean_by_class(truth, move, 1, codes)
    non_events = _mean_by_class(truth, -move, 0, codes)
    method = name if codes.max() + 1 == truth.size else f"{name}, clustered by patient"

    def interval(estimate: float, influence: FloatArray) -> Interval:
        return z_test(estimate, float(influence @ influence), method=method, confidence=confidence)

    up, down = move > 0, move < 0
    return Reclassification(
        nri=interval(events[0] + non_events[0], events[1] + non_events[1]),
        events=interval(*events),
        non_events=interval(*non_events),
        events_up=float(up[truth == 1].mean()),
        events_down=float(down[truth == 1].mean()),
        non_events_up=float(up[truth == 0].mean()),
        non_events_down=float(down[truth == 0].mean()),
    )


def moves(old: npt.ArrayLike, new: npt.ArrayLike, *, categories: npt.ArrayLike | None = None) -> FloatArray:
    """Tell which way every lesion moves from old to new probabilities: up (1), down (-1) or not (0).

    Args:
        old: Shape (n,), in [0, 1].
        new: Shape (n,), in [0, 1].
        categories: See `net_reclassification_improvement`.

    Returns:
        Shape (n,).

    Raises:
        StatisticsError: A limit between categories is not usable.

    Example:
        >>> moves([0.1, 0.3, 0.3], [0.15, 0.25, 0.6], categories=[0.2, 0.5]).tolist()
        [0.0, 0.0, 1.0]
    """
    before, after = np.asarray(old, dtype=np.float64), np.asarray(new, dtype=np.float64)
    if categories is None:
        same = np.abs(after - before) <= RELATIVE * np.maximum(np.abs(before), np.abs(after))
        return _signs(np.where(same, 0.0, after - before))
    limits = check_thresholds(categories)[np.newaxis]
    of_old, of_new = (probability_at_least(p[:, np.newaxis], limits).sum(axis=1) for p in (before, after))
    return _signs(of_new - of_old)


def _signs(change: AnyArray) -> FloatArray:
    found: FloatArray = np.sign(change).astype(np.float64)
    return found


@dataclass(frozen=True)
class DiscriminationImprovement:
    """The integrated discrimination improvement of new probabilities over old ones.

    Attributes:
        idi: events + non_events: by how much the mean probabilities of the two classes move apart.
        events: Mean change of the probability of the positives.
        non_events: Mean change of the probability of the negatives, with the sign turned.
    """

    idi: Interval
    events: Interval
    non_events: Interval


def integrated_discrimination_improvement(
    labels: npt.ArrayLike,
    old: npt.ArrayLike,
    new: npt.ArrayLike,
    *,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> DiscriminationImprovement:
    """Compute the integrated discrimination improvement, of positives and negatives apart and together.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        old: Shape (n,), the probabilities to improve on.
        new: Shape (n,), the others.
        patients: See `net_reclassification_improvement`.
        confidence: Two-sided coverage.

    Returns:
        Estimates with Wald intervals and p-values.

    Raises:
        StatisticsError: A class is missing, or a probability is not usable.

    References:
        Pencina MJ, D'Agostino RB Sr, D'Agostino RB Jr, Vasan RS. Evaluating the added predictive ability of a new
        marker. Stat Med 2008;27:157-172. doi:10.1002/sim.2929.

    Example:
        >>> found = integrated_discrimination_improvement([0, 0, 1, 1], [0.3, 0.6, 0.4, 0.6], [0.2, 0.5, 0.6, 0.8])
        >>> round(found.idi.estimate, 3)
        0.3
    """
    truth, before, after = _three(labels, old, new)
    codes = _codes(patients, truth.size)
    events = _mean_by_class(truth, after - before, 1, codes, corrected=True)
    non_events = _mean_by_class(truth, before - after, 0, codes, corrected=True)
    method = "Wald" if codes.max() + 1 == truth.size else "Wald, clustered by patient"

    def interval(estimate: float, influence: FloatArray) -> Interval:
        return z_test(estimate, float(influence @ influence), method=method, confidence=confidence)

    return DiscriminationImprovement(
        idi=interval(events[0] + non_events[0], events[1] + non_events[1]),
        events=interval(*events),
        non_events=interval(*non_events),
    )


def _three(
    labels: npt.ArrayLike, old: npt.ArrayLike, new: npt.ArrayLike
) -> tuple[IntArray, FloatArray, FloatArray]:
    truth = check_labels(labels)
    before, after = (check_scores(p, n=truth.size, probabilities=True) for p in (old, new))
    return truth, before, after


def _codes(patients: npt.ArrayLike | None, n: int) -> IntArray:
    return np.arange(n) if patients is None else codes_of(patients, n=n)


def _mean_by_class(
    truth: IntArray, values: FloatArray, label: int, codes: IntArray, *, corrected: bool = False
) -> tuple[float, FloatArray]:
    """Return the mean over one class and the influence of every patient on it.

    Args:
        truth: Shape (n,), 0 or 1.
        values: Shape (n,), of which the mean is taken.
        label: The class.
        codes: Shape (n,), the patient of each value by number.
        corrected: Whether the variance is divided by the number of patients less 1; always where patients have
            several values.
    """
    inside = truth == label
    n, estimate = int(inside.sum()), float(values[inside].mean())
    size = int(codes.max()) + 1
    influence: FloatArray = np.bincount(codes[inside], (values[inside] - estimate) / n, size).astype(
        np.float64
    )
    carriers = int(np.unique(codes[inside]).size)
    if corrected or carriers < n:
        influence = influence * (math.sqrt(carriers / (carriers - 1)) if carriers > 1 else math.nan)
    return estimate, influence
