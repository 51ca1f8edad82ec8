"""Logistic regression with an L2 penalty on very many columns and few rows, solved where the rows are."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted, validate_data

from samesplit.ordering import probability_at_least

__all__ = ["RidgeLogistic", "fit_path"]

Floats = npt.NDArray[np.float64]
_NOTHING = 1e-12
"""Directions of the rows with less than this share of the largest variance are rounding."""


class RidgeLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """L2-penalised logistic regression; with more columns than rows it costs what the rows cost.

    The coefficients of a penalised fit are combinations of the rows, so the fit on n rows and p columns is that on
    the n coordinates of the rows, whatever p (Hastie and Tibshirani 2004, doi 10.1093/biostatistics/kxh010).
    Of more than two classes it is multinomial, with a row of coefficients for each class.
    The penalty is stated per column: it means the same for 100 and for 100,000 standardised columns.

    Args:
        penalty: What is minimised is the mean log loss plus penalty / 2 times n_columns times the sum of the
            squared coefficients; the intercept is free.

    Example:
        >>> X = np.array([[-1.0, 0.5], [-0.5, -0.5], [0.5, 0.5], [1.0, -0.5]])
        >>> model = RidgeLogistic(penalty=0.1).fit(X, np.array([0, 0, 1, 1]))
        >>> model.predict_proba(X)[:, 1].round(2).tolist()
        [0.26, 0.35, 0.65, 0.74]
    """

    def __init__(self, penalty: float = 0.1) -> None:
        self.penalty = penalty

    def fit(self, X: Any, y: Any) -> Self:
        """Fit to rows of any two labels, or more."""
        X, y = validate_data(self, X, y, dtype="float64")
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"needs rows of two classes or more, found {len(self.classes_)}")
        self.coef_, self.intercept_ = next(iter(fit_path(X, codes, [self.penalty])))
        return self

    def decision_function(self, X: Any) -> Floats:
        """Compute the log odds of the positive class, (n_lesions,), or a score a class, (n_lesions, n_classes)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype="float64", reset=False)
        return np.asarray(rows @ self.coef_.T + self.intercept_)

    def predict_proba(self, X: Any) -> Floats:
        """Predict the probability of each class, shape (n_lesions, n_classes)."""
        scores = self.decision_function(X)
        if scores.ndim == 2:
            return np.asarray(softmax(scores, axis=1))
        positive = expit(scores)
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict the likeliest class; of those that are alike the first, but of two classes the positive one."""
        if len(self.classes_) > 2:
            probabilities = self.predict_proba(X)
            likeliest = probability_at_least(probabilities, probabilities.max(axis=1, keepdims=True))
            return np.asarray(self.classes_[likeliest.argmax(axis=1)])
        return np.asarray(self.classes_[(self.decision_function(X) >= 0).astype(int)])


def fit_path(X: Floats, y: npt.NDArray[np.int64], penalties: list[float]) -> list[tuple[Floats, Any]]:
    """Fit once for each penalty; what they share, the coordinates of the rows, is computed once.

    Args:
        X: Shape (n_lesions, n_columns), without gaps.
        y: Class numbers from 0, each there, shape (n_lesions,).
        penalties: See `RidgeLogistic`.

    Returns:
        Coefficients, shape (n_columns,), and the intercept for each penalty; of more than two classes
        coefficients of shape (n_classes, n_columns) and as many intercepts.
    """
    n, p = X.shape
    centre = X.mean(axis=0)
    scaled = (X - centre) / np.sqrt(p)
    back, coordinates = None, scaled
    if p > n:
        variance, directions = np.linalg.eigh(scaled @ scaled.T)
        told = variance > _NOTHING * max(float(variance[-1]), np.finfo(float).tiny)
        length = np.sqrt(variance[told])
        coordinates, back = directions[:, told] * length, directions[:, told] / length
    found = []
    for penalty in penalties:
        # Newton's steps end at the same digits on every processor; a gradient search ends somewhere near.
        model = LogisticRegression(C=1 / (penalty * n), solver="newton-cholesky", tol=1e-10, max_iter=200)
        if coordinates.shape[1] == 0:
            coordinates = np.zeros((n, 1))
        fitted = model.fit(coordinates, y)
        if len(fitted.coef_) > 1:
            rows = fitted.coef_
            rows = rows if back is None else (back @ rows[:, : back.shape[1]].T).T @ scaled
            found.append((rows / np.sqrt(p), fitted.intercept_ - rows @ centre / np.sqrt(p)))
            continue
        weights = fitted.coef_[0]
        coefficients = weights if back is None else scaled.T @ (back @ weights[: back.shape[1]])
        coefficients = np.asarray(coefficients) / np.sqrt(p)
        found.append((coefficients, float(model.intercept_[0] - centre @ coefficients)))
    return found
