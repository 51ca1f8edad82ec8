"""Selectors that rank by information (nats) that features share with the label and with one another.

All cut each column into bins of equal frequency first: a feature without equal values determines the label of
every row it was fitted to, and the measures then say nothing (`ranking_without_discretisation` shows it).

The criteria J are written as in Brown et al., J Mach Learn Res 2012;13:27
(https://jmlr.org/papers/v13/brown12a.html): f is a candidate, Y the label, g a feature chosen before. The first
feature is the one of largest I(f;Y), the next the one of largest J, and so on, `enough` times; the others follow
by I(f;Y).
"""

from __future__ import annotations

from abc import abstractmethod
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_X_y

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

__all__ = [
    "CIFE",
    "CMIM",
    "DISR",
    "ICAP",
    "INFORMATION_SELECTORS",
    "JMI",
    "MIFS",
    "MIM",
    "MRMR",
    "InformationSelector",
    "ranking_without_discretisation",
]

INFORMATION_SELECTORS: dict[str, type[InformationSelector]] = {}
"""The selectors of this module by the key that model files use."""

_MOST_BINS = 64
_SAME = 1e-8
"""Criteria that differ by no more count as equal, and of equal ones the first column is chosen."""


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
        """A score whose order is the ranking, shape (n_columns,)."""

    def check(self) -> None:
        """See that the number of bins makes sense."""
        check_count("bins", self.bins, least=2)
        if self.bins > _MOST_BINS:
            raise ValueError(f"bins must be a whole number of at most {_MOST_BINS}, got {self.bins}")

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """A score whose order is the ranking, from columns in bins."""
        place = ("information", self.bins)
        if place not in shared:
            shared[place] = Information.of_bins(X, y, bins=self.bins)
        return self.rank_by(shared[place])


class MIM(InformationSelector, key="mim"):
    """Each feature's own information about the label, whatever the others say.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        bins: Into how many bins of equal frequency a column is cut, 2 to 64.

    Example:
        >>> X = np.array([[0.0, 1.0], [5.0, 2.0], [1.0, 3.0], [6.0, 4.0]])
        >>> MIM(bins=2).fit(X, [0, 0, 1, 1]).scores_.round(3)
        array([0.   , 0.693])
    """

    title: ClassVar[str] = "MIM (mutual information)"
    definition: ClassVar[str] = "J(f) = I(f;Y), columns in bins of equal frequency"
    source: ClassVar[str] = "https://jmlr.org/papers/v13/brown12a.html"

    def __init__(self, *, size: int | None = 10, bins: int = 5) -> None:
        self.size = size
        self.bins = bins

    def rank_by(self, information: Information) -> Scores:
        """I(f;Y)."""
        return information.relevance


class _GreedySelector(InformationSelector):
    """One feature after another, each the best beside those chosen before it."""

    enough: int

    @abstractmethod
    def term(self, information: Information, chosen: int) -> Scores:
        """What the column just chosen, g, contributes to J of every column f."""

    @abstractmethod
    def criterion(self, relevance: Scores, total: Scores, n_chosen: int) -> Scores:
        """J of every column from I(f;Y) and the terms, put together, of the columns chosen so far."""

    def check(self) -> None:
        """See that the numbers of bins and of features make sense."""
        super().check()
        check_count("enough", self.enough)

    def together(self, total: Scores, term: Scores) -> Scores:
        """The terms of the columns chosen so far, put together: their sum unless a selector says otherwise."""
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
            judged = np.where(left, judged, -np.inf)
            order.append(int((judged >= judged.max() - _SAME).argmax()))
            left[order[-1]] = False
        others = np.flatnonzero(left)
        order.extend(others[np.argsort(-relevance[others], kind="stable")].tolist())
        return scores_of_order(np.asarray(order, dtype=np.int64))


class MIFS(_GreedySelector, key="mifs"):
    """Information about the label less a share of what the chosen features say already (Battiti 1994).

    Args:
        size: How many columns `transform` keeps; None keeps all.
        bins: Into how many bins of equal frequency a column is cut, 2 to 64.
        beta: The weight of redundancy; Battiti found 0.5 to 1 apt, scikit-feature takes 0.5, Brown et al. 1.
        enough: How many features are chosen one by one; the others follow by I(f;Y).

    Example:
        >>> X = np.array([[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 1, 0, 1, 1, 0, 1]]).T
        >>> MIFS().fit(X, [0, 0, 0, 0, 1, 1, 1, 1]).ranking_
        array([0, 2, 1])
    """

    title: ClassVar[str] = "MIFS"
    definition: ClassVar[str] = "J(f) = I(f;Y) - beta sum_g I(f;g) over the chosen g, beta 0.5"
    source: ClassVar[str] = "https://doi.org/10.1109/72.298224"

    def __init__(self, *, size: int | None = 10, bins: int = 5, beta: float = 0.5, enough: int = 100) -> None:
        self.size = size
        self.bins = bins
        self.beta = beta
        self.enough = enough

    def check(self) -> None:
        """See that the numbers of bins and of features and the weight make sense."""
        super().check()
        if not isinstance(self.beta, Real) or isinstance(self.beta, bool) or not 0 <= self.beta < np.inf:
            raise ValueError(f"beta must be a number of at least 0, got {self.beta!r}")

    def term(self, information: Information, chosen: int) -> Scores:
        """I(f;g)."""
        return information.between(chosen)

    def criterion(self, relevance: Scores, total: Scores, n_chosen: int) -> Scores:
        """I(f;Y) - beta sum I(f;g)."""
        return relevance - self.beta * total


