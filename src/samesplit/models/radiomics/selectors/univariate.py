"""Selectors that score each column by itself: does it differ between the classes?"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from samesplit.models.radiomics.selectors.base import Codes, RankingSelector, Scores, Shared, Values

__all__ = ["AnovaF", "ChiSquared", "FisherScore", "Gini", "TScore", "Wilcoxon", "class_ratio", "mean_ranks"]

_BLOCK = 512
"""Columns that are sorted at a time: memory stays small."""


def class_ratio(X: Values, y: Codes, shared: Shared) -> Scores:
    """Between-class over within-class sum of squares per column; infinite where the classes do not vary.

    The F statistic, the squared pooled t statistic of two classes and the Fisher score are multiples of it.

    Args:
        X: Shape (n_lesions, n_features), no constant column.
        y: Class numbers from 0, every one there, shape (n_lesions,).
        shared: Where it is kept, under "class-ratio".

    Example:
        >>> class_ratio(np.array([[1.0], [3.0], [5.0], [7.0]]), np.array([0, 0, 1, 1]), {}).tolist()
        [4.0]
    """
    if "class-ratio" not in shared:
        parts = _parts(X, y)
        within = sum(_squares(part) for part in parts)
        if len(parts) == 2:
            gap = parts[1].mean(axis=0) - parts[0].mean(axis=0)
            between = len(parts[0]) * len(parts[1]) / len(y) * gap**2
        else:
            mean = X.mean(axis=0)
            between = sum(len(part) * (part.mean(axis=0) - mean) ** 2 for part in parts)
        with np.errstate(divide="ignore"):
            shared["class-ratio"] = between / within
    return np.asarray(shared["class-ratio"])


def mean_ranks(X: Values, shared: Shared) -> Values:
    """Return the rank of each value in its column, from 1 on; equal values have their mean rank.

    Args:
        X: Shape (n_lesions, n_features).
        shared: Where it is kept, under "mean-ranks".
    """
    if "mean-ranks" not in shared:
        ranks = np.empty(X.shape)
        for start in range(0, X.shape[1], _BLOCK):
            ranks[:, start : start + _BLOCK] = rankdata(X[:, start : start + _BLOCK], axis=0)
        shared["mean-ranks"] = ranks
    return np.asarray(shared["mean-ranks"])


class AnovaF(RankingSelector, key="anova-f"):
    """The F statistic of a one-way analysis of variance between the classes.

    It ranks as the t-score with pooled variance and the Fisher score do: F = (n - K) / (K - 1) x Fisher score for
    K classes, and t squared for two.

    Args:
        size: How many columns `transform` keeps; None keeps all.

    References:
        https://doi.org/10.1007/978-1-4612-4380-9_6

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> AnovaF(size=1).fit(X, [0, 0, 1, 1]).ranking_
        array([0, 1])
    """

    title = "ANOVA F"
    definition = "F = [sum_c n_c (m_c - m)^2 / (K - 1)] / [sum_c sum_(i in c) (x_i - m_c)^2 / (n - K)]"
    source = "https://doi.org/10.1007/978-1-4612-4380-9_6"

    def __init__(self, *, size: int | None = 10) -> None:
        self.size = size

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Compute the ratio of sums of squares, which ranks as F does."""
        return class_ratio(X, y, shared)

    def reported_scores(self, scores: Scores, y: Codes) -> Scores:
        """F."""
        return _f_statistic(scores, y)


class TScore(RankingSelector, key="t-score"):
    """The absolute two-sample t statistic; for more than two classes the F statistic that it is the root of.

    With pooled variance (Student) it ranks as the F statistic does. With separate variances (Welch) it ranks
    differently where the classes differ in size and spread; scikit-feature's `t_score` is of that kind, with
    the variance divided by n instead of n - 1. More than two classes are compared by one-way analysis of variance:
    with pooled variance F, with separate variances Welch's F of 1951; for two classes both are t squared.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        variance: `pooled` (Student) or `separate` (Welch), which needs two lesions in each class.

    References:
        https://doi.org/10.1093/biomet/6.1.1
        https://doi.org/10.1093/biomet/34.1-2.28
        https://doi.org/10.1093/biomet/38.3-4.330

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> TScore(size=1).fit(X, [0, 0, 1, 1]).scores_.round(3)
        array([14.142,  0.   ])
    """

    title = "t-score"
    definition = (
        "|t| = |m_1 - m_0| / sqrt(s^2 (1/n_0 + 1/n_1)), s^2 pooled; separate: / sqrt(s_0^2/n_0 + s_1^2/n_1); "
        "more than two classes: F, or Welch's F"
    )
    source = "https://doi.org/10.1093/biomet/6.1.1"

    def __init__(self, *, size: int | None = 10, variance: Literal["pooled", "separate"] = "pooled") -> None:
        self.size = size
        self.variance = variance

    def check(self) -> None:
        """Check that the variance is of a known kind."""
        if self.variance not in ("pooled", "separate"):
            raise ValueError(f"variance must be 'pooled' or 'separate', got {self.variance!r}")

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Compute the ratio of sums of squares (pooled), or the squared statistic or Welch's F (separate)."""
        if self.variance == "pooled":
            return class_ratio(X, y, shared)
        parts = _parts(X, y)
        if min(map(len, parts)) < 2:
            raise ValueError("a variance of its own needs two lesions in each class: use variance 'pooled'")
        if len(parts) > 2:
            return _welch_f(parts)
        gap = parts[1].mean(axis=0) - parts[0].mean(axis=0)
        error = sum(_squares(part) / (len(part) * (len(part) - 1)) for part in parts)
        with np.errstate(divide="ignore"):
            return np.asarray(gap**2 / error)

    def reported_scores(self, scores: Scores, y: Codes) -> Scores:
        """Return the absolute t; F for more than two classes."""
        several = y.max(initial=0) > 1
        if self.variance == "separate":
            return scores if several else np.sqrt(scores)
        return _f_statistic(scores, y) if several else np.sqrt(_f_statistic(scores, y))


