"""Weights that make up for censoring: Uno's C index, and the AUC and the Brier score at a time.

A lesion whose event was seen stands for those like it who were censored before: it counts 1 / G, where G(t)
is the share not yet censored just before t. Tools disagree on ties: here an event at a time comes before a
censoring at the same time, and G is taken just before the event, as in R's survival and riskRegression.
scikit-survival takes G at the event itself and differs by up to 4e-4 where times are tied.

References:
    Uno H, et al. On the C-statistics for evaluating overall adequacy of risk prediction procedures with
    censored survival data. Stat Med 2011;30:1105-1117. doi:10.1002/sim.4154. Graf E, et al. Stat Med
    1999;18:2529-2545. doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18<2529::AID-SIM274>3.0.CO;2-5. Blanche
    P, Dartigues JF, Jacqmin-Gadda H. Stat Med 2013;32:5381-5397. doi:10.1002/sim.5958.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, IntArray, check_labels, check_scores
from samesplit.statistics.survival.concordance import check_times, concordance

__all__ = ["auc_at", "brier_at", "censoring_survival", "uno_c", "uno_weights"]


def censoring_survival(
    times: npt.ArrayLike, events: npt.ArrayLike, at: npt.ArrayLike, *, before: bool = True
) -> FloatArray:
    """Estimate the share that is not yet censored, by Kaplan and Meier with the roles exchanged.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        at: Shape (m,), the times that are asked for.
        before: Whether just before them, or up to and with them.

    Returns:
        Shape (m,).

    Example:
        >>> censoring_survival([1, 2, 3, 4], [1, 0, 1, 0], [2, 3]).tolist()
        [1.0, 0.6666666666666667]
    """
    seen = check_labels(events, both_classes=False)
    when = check_times(times, n=seen.size)
    places, codes = np.unique(when, return_inverse=True)
    n_events = np.bincount(codes, weights=seen, minlength=places.size)
    n_censored = np.bincount(codes, weights=1 - seen, minlength=places.size)
    at_risk = np.cumsum((n_events + n_censored)[::-1])[::-1] - n_events
    hazard = np.divide(n_censored, at_risk, out=np.zeros(places.size), where=at_risk > 0)
    steps = np.concatenate([[1.0], np.cumprod(1 - hazard)])
    return np.asarray(steps[np.searchsorted(places, at, side="left" if before else "right")])


def uno_weights(times: npt.ArrayLike, events: npt.ArrayLike, *, until: float | None = None) -> FloatArray:
    """Compute what a pair counts in Uno's C index, by its earlier lesion: 1 / G^2 up to a time, 0 beyond it.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        until: Pairs whose earlier event is at or beyond it do not count; None counts all.

    Returns:
        Shape (n,); 0 where the event was not seen.
    """
    seen = check_labels(events, both_classes=False)
    when = check_times(times, n=seen.size)
    counts = (seen == 1) & (when < (math.inf if until is None else until))
    weights = np.zeros(seen.size)
    share = censoring_survival(when, seen, when[counts])
    weights[counts] = 1 / share**2
    return weights


def uno_c(
    times: npt.ArrayLike, events: npt.ArrayLike, risks: npt.ArrayLike, *, until: float | None = None
) -> float:
    """Compute Uno's concordance index, which does not depend on how censoring was distributed.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        risks: Shape (n,), higher for an earlier event.
        until: Pairs whose earlier event is at or beyond it do not count. Weights grow without bound towards
            the end of follow-up: choose a time up to which many are followed up.

    Raises:
        StatisticsError: No two lesions can be compared, or the input is not such.

    Example:
        >>> round(uno_c([2, 4, 5, 9], [1, 0, 1, 0], [0.9, 0.3, 0.1, 0.2]), 4)
        0.5714
    """
    weights = uno_weights(times, events, until=until)
    found = concordance(times, events, risks, weights=weights)
    if not found.n_pairs:
        raise StatisticsError(
            "no two lesions can be compared: nobody was seen to have the event while another was followed up",
            remedy="choose a later time, or lesions with events",
        )
    return found.estimate


def auc_at(times: npt.ArrayLike, events: npt.ArrayLike, risks: npt.ArrayLike, at: float) -> float:
    """Compute the AUC of telling lesions with an event by a time from those without (cumulative, dynamic).

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        risks: Shape (n,), higher for an earlier event.
        at: The time.

    Raises:
        StatisticsError: Nobody had the event by then, or nobody was followed up beyond.

    Example:
        >>> round(auc_at([2, 4, 5, 9, 10], [1, 1, 1, 0, 0], [0.9, 0.3, 0.1, 0.2, 0.4], 4.5), 3)
        0.833
    """
    seen = check_labels(events, both_classes=False)
    when, risk = check_times(times, n=seen.size), check_scores(risks, n=seen.size)
    cases, controls = _sides(when, seen, at)
    weight = 1 / censoring_survival(when, seen, when[cases])
    ahead = (np.sign(risk[cases][:, np.newaxis] - risk[controls]) + 1) / 2
    return float(weight @ ahead.mean(axis=1) / weight.sum())


def brier_at(times: npt.ArrayLike, events: npt.ArrayLike, survival: npt.ArrayLike, at: float) -> float:
    """Compute the Brier score of predicted probabilities of no event up to a time.

    Args:
        times: Shape (n,), above 0.
        events: Shape (n,), 1 where the event was seen, 0 where follow-up ended without it.
        survival: Shape (n,), predicted probability of no event up to `at`.
        at: The time.

    Raises:
        StatisticsError: Nobody had the event by then, or nobody was followed up beyond; or no probabilities.

    Example:
        >>> brier_at([2, 4, 5, 9], [1, 1, 1, 1], [0.0, 0.5, 1.0, 1.0], 4.5)
        0.0625
    """
    seen = check_labels(events, both_classes=False)
    when = check_times(times, n=seen.size)
    predicted = check_scores(survival, n=seen.size, probabilities=True)
    cases, controls = _sides(when, seen, at)
    lost = predicted[cases] ** 2 / censoring_survival(when, seen, when[cases])
    kept = (1 - predicted[controls]) ** 2 / censoring_survival(when, seen, [at], before=False)[0]
    return float((lost.sum() + kept.sum()) / seen.size)


def _sides(
    times: FloatArray, events: IntArray, at: float
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    cases, controls = (events == 1) & (times <= at), times > at
    if not (cases.any() and controls.any()):
        raise StatisticsError(
            f"{int(cases.sum())} lesions had the event by {at:g} and {int(controls.sum())} were followed up "
            "beyond: the time divides nothing",
            remedy="choose a time between the first event and the last follow-up",
        )
    return cases, controls