class _SettledSelector(_GreedySelector):
    """A greedy selector without a weight of its own.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        bins: Into how many bins of equal frequency a column is cut, 2 to 64.
        enough: How many features are chosen one by one; the others follow by I(f;Y).
    """

    def __init__(self, *, size: int | None = 10, bins: int = 5, enough: int = 100) -> None:
        self.size = size
        self.bins = bins
        self.enough = enough


class MRMR(_SettledSelector, key="mrmr"):
    """Largest relevance, least mean redundancy: the difference form, MID (Peng, Long and Ding 2005).

    Args:
        size: How many columns `transform` keeps; None keeps all.
        bins: Into how many bins of equal frequency a column is cut, 2 to 64.
        enough: How many features are chosen one by one; the others follow by I(f;Y).

    Example:
        >>> X = np.array([[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 1, 0, 1, 1, 0, 1]]).T
        >>> MRMR().fit(X, [0, 0, 0, 0, 1, 1, 1, 1]).ranking_
        array([0, 2, 1])
    """

    title: ClassVar[str] = "mRMR"
    definition: ClassVar[str] = "J(f) = I(f;Y) - mean_g I(f;g) over the chosen g"
    source: ClassVar[str] = "https://doi.org/10.1109/TPAMI.2005.159"

    def term(self, information: Information, chosen: int) -> Scores:
        """I(f;g)."""
        return information.between(chosen)

    def criterion(self, relevance: Scores, total: Scores, n_chosen: int) -> Scores:
        """I(f;Y) - mean I(f;g)."""
        return relevance - total / n_chosen


class CIFE(_SettledSelector, key="cife"):
    """Redundancy counts only as far as it is about the label (Lin and Tang 2006).

    Args:
        size: How many columns `transform` keeps; None keeps all.
        bins: Into how many bins of equal frequency a column is cut, 2 to 64.
        enough: How many features are chosen one by one; the others follow by I(f;Y).

    Example:
        >>> X = np.array([[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 1, 0, 1, 1, 0, 1]]).T
        >>> CIFE().fit(X, [0, 0, 0, 0, 1, 1, 1, 1]).ranking_
        array([0, 2, 1])
    """

    title: ClassVar[str] = "CIFE"
    definition: ClassVar[str] = "J(f) = I(f;Y) - sum_g [I(f;g) - I(f;g|Y)] over the chosen g"
    source: ClassVar[str] = "https://doi.org/10.1007/11744023_6"

    def term(self, information: Information, chosen: int) -> Scores:
        """I(f;g) - I(f;g|Y)."""
        return information.between(chosen) - information.between_given_label(chosen)

    def criterion(self, relevance: Scores, total: Scores, n_chosen: int) -> Scores:
        """I(f;Y) - sum [I(f;g) - I(f;g|Y)]."""
        return relevance - total


class JMI(CIFE, key="jmi"):
    """What a feature and each chosen one say about the label together (Yang and Moody 1999).

    J ranks as sum_g I(f,g;Y) does, the form of the publication.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        bins: Into how many bins of equal frequency a column is cut, 2 to 64.
        enough: How many features are chosen one by one; the others follow by I(f;Y).

    Example:
        >>> X = np.array([[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 1, 0, 1, 1, 0, 1]]).T
        >>> JMI().fit(X, [0, 0, 0, 0, 1, 1, 1, 1]).ranking_
        array([0, 2, 1])
    """

    title: ClassVar[str] = "JMI"
    definition: ClassVar[str] = "J(f) = I(f;Y) - mean_g [I(f;g) - I(f;g|Y)] over the chosen g"
    source: ClassVar[str] = (
        "https://proceedings.nips.cc/paper_files/paper/1999/hash/8c01a75941549a705cf7275e41b21f0d-Abstract.html"
    )

    def criterion(self, relevance: Scores, total: Scores, n_chosen: int) -> Scores:
        """I(f;Y) - mean [I(f;g) - I(f;g|Y)]."""
        return relevance - total / n_chosen


class CMIM(CIFE, key="cmim"):
    """What a feature adds to the chosen one that makes it most dispensable (Fleuret 2004).

    As in Brown et al., the least is over the chosen features alone; Fleuret's code also counts I(f;Y).

    Args:
        size: How many columns `transform` keeps; None keeps all.
        bins: Into how many bins of equal frequency a column is cut, 2 to 64.
        enough: How many features are chosen one by one; the others follow by I(f;Y).

    Example:
        >>> X = np.array([[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 1, 0, 1, 1, 0, 1]]).T
        >>> CMIM().fit(X, [0, 0, 0, 0, 1, 1, 1, 1]).ranking_
        array([0, 2, 1])
    """

    title: ClassVar[str] = "CMIM"
    definition: ClassVar[str] = "J(f) = min_g I(f;Y|g) over the chosen g"
    source: ClassVar[str] = "https://www.jmlr.org/papers/v5/fleuret04a.html"

    def together(self, total: Scores, term: Scores) -> Scores:
        """The largest: I(f;Y|g) = I(f;Y) - [I(f;g) - I(f;g|Y)] is least where the bracket is largest."""
        return np.maximum(total, term)


