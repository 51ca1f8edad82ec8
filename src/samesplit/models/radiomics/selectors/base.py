"""The base of all selectors: rank all columns once, so that every size is a prefix of one ranking.

A selector is a scikit-learn transformer with `ranking_`: the columns, best first. Deriving from
`RankingSelector` with a `key` is all it takes to be known to model files under that key.
"""

from __future__ import annotations

from abc import abstractmethod
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from samesplit.ordering import merge_columns, merge_equals, nearly_equal, ranked

__all__ = [
    "SELECTORS", "Codes", "RankingSelector", "Scores", "Shared", "Values", "best_first", "check_count",
    "check_share", "copies", "scores_of_order",
]  # fmt: skip

Values = npt.NDArray[np.float64]
"""Features, shape (n_lesions, n_features)."""
Codes = npt.NDArray[np.int64]
"""Class numbers from 0, each of them there, shape (n_lesions,)."""
Scores = npt.NDArray[np.float64]
"""One number a column, shape (n_features,)."""
Shared = dict[Any, Any]
"""What the selectors of one fold leave for each other, by keys that hold all that decides the value."""

SELECTORS: dict[str, type[RankingSelector]] = {}
"""Every selector by the key that model files use."""

_NOISE = 1e-3
"""Scores near 0 are often what a subtraction left: less than 1e-12 of the largest tells none apart."""