class FisherScore(RankingSelector, key="fisher-score"):
    """The Fisher score: spread of the class means over the spread within the classes.

    It ranks as the F statistic does.

    Args:
        size: How many columns `transform` keeps; None keeps all.

    References:
        https://doi.org/10.1145/3136625

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> FisherScore(size=1).fit(X, [0, 0, 1, 1]).scores_
        array([100.,   0.])
    """

    title = "Fisher score"
    definition = "sum_c n_c (m_c - m)^2 / sum_c n_c s_c^2, s_c^2 with divisor n_c"
    source = "https://doi.org/10.1145/3136625"

    def __init__(self, *, size: int | None = 10) -> None:
        self.size = size

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Compute the ratio of sums of squares, which is the Fisher score."""
        return class_ratio(X, y, shared)


class ChiSquared(RankingSelector, key="chi-squared"):
    """The chi-squared statistic between the classes and the column's sum.

    It needs values that are not negative: each column is scaled to [0, 1] over the rows it is fitted on. The
    observed frequency of a class is the sum of its scaled values, the expected one the share of the class in
    the rows times the sum of all (scikit-learn's `chi2`). It is a count statistic used on amounts, as in the
    literature: it favours columns with most values near the lower end of their range.

    Args:
        size: How many columns `transform` keeps; None keeps all.

    References:
        https://doi.org/10.1017/CBO9780511809071

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> ChiSquared(size=1).fit(X, [0, 0, 1, 1]).scores_.round(3)
        array([1.653, 0.   ])
    """

    title = "Chi-squared"
    definition = (
        "sum_c (O_c - E_c)^2 / E_c, O_c = sum_(i in c) x_i of x scaled to [0, 1], E_c = n_c/n sum_i x_i"
    )
    source = "https://doi.org/10.1017/CBO9780511809071"

    def __init__(self, *, size: int | None = 10) -> None:
        self.size = size

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Chi-squared per column."""
        low = X.min(axis=0)
        scaled = (X - low) / (X.max(axis=0) - low)
        total = scaled.sum(axis=0)
        if y.max(initial=0) > 1:
            expected = [len(part) / len(y) * total for part in _parts(X, y)]
            observed = [part.sum(axis=0) for part in _parts(scaled, y)]
            return np.asarray(sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True)))
        one = scaled[y == 1].sum(axis=0)
        share = y.mean()
        # O_0 - E_0 = -(O_1 - E_1) for two classes.
        return np.asarray((one - share * total) ** 2 / total * (1 / share + 1 / (1 - share)))


