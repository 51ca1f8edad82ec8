"""How well probabilities fit by likelihood ratios: discrimination, unreliability, quality and R2."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.special import logit
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.tools import add_constant

from samesplit.statistics.calibration.recalibration import are_alike, are_separated, log_odds
from samesplit.statistics.checks import FloatArray, IntArray

__all__ = ["LogisticIndices", "logistic_indices"]


@dataclass(frozen=True)
class LogisticIndices:
    """Likelihood-ratio measures of probabilities, as `val.prob` of R's package rms has them.

    Attributes:
        discrimination: D, how much better the probabilities fit than one for everyone: (chi2 - 1) / n; below 0
            where they fit worse.
        discrimination_chi2: The chi2 of D, on 1 degree of freedom.
        unreliability: U, how much better they would fit after recalibration: (chi2 - 2) / n.
        unreliability_chi2: The chi2 of U, on 2 degrees of freedom.
        unreliability_p: Its p-value: the test that intercept 0 and slope 1 hold together.
        quality: Q = D - U.
        r2: Nagelkerke's R2 of the probabilities as they are.
    """

    discrimination: float
    discrimination_chi2: float
    unreliability: float
    unreliability_chi2: float
    unreliability_p: float
    quality: float
    r2: float


def logistic_indices(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> LogisticIndices:
    """Compute discrimination, unreliability and quality indices by likelihood ratios.

    The predictions are taken as independent: one lesion a patient, one prediction a lesion.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        probabilities: Shape (n,), in [0, 1]; kept 1e-6 away from 0 and 1.

    Raises:
        StatisticsError: A class is missing, or probabilities outside [0, 1].

    References:
        Miller ME, Hui SL, Tierney WM. Validation techniques for logistic regression models. Stat Med
        1991;10:1213-1226. doi:10.1002/sim.4780100805. Harrell FE. rms: Regression modeling strategies (val.prob).

    Example:
        >>> found = logistic_indices([0, 0, 1, 0, 1, 1], [0.2, 0.3, 0.4, 0.6, 0.7, 0.8])
        >>> round(found.unreliability_p, 2)
        0.82
    """
    truth, x, _ = log_odds(labels, probabilities)
    n, share = truth.size, float(truth.mean())
    given = -2 * _log_likelihood(truth, x)
    nothing = -2 * _log_likelihood(truth, np.full(n, float(logit(share))))
    chi2, u_chi2 = nothing - given, max(given - _best_deviance(truth, x, nothing), 0.0)
    d, u = (chi2 - 1) / n, (u_chi2 - 2) / n
    return LogisticIndices(
        discrimination=d,
        discrimination_chi2=chi2,
        unreliability=u,
        unreliability_chi2=u_chi2,
        unreliability_p=float(stats.chi2.sf(u_chi2, 2)),
        quality=d - u,
        r2=-math.expm1(-chi2 / n) / -math.expm1(-nothing / n),
    )


def _best_deviance(truth: IntArray, x: FloatArray, nothing: float) -> float:
    """Return the deviance of the recalibrated probabilities; `nothing` is that of one probability for everyone."""
    if are_alike(x):
        return nothing
    if are_separated(truth, x):
        return 0.0
    fit = GLM(truth, add_constant(x), family=families.Binomial()).fit(tol=1e-13, maxiter=200)
    return -2 * _log_likelihood(truth, np.asarray(fit.model.exog @ fit.params))


def _log_likelihood(truth: IntArray, log_odds: FloatArray) -> float:
    return float(-np.logaddexp(0, np.where(truth == 1, -log_odds, log_odds)).sum())
