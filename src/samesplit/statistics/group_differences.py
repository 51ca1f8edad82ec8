"""Differences of the mean or the median between two groups of lesions that are no pairs."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.bootstrap import PatientBootstrap
from samesplit.statistics.checks import FloatArray, check_confidence, codes_of
from samesplit.statistics.interval import Interval
from samesplit.statistics.patient_summaries import TOO_FEW, weighted_summary

__all__ = ["difference_of_groups"]

_FEWEST_PATIENTS = 2


def difference_of_groups(
    values: npt.ArrayLike,
    is_first: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    statistic: Literal["mean", "median"] = "median",
    n_resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Estimate the first group's mean or median minus the second's, with a bootstrap over patients.

    Patients with lesions of the first group alone, of the second alone and of both are drawn apart, so that every
    sample has as many of each as the study, and what a patient has in both groups stays together.

    Args:
        values: Shape (n,), one a lesion.
        is_first: Shape (n,), whether a lesion is of the first group.
        patients: Shape (n,), the patient of each lesion.
        statistic: Which; the median is the smallest value that at least half of the lesions do not exceed.
        n_resamples: Bootstrap samples; 0 for no interval.
        seed: Of the bootstrap.
        confidence: Two-sided coverage.

    Returns:
        The difference with its interval; without one, and a note, where a group has fewer than two patients.

    Raises:
        StatisticsError: A group has no lesion, or the shapes differ.

    Example:
        >>> found = difference_of_groups([0.9, 0.8, 0.7, 0.5, 0.4, 0.6], [1, 1, 1, 0, 0, 0], list("abcdef"))
        >>> round(found.estimate, 2), found.ci_low < 0.3 < found.ci_high
        (0.3, True)
    """
    known = np.asarray(values, dtype=np.float64)
    first = np.asarray(is_first, dtype=bool)
    if first.shape != known.shape:
        raise StatisticsError(f"{known.size} values do not fit groups of shape {first.shape}")
    codes = codes_of(patients, n=known.size)
    n_patients = int(codes.max(initial=-1)) + 1
    if first.all() or not first.any():
        raise StatisticsError(
            "one of the two groups has no lesion", remedy="compare groups that both have some"
        )
    check_confidence(confidence)
    halves = [weighted_summary(known[part], codes[part], n_patients, statistic) for part in (first, ~first)]

    def difference(weights: FloatArray) -> FloatArray:
        return halves[0](weights) - halves[1](weights)

    members = [np.isin(np.arange(n_patients), codes[part]) for part in (first, ~first)]
    few = min(int(member.sum()) for member in members) < _FEWEST_PATIENTS
    name = f"difference of {statistic}s"
    if few or n_resamples == 0:
        estimate = float(difference(np.ones((1, n_patients)))[0])
        return Interval(estimate, math.nan, math.nan, name, TOO_FEW if few else "")
    rng = np.random.default_rng(seed)
    drawn = np.zeros((n_resamples, n_patients))
    for stratum in (members[0] & ~members[1], members[1] & ~members[0], members[0] & members[1]):
        size = int(stratum.sum())
        if size:
            drawn[:, stratum] = rng.multinomial(size, np.full(size, 1 / size), size=n_resamples)
    return PatientBootstrap(drawn, 0).interval(difference, confidence=confidence)
