"""Cox's proportional hazards model with an L2 penalty, for many columns and few rows.

What is maximised is the partial likelihood with Efron's correction for events at the same time, minus the penalty.
The penalty makes it work for more columns than rows, and with columns that separate early from late events, where
the likelihood alone has no maximum. As the coefficients of a penalised fit are combinations of the rows, the fit
on n rows and p columns is that on the n coordinates of the rows (Hastie and Tibshirani 2004), so it costs what the
rows cost.

References:
    Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187-220.
    doi:10.1111/j.2517-6161.1972.tb00899.x.
    Efron B. The efficiency of Cox's likelihood function for censored data. J Am Stat Assoc 1977;72:557-565.
    doi:10.1080/01621459.1977.10480613.
    Hastie T, Tibshirani R. Efficient quadratic regularization for expression arrays. Biostatistics 2004;5:329-340.
    doi:10.1093/biostatistics/kxh010.
    Verweij PJM, van Houwelingen HC. Penalized likelihood in Cox regression. Stat Med 1994;13:2427-2436.
    doi:10.1002/sim.4780132307.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["PartialLikelihood", "RidgeCox", "fit_path"]

Floats = npt.NDArray[np.float64]
_NOTHING = 1e-12
"""Directions of the rows with less than this share of the largest variance are rounding."""
_TOLERANCE = 1e-10
_MOST_STEPS = 100


@dataclass(frozen=True)
class PartialLikelihood:
    """The logarithm of the partial likelihood of log hazards, and its derivatives.

    Each event compares the lesion that had it with those still followed up. Of d events at one time the k-th (from
    0) takes k / d of their hazards out of the comparison, as Efron has it.

    Attributes:
        events: Shape (n,), 1 where the event was seen.
        at_risk: Shape (n events, n): how much each lesion counts among those compared at each event.
    """

    events: Floats
    at_risk: Floats

    @classmethod
    def of(cls, times: npt.ArrayLike, events: npt.ArrayLike) -> PartialLikelihood:
        """Find out who is compared at each event.

        Args:
            times: Shape (n,).
            events: Shape (n,), 0 or 1.
        """
        when, seen = np.asarray(times, dtype="float64"), np.asarray(events, dtype="float64")
        rows = np.flatnonzero(seen == 1)
        rows = rows[np.argsort(when[rows], kind="stable")]
        same = when[rows][:, np.newaxis] == when[rows]
        before = np.tril(same, -1).sum(axis=1)
        at_risk = (when >= when[rows][:, np.newaxis]).astype("float64")
        at_risk[:, rows] -= same * (before / same.sum(axis=1))[:, np.newaxis]
        return cls(seen, at_risk)

    def value(self, log_hazards: Floats) -> float:
        """Compute the log partial likelihood.

        Args:
            log_hazards: Shape (n,); a number added to all changes nothing.

        Example:
            >>> found = PartialLikelihood.of([1, 2, 3], [1, 1, 0]).value(np.array([0.0, 0.0, 0.0]))
            >>> round(found, 6), round(float(-np.log(3) - np.log(2)), 6)
            (-1.791759, -1.791759)
        """
        top = float(log_hazards.max())
        sums = self.at_risk @ np.exp(log_hazards - top)
        return float(self.events @ (log_hazards - top) - np.log(sums).sum())

    def derivatives(self, log_hazards: Floats) -> tuple[Floats, Floats]:
        """Compute the gradient, shape (n,), and the share of each lesion in each event's comparison.

        With shares V of shape (n events, n) the second derivative is V' V - diag(V' 1).
        """
        shares = self.at_risk * np.exp(log_hazards - log_hazards.max())
        shares /= shares.sum(axis=1, keepdims=True)
        return self.events - shares.sum(axis=0), shares


class RidgeCox(BaseEstimator):  # type: ignore[misc]
    """L2-penalised Cox regression.

    Args:
        penalty: What is minimised is the negative log partial likelihood per row, plus penalty / 2 times the sum
            of weight times squared coefficient.
        weights: Shape (n_columns,), the weight of each column in the penalty; None weighs each by the number of
            columns, so that the penalty means the same for 100 and for 100,000 standardised columns.

    Example:
        >>> X = np.array([[1.0], [0.5], [-0.5], [-1.0]])
        >>> model = RidgeCox(penalty=0.1).fit(X, np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 1, 0, 1]))
        >>> model.predict(X).round(2).tolist()
        [1.49, 0.74, -0.74, -1.49]
    """

    def __init__(self, penalty: float = 0.1, weights: Floats | None = None) -> None:
        self.penalty = penalty
        self.weights = weights

    def fit(self, X: Any, times: Any, events: Any) -> Self:
        """Fit to rows with times and events; at least one event is needed."""
        X = validate_data(self, X, dtype="float64")
        if not np.any(events):
            raise ValueError("needs rows with an event")
        self.centre_ = X.mean(axis=0)
        self.coef_ = next(iter(fit_path(X, times, events, [self.penalty], weights=self.weights)))
        return self

    def predict(self, X: Any) -> Floats:
        """Predict the logarithm of the hazard relative to that of the mean training row, shape (n_rows,)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype="float64", reset=False)
        return np.asarray((X - self.centre_) @ self.coef_)


