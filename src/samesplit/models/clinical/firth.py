"""Logistic regression with Firth's penalty: finite estimates where maximum likelihood has none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import chi2

from samesplit.ordering import first_best

__all__ = ["FirthFit", "firth"]

Floats = npt.NDArray[np.float64]

_STEPS = 200
_HALVINGS = 30
_LARGEST_STEP = 5.0
_ENOUGH = 1e-8
_NO_GAIN = 1e-13


@dataclass(frozen=True)
class FirthFit:
    """A logistic regression with Firth's penalty.

    Attributes:
        X: The design, the intercept among its columns, shape (n, p).
        y: 0 or 1, shape (n,).
        coefficients: Shape (p,).
        covariance: The inverse information, shape (p, p); intervals come from the profile.
        log_likelihood: Penalised, at the coefficients.
    """

    X: Floats
    y: Floats
    coefficients: Floats
    covariance: Floats
    log_likelihood: float

    @property
    def standard_errors(self) -> Floats:
        """From the inverse information, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    def p_value(self, columns: list[int]) -> float:
        """Return the penalised likelihood ratio test of these coefficients all being 0.

        Example:
            >>> X = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])
            >>> round(firth(X, np.array([0.0, 0, 0, 1, 1, 1, 1, 1])).p_value([1]), 4)
            0.0429
        """
        restricted = _maximise(self.X, self.y, dict.fromkeys(columns, 0.0))[1]
        return float(chi2.sf(max(0.0, 2 * (self.log_likelihood - restricted)), len(columns)))

    def interval(self, column: int, *, confidence: float = 0.95) -> tuple[float, float]:
        """Return the profile penalised likelihood interval of one coefficient."""
        drop = float(chi2.ppf(confidence, 1)) / 2
        centre, width = float(self.coefficients[column]), float(self.standard_errors[column])
        covariance = self.covariance[column]

        def excess(value: float) -> float:
            start = self.coefficients + covariance / covariance[column] * (value - centre)
            return self.log_likelihood - drop - _maximise(self.X, self.y, {column: value}, start)[1]

        def bound(direction: int) -> float:
            inner, step = centre, 2 * width
            for _ in range(12):
                outer = inner + direction * step
                if excess(outer) > 0:
                    return float(brentq(excess, *sorted((inner, outer)), xtol=1e-6))
                inner, step = outer, 2 * step
            return direction * math.inf

        return bound(-1), bound(1)


def firth(X: Floats, y: Floats) -> FirthFit:
    """Fit a logistic regression whose likelihood is penalised by Jeffreys' prior.

    The penalty removes the first-order bias of maximum likelihood and gives finite estimates when a
    combination of columns separates the classes. Intervals and P values are from the profile of the
    penalised likelihood, because a Wald interval is poor exactly where this method is needed.

    Args:
        X: The design with its intercept column, of full column rank, shape (n, p).
        y: 0 or 1, shape (n,).

    References:
        Firth 1993, https://doi.org/10.1093/biomet/80.1.27; Heinze and Schemper 2002,
        https://doi.org/10.1002/sim.1047.

    Example:
        >>> X = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])
        >>> fit = firth(X, np.array([0.0, 0, 0, 1, 1, 1, 1, 1]))  # no negative where the column is 1
        >>> round(float(np.exp(fit.coefficients[1])), 3)  # half a case added to each cell: 4.5 * 3.5 / (0.5 * 1.5)
        21.0
    """
    coefficients, log_likelihood = _maximise(X, y, {})
    _, information, _ = _penalised(X, y, coefficients)
    covariance = np.asarray(np.linalg.pinv(information, hermitian=True))
    return FirthFit(X, y, coefficients, covariance, log_likelihood)


def _penalised(X: Floats, y: Floats, beta: Floats) -> tuple[float, Floats, Floats]:
    """Return the penalised log-likelihood, the information, and the modified score."""
    linear = X @ beta
    probability = 1 / (1 + np.exp(-np.clip(linear, -700, 700)))
    weight = probability * (1 - probability)
    weighted = X * np.sqrt(weight)[:, None]
    information = weighted.T @ weighted
    sign, determinant = np.linalg.slogdet(information)
    if sign <= 0 or not np.isfinite(determinant):
        return -math.inf, information, np.zeros_like(beta)
    likelihood = float(np.sum(y * linear - np.logaddexp(0, linear)) + determinant / 2)
    leverage = np.einsum("ij,ji->i", weighted, np.linalg.solve(information, weighted.T))
    score = X.T @ (y - probability + leverage * (0.5 - probability))
    return likelihood, information, score


def _maximise(
    X: Floats, y: Floats, fixed: dict[int, float], start: Floats | None = None
) -> tuple[Floats, float]:
    """Return the best coefficients and their likelihood; fixed ones stay, and count in the penalty all the same.

    Far out, the profile of separated classes is flat and not concave, so that a search may get stuck; it
    begins both at zero and at `start`, and the better end is taken, of equal ones the first.
    """
    starts = [np.zeros(X.shape[1])] if start is None else [np.zeros(X.shape[1]), start]
    ends = [_climb(X, y, fixed, begin) for begin in starts]
    return ends[first_best([likelihood for _, likelihood in ends])]


def _climb(X: Floats, y: Floats, fixed: dict[int, float], start: Floats) -> tuple[Floats, float]:
    """Fisher scoring with halved steps from one start."""
    beta = start.copy()
    beta[list(fixed)] = list(fixed.values())
    free = np.array([column for column in range(X.shape[1]) if column not in fixed], dtype=np.intp)
    likelihood, information, score = _penalised(X, y, beta)
    for _ in range(_STEPS):
        if not free.size or np.abs(score[free]).max() < _ENOUGH:
            break
        step = np.linalg.lstsq(information[np.ix_(free, free)], score[free], rcond=None)[0]
        step *= min(1.0, _LARGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        for _ in range(_HALVINGS):
            proposed = beta.copy()
            proposed[free] += step
            found = _penalised(X, y, proposed)
            if found[0] >= likelihood:
                break
            step = step / 2
        else:
            break
        gain, beta = found[0] - likelihood, proposed
        likelihood, information, score = found
        if gain < _NO_GAIN:
            break
    return beta, likelihood
