"""How the selectors by information work: bins, shared measures, and the search for one feature after another."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from samesplit.models.radiomics.selectors.base import (
    Codes,
    RankingSelector,
    Scores,
    Shared,
    Values,
    check_count,
    scores_of_order,
)
from samesplit.models.radiomics.selectors.entropy import Information
from samesplit.ordering import first_best, ranked

__all__ = ["INFORMATION_SELECTORS", "NAT", "GreedySelector", "InformationSelector"]

INFORMATION_SELECTORS: dict[str, type[InformationSelector]] = {}
"""The selectors by information, by the key that model files use."""

_MOST_BINS = 64
NAT = 1.0
"""The scale of what is compared: informations are differences of entropies of about a nat."""


class InformationSelector(RankingSelector):
    """The base of the selectors by information: the label's and the columns' entropies, and the greedy search.

    Rows of equal value are never parted, and a column of no more distinct values than bins keeps them as its bins
    (`equal_frequency_codes`). Selectors fitted with the same `shared` and as many bins cut the columns once, and
    what one of them computed about a chosen feature serves the others.
    """

    bins: int

    def __init_subclass__(cls, *, key: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(key=key, **kwargs)
        if key:
            INFORMATION_SELECTORS[key] = cls

    @abstractmethod
    def rank_by(self, information: Information) -> Scores:
        """Return a score whose order is the ranking, shape (n_columns,)."""

    def check(self) -> None:
        """See that the number of bins makes sense."""
        check_count("bins", self.bins, least=2)
        if self.bins > _MOST_BINS:
            raise ValueError(f"bins must be a whole number of at most {_MOST_BINS}, got {self.bins}")

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Give a score whose order is the ranking, from columns in bins."""
        place = ("information", self.bins)
        if place not in shared:
            shared[place] = Information.of_bins(X, y, bins=self.bins)
        return self.rank_by(shared[place])


class GreedySelector(InformationSelector):
    """One feature after another, each the best beside those chosen before it; `enough` of them, then by I(f;Y).

    Args:
        size: How many columns `transform` keeps; None keeps all.
        bins: Into how many bins of equal frequency a column is cut, 2 to 64.
        enough: How many features are chosen one by one; the others follow by I(f;Y).
    """

    def __init__(self, *, size: int | None = 10, bins: int = 5, enough: int = 100) -> None:
        self.size = size
        self.bins = bins
        self.enough = enough

    @abstractmethod
    def term(self, information: Information, chosen: int) -> Scores:
        """Tell what the column just chosen, g, contributes to J of every column f."""

    @abstractmethod
    def criterion(self, relevance: Scores, total: Scores, n_chosen: int) -> Scores:
        """J of every column from I(f;Y) and the terms, put together, of the columns chosen so far."""

    def check(self) -> None:
        """See that the numbers of bins and of features make sense."""
        super().check()
        check_count("enough", self.enough)

    def together(self, total: Scores, term: Scores) -> Scores:
        """Put the terms of the columns chosen so far together: their sum unless a selector says otherwise."""
        return total + term

    def rank_by(self, information: Information) -> Scores:
        """1 for the best and 1 / n_columns for the last."""
        relevance = information.relevance
        left = np.ones(len(relevance), dtype=bool)
        total = judged = relevance
        order: list[int] = []
        for n_chosen in range(min(self.enough, len(relevance))):
            if n_chosen:
                term = self.term(information, order[-1])
                total = term if n_chosen == 1 else self.together(total, term)
                judged = self.criterion(relevance, total, n_chosen)
            order.append(first_best(np.where(left, judged, -np.inf), scale=NAT))
            left[order[-1]] = False
        others = np.flatnonzero(left)
        order.extend(others[ranked(relevance[others], descending=True, scale=NAT)].tolist())
        return scores_of_order(np.asarray(order, dtype=np.int64))
