"""Steps of TPOT's templates that scikit-learn lacks, rebuilt here so that a pipeline runs without TPOT."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["CountZeros", "Predictions", "few_valued"]


class CountZeros(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Puts two columns before the others: how many values of the row are zero, and how many are not.

    Example:
        >>> CountZeros().fit_transform([[0.0, 2.0, 0.0]])
        array([[2., 1., 0., 2., 0.]])
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Note the number of columns."""
        validate_data(self, X, dtype="float64")
        return self

    def transform(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the two counts, then the columns as they are, shape (n_rows, n_columns + 2)."""
        check_is_fitted(self, "n_features_in_")
        values = validate_data(self, X, dtype="float64", reset=False)
        zeros = (values == 0).sum(axis=1, keepdims=True)
        return np.hstack([zeros, values.shape[1] - zeros, values])


class Predictions(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns a classifier into a step whose columns are its probabilities.

    While the pipeline is fitted, the next step sees probabilities for rows that the classifier was not fitted on.

    Args:
        estimator: A classifier.
        folds: Of the cross-validation by which those are made; fewer where a class has fewer rows.
        random_state: Of its shuffle.
    """

    def __init__(self, estimator: Any, *, folds: int = 5, random_state: int | None = None) -> None:
        self.estimator = estimator
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the classifier on all rows."""
        self.estimator_ = clone(self.estimator).fit(X, y)
        return self

    def fit_transform(self, X: Any, y: Any, **fit_params: Any) -> npt.NDArray[np.float64]:
        """Fit on all rows; give each row the probabilities of a classifier that has not seen it."""
        self.fit(X, y)
        folds = min(self.folds, int(np.unique(y, return_counts=True)[1].min()))
        if folds < 2:
            return self.transform(X)
        splitter = StratifiedKFold(folds, shuffle=True, random_state=self.random_state)
        given = cross_val_predict(self.estimator, X, y, cv=splitter, method=self._method())
        return np.asarray(given, dtype="float64").reshape(len(given), -1)

    def transform(self, X: Any) -> npt.NDArray[np.float64]:
        """Tell what the classifier says, shape (n_rows, 2), or (n_rows, 1) for one that has no probabilities."""
        check_is_fitted(self, "estimator_")
        given = np.asarray(getattr(self.estimator_, self._method())(X), dtype="float64")
        return given.reshape(len(given), -1)

    def _method(self) -> str:
        return "predict_proba" if hasattr(self.estimator, "predict_proba") else "decision_function"


def few_valued(X: Any) -> list[int]:
    """Return the columns with fewer than ten values, which TPOT's encoders take for categories.

    Example:
        >>> few_valued(np.column_stack([np.arange(12), np.arange(12) % 3]))
        [1]
    """
    values = np.asarray(X)
    return [column for column in range(values.shape[1]) if len(np.unique(values[:, column])) < 10]
