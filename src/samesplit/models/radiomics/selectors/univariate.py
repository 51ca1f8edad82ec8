"""Selectors that score each column by itself."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.feature_selection import f_classif

from samesplit.models.radiomics.selectors.base import Codes, RankingSelector, Scores, Shared, Values

__all__ = ["AnovaF"]


class AnovaF(RankingSelector, key="anova-f"):
    """The F statistic of a one-way analysis of variance between the classes (`sklearn` f_classif).

    For two classes it ranks as the absolute pooled-variance t statistic does (F = t squared).

    Args:
        size: How many columns `transform` keeps; None keeps all.

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> AnovaF(size=1).fit(X, [0, 0, 1, 1]).ranking_
        array([0, 1])
    """

    title = "ANOVA F"
    definition = "F = between-class over within-class mean square, sum_c n_c (m_c - m)^2 / (s^2_pooled)"
    source = "https://scikit-learn.org/stable/modules/generated/sklearn.feature_selection.f_classif.html"

    def __init__(self, *, size: int | None = 10) -> None:
        self.size = size

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """F per column."""
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            warnings.simplefilter("ignore")  # constant columns: their F is NaN and they come last
            return np.asarray(f_classif(X, y)[0], dtype="float64")