def fit_path(
    X: Floats,
    times: npt.ArrayLike,
    events: npt.ArrayLike,
    penalties: list[float],
    *,
    weights: Floats | None = None,
) -> list[Floats]:
    """Fit once for each penalty; what they share, the coordinates of the rows, is computed once.

    Args:
        X: Shape (n_lesions, n_columns), without gaps.
        times: Shape (n_lesions,).
        events: Shape (n_lesions,), 0 or 1, at least one of them 1.
        penalties: See `RidgeCox`.
        weights: See `RidgeCox`.

    Returns:
        Coefficients, shape (n_columns,), for each penalty.
    """
    n, p = X.shape
    likelihood = PartialLikelihood.of(times, events)
    length = np.sqrt(np.full(p, float(p)) if weights is None else np.asarray(weights, dtype="float64"))
    scaled = (X - X.mean(axis=0)) / length
    coordinates, back = scaled, None
    if p > n:
        variance, directions = np.linalg.eigh(scaled @ scaled.T)
        told = variance > _NOTHING * max(float(variance[-1]), np.finfo(float).tiny)
        size = np.sqrt(variance[told])
        coordinates, back = directions[:, told] * size, directions[:, told] / size
    found, start = [], np.zeros(coordinates.shape[1])
    for penalty in penalties:
        start = _newton(coordinates, likelihood, penalty, start)
        found.append((start if back is None else scaled.T @ (back @ start)) / length)
    return found


def _newton(Z: Floats, likelihood: PartialLikelihood, penalty: float, start: Floats) -> Floats:
    """Maximise the penalised likelihood by Newton's steps, halved where they go too far."""
    n = len(Z)

    def loss(at: Floats) -> float:
        return -likelihood.value(Z @ at) / n + penalty / 2 * float(at @ at)

    at, reached = start, loss(start)
    for _ in range(_MOST_STEPS):
        gradient, shares = likelihood.derivatives(Z @ at)
        slope = penalty * at - Z.T @ gradient / n
        if np.abs(slope).max(initial=0.0) <= _TOLERANCE * max(1.0, penalty):
            break
        pulled = shares @ Z
        curvature = (Z.T * shares.sum(axis=0)) @ Z - pulled.T @ pulled
        step = np.linalg.solve(curvature / n + penalty * np.eye(len(at)), slope)
        share = 1.0
        while (now := loss(at - share * step)) > reached and share > _TOLERANCE:
            share /= 2
        if now >= reached:
            break
        at, reached = at - share * step, now
    return at
