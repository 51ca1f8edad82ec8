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
    others = counts.sum(axis=1, keepdims=True) - 1
    n_patients = int(owners.max()) + 1
    of_patient = np.zeros((n_patients, values.size))
    np.add.at(of_patient, owners, counts)
    fixed = None if level == "ordinal" else _distances(values, level)
    disagreement = None if fixed is None else _within(counts, fixed, others)

    def one_ordinal(weight: FloatArray) -> float:
        marginals = weight @ of_patient
        ranks = np.cumsum(marginals) - marginals / 2
        distances = (ranks[:, np.newaxis] - ranks) ** 2
        observed = float(weight[owners] @ _within(counts, distances, others))
        return _alpha(observed, float(marginals @ distances @ marginals), float(marginals.sum()))

    def alpha(weights: FloatArray) -> FloatArray:
        if fixed is None or disagreement is None:
            return np.array([one_ordinal(weight) for weight in weights])
        marginals = weights @ of_patient
        observed = weights[:, owners] @ disagreement
        expected = ((marginals @ fixed) * marginals).sum(axis=1)
        return np.array(
            [_alpha(o, e, t) for o, e, t in zip(observed, expected, marginals.sum(axis=1), strict=True)]
        )

    return alpha


def _alpha(observed: float, expected: float, n_ratings: float) -> float:
    """Return 1 - D_o / D_e from the sums over pairs of ratings; NaN when all drawn ratings are the same."""
    return 1 - (n_ratings - 1) * observed / expected if expected > 0 else math.nan


def _within(counts: FloatArray, distances: FloatArray, others: FloatArray) -> FloatArray:
    """Return, for each case, the sum of distances over its ordered pairs of ratings, over its other ratings."""
    return np.asarray(((counts @ distances) * counts).sum(axis=1) / others[:, 0])


def _distances(values: FloatArray, level: str) -> FloatArray:
    difference: FloatArray = values[:, np.newaxis] - values
    if level == "nominal":
        return np.asarray(difference != 0, dtype=np.float64)
    if level == "interval":
        return np.asarray(difference**2)
    total = values[:, np.newaxis] + values
    return np.asarray((difference / np.where(total > 0, total, 1.0)) ** 2)
