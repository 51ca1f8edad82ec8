"""Selectors that rank by information (nats) that features share with the label and with one another.

All cut each column into bins of equal frequency first: a feature without equal values determines the label of
every row it was fitted to, and the measures then say nothing (`ranking_without_discretisation` shows it).

The criteria J are written as in Brown et al., J Mach Learn Res 2012;13:27
(https://jmlr.org/papers/v13/brown12a.html): f is a candidate, Y the label, g a feature chosen before. The first
feature is the one of largest I(f;Y), the next the one of largest J, and so on, `enough` times; the others follow
by I(f;Y).
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_X_y

from samesplit.models.radiomics.selectors.base import Scores, Shared
from samesplit.models.radiomics.selectors.entropy import Information
from samesplit.models.radiomics.selectors.greedy import (
    INFORMATION_SELECTORS,
    NAT,
    GreedySelector,
    InformationSelector,
)
from samesplit.ordering import merge_columns, ranked

__all__ = [
    "CIFE",
    "CMIM",
    "DISR",
    "ICAP",
    "JMI",
    "MIFS",
    "MIM",
    "MRMR",
    "ranking_without_discretisation",
]


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


class MIFS(GreedySelector, key="mifs"):
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


class MRMR(GreedySelector, key="mrmr"):
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


class CIFE(GreedySelector, key="cife"):
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
        """Take the largest: I(f;Y|g) = I(f;Y) - [I(f;g) - I(f;g|Y)] is least where the bracket is largest."""
        return np.maximum(total, term)


class ICAP(CIFE, key="icap"):
    """As CIFE, but what two features say only together is no merit (Jakulin, thesis, Ljubljana 2005).

    The terms are summed as in Brown et al.; scikit-feature takes the largest instead.

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


class DISR(GreedySelector, key="disr"):
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
        """Return the sum of the terms."""
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
        y: Two classes or more, shape (n_lesions,).
        method: A key of `INFORMATION_SELECTORS`, say "cmim".
        size: How many columns are chosen one by one; the others follow by I(f;Y).
        shared: As in `RankingSelector.fit`, for several methods on the same X and y.

    Returns:
        Column numbers, best first, constant columns last, shape (n_features,).

    Raises:
        ValueError: There is no such method, `size` is not a positive whole number, there is one class only, or
            `shared` belongs to other data.

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
    if len(classes) < 2:
        raise ValueError("two classes or more are needed, the labels hold one")
    selector = INFORMATION_SELECTORS[method]()
    if "enough" in selector.get_params():
        selector.set_params(enough=size)
    selector.check()
    shared = {} if shared is None else shared
    merged = merge_columns(values)
    columns = np.flatnonzero(merged.max(axis=0) > merged.min(axis=0))
    if "information of values" not in shared:
        information = Information.of_values(merged[:, columns], codes.astype(np.int64))
        shared["information of values"] = values, codes, information
    seen, seen_codes, information = shared["information of values"]
    if not np.array_equal(seen_codes, codes) or not (seen is values or np.array_equal(seen, values)):
        raise ValueError("`shared` holds what was left for other data: use a new one for each X and y")
    scores = np.full(values.shape[1], -np.inf)
    scores[columns] = selector.rank_by(information)
    return ranked(scores, descending=True, scale=NAT).astype(np.int64)
