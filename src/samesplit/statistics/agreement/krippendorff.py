"""Krippendorff's alpha: agreement of any number of readers with any ratings missing."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.agreement.ratings import Agreement, check_ratings
from samesplit.statistics.bootstrap import PatientBootstrap, Statistic
from samesplit.statistics.checks import FloatArray, IntArray, check_confidence, codes_of
from samesplit.statistics.patient_sums import OfSums

__all__ = ["AlphaLevel", "krippendorff_alpha"]

AlphaLevel = Literal["nominal", "ordinal", "interval", "ratio"]
"""What the numbers of the ratings mean: names, an order, differences, or shares of their sum."""

_MOST_VALUES = 3000


def krippendorff_alpha(
    ratings: npt.ArrayLike,
    *,
    level: AlphaLevel = "nominal",
    patients: npt.ArrayLike | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Agreement:
    """Estimate the agreement of readers as 1 - observed over expected disagreement.

    A case counts from two ratings on, with all the ratings that it has. The interval is a bootstrap of whole
    cases (of whole patients where they are given).

    Args:
        ratings: Shape (n cases, n readers), NaN where a reader did not rate a case.
        level: `nominal` (any two different ratings disagree alike), `ordinal` (by the ratings that lie between),
            `interval` (by the squared difference) or `ratio` (by the squared difference over the sum; ratings of
            0 or more).
        patients: Shape (n cases,), the patient of each case; None for one case a patient.
        n_resamples: Bootstrap samples; 0 for no interval.
        seed: Of the random generator.
        confidence: Two-sided coverage.

    Returns:
        Alpha; NaN with a note when all ratings are the same. The standard error is that of the samples.

    Raises:
        StatisticsError: Fewer than two readers, no case with two ratings, an unknown level, or negative ratings on
            a ratio scale.

    References:
        Krippendorff K. Content analysis, 4th ed. 2018, chapter 12; Hayes AF, Krippendorff K 2007,
        doi:10.1080/19312450709336664.

    Example:
        >>> found = krippendorff_alpha([[1, 1, np.nan], [2, 2, 3], [3, 3, 3], [1, 2, 1]], level="ordinal")
        >>> round(found.estimate, 3), found.n_cases
        (0.773, 4)
    """
    if level not in get_args(AlphaLevel):
        raise StatisticsError(
            f"unknown level {level!r}", remedy=f"use one of {', '.join(get_args(AlphaLevel))}"
        )
    check_confidence(confidence)
    table = check_ratings(ratings)
    owners = codes_of(np.arange(len(table)) if patients is None else patients, n=len(table))
    pairable = (~np.isnan(table)).sum(axis=1) >= 2
    table, owners = table[pairable], np.unique(owners[pairable], return_inverse=True)[1].astype(np.int64)
    if level == "ratio" and np.nanmin(table) < 0:
        raise StatisticsError(
            f"a rating of {np.nanmin(table):g} is not on a ratio scale", remedy="use the level 'interval'"
        )
    method, (n, m) = f"Krippendorff's alpha, {level}", table.shape
    values, counts = _counts(table)
    if values.size < 2:
        nan = math.nan
        return Agreement(
            nan, nan, nan, method, "all ratings are the same: not defined", n_cases=n, n_readers=m
        )
    statistic = _statistic(values, counts, owners, level)
    n_patients = int(owners.max()) + 1
    estimate = float(statistic(np.ones((1, n_patients)))[0])
    if n_resamples < 2 or n_patients < 2:
        return Agreement(estimate, math.nan, math.nan, method, "no interval", n_cases=n, n_readers=m)
    generator = np.random.default_rng(seed)
    even = np.full(n_patients, 1 / n_patients)
    weights = generator.multinomial(n_patients, even, size=n_resamples).astype(np.float64)
    samples = PatientBootstrap(weights, 0)
    found = samples.interval(statistic, confidence=confidence)
    replicates = samples.replicate(statistic)
    known = replicates[~np.isnan(replicates)]
    error = float(known.std(ddof=1)) if known.size > 1 else math.nan
    return Agreement(
        estimate,
        found.ci_low,
        found.ci_high,
        f"{method}; {found.method}",
        found.note,
        standard_error=error,
        n_cases=n,
        n_readers=m,
    )


def _counts(table: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distinct ratings and how often each case has each of them."""
    values, places = np.unique(table[~np.isnan(table)], return_inverse=True)
    if values.size > _MOST_VALUES:
        raise StatisticsError(
            f"{values.size} different ratings are more than the {_MOST_VALUES} that this coefficient can count",
            remedy="round the ratings to what can be read off, or use an intraclass correlation",
        )
    counts = np.zeros((len(table), values.size))
    np.add.at(counts, (np.nonzero(~np.isnan(table))[0], places), 1)
    return values, counts


def _statistic(values: FloatArray, counts: FloatArray, owners: IntArray, level: str) -> Statistic:
    """Return alpha as a function of how often each patient was drawn."""
    sizes = counts.sum(axis=1)
    of_patient = np.zeros((int(owners.max()) + 1, values.size))
    np.add.at(of_patient, owners, counts)
    if level in ("nominal", "ratio"):  # disagreement within a case is a number, whatever else is drawn
        ratios = _ratio_distances(values) if level == "ratio" else None

        def pairs(found: FloatArray) -> FloatArray:
            """Return the sums of distances over all pairs of ratings, of which each row has so many."""
            if ratios is not None:
                return np.asarray(((found @ ratios) * found).sum(axis=1))
            return np.asarray(found.sum(axis=1) ** 2 - (found**2).sum(axis=1))

        within = np.bincount(owners, pairs(counts) / (sizes - 1), minlength=len(of_patient))
        sums = np.column_stack([of_patient, within])
        return OfSums(sums, lambda drawn: _alpha(drawn[:, :-1], drawn[:, -1], pairs(drawn[:, :-1])))

    def disagreements(marginals: FloatArray, drawn: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the sums of distances over pairs of ratings, within cases and among all that were drawn."""
        places = np.broadcast_to(values, marginals.shape)
        if level == "ordinal":  # the ratings between two of them make up the distance of their mid-ranks
            places = np.cumsum(marginals, axis=1) - marginals / 2
        totals = marginals.sum(axis=1, keepdims=True)
        places = places - (marginals * places).sum(axis=1, keepdims=True) / totals
        squares = sizes[:, np.newaxis] * (counts @ (places**2).T) - (counts @ places.T) ** 2
        within = 2 * squares / (sizes[:, np.newaxis] - 1)
        among = 2 * totals[:, 0] * (marginals * places**2).sum(axis=1)
        return (drawn * within.T).sum(axis=1), among

    def alpha(weights: FloatArray) -> FloatArray:
        marginals = weights @ of_patient
        observed, expected = disagreements(marginals, weights[:, owners])
        return _alpha(marginals, observed, expected)

    return alpha


def _alpha(marginals: FloatArray, observed: FloatArray, expected: FloatArray) -> FloatArray:
    """Return 1 - observed over expected disagreement; NaN where all ratings that were drawn are the same."""
    n_ratings = marginals.sum(axis=1)
    several = (marginals > 0).sum(axis=1) > 1
    shares = (n_ratings - 1) * observed / np.where(several, expected, 1.0)
    return np.where(several, 1 - shares, np.nan)


def _ratio_distances(values: FloatArray) -> FloatArray:
    difference: FloatArray = values[:, np.newaxis] - values
    total = values[:, np.newaxis] + values
    return np.asarray((difference / np.where(total > 0, total, 1.0)) ** 2)