class Wilcoxon(RankingSelector, key="wilcoxon"):
    """The rank-sum statistic between two classes (Wilcoxon, Mann and Whitney), corrected for ties.

    The classes are independent groups: the rank-sum test is meant, not the signed-rank test of pairs. For more
    than two classes it is the statistic of Kruskal and Wallis, which is z squared for two.

    Args:
        size: How many columns `transform` keeps; None keeps all.

    References:
        https://doi.org/10.2307/3001968
        https://doi.org/10.1080/01621459.1952.10483441

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> Wilcoxon(size=1).fit(X, [0, 0, 1, 1]).scores_.round(3)
        array([1.549, 0.   ])
    """

    title = "Wilcoxon rank-sum"
    definition = (
        "|z| = |R_1 - n_1 (n + 1)/2| / sqrt(n_0 n_1 / (n (n - 1)) sum_i (r_i - (n + 1)/2)^2), mean ranks r; "
        "more than two classes: H = (n - 1) sum_c n_c (R_c/n_c - (n + 1)/2)^2 / sum_i (r_i - (n + 1)/2)^2"
    )
    source = "https://doi.org/10.2307/3001968"

    def __init__(self, *, size: int | None = 10) -> None:
        self.size = size

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """|z| per column, without continuity correction; H for more than two classes."""
        ranks = mean_ranks(X, shared)
        n, ones = len(y), int(y.sum())
        # The spread of the mean ranks holds the correction: (n^3 - n - sum (t^3 - t)) / 12 over groups of ties t.
        spread = ((ranks - (n + 1) / 2) ** 2).sum(axis=0)
        if y.max(initial=0) > 1:
            apart = sum(len(part) * (part.mean(axis=0) - (n + 1) / 2) ** 2 for part in _parts(ranks, y))
            return np.asarray((n - 1) * apart / spread)
        sums = ranks[y == 1].sum(axis=0) - ones * (n + 1) / 2
        return np.asarray(np.abs(sums) / np.sqrt(ones * (n - ones) / (n * (n - 1)) * spread))


class Gini(RankingSelector, key="gini"):
    """The Gini impurity that is left after the best single cut of the column, smallest first.

    Args:
        size: How many columns `transform` keeps; None keeps all.

    References:
        https://doi.org/10.1201/9781315139470

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> Gini(size=1).fit(X, [0, 0, 1, 1]).scores_.round(3)
        array([-0.   , -0.333])
    """

    title = "Gini index"
    definition = "-min over cuts of sum_(side) n_side/n (1 - sum_c p_(c|side)^2)"
    source = "https://doi.org/10.1201/9781315139470"

    def __init__(self, *, size: int | None = 10) -> None:
        self.size = size

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Minus the impurity per column."""
        blocks = range(0, X.shape[1], _BLOCK)
        return -np.concatenate([_impurity(X[:, start : start + _BLOCK], y) for start in blocks])


def _parts(X: Values, y: Codes) -> list[Values]:
    """Return the rows of each class."""
    return [X[y == label] for label in range(int(y.max(initial=0)) + 1)]


def _f_statistic(ratio: Scores, y: Codes) -> Scores:
    """F from the ratio of the sums of squares between and within classes; NaN where no freedom is left."""
    n, classes = len(y), int(y.max(initial=0)) + 1
    return ratio * (n - classes) / (classes - 1) if n > classes else np.full_like(ratio, np.nan)


def _welch_f(parts: list[Values]) -> Scores:
    """Welch's F of several classes with variances of their own, per column (doi 10.1093/biomet/38.3-4.330).

    A variance of 0 counts as 1e-12 of that of all lesions, which comes close to the limit that F has there.
    """
    counts = np.array([len(part) for part in parts], dtype="float64")[:, None]
    means = np.stack([part.mean(axis=0) for part in parts])
    least = 1e-12 * np.concatenate(parts).var(axis=0)
    weights = counts / np.maximum(np.stack([_squares(part) for part in parts]) / (counts - 1), least)
    share = weights / weights.sum(axis=0)
    centre = (share * means).sum(axis=0)
    k = len(parts)
    between = (weights * (means - centre) ** 2).sum(axis=0) / (k - 1)
    unsure = ((1 - share) ** 2 / (counts - 1)).sum(axis=0)
    return np.asarray(between / (1 + 2 * (k - 2) / (k**2 - 1) * unsure))


def _squares(part: Values) -> Any:
    """Sum of squared distances from the mean, per column; exactly 0 where all values are the same."""
    squares = ((part - part.mean(axis=0)) ** 2).sum(axis=0)
    return np.where(part.max(axis=0) > part.min(axis=0), squares, 0.0)


def _impurity(X: Values, y: Codes) -> Scores:
    """Gini impurity after the best cut between two different values, per column."""
    order = np.argsort(X, axis=0)
    ordered = np.take_along_axis(X, order, axis=0)
    n, sorted_labels = len(y), y[order]
    left: npt.NDArray[np.int64] = np.arange(1, n)[:, None]
    right = n - left
    classes = range(int(y.max(initial=0)) + 1)
    impurity: Any = 0.0  # sum over sides and classes of n_c (n_side - n_c) / n_side; two classes add the same
    for label in classes[1:] if len(classes) == 2 else classes:
        in_left = (sorted_labels == label).cumsum(axis=0)[:-1]
        in_right = (y == label).sum() - in_left
        impurity = impurity + in_left * (left - in_left) / left + in_right * (right - in_right) / right
    times = 2 if len(classes) == 2 else 1
    return np.asarray(np.where(ordered[1:] > ordered[:-1], impurity, np.inf).min(axis=0) * times / n)
