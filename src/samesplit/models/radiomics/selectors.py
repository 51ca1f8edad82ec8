"""Feature selectors that rank all features once, so that every size is a prefix of one ranking.

A selector is a scikit-learn transformer with `ranking_`: the columns, best first. Deriving from
`RankingSelector` with a `key` is all it takes to be known to model files under that key.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectorMixin, f_classif
from sklearn.linear_model import lasso_path
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["SELECTORS", "AnovaF", "Lasso", "RankingSelector"]

SELECTORS: dict[str, type[RankingSelector]] = {}
"""Every selector by the key that model files use."""


class RankingSelector(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """The base of all selectors: `fit` ranks, `transform` keeps the first `size` of the ranking.

    Attributes:
        ranking_: Column numbers, best first, shape (n_features,); every column stands in it once.
        scores_: What was ranked by, per column, higher is better, shape (n_features,).
    """

    key: ClassVar[str] = ""
    size: int | None

    def __init_subclass__(cls, *, key: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if key:
            cls.key = key
            SELECTORS[key] = cls

    @abstractmethod
    def score(self, X: npt.NDArray[np.float64], y: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """How good each column is, higher is better, NaN for worthless.

        Args:
            X: Shape (n_lesions, n_features), finite.
            y: 0 or 1, shape (n_lesions,).
        """

    def fit(self, X: Any, y: Any) -> Self:
        """Rank the columns; equal scores keep the order of the columns."""
        values, labels = validate_data(self, X, y, dtype="float64", ensure_min_samples=2)
        check_classification_targets(labels)
        classes, codes = np.unique(labels, return_inverse=True)
        if len(classes) != 2:
            raise ValueError(f"{type(self).__name__} needs two classes, the labels hold {len(classes)} class")
        self.scores_ = np.asarray(self.score(values, codes), dtype="float64")
        self.ranking_ = np.argsort(-np.nan_to_num(self.scores_, nan=-np.inf), kind="stable")
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

    def __init__(self, *, size: int | None = 10) -> None:
        self.size = size

    def score(self, X: npt.NDArray[np.float64], y: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """F per column."""
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            warnings.simplefilter("ignore")  # constant columns: their F is NaN and they come last
            return np.asarray(f_classif(X, y)[0], dtype="float64")


class Lasso(RankingSelector, key="lasso"):
    """The order in which features enter the LASSO path of the 0/1 label (Tibshirani 1996).

    Columns are standardised, the label is centred, and the penalty falls on a geometric grid from the value
    at which the first feature enters. Features are ranked by the penalty at which they first have a
    coefficient; of those that enter at the same step the larger coefficient comes first. The path ends when
    `enough` features have entered. The others follow by their absolute correlation with what the path
    leaves unexplained. `scores_` is 1 for the best and 1 / n_features for the last.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        penalties: Number of penalties on the path.
        smallest: The last penalty as a share of the first.
        enough: The path ends early at the first ten penalties after which so many features have entered.

    References:
        https://doi.org/10.1111/j.2517-6161.1996.tb02080.x
    """

    def __init__(
        self, *, size: int | None = 10, penalties: int = 100, smallest: float = 0.01, enough: int = 150
    ) -> None:
        self.size = size
        self.penalties = penalties
        self.smallest = smallest
        self.enough = enough

    def score(self, X: npt.NDArray[np.float64], y: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """A score whose order is the order of entry."""
        spread = X.std(axis=0)
        usable = spread > 1e-12 * np.maximum(1.0, np.abs(X).max(axis=0))
        Z = np.asfortranarray((X - X.mean(axis=0)) / np.where(usable, spread, 1.0) * usable)
        target = y - y.mean()
        step, entry, left = self._path(Z, target)
        order = np.lexsort((-np.where(step < self.penalties, entry, left), step))
        scores = np.empty(len(step))
        scores[order] = np.arange(len(step), 0, -1) / len(step)
        return np.where(usable, scores, np.nan)

    def _path(self, Z: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> tuple[Any, Any, Any]:
        """Per column: step of entry (`penalties` if never), coefficient there, correlation left at the end."""
        n, p = Z.shape
        step, entry, coefficients = np.full(p, self.penalties), np.zeros(p), np.zeros(p)
        first = np.abs(Z.T @ target).max() / n
        penalties = np.geomspace(first, first * self.smallest, self.penalties) if first > 0 else np.empty(0)
        for start in range(0, len(penalties), 10):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # the order is settled long before
                _, path, _ = lasso_path(
                    Z, target, alphas=penalties[start : start + 10], coef_init=coefficients
                )
            active = path != 0
            new = (step == self.penalties) & active.any(axis=1)
            at = active[new].argmax(axis=1)
            step[new], entry[new] = start + at, np.abs(path[new][np.arange(len(at)), at])
            coefficients = np.ascontiguousarray(path[:, -1])
            if (step < self.penalties).sum() >= self.enough:
                break
        return step, entry, np.abs(Z.T @ (target - Z @ coefficients)) / n
