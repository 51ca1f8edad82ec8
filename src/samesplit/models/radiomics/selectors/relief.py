"""ReliefF: does a column differ more between near lesions of different classes than between those of one?

The kernels add in a fixed order, so that a ranking does not depend on the machine.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from samesplit.models.radiomics.selectors.base import (
    Codes,
    RankingSelector,
    Scores,
    Shared,
    Values,
    check_count,
)
from samesplit.ordering import ranked

__all__ = ["ReliefF"]

_BLOCK = 64


class ReliefF(RankingSelector, key="relieff"):
    """ReliefF: every lesion is compared with its nearest neighbours of its own class and of each other class.

    Columns are scaled to [0, 1], the distance between lesions is the Manhattan distance over all columns. A
    column gains by differing from the `neighbours` nearest lesions of another class (misses) and loses by
    differing from those of the same class (hits). Of several other classes each counts by its share of the lesions
    of other classes. Every lesion is used once. A class with fewer other lesions
    than `neighbours` gives all it has; of equally distant ones those that sort first are taken. All columns
    count as continuous, which is skrebate's `ReliefF` with `categorical_features=[]`.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        neighbours: Nearest hits, and as many nearest misses, per lesion.

    References:
        https://doi.org/10.1007/3-540-57868-4_57
        https://doi.org/10.1023/A:1025667309714

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> ReliefF(neighbours=1).fit(X, [0, 0, 1, 1]).ranking_
        array([0, 1])
    """

    title = "ReliefF"
    definition = (
        "mean over lesions of mean_(k nearest misses) |x - x'| - mean_(k nearest hits) |x - x'|, x in [0, 1]; "
        "more than two classes: misses of class c weigh n_c / (n - n_own)"
    )
    source = "https://doi.org/10.1007/3-540-57868-4_57"

    def __init__(self, *, size: int | None = 10, neighbours: int = 10) -> None:
        self.size = size
        self.neighbours = neighbours

    def check(self) -> None:
        """Check that the number of neighbours is a count."""
        check_count("neighbours", self.neighbours)

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Compute the ReliefF weight per column, between -1 and 1."""
        low = X.min(axis=0)
        columns = np.ascontiguousarray(((X - low) / (X.max(axis=0) - low)).T)
        distances = _distances(columns)
        np.fill_diagonal(distances, np.inf)
        weights = np.zeros((len(y), len(y)))
        counts = np.bincount(y)
        for row in range(len(y)):
            for label, count in enumerate(counts):
                others = np.flatnonzero((y == label) & (np.arange(len(y)) != row))
                near = others[ranked(distances[row, others])[: self.neighbours]]
                sign = -1.0 if label == y[row] else count / (len(y) - counts[y[row]])
                weights[row, near] = sign / max(len(near), 1)
        rows, near = np.nonzero(weights)
        return np.asarray(_differences(columns, rows, near, weights[rows, near]) / len(y))


@numba.njit(cache=True, nogil=True)
def _distances(columns: Values) -> Values:
    """Manhattan distance between lesions, shape (n, n), from the values of shape (n_features, n)."""
    p, n = columns.shape
    distances = np.zeros((n, n))
    for start in range(0, p, _BLOCK):
        stop = min(start + _BLOCK, p)
        for i in range(1, n):
            total = distances[i, :i]
            c = start
            while c + 4 <= stop:
                a, b, d, e = columns[c, :i], columns[c + 1, :i], columns[c + 2, :i], columns[c + 3, :i]
                u, v, w, x = columns[c, i], columns[c + 1, i], columns[c + 2, i], columns[c + 3, i]
                for j in range(i):
                    total[j] += abs(a[j] - u) + abs(b[j] - v) + abs(d[j] - w) + abs(e[j] - x)
                c += 4
            while c < stop:
                a, u = columns[c, :i], columns[c, i]
                for j in range(i):
                    total[j] += abs(a[j] - u)
                c += 1
    for i in range(n):
        for j in range(i):
            distances[j, i] = distances[i, j]
    return distances


@numba.njit(cache=True, nogil=True)
def _differences(
    columns: Values, rows: npt.NDArray[np.int64], near: npt.NDArray[np.int64], weights: Scores
) -> Scores:
    """Per column the weighted sum of absolute differences over pairs of lesions."""
    p = columns.shape[0]
    sums = np.zeros(p)
    for c in range(p):
        values = columns[c]
        total = 0.0
        for pair in range(len(rows)):
            total += weights[pair] * abs(values[rows[pair]] - values[near[pair]])
        sums[c] = total
    return sums
