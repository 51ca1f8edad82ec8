"""Classifiers that scikit-learn has not quite as the grid needs them: quiet, with probabilities, on few rows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import AdaBoostClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted, validate_data

from samesplit.ordering import merge_equals, nearly_equal, probability_at_least

__all__ = [
    "AdaptiveBoosting",
    "ClassWeighted",
    "LogisticModel",
    "NearestNeighbours",
    "Perceptron",
    "SupportVectors",
]

Floats = npt.NDArray[np.float64]
Weights = str | Mapping[int, float] | None
"""`balanced` (classes weigh alike), a weight for each label, or None."""


class _Probable(Protocol):
    """What gives probabilities of known classes."""

    classes_: npt.NDArray[Any]

    def predict_proba(self, X: Any) -> Floats: ...


class _Likelier:
    """Predicts the class whose probability is largest."""

    def predict(self: _Probable, X: Any) -> npt.NDArray[Any]:
        """Predict the likeliest class; the first of those that are as likely."""
        probabilities = np.asarray(self.predict_proba(X), dtype="float64")
        largest = probabilities.max(axis=1, keepdims=True)
        return np.asarray(self.classes_[probability_at_least(probabilities, largest).argmax(axis=1)])


class LogisticModel(LogisticRegression):  # type: ignore[misc]
    """scikit-learn's logistic regression; a solver that stops at `max_iter` is taken as it is, without a warning.

    `n_iter_` tells how many steps were taken.
    """

    def fit(self, X: Any, y: Any, sample_weight: Floats | None = None) -> Self:
        """Fit; see scikit-learn."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            super().fit(X, y, sample_weight)
        return self


class Perceptron(MLPClassifier):  # type: ignore[misc]
    """scikit-learn's multilayer perceptron; training that ends at `max_iter` is meant, and does not warn.

    What only further training would need (optimiser, generator) is not kept. Where all rows make one batch they
    are not shuffled: the gradient is that of their sum in any order, and shuffling took half of the time.
    """

    def fit(self, X: Any, y: Any, sample_weight: Floats | None = None) -> Self:
        """Fit; see scikit-learn."""
        asked: bool = self.get_params()["shuffle"]
        self.shuffle = asked and len(X) > (200 if self.batch_size == "auto" else self.batch_size)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                super().fit(X, y, sample_weight)
        finally:
            self.shuffle = asked
        for name in ("_optimizer", "_random_state"):
            if hasattr(self, name):
                delattr(self, name)
        return self


class AdaptiveBoosting(_Likelier, AdaBoostClassifier):  # type: ignore[misc]
    """scikit-learn's AdaBoost; where not even its first tree beats chance, all classes are as likely.

    scikit-learn raises an error there, which would cost a whole fold for one useless column.
    """

    def fit(self, X: Any, y: Any, sample_weight: Floats | None = None) -> Self:
        """Fit; see scikit-learn."""
        try:
            super().fit(X, y, sample_weight)
        except ValueError as error:
            if "worse than random" not in str(error):
                raise
            self.estimators_: list[Any] = []
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Predict the probability of each class, shape (n_lesions, n_classes)."""
        if self.estimators_:
            return np.asarray(super().predict_proba(X))
        return np.full((len(validate_data(self, X, reset=False)), len(self.classes_)), 1 / len(self.classes_))

    @property
    def feature_importances_(self) -> Floats:
        """The mean share of the trees' gain, shape (n_features,); zeros where there is no tree."""
        return np.asarray(super().feature_importances_) if self.estimators_ else np.zeros(self.n_features_in_)