class RankingSelector(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """The base of all selectors: `fit` ranks, `transform` keeps the first `size` of the ranking.

    Whatever the selector: the order of the rows never matters (they are sorted before they are scored, so not
    even by rounding), constant columns come last, and of equal scores the column that comes first does. What is
    equal says `samesplit.ordering`; values of a column are, when they differ by less than 1e-9 of its range.

    Attributes:
        key: How model files call the selector.
        title: How reports call it.
        definition: What it ranks by, in one line.
        source: The DOI or address of the publication that it follows.
        ranking_: Column numbers, best first, shape (n_features,); every column stands in it once.
        scores_: What was ranked by, per column, higher is better, NaN for constant columns, shape
            (n_features,).
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    definition: ClassVar[str] = ""
    source: ClassVar[str] = ""
    size: int | None

    def __init_subclass__(cls, *, key: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if key:
            cls.key = key
            SELECTORS[key] = cls

    @abstractmethod
    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """How good each column is, higher is better, NaN for worthless.

        Args:
            X: Shape (n_lesions, n_features), finite, C order, in a row order that depends on the rows' content
                only; what is equal in a column is the same number. Constant columns are not among them: column
                numbers are those of this array. It may be shared and must not be changed.
            y: Class numbers from 0, two or more, each of them there, shape (n_lesions,).
            shared: What other selectors left for the same X and y, and where this one may leave something.
        """

    def check(self) -> None:
        """See that the parameters make sense.

        Raises:
            ValueError: One is not a number of its kind or out of its range.
        """

    def reported_scores(self, scores: Scores, y: Codes) -> Scores:
        """Tell what `scores_` shows of what was ranked by: the same unless a selector says it on another scale."""
        return scores

    def fit(self, X: Any, y: Any, *, shared: Shared | None = None) -> Self:
        """Rank the columns.

        Args:
            X: Shape (n_lesions, n_features), finite.
            y: Two classes or more, shape (n_lesions,).
            shared: A dictionary that all selectors fitted to the very same X and y may be handed, so that what
                one computed need not be computed again; None keeps nothing. The ranking is the same either way.

        Raises:
            ValueError: A parameter is out of range, there is one class only, a value is not finite, or
                `shared` belongs to other data.
        """
        if self.size is not None:
            check_count("size", self.size)
        self.check()
        values, labels = validate_data(self, X, y, dtype="float64", ensure_min_samples=2)
        check_classification_targets(labels)
        classes, codes = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"{type(self).__name__} needs two classes or more, the labels hold one")
        shared = {} if shared is None else shared
        rows, columns, codes = _sorted_rows(values, codes.astype("int64"), shared)
        scores = np.full(values.shape[1], np.nan)
        constant = np.ones(len(scores), dtype=bool)
        constant[columns] = False
        varying = np.flatnonzero(~constant)
        if len(columns):
            scores[columns] = np.asarray(self.score(rows, codes, shared=shared), dtype="float64")
        self.ranking_ = np.concatenate([varying[best_first(scores[varying])], np.flatnonzero(constant)])
        self.scores_ = self.reported_scores(scores, codes)
        return self

    def _get_support_mask(self) -> npt.NDArray[np.bool_]:
        check_is_fitted(self)
        mask = np.zeros(len(self.ranking_), dtype=bool)
        mask[self.ranking_[: self.size]] = True
        return mask

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = None
        return tags


def best_first(scores: Scores) -> npt.NDArray[np.int64]:
    """Return the order of scores, the highest first; equal ones keep the order of their columns, NaN comes last.

    Args:
        scores: Higher is better, shape (n_features,).

    Returns:
        Column numbers, shape (n_features,).

    Example:
        >>> best_first(np.array([0.3, 0.5, 0.1 + 0.2, np.nan, 1e-18, 0.0])).tolist()
        [1, 0, 2, 4, 5, 3]
    """
    finite = np.abs(scores[np.isfinite(scores)])
    order = ranked(scores, descending=True, scale=_NOISE * float(finite.max(initial=0.0)))
    return order.astype(np.int64)


def copies(Z: Values) -> npt.NDArray[np.int64]:
    """Return the first column that says the same as each column: the same values, or their negatives.

    Args:
        Z: Shape (n_lesions, n_features); standardised, columns that differ in their units alone are copies.

    Returns:
        Column numbers, shape (n_features,); that of the column itself where it is no copy of an earlier one.

    Example:
        >>> copies(np.array([[1.0, 5.0, -1.0], [2.0, 0.0, -2.0 - 1e-13]])).tolist()
        [0, 1, 0]
    """
    first = np.arange(Z.shape[1])
    # Copies have the same size along any direction; what shares it is looked at value by value.
    along = np.abs(np.cos(np.arange(1.0, len(Z) + 1)) @ Z)
    scale = np.abs(Z).max(axis=0, initial=0.0)
    groups = merge_equals(along, scale=len(Z) * float(scale.max(initial=0.0)))
    order = np.argsort(groups, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        left = group
        while len(left) > 1:
            one, others = left[0], left[1:]
            size = np.maximum(scale[one], scale[others])
            same = [
                nearly_equal(sign * Z[:, [one]], Z[:, others], scale=size).all(axis=0) for sign in (1, -1)
            ]
            first[others[same[0] | same[1]]] = one
            left = others[~(same[0] | same[1])]
    return first


def scores_of_order(order: npt.NDArray[np.int64]) -> Scores:
    """Scores for a method that gives an order only: 1 for the first column, 1 / n_features for the last.

    Args:
        order: Column numbers, best first, shape (n_features,).

    Example:
        >>> scores_of_order(np.array([2, 0, 1, 3])).tolist()
        [0.75, 0.5, 1.0, 0.25]
    """
    scores = np.empty(len(order))
    scores[order] = np.arange(len(order), 0, -1) / len(order)
    return scores


def check_count(name: str, value: object, *, least: int = 1) -> None:
    """See that a parameter is a whole number of at least so much.

    Raises:
        ValueError: It is not.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")


def check_share(name: str, value: object) -> None:
    """See that a parameter is a number above 0 and not above 1.

    Raises:
        ValueError: It is not.
    """
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= 1:
        raise ValueError(f"{name} must be a number above 0 and not above 1, got {value!r}")


def _sorted_rows(values: Values, codes: Codes, shared: Shared) -> tuple[Values, npt.NDArray[np.int64], Codes]:
    """Return the columns that vary with the rows sorted by label and content, their numbers, and the labels.

    Values of a column that are equal are made the same number first.
    """
    if "rows" in shared:
        seen, labels, found = shared["rows"]
        if not np.array_equal(labels, codes) or not (seen is values or np.array_equal(seen, values)):
            raise ValueError(
                "`shared` holds what selectors left for other data: use a new one for each X and y"
            )
        return found  # type: ignore[no-any-return]
    merged = merge_columns(values)
    columns = np.flatnonzero(merged.max(axis=0) > merged.min(axis=0))
    kept = np.ascontiguousarray(merged if len(columns) == values.shape[1] else merged[:, columns])
    order = _order_of_rows(kept, codes)
    found = np.ascontiguousarray(kept[order]), columns, codes[order]
    shared["rows"] = values, codes, found
    return found


def _order_of_rows(values: Values, codes: Codes) -> npt.NDArray[np.intp]:
    """By label, then by the first column, and by as many further columns as it takes to tell rows apart."""
    count = 1
    while True:
        first = values[:, :count]
        order = np.lexsort((*first.T[::-1], codes))
        same = (first[order[1:]] == first[order[:-1]]).all(axis=1) & (codes[order[1:]] == codes[order[:-1]])
        if count >= values.shape[1] or not same.any():
            return order
        count *= 8
