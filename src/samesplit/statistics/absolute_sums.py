"""The interval of a sum of absolute values, such as the expected calibration error, which cannot fall below 0.

Noise makes every absolute value larger, so the estimate and all bootstrap samples lie above the truth:
percentiles miss it, and BCa, which moves them back, can end below the estimate itself. Here the noise of the
signed values is drawn, and the sums that fit the estimate are searched.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

from samesplit.statistics.bootstrap import PatientBootstrap
from samesplit.statistics.checks import FloatArray, check_confidence
from samesplit.statistics.interval import Interval

__all__ = ["absolute_sum_interval"]

_METHOD = "bootstrap, test inversion"
_WIDEST = 1024.0


def absolute_sum_interval(
    samples: PatientBootstrap, signed: Callable[[FloatArray], FloatArray], *, confidence: float = 0.95
) -> Interval:
    """Estimate a sum of absolute values with its interval.

    The signed values are scaled by t >= 0, the noise of the bootstrap (samples minus estimate) is added, and
    the sums of absolute values that come out are compared with the estimate. The interval holds the sums for
    which the estimate is neither among the largest nor among the smallest (1 - confidence) / 2; at t = 0 all
    values are 0 (perfect calibration). Where the estimate is no larger than noise alone would make it (its
    median), the interval reaches up to what noise alone could make.

    Args:
        samples: The bootstrap samples of patients.
        signed: Takes weights of patients, shape (b, n patients), returns the signed values, shape (b, n values).
        confidence: Two-sided coverage.

    Returns:
        The sum with an interval that holds it, from 0 or above.

    Example:
        >>> from samesplit.statistics.bootstrap import draw_patients
        >>> samples = draw_patients([0, 1] * 20, range(40), n_resamples=200)
        >>> found = absolute_sum_interval(samples, lambda w: (w @ np.tile([-0.5, 0.7], 20) / 40)[:, None])
        >>> round(found.estimate, 3), found.ci_low <= 0.1 <= found.ci_high
        (0.1, True)
    """
    alpha = (1 - check_confidence(confidence)) / 2
    values = signed(np.ones((1, samples.n_patients)))[0]
    noise = (
        np.concatenate([signed(samples.weights[i : i + 250]) for i in range(0, len(samples.weights), 250)])
        - values
    )
    estimate = float(np.abs(values).sum())

    def quantile(t: float, level: float) -> float:
        return float(np.quantile(np.abs(t * values + noise).sum(axis=1), level)) - estimate

    low = 0.0
    if quantile(0.0, 1 - alpha) < 0:
        t = 1.0
        if quantile(1.0, 1 - alpha) > 0:  # not so without noise
            t = float(optimize.brentq(quantile, 0.0, 1.0, args=(1 - alpha,), xtol=1e-9))
        low = t * estimate
    if quantile(0.0, 0.5) < 0 and quantile(1.0, alpha) < 0 < quantile(_WIDEST, alpha):
        high = float(optimize.brentq(quantile, 1.0, _WIDEST, args=(alpha,), xtol=1e-9)) * estimate
    else:  # no larger than noise alone makes it: up to what noise alone could make
        high = max(estimate, estimate + quantile(0.0, 1 - alpha))
    return Interval(estimate, low, high, _METHOD)