class NearestNeighbours(_Likelier, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """k-nearest neighbours that asks for no more neighbours than there are rows.

    It is written here because scikit-learn leaves it to the last digits which of equally distant rows vote, and
    whether a row is its own neighbour at distance 0; here the rows that stand first do.

    Args:
        n_neighbors: How many neighbours vote.
        weights: `uniform`, or `distance`: one over the distance.
        p: Power of the Minkowski distance; 2 is Euclidean.
        metric: `minkowski`, or `cosine`: one less the cosine of the angle between two rows; a row of zeros is at
            distance 1 from all.

    Example:
        >>> X, y = np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 1])
        >>> NearestNeighbours(n_neighbors=5).fit(X, y).predict_proba([[5.0]]).round(2)
        array([[0.67, 0.33]])
    """

    def __init__(
        self, *, n_neighbors: int = 5, weights: str = "uniform", p: float = 2, metric: str = "minkowski"
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.p = p
        self.metric = metric

    def fit(self, X: Any, y: Any) -> Self:
        """Keep the training rows.

        Raises:
            ValueError: A parameter is out of range.
        """
        if self.n_neighbors < 1 or self.weights not in ("uniform", "distance") or self.p < 1:
            raise ValueError(
                "needs n_neighbors of at least 1, weights 'uniform' or 'distance', and p of at least 1; got "
                f"{self.n_neighbors!r}, {self.weights!r} and {self.p!r}"
            )
        if self.metric not in ("minkowski", "cosine"):
            raise ValueError(f"metric is 'minkowski' or 'cosine', not {self.metric!r}")
        self.rows_, labels = validate_data(self, X, y, dtype="float64")
        self.classes_, self.codes_ = np.unique(labels, return_inverse=True)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Predict the share of votes for each class, shape (n_lesions, n_classes)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype="float64", reset=False)
        distances = self._distances(rows)
        farthest = distances.max(axis=1, initial=0.0)
        distances = merge_equals(distances, scale=farthest, axis=1)
        near = np.argsort(distances, axis=1, kind="stable")[:, : self.n_neighbors]
        votes = np.ones(near.shape)
        if self.weights == "distance":
            away = np.take_along_axis(distances, near, axis=1)
            same = nearly_equal(away, 0.0, scale=farthest[:, np.newaxis])  # alone decide where there are any
            votes = np.where(same.any(axis=1, keepdims=True), same, 1 / np.where(same, 1.0, away))
        if len(self.classes_) > 2:
            shares = [(votes * (self.codes_[near] == code)).sum(axis=1) for code in range(len(self.classes_))]
            return np.asarray(np.column_stack(shares) / votes.sum(axis=1, keepdims=True))
        positive = (votes * self.codes_[near]).sum(axis=1) / votes.sum(axis=1)
        return np.column_stack([1 - positive, positive])

    def _distances(self, rows: Floats) -> Floats:
        if self.metric == "minkowski":
            return np.asarray(cdist(rows, self.rows_, "minkowski", p=self.p))
        ours, theirs = (_unit(each) for each in (rows, self.rows_))
        return np.asarray(1 - (ours @ theirs.T).clip(-1, 1))


def _unit(rows: Floats) -> Floats:
    """Rows of length 1; rows of zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > 0))


class SupportVectors(_Likelier, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A support vector machine with Platt's probabilities.

    The machine is fitted on all rows. Its scores become probabilities through a logistic curve that is fitted
    to the scores of `folds` held-out folds (Platt 1999), as `CalibratedClassifierCV(SVC(), ensemble=False)` of
    scikit-learn does. Other than there, the curve never falls: where the held-out scores say nothing, or by
    chance the opposite, probabilities come close to the prevalence and keep the order of the scores. A class of a
    single row leaves nothing to hold out: the curve is then fitted to the scores of the training rows.
    These folds do not know which lesions share a patient; only the curve depends on them, not the order.

    Of more than two classes each has a score against all others (`SVC` makes it of its votes between two classes)
    and a curve of its own; the probabilities are divided by their sum, as scikit-learn does.

    Args:
        C: Inverse strength of the penalty.
        kernel: `rbf`, `linear`, `poly` or `sigmoid`.
        degree: Of `poly`.
        gamma: Kernel width: `scale` is 1 / (n_features * variance of X), `auto` is 1 / n_features.
        coef0: Constant of `poly` and `sigmoid`.
        class_weight: For the machine and the curve alike.
        folds: For the curve; fewer where a class has fewer rows.
        random_state: Seed of the shuffle into folds.

    Example:
        >>> X, y = np.linspace(-1, 1, 20)[:, None], np.arange(20) // 10
        >>> bool(SupportVectors().fit(X, y).predict_proba([[0.9]])[0, 1] > 0.8)
        True
    """

    def __init__(
        self,
        *,
        C: float = 1.0,
        kernel: str = "rbf",
        degree: int = 3,
        gamma: str | float = "scale",
        coef0: float = 0.0,
        class_weight: Weights = None,
        folds: int = 5,
        random_state: int | None = None,
    ) -> None:
        self.C = C
        self.kernel = kernel
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.class_weight = class_weight
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the machine on all rows, and the curve on held-out scores."""
        X, y = validate_data(self, X, y, dtype="float64")
        self.classes_, codes = np.unique(y, return_inverse=True)
        count = len(self.classes_)
        if count < 2:
            raise ValueError(f"needs rows of two classes or more, found {count}")
        self.machine_ = self.machine().fit(X, y)
        folds = min(self.folds, int(np.bincount(codes).min()))
        if folds < 2:
            scores = self.machine_.decision_function(X)
        else:
            scores = np.empty(len(X) if count == 2 else (len(X), count))
            splitter = StratifiedKFold(folds, shuffle=True, random_state=self.random_state)
            for learn, held in splitter.split(X, codes):
                scores[held] = self.machine().fit(X[learn], y[learn]).decision_function(X[held])
        weight = compute_sample_weight(self.class_weight, y)
        if count == 2:
            self.slope_, self.intercept_ = platt_curve(scores, codes, weight)
        else:
            ones = (codes[:, None] == np.arange(count)).astype(np.int64)
            curves = [platt_curve(scores[:, place], ones[:, place], weight) for place in range(count)]
            self.slope_, self.intercept_ = np.array(curves).T
        return self

    def machine(self) -> SVC:
        """Make the unfitted machine alone, without the curve."""
        return SVC(
            C=self.C, kernel=self.kernel, degree=self.degree, gamma=self.gamma, coef0=self.coef0,
            class_weight=self.class_weight,
        )  # fmt: skip

    def decision_function(self, X: Any) -> Floats:
        """Distance to the boundary in kernel space, shape (n_lesions,), above 0 on the positive class's side.

        Of more than two classes the score of each against the others, shape (n_lesions, n_classes).
        """
        check_is_fitted(self)
        return np.asarray(self.machine_.decision_function(X))

    def predict_proba(self, X: Any) -> Floats:
        """Predict the probability of each class, shape (n_lesions, n_classes)."""
        found = expit(self.slope_ * self.decision_function(X) + self.intercept_)
        if found.ndim == 1:
            return np.column_stack([1 - found, found])
        total = found.sum(axis=1, keepdims=True)
        uniform = np.full_like(found, 1 / found.shape[1])
        return np.asarray(np.divide(found, total, out=uniform, where=total > 0))


def platt_curve(scores: Floats, codes: npt.NDArray[np.int64], weight: Floats) -> tuple[float, float]:
    """Return the rising logistic curve through scores, with the targets of Platt (1999).

    Args:
        scores: Shape (n_lesions,).
        codes: 0 or 1, shape (n_lesions,).
        weight: Of each row, shape (n_lesions,).

    Returns:
        Slope (above 0) and intercept of the log odds.

    References:
        J. C. Platt, Probabilistic outputs for support vector machines, in: Advances in Large Margin
        Classifiers, MIT Press 1999.

    Example:
        >>> slope, _ = platt_curve(np.array([-1.0, 1.0, -1.0, 1.0]), np.array([1, 0, 1, 0]), np.ones(4))
        >>> 0 < slope < 1e-3
        True
    """
    positive, negative = weight[codes == 1].sum(), weight[codes == 0].sum()
    # Platt's targets: what a uniform prior and the count of a class allow, never quite 0 or 1.
    target = np.where(codes == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    unit = max(float(np.abs(scores).max()), np.finfo(float).tiny)
    scaled = scores / unit

    def loss(curve: Floats) -> tuple[float, Floats]:
        logit = curve[0] * scaled + curve[1]
        error = weight * (expit(logit) - target)
        value = (weight * (np.logaddexp(0, logit) - target * logit)).sum()
        return float(value), np.array([(error * scaled).sum(), error.sum()])

    mean = float(np.average(target, weights=weight))
    start = np.array([1.0, np.log(mean / (1 - mean))])
    # The slope's lower bound keeps the order of the scores without saying anything.
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(1e-4, None), (None, None)])
    return float(found.x[0]) / unit, float(found.x[1])


class ClassWeighted(_Likelier, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Gives class weights to a classifier that takes weights of rows only.

    Args:
        estimator: Its `fit` takes `sample_weight`.
        class_weight: `balanced`: a row weighs n_lesions / (n_classes * n_lesions of its class).
    """

    def __init__(self, estimator: Any, *, class_weight: Weights = "balanced") -> None:
        self.estimator = estimator
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the classifier with the weights of these rows."""
        weight = compute_sample_weight(self.class_weight, y)
        self.model_ = clone(self.estimator).fit(X, y, sample_weight=weight)
        self.classes_, self.n_features_in_ = self.model_.classes_, self.model_.n_features_in_
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Predict the probability of each class, shape (n_lesions, n_classes)."""
        check_is_fitted(self)
        return np.asarray(self.model_.predict_proba(X))

    @property
    def feature_importances_(self) -> Floats:
        """Those of the classifier, where it has them."""
        return np.asarray(self.model_.feature_importances_)
