"""Selectors that hardly look at the labels: spread, redundancy, and the order of the file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.models.radiomics.selectors.base import (
    Codes,
    RankingSelector,
    Scores,
    Shared,
    Values,
    best_first,
    check_count,
    check_share,
    scores_of_order,
)
from samesplit.models.radiomics.selectors.univariate import class_ratio
from samesplit.ordering import above

__all__ = ["Correlation", "NoSelection", "Variance"]


class Variance(RankingSelector, key="variance"):
    """The variance of each column after it is scaled to [0, 1]; the labels are not looked at.

    Features come in units of their own, and usually standardised, so that the plain variance would rank units
    or nothing. Scaled to their range, columns whose values spread over it come first and those with a few
    outliers last.

    Args:
        size: How many columns `transform` keeps; None keeps all.

    References:
        https://doi.org/10.1145/3136625

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 5.0], [0.0, 9.0], [10.0, 9.0]])
        >>> Variance(size=1).fit(X, [0, 0, 1, 1]).scores_
        array([0.176875, 0.25    ])
    """

    title = "Variance"
    definition = "sum_i (x_i - m)^2 / n of x scaled to [0, 1]"
    source = "https://doi.org/10.1145/3136625"

    def __init__(self, *, size: int | None = 10) -> None:
        self.size = size

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Variance over squared range per column."""
        return np.asarray(X.var(axis=0) / np.ptp(X, axis=0) ** 2)


class Correlation(RankingSelector, key="correlation"):
    """The F statistic's ranking, with columns that follow a better one too closely put behind.

    Columns are taken from the largest F on. One whose absolute Pearson correlation with a column that stays
    is above the limit is put behind all others. When `enough` columns stay, the rest follow as F ranks them,
    those that were put behind last.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        limit: Largest absolute correlation between two columns that stay, in (0, 1].
        enough: After so many columns that stay the others are not compared any more.

    References:
        https://doi.org/10.1007/978-1-4614-6849-3

    Example:
        >>> X = np.array([[0.0, 0.1, 4.0], [1.0, 0.9, 0.0], [10.0, 10.2, 5.0], [11.0, 10.8, 1.5]])
        >>> Correlation(size=2).fit(X, [0, 0, 1, 1]).ranking_
        array([1, 2, 0])
    """

    title = "Correlation filter"
    definition = "F, best first; a column with |r| > limit to a better one that stays is put behind"
    source = "https://doi.org/10.1007/978-1-4614-6849-3"

    def __init__(self, *, size: int | None = 10, limit: float = 0.9, enough: int = 100) -> None:
        self.size = size
        self.limit = limit
        self.enough = enough

    def check(self) -> None:
        """Check that the limit is in (0, 1] and `enough` is a count."""
        check_share("limit", self.limit)
        check_count("enough", self.enough)

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Give a score whose order is that of the columns that stay, the rest and those put behind."""
        order = best_first(class_ratio(X, y, shared))
        centred = np.ascontiguousarray((X - X.mean(axis=0)).T)
        unit = centred / np.sqrt((centred**2).sum(axis=1, keepdims=True))
        return scores_of_order(self._greedy(unit, order))

    def _greedy(self, unit: Values, order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the new order; `unit` holds a column of length 1 in each row."""
        staying = np.empty((min(self.enough, len(order)), unit.shape[1]))
        front: list[int] = []
        behind: list[int] = []
        for place, column in enumerate(order):
            if len(front) == len(staying):
                return np.concatenate([front, order[place:], behind]).astype("int64")
            follows = above(np.abs(staying[: len(front)] @ unit[column]), self.limit, scale=1.0)
            if follows.any():
                behind.append(column)
            else:
                staying[len(front)] = unit[column]
                front.append(column)
        return np.concatenate([front, behind]).astype("int64")


class NoSelection(RankingSelector, key="none"):
    """No selection: the columns in the order in which they come, constant ones last.

    With a size it keeps the first columns of the table, which is what selectors are to be compared with.

    Args:
        size: How many columns `transform` keeps; None keeps all.

    Example:
        >>> NoSelection().fit(np.array([[1.0, 0.0, 3.0], [1.0, 2.0, 9.0]]), [0, 1]).ranking_
        array([1, 2, 0])
    """

    title = "None"
    definition = "the order of the columns in the table"
    source = ""

    def __init__(self, *, size: int | None = 10) -> None:
        self.size = size

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Falling from 1."""
        return scores_of_order(np.arange(X.shape[1]))
