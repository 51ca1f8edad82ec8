"""Linear regression of lesions on covariates, with standard errors that know which lesions share a patient."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import statsmodels.api as sm

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import check_confidence, codes_of
from samesplit.statistics.interval import Interval

__all__ = ["Regression", "clustered_regression"]

_METHOD = "least squares, patients as clusters (t)"


@dataclass(frozen=True)
class Regression:
    """A fitted linear regression.

    Attributes:
        terms: By name: the coefficient with interval and p-value.
        r_squared: Share of the variance that it explains, from 0 to 1.
        n: Lesions.
        n_patients: Patients.
    """

    terms: dict[str, Interval]
    r_squared: float
    n: int
    n_patients: int


def clustered_regression(
    outcome: npt.ArrayLike,
    covariates: npt.ArrayLike,
    names: Sequence[str],
    patients: npt.ArrayLike,
    *,
    confidence: float = 0.95,
) -> Regression:
    """Regress an outcome of lesions on covariates by ordinary least squares.

    Standard errors are the cluster-robust ones (patients are the clusters, with the correction for few clusters);
    tests and intervals are Student's t with one degree of freedom less than there are patients.

    Args:
        outcome: Shape (n,).
        covariates: Shape (n, k); the intercept is added.
        names: Of the k covariates.
        patients: Shape (n,), the patient of each lesion.
        confidence: Two-sided coverage.

    Returns:
        The intercept and the k coefficients.

    Raises:
        StatisticsError: Fewer patients than terms, or covariates that say the same.

    References:
        Liang K-Y, Zeger SL. Biometrika 1986;73:13-22, doi 10.1093/biomet/73.1.13.

    Example:
        >>> found = clustered_regression([0, 1, 2.1, 3], [[0], [1], [2], [3]], ["size"], list("abcd"))
        >>> round(found.terms["size"].estimate, 2)
        1.01
    """
    y = np.asarray(outcome, dtype=np.float64)
    X = np.column_stack([np.ones(y.size), np.asarray(covariates, dtype=np.float64).reshape(y.size, -1)])
    codes = codes_of(patients, n=y.size)
    n_patients = int(codes.max()) + 1
    if n_patients <= X.shape[1]:
        raise StatisticsError(
            f"{n_patients} patients are too few for {X.shape[1] - 1} covariates",
            remedy="name fewer covariates",
        )
    scale = np.abs(X).max(axis=0)
    if np.linalg.matrix_rank(X / np.where(scale > 0, scale, 1.0)) < X.shape[1]:
        raise StatisticsError(
            f"the covariates {', '.join(names)} are not independent of each other",
            remedy="leave out one that the others tell already",
        )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # an outcome that is the same everywhere has no R squared
        fitted = sm.OLS(y, X).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
        bounds = fitted.conf_int(alpha=1 - check_confidence(confidence))
        p_values, r_squared = fitted.pvalues, float(fitted.rsquared)
    terms = {
        name: Interval(float(coefficient), float(low), float(high), _METHOD, p_value=float(p))
        for name, coefficient, (low, high), p in zip(
            ["intercept", *names], fitted.params, bounds, p_values, strict=True
        )
    }
    return Regression(terms, r_squared, y.size, n_patients)
