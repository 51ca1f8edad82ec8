"""One logistic regression with odds ratios, intervals and P values, whether or not the classes are separated."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.stats import chi2, norm
from statsmodels.discrete.discrete_model import Logit

from samesplit.models.clinical.firth import FirthFit, firth
from samesplit.ordering import at_least, at_most

__all__ = ["LogisticFit", "fit_logistic", "separated"]

Floats = npt.NDArray[np.float64]
Method = Literal["maximum likelihood", "firth"]


@dataclass(frozen=True)
class LogisticFit:
    """Estimates of a logistic regression; the intercept comes first.

    Attributes:
        coefficients: Log odds ratios, shape (1 + n_terms,).
        standard_errors: Same shape.
        low: Lower 95 % limits of the coefficients, same shape.
        high: Upper limits.
        p_values: Two-sided, of each coefficient being 0.
        method: `maximum likelihood` with Wald intervals and tests, or `firth` with those of the profile.
    """

    coefficients: Floats
    standard_errors: Floats
    low: Floats
    high: Floats
    p_values: Floats
    method: Method
    covariance: Floats
    penalised: FirthFit | None = None

    def joint_p_value(self, terms: list[int]) -> float:
        """Return the P value of several terms (counted from 0, without the intercept) all having no effect."""
        columns = [term + 1 for term in terms]
        if len(columns) == 1:
            return float(self.p_values[columns[0]])
        if self.penalised is not None:
            return self.penalised.p_value(columns)
        effects = self.coefficients[columns]
        wald = float(effects @ np.linalg.solve(self.covariance[np.ix_(columns, columns)], effects))
        return float(chi2.sf(wald, len(columns)))


def separated(X: Floats, y: Floats) -> bool:
    """Whether some combination of the columns separates the classes, wholly or but for ties.

    Then the likelihood has no maximum: coefficients grow without end while a Wald test says nothing. It is
    decided by a linear programme, not by whether an optimiser gave up.

    Args:
        X: The design, its intercept column first, shape (n, p).
        y: 0 or 1, shape (n,), both present.

    References:
        Albert and Anderson 1984, https://doi.org/10.1093/biomet/71.1.1; Konis 2007, Linear programming
        algorithms for detecting separated data in binary logistic regression models (thesis, Oxford).

    Example:
        >>> x = np.array([1.0, 2, 3, 4, 5, 6])
        >>> design = np.column_stack([np.ones(6), x])
        >>> separated(design, (x > 3).astype(float)), separated(design, np.array([0.0, 1, 0, 1, 0, 1]))
        (True, False)
    """
    if X.shape[1] == 2:
        above, below = X[y == 1, 1], X[y == 0, 1]
        size = float(np.abs(X[:, 1]).max())
        return bool(
            at_least(above.min(), below.max(), scale=size) or at_most(above.max(), below.min(), scale=size)
        )
    signed = X * (2 * y - 1)[:, None]
    answer = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1), method="highs")
    return bool(answer.status == 0 and -answer.fun > 1e-7 * len(y))


def fit_logistic(X: Floats, y: Floats) -> LogisticFit:
    """Logistic regression of a label on some terms.

    Maximum likelihood (statsmodels `Logit`) with Wald intervals and tests, as published tables have them.
    Where the classes are separated, or the likelihood has not converged, Firth's penalised likelihood takes
    its place, and `method` says so. Columns are standardised for the computation and the estimates taken back,
    so that units do not matter: neither method nor P values depend on them.

    Args:
        X: Terms without an intercept, shape (n, n_terms), of full column rank with it.
        y: 0 or 1, shape (n,), both present.

    Example:
        >>> X = np.repeat([[1.0], [0.0]], [33, 70], axis=0)  # necrosis: 32 of 78 malignant, 1 of 25 benign
        >>> y = np.repeat([1.0, 0.0, 1.0, 0.0], [32, 1, 46, 24])
        >>> fit = fit_logistic(X, y)
        >>> [round(float(np.exp(v[1])), 3) for v in (fit.coefficients, fit.low, fit.high)]
        [16.696, 2.148, 129.772]
    """
    centre, scale = X.mean(axis=0), X.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    design = np.column_stack([np.ones(len(X)), (X - centre) / scale])
    back = np.diag(np.concatenate([[1.0], 1 / scale]))
    back[0, 1:] = -centre / scale
    return _likely(design, y, back) or _penalised(design, y, back)


def _likely(design: Floats, y: Floats, back: Floats) -> LogisticFit | None:
    """Maximum likelihood, if there is a maximum; `back` takes coefficients to the units of the terms."""
    if separated(design, y):
        return None
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # whether it converged is looked at below
            found = Logit(y, design).fit(disp=0, method="newton", maxiter=100)
    except np.linalg.LinAlgError:
        return None
    covariance = back @ np.asarray(found.cov_params(), dtype="float64") @ back.T
    variances = np.diag(covariance)
    if not found.mle_retvals["converged"] or not (np.isfinite(variances) & (variances > 0)).all():
        return None
    coefficients, errors = back @ np.asarray(found.params, dtype="float64"), np.sqrt(variances)
    reach = norm.ppf(0.975) * errors
    return LogisticFit(
        coefficients=coefficients,
        standard_errors=errors,
        low=coefficients - reach,
        high=coefficients + reach,
        p_values=2 * norm.sf(np.abs(coefficients / errors)),
        method="maximum likelihood",
        covariance=covariance,
    )


def _penalised(design: Floats, y: Floats, back: Floats) -> LogisticFit:
    """Firth's estimates; the intercept, of which nothing is asked, keeps a Wald interval."""
    found = firth(design, y)
    covariance = back @ found.covariance @ back.T
    coefficients, errors = back @ found.coefficients, np.sqrt(np.diag(covariance))
    reach = norm.ppf(0.975) * errors
    low, high = coefficients - reach, coefficients + reach
    p_values = np.full(len(low), np.nan)
    for column in range(1, len(low)):
        low[column], high[column] = np.asarray(found.interval(column)) * back[column, column]
        p_values[column] = found.p_value([column])
    return LogisticFit(
        coefficients=coefficients,
        standard_errors=errors,
        low=low,
        high=high,
        p_values=p_values,
        method="firth",
        covariance=covariance,
        penalised=found,
    )
