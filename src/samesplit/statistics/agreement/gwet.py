"""Gwet's AC1 and AC2: chance-corrected agreement that stays high where one category is rare."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.statistics.agreement.ratings import (
    Agreement,
    CategoryWeights,
    check_ratings,
    count_categories,
    weight_matrix,
)
from samesplit.statistics.checks import check_confidence

__all__ = ["gwet_ac"]


def gwet_ac(
    ratings: npt.ArrayLike,
    *,
    weights: CategoryWeights = "none",
    categories: Sequence[float] | None = None,
    confidence: float = 0.95,
) -> Agreement:
    """Estimate the agreement of two or more readers beyond chance by Gwet's AC1, or AC2 with weights.

    Kappa falls towards 0 where nearly all cases are of one category, however well readers agree; AC1 does not.
    Missing ratings are used as they are: a case counts for agreement from two ratings on, and for the frequencies
    of the categories from one on. Assumes independent cases.

    Args:
        ratings: Shape (n cases, n readers), NaN where a reader did not rate a case.
        weights: `none` is AC1; `linear` and `quadratic` take the distances between the numbers of the categories.
        categories: All categories of the scale; one that nobody used counts for what chance would give. None takes
            those that were used.
        confidence: Two-sided coverage.

    Returns:
        The coefficient with the standard error of Gwet (cases are the sample, readers are these readers), interval
        and p-value by Student's t with one degree of freedom less than cases.

    Raises:
        StatisticsError: Fewer than two readers, no case with two ratings, or a rating that is no category.

    References:
        Gwet KL. Br J Math Stat Psychol 2008;61:29-48, doi:10.1348/000711006X126600.

    Example:
        >>> found = gwet_ac([[1, 1, 1], [0, 0, np.nan], [1, 1, 1], [0, 0, 0], [0, 1, 0]])
        >>> round(found.estimate, 3), found.n_cases
        (0.735, 5)
    """
    alpha = 1 - check_confidence(confidence)
    table = check_ratings(ratings)
    table = table[~np.isnan(table).all(axis=1)]
    values, counts = count_categories(table, categories)
    n, q = counts.shape
    method = "Gwet's AC1" if weights == "none" else f"Gwet's AC2, {weights} weights"
    weight = weight_matrix(weights, values)
    if q < 2:
        nan, note = math.nan, "there is one category: not defined"
        return Agreement(nan, nan, nan, method, note, n_cases=n, n_readers=table.shape[1])
    raters = counts.sum(axis=1)
    paired = raters >= 2
    pairs = np.where(paired, raters * (raters - 1), 1.0)
    agreeing = np.where(paired, (counts * (counts @ weight.T - 1)).sum(axis=1) / pairs, 0.0)
    observed = float(agreeing.sum() / paired.sum())
    shares = counts / raters[:, np.newaxis]
    prevalence = shares.mean(axis=0)
    factor = float(weight.sum()) / (q * (q - 1))
    chance = factor * float((prevalence * (1 - prevalence)).sum())
    estimate = (observed - chance) / (1 - chance)
    of_case = n / paired.sum() * (agreeing - chance * paired) / (1 - chance)
    expected = factor * (shares @ (1 - prevalence))
    moved = of_case - 2 * (1 - estimate) * (expected - chance) / (1 - chance)
    if n < 2:
        nan, note = math.nan, "one case: no interval"
        return Agreement(estimate, nan, nan, method, note, n_cases=n, n_readers=table.shape[1])
    error = math.sqrt(float(((moved - estimate) ** 2).sum()) / (n * (n - 1)))
    half = float(stats.t.isf(alpha / 2, n - 1)) * error
    statistic = estimate / error if error > 0 else math.nan
    p = 2 * float(stats.t.sf(abs(statistic), n - 1))
    note = "" if error > 0 else "no variance: the interval is a point"
    low, high = max(-1.0, estimate - half), min(1.0, estimate + half)
    return Agreement(estimate, low, high, method, note, p, error, statistic, n, table.shape[1])