class ICAP(CIFE, key="icap"):
    """As CIFE, but what two features say only together is no merit (Jakulin, thesis, Ljubljana 2005).

    Args:
        size: How many columns `transform` keeps; None keeps all.
        bins: Into how many bins of equal frequency a column is cut, 2 to 64.
        enough: How many features are chosen one by one; the others follow by I(f;Y).

    Example:
        >>> X = np.array([[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 1, 0, 1, 1, 0, 1]]).T
        >>> ICAP().fit(X, [0, 0, 0, 0, 1, 1, 1, 1]).ranking_
        array([0, 2, 1])
    """

    title: ClassVar[str] = "ICAP"
    definition: ClassVar[str] = "J(f) = I(f;Y) - sum_g max(0, I(f;g) - I(f;g|Y)) over the chosen g"
    source: ClassVar[str] = "https://jmlr.org/papers/v13/brown12a.html"

    def term(self, information: Information, chosen: int) -> Scores:
        """max(0, I(f;g) - I(f;g|Y))."""
        return np.maximum(super().term(information, chosen), 0.0)


class DISR(_SettledSelector, key="disr"):
    """As JMI, each term as a share of the entropy of feature, chosen one and label (Meyer and Bontempi 2006).

    A copy of a chosen feature adds no entropy, so that it may come before features that say something new.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        bins: Into how many bins of equal frequency a column is cut, 2 to 64.
        enough: How many features are chosen one by one; the others follow by I(f;Y).

    Example:
        >>> X = np.array([[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 1, 0, 1, 1, 0, 1]]).T
        >>> DISR().fit(X, [0, 0, 0, 0, 1, 1, 1, 1]).ranking_
        array([0, 1, 2])
    """

    title: ClassVar[str] = "DISR"
    definition: ClassVar[str] = "J(f) = sum_g I(f,g;Y) / H(f,g,Y) over the chosen g"
    source: ClassVar[str] = "https://doi.org/10.1007/11732242_9"

    def term(self, information: Information, chosen: int) -> Scores:
        """I(f,g;Y) / H(f,g,Y)."""
        return information.joint_relevance(chosen) / information.joint_entropy(chosen)

    def criterion(self, relevance: Scores, total: Scores, n_chosen: int) -> Scores:
        """The sum of the terms."""
        return total


def ranking_without_discretisation(
    X: Any, y: Any, method: str, size: int = 100, *, shared: Shared | None = None
) -> npt.NDArray[np.int64]:
    """How a selector by information ranks when each distinct value is a level of its own: an error, to show it.

    This is what code that expects levels does when it is fed floats. A column without equal values has
    I(f;Y) = H(Y), the most there can be, and so have all such columns beside any other: they come out in the order
    in which they stand in the table, noise before signal.

    Args:
        X: Shape (n_lesions, n_features), finite.
        y: Two classes, shape (n_lesions,).
        method: A key of `INFORMATION_SELECTORS`, say "cmim".
        size: How many columns are chosen one by one; the others follow by I(f;Y).
        shared: As in `RankingSelector.fit`, for several methods on the same X and y.

    Returns:
        Column numbers, best first, constant columns last, shape (n_features,).

    Raises:
        ValueError: There is no such method, `size` is not a positive whole number, there are not two classes, or
            `shared` belongs to other labels.

    Example:
        >>> y = np.arange(40) % 2
        >>> X = np.random.default_rng(0).normal(size=(40, 5))
        >>> X[:, 4] += 3 * y
        >>> ranking_without_discretisation(X, y, "cmim")
        array([0, 1, 2, 3, 4])
        >>> CMIM().fit(X, y).ranking_[0]
        np.int64(4)
    """
    if method not in INFORMATION_SELECTORS:
        raise ValueError(f"there is no {method!r} among {', '.join(sorted(INFORMATION_SELECTORS))}")
    values, labels = check_X_y(X, y, dtype="float64")
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) != 2:
        raise ValueError(f"two classes are needed, the labels hold {len(classes)}")
    selector = INFORMATION_SELECTORS[method]()
    if "enough" in selector.get_params():
        selector.set_params(enough=size)
    selector.check()
    shared = {} if shared is None else shared
    columns = np.flatnonzero(values.max(axis=0) > values.min(axis=0))
    place = ("information of values", values.shape)
    if place not in shared:
        shared[place] = Information.of_values(values[:, columns], codes.astype(np.int64))
    if not np.array_equal(shared[place].labels, codes):
        raise ValueError("`shared` was made for other data")
    scores = np.full(values.shape[1], -np.inf)
    scores[columns] = selector.rank_by(shared[place])
    return np.argsort(-scores, kind="stable")
