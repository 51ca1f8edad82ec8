"""Kappa: agreement of readers beyond what the frequencies of their categories alone would give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.inter_rater import fleiss_kappa as kappa_of_counts

from samesplit.errors import StatisticsError
from samesplit.statistics.agreement.ratings import (
    Agreement,
    CategoryWeights,
    check_ratings,
    count_categories,
    weight_matrix,
)
from samesplit.statistics.checks import FloatArray, check_numbers
from samesplit.statistics.interval import is_degenerate, normal_interval

__all__ = [
    "cohen_kappa_interval",
    "conger_kappa",
    "fleiss_kappa",
    "fleiss_kappa_by_category",
    "light_kappa",
    "pair_kappa",
]

_ONE_CATEGORY = "all ratings are of one category: not defined"


def cohen_kappa_interval(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    weights: CategoryWeights = "none",
    categories: Sequence[float] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    """Estimate the agreement of two readers beyond chance (Cohen's kappa), weighted or not.

    The interval takes the large-sample standard error of Fleiss, Cohen and Everitt (1969), the p-value the one
    that holds when there is no agreement beyond chance. Assumes independent cases; kappa depends on how often the
    categories occur, so kappas of two studies with another prevalence cannot be compared.

    Args:
        first: Shape (n,), the categories by one reader; NaN for none.
        second: Shape (n,), those by the other. Cases that only one of them rated are left out.
        weights: `linear` and `quadratic` count the steps between two categories on the scale, whatever their
            numbers: for ordered scales.
        categories: All categories of the scale in their order. Name them for a weighted kappa: a category that
            nobody used is a step all the same. None takes those that were used, sorted.
        confidence: Two-sided coverage.

    Returns:
        Kappa, cut off at -1 and 1; NaN with a note where both readers gave one and the same category throughout.

    Raises:
        StatisticsError: Different lengths, no case in common, unknown weights or a rating that is no category.

    References:
        Cohen J 1960, doi:10.1177/001316446002000104. Fleiss JL, Cohen J, Everitt BS. Psychol Bull
        1969;72:323-327, doi:10.1037/h0028106.

    Example:
        >>> found = cohen_kappa_interval([1, 1, 0, 0, 1, 0, 1, 1], [1, 1, 0, 0, 0, 0, 1, 0])
        >>> round(found.estimate, 3), round(found.standard_error, 3), round(found.p_value, 3)
        (0.529, 0.254, 0.09)
    """
    one, other = (check_numbers(column, what="ratings") for column in (first, second))
    if one.shape != other.shape or one.ndim != 1:
        raise StatisticsError(f"ratings of shape {one.shape} cannot be paired with {other.shape}")
    table = check_ratings(np.column_stack([one, other]))
    table = table[~np.isnan(table).any(axis=1)]
    values, _ = count_categories(table, categories)
    weight_matrix(weights, values)  # an unknown name is an error here
    counts = _contingency(table, values)
    method = "Cohen's kappa" if weights == "none" else f"Cohen's kappa, {weights} weights"
    n = len(table)
    if _one_category(counts):
        nan = math.nan
        return Agreement(nan, nan, nan, method, _ONE_CATEGORY, n_cases=n, n_readers=2)
    with np.errstate(invalid="ignore", divide="ignore"):  # it divides by a standard error that can be 0
        found = cohens_kappa(counts, wt=None if weights == "none" else weights)
    estimate, variance = float(found.kappa), float(found.var_kappa)
    if is_degenerate(float(found.var_kappa0)):
        z = p = math.nan
    else:
        z = estimate / math.sqrt(float(found.var_kappa0))
        p = 2 * float(stats.norm.sf(abs(z)))
    made = normal_interval(estimate, variance, method=method, confidence=confidence, bounds=(-1.0, 1.0))
    error = math.sqrt(max(variance, 0.0))
    return Agreement(estimate, made.ci_low, made.ci_high, method, made.note, p, error, z, n, 2)


def fleiss_kappa(
    ratings: npt.ArrayLike, *, categories: Sequence[float] | None = None, confidence: float = 0.95
) -> Agreement:
    """Estimate the agreement of several readers beyond chance (Fleiss' kappa) on unordered categories.

    The p-value takes Fleiss' standard error without agreement; the interval takes the standard error of Gwet
    (2008), with Student's t, because the former holds only at a kappa of 0. Every case needs the ratings of all
    readers: cases with a missing one are left out and counted in the note (`gwet_ac` and `krippendorff_alpha` use
    them).

    Args:
        ratings: Shape (n cases, n readers), NaN where a reader did not rate a case.
        categories: All categories; None takes those that were used. It changes nothing but what is allowed.
        confidence: Two-sided coverage.

    Returns:
        Kappa; NaN with a note when all ratings are of one category or fewer than two cases are complete.

    Raises:
        StatisticsError: Fewer than two readers, or a rating that is no category.

    References:
        Fleiss JL. Psychol Bull 1971;76:378-382, doi:10.1037/h0031619. Fleiss JL, Nee JCM, Landis JR 1979,
        doi:10.1037/0033-2909.86.5.974. Gwet KL 2008, doi:10.1348/000711006X126600.

    Example:
        >>> found = fleiss_kappa([[1, 1, 1], [0, 0, 1], [1, 1, 1], [0, 0, 0], [0, 1, 0]])
        >>> round(found.estimate, 3), round(found.p_value, 3)
        (0.464, 0.072)
    """
    table, counts, note = _complete(ratings, categories)
    n, m = table.shape
    if n < 2 or np.unique(table).size < 2:
        return _undefined("Fleiss' kappa", note, n, m)
    shares = counts.sum(axis=0) / (n * m)
    estimate = float(kappa_of_counts(counts, method="fleiss"))
    spread = float((shares * (1 - shares)).sum())
    skew = float((shares * (1 - shares) * (1 - 2 * shares)).sum())
    error_without_agreement = math.sqrt(2 * (spread**2 - skew)) / (spread * math.sqrt(n * m * (m - 1)))
    z = estimate / error_without_agreement
    error = _linearised_error(counts, shares, estimate)
    half = float(stats.t.isf((1 - confidence) / 2, n - 1)) * error
    low, high = max(-1.0, estimate - half), min(1.0, estimate + half)
    p = 2 * float(stats.norm.sf(abs(z)))
    if is_degenerate(error**2):
        note = "; ".join(part for part in (note, "no variance: the interval is a point") if part)
    return Agreement(estimate, low, high, "Fleiss' kappa", note, p, error, z, n, m)


def fleiss_kappa_by_category(
    ratings: npt.ArrayLike, *, categories: Sequence[float] | None = None
) -> dict[float, Agreement]:
    """Estimate Fleiss' kappa of each category against all others.

    Args:
        ratings: Shape (n cases, n readers); incomplete cases are left out.
        categories: All categories; None takes those that were used.

    Returns:
        By category: kappa with z and p-value, without interval. A category that nobody chose has NaN.

    Raises:
        StatisticsError: Fewer than two readers, or a rating that is no category.

    Example:
        >>> found = fleiss_kappa_by_category([[1, 1, 2], [2, 2, 2], [3, 3, 3], [1, 1, 1]])
        >>> {category: round(each.estimate, 2) for category, each in found.items()}
        {1.0: 0.66, 2.0: 0.62, 3.0: 1.0}
    """
    table, counts, note = _complete(ratings, categories)
    values, _ = count_categories(check_ratings(ratings), categories)  # of incomplete cases as well
    n, m = table.shape
    found = {}
    for value, of_category in zip(values, counts.T, strict=True):
        share = float(of_category.sum()) / (n * m) if n else 0.0
        if n < 2 or not 0 < share < 1:
            found[float(value)] = _undefined("Fleiss' kappa of a category", note, n, m)
            continue
        disagreeing = float((of_category * (m - of_category)).sum())
        estimate = 1 - disagreeing / (n * m * (m - 1) * share * (1 - share))
        error = math.sqrt(2 / (n * m * (m - 1)))
        z = estimate / error
        p = 2 * float(stats.norm.sf(abs(z)))
        found[float(value)] = Agreement(
            estimate, math.nan, math.nan, "Fleiss' kappa of a category", note, p, error, z, n, m
        )
    return found


def conger_kappa(
    ratings: npt.ArrayLike,
    *,
    weights: CategoryWeights = "none",
    categories: Sequence[float] | None = None,
) -> float:
    """Estimate the agreement of several named readers beyond chance, each with frequencies of their own.

    With two readers it is Cohen's kappa; R's `irr` calls it the exact Fleiss kappa.

    Args:
        ratings: Shape (n cases, n readers); incomplete cases are left out.
        weights: See `cohen_kappa_interval`; distances are those between the numbers of the categories.
        categories: All categories; None takes those that were used.

    Returns:
        The kappa; NaN when all ratings are of one category.

    Raises:
        StatisticsError: Fewer than two readers, or a rating that is no category.

    References:
        Conger AJ. Psychol Bull 1980;88:322-328, doi:10.1037/0033-2909.88.2.322.

    Example:
        >>> round(conger_kappa([[1, 1, 1], [0, 0, 1], [1, 1, 1], [0, 0, 0], [0, 1, 0]]), 3)
        0.474
    """
    table, _, _ = _complete(ratings, categories)
    values, _ = count_categories(table, categories)
    if not len(table) or np.unique(table).size < 2:
        return math.nan
    weight = weight_matrix(weights, values)
    chosen = (table[:, :, np.newaxis] == values).astype(np.float64)
    frequencies = chosen.mean(axis=0)
    pairs = list(combinations(range(table.shape[1]), 2))
    observed = np.mean([np.einsum("ic,cd,id->i", chosen[:, a], weight, chosen[:, b]) for a, b in pairs])
    expected = np.mean([frequencies[a] @ weight @ frequencies[b] for a, b in pairs])
    return float((observed - expected) / (1 - expected))


def light_kappa(
    ratings: npt.ArrayLike,
    *,
    weights: CategoryWeights = "none",
    categories: Sequence[float] | None = None,
) -> float:
    """Average Cohen's kappa over all pairs of readers.

    Args:
        ratings: Shape (n cases, n readers); a case counts for each pair of readers who both rated it.
        weights: See `cohen_kappa_interval`.
        categories: All categories of the scale in their order; None takes those that were used.

    Returns:
        The mean over the pairs whose kappa is defined; NaN when that of none is.

    Raises:
        StatisticsError: Fewer than two readers, a pair without a case in common, or a rating that is no category.

    References:
        Light RJ. Psychol Bull 1971;76:365-377, doi:10.1037/h0031643.

    Example:
        >>> round(light_kappa([[1, 1, 1], [0, 0, 1], [1, 1, 1], [0, 0, 0], [0, 1, 0]]), 3)
        0.466
    """
    table = check_ratings(ratings)
    values, _ = count_categories(table, categories)
    pairs = combinations(range(table.shape[1]), 2)
    found = np.array([pair_kappa(table[:, [a, b]], values, weights) for a, b in pairs])
    known = found[~np.isnan(found)]
    return float(known.mean()) if known.size else math.nan


def pair_kappa(ratings: FloatArray, values: FloatArray, weights: CategoryWeights = "none") -> float:
    """Compute Cohen's kappa of two readers without its interval, which for all pairs of many takes long.

    Args:
        ratings: Shape (n, 2), NaN for none; cases that only one of them rated are left out.
        values: Shape (q,), all categories in their order.
        weights: See `cohen_kappa_interval`.

    Returns:
        Kappa; NaN where all ratings are of one category.

    Raises:
        StatisticsError: No case in common.

    Example:
        >>> pair_kappa(np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]), np.array([0.0, 1.0]))
        0.5
    """
    table = ratings[~np.isnan(ratings).any(axis=1)]
    if not len(table):
        raise StatisticsError(
            "no case was rated by two readers", remedy="give readings in which readers share cases"
        )
    counts = _contingency(table, values)
    if _one_category(counts):
        return math.nan
    apart = 1 - weight_matrix(weights, np.arange(values.size, dtype=np.float64))
    by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / len(table)
    return float(1 - (apart * counts).sum() / (apart * by_chance).sum())


def _contingency(table: FloatArray, values: FloatArray) -> FloatArray:
    """Return how often each pair of categories was given."""
    places = (table[:, :, np.newaxis] == values).argmax(axis=2)
    counts = np.zeros((values.size, values.size))
    np.add.at(counts, (places[:, 0], places[:, 1]), 1)
    return counts


def _one_category(counts: FloatArray) -> bool:
    return int(((counts.sum(axis=0) + counts.sum(axis=1)) > 0).sum()) < 2


def _complete(
    ratings: npt.ArrayLike, categories: Sequence[float] | None
) -> tuple[FloatArray, FloatArray, str]:
    """Return the complete cases, their counts by category, and a note about those left out."""
    table = check_ratings(ratings)
    values, counts = count_categories(table, categories)
    complete = ~np.isnan(table).any(axis=1)
    n_left_out = int((~complete).sum())
    note = f"left out for not being rated by all readers: {n_left_out}" if n_left_out else ""
    return table[complete], counts[complete].reshape(-1, values.size), note


def _undefined(method: str, note: str, n: int, m: int) -> Agreement:
    why = _ONE_CATEGORY if n >= 2 else "fewer than two cases that all readers rated: not defined"
    nan = math.nan
    joined = "; ".join(part for part in (note, why) if part)
    return Agreement(nan, nan, nan, method, joined, n_cases=n, n_readers=m)


def _linearised_error(counts: FloatArray, shares: FloatArray, kappa: float) -> float:
    """Return Gwet's standard error of Fleiss' kappa over complete cases."""
    n = len(counts)
    m = float(counts[0].sum())
    agreeing = (counts * (counts - 1)).sum(axis=1) / (m * (m - 1))
    by_chance = float((shares**2).sum())
    of_case = (agreeing - by_chance) / (1 - by_chance)
    expected = counts @ shares / m
    moved = of_case - 2 * (1 - kappa) * (expected - by_chance) / (1 - by_chance)
    return math.sqrt(float(((moved - kappa) ** 2).sum()) / (n * (n - 1)))
