"""Who reads like whom: readers and models compared pair by pair, and put in order, likes beside likes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from samesplit.errors import StatisticsError
from samesplit.ordering import merge_equals
from samesplit.statistics.agreement.kappa import pair_kappa
from samesplit.statistics.agreement.ratings import check_ratings
from samesplit.statistics.checks import FloatArray, IntArray

__all__ = ["ClusterOrder", "Coefficient", "Similarity", "cluster_order", "similarity_matrix"]

Coefficient = Literal["kappa", "weighted kappa", "Spearman", "Kendall"]
"""Cohen's kappa on calls, the quadratically weighted one on ordered categories, rank correlations on scores."""


@dataclass(frozen=True)
class Similarity:
    """How alike every two of several raters rate.

    Attributes:
        names: The raters, readers or models, in the order of the columns given.
        values: Shape (k, k), symmetric, 1 on the diagonal; NaN where two cannot be compared.
        n_cases: Shape (k, k), the cases that both rated; on the diagonal those that the rater rated.
        coefficient: What `values` are.
    """

    names: tuple[str, ...]
    values: FloatArray
    n_cases: IntArray
    coefficient: str


@dataclass(frozen=True)
class ClusterOrder:
    """Raters in the order of a dendrogram.

    Attributes:
        order: Places of the raters, from first to last.
        names: Their names in that order.
        merges: Shape (k - 1, 4), as scipy's linkage: the two clusters that are joined (raters are 0 to k - 1, the
            cluster made in row r is k + r), their distance, and the raters in it.
    """

    order: tuple[int, ...]
    names: tuple[str, ...]
    merges: FloatArray


def similarity_matrix(
    ratings: npt.ArrayLike, names: Sequence[str], *, coefficient: Coefficient = "kappa"
) -> Similarity:
    """Compare every two raters on the cases that both rated.

    Args:
        ratings: Shape (n cases, k raters), calls, categories or scores; NaN where one did not rate a case. A model
            is a column like any other.
        names: Of the k raters.
        coefficient: See `Coefficient`. For `weighted kappa` the categories are all that anybody used.

    Returns:
        The coefficients. NaN where two share fewer than two cases, or where the coefficient is not defined (both
        gave one category throughout, a score that does not vary).

    Raises:
        StatisticsError: Fewer than two raters, a name too many or too few or twice, or an unknown coefficient.

    Example:
        >>> calls = [[1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 1], [0, 0, 1], [1, 1, 1]]
        >>> similarity_matrix(calls, ["reader 1", "reader 2", "model"]).values.round(2)[0].tolist()
        [1.0, 0.67, 0.0]
    """
    if coefficient not in get_args(Coefficient):
        raise StatisticsError(
            f"unknown coefficient {coefficient!r}", remedy=f"use one of {', '.join(get_args(Coefficient))}"
        )
    table = check_ratings(ratings)
    k = table.shape[1]
    if len(names) != k or len(set(names)) != k:
        raise StatisticsError(
            f"{len(names)} names, {len(set(names))} of them different, do not fit {k} raters",
            remedy="give every column a name of its own",
        )
    categories = np.unique(table[~np.isnan(table)])
    values, counts = np.eye(k), np.zeros((k, k), dtype=np.int64)
    for a in range(k):
        counts[a, a] = int((~np.isnan(table[:, a])).sum())
        for b in range(a + 1, k):
            both = ~np.isnan(table[:, [a, b]]).any(axis=1)
            counts[a, b] = counts[b, a] = int(both.sum())
            values[a, b] = values[b, a] = _pair(table[both, a], table[both, b], coefficient, categories)
    return Similarity(tuple(names), values, counts, coefficient)


def _pair(first: FloatArray, second: FloatArray, coefficient: str, categories: FloatArray) -> float:
    if first.size < 2:
        return math.nan
    if coefficient in ("kappa", "weighted kappa"):
        weights: Literal["none", "quadratic"] = "none" if coefficient == "kappa" else "quadratic"
        return pair_kappa(np.column_stack([first, second]), categories, weights)
    one, other = merge_equals(first), merge_equals(second)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return math.nan
    found = stats.spearmanr(one, other) if coefficient == "Spearman" else stats.kendalltau(one, other)
    return float(found.statistic)


def cluster_order(similarity: Similarity) -> ClusterOrder:
    """Put raters in an order in which those who rate alike stand beside each other.

    Hierarchical clustering with average linkage on 1 - similarity. Of the two branches of a join, the one with the
    rater who was declared first comes first; two who cannot be compared are taken as unrelated (similarity 0).

    Args:
        similarity: See `similarity_matrix`.

    Example:
        >>> values = np.array([[1, 0.1, 0.8], [0.1, 1, 0.2], [0.8, 0.2, 1]])
        >>> counts = np.full((3, 3), 50)
        >>> cluster_order(Similarity(("a", "b", "c"), values, counts, "kappa")).names
        ('a', 'c', 'b')
    """
    known = np.where(np.isnan(similarity.values), 0.0, similarity.values)
    distances = merge_equals(squareform(1 - known, checks=False), scale=1.0)
    merges = np.asarray(hierarchy.linkage(distances, method="average"), dtype=np.float64)
    k = len(similarity.names)
    members: list[list[int]] = [[place] for place in range(k)]
    for left, right, _, _ in merges:
        one, other = members[int(left)], members[int(right)]
        members.append(one + other if min(one) < min(other) else other + one)
    order = tuple(members[-1])
    return ClusterOrder(order, tuple(similarity.names[place] for place in order), merges)
