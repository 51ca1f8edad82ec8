"""Intervals of what is made of absolute values, such as the calibration errors, which cannot fall below 0.

Noise makes every absolute value larger, so the estimate and all bootstrap samples lie above the truth:
percentiles miss it, and BCa, which moves them back, can end below the estimate itself. Here the noise of the
signed values is drawn, and the sums (means, quantiles, maxima) that fit the estimate are searched.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

from samesplit.ordering import above, below
from samesplit.statistics.bootstrap import PatientBootstrap
from samesplit.statistics.checks import FloatArray, check_confidence
from samesplit.statistics.interval import Interval

__all__ = ["absolute_interval", "absolute_sum_interval", "signed_noise"]

_METHOD = "bootstrap, test inversion"
_WIDEST = 1024.0

Summary = Callable[[FloatArray], FloatArray]
"""Takes absolute values, shape (b, n values), and returns b numbers that grow in proportion to them."""


def absolute_sum_interval(
    samples: PatientBootstrap, signed: Callable[[FloatArray], FloatArray], *, confidence: float = 0.95
) -> Interval:
    """Estimate a sum of absolute values with its interval, see `absolute_interval`.

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
    values, noise = signed_noise(samples, signed)
    return absolute_interval(values, noise, lambda v: v.sum(axis=1), confidence=confidence)


def signed_noise(
    samples: PatientBootstrap, signed: Callable[[FloatArray], FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Compute signed values of the original sample, and by how much those of every bootstrap sample differ.

    Args:
        samples: The bootstrap samples of patients.
        signed: See `absolute_sum_interval`.

    Returns:
        Shapes (n values,) and (n resamples, n values).
    """
    values = signed(np.ones((1, samples.n_patients)))[0]
    drawn = [signed(samples.weights[i : i + 250]) for i in range(0, len(samples.weights), 250)]
    return values, np.concatenate(drawn) - values


def absolute_interval(
    values: FloatArray,
    noise: FloatArray,
    summary: Summary,
    *,
    estimate: float | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Estimate what is made of absolute values with its interval.

    The signed values are scaled by t >= 0, the noise of the bootstrap (samples minus estimate) is added, and
    the summaries of absolute values that come out are compared with the estimate. The interval holds the
    summaries for which the estimate is neither among the largest nor among the smallest (1 - confidence) / 2; at
    t = 0 all values are 0 (perfect calibration). Where the estimate is no larger than noise alone would make it
    (its median), the interval reaches up to what noise alone could make.

    Args:
        values: Shape (n values,), the signed values.
        noise: Shape (n resamples, n values), see `signed_noise`.
        summary: The sum, mean, a quantile or the maximum of a row of absolute values.
        estimate: What is reported in the place of the summary of `values` when these stand for more values than
            they are; the interval is scaled with it.
        confidence: Two-sided coverage.

    Returns:
        The estimate with an interval that holds it, from 0 or above.
    """
    alpha = (1 - check_confidence(confidence)) / 2
    found = float(summary(np.abs(values)[np.newaxis])[0])

    def quantile(t: float, level: float) -> float:
        return float(np.quantile(summary(np.abs(t * values + noise)), level)) - found

    def too_small(t: float, level: float) -> bool:
        return bool(below(quantile(t, level), 0.0, scale=found))

    low = 0.0
    if too_small(0.0, 1 - alpha):
        t = 1.0
        if above(quantile(1.0, 1 - alpha), 0.0, scale=found):  # not so without noise
            t = float(optimize.brentq(quantile, 0.0, 1.0, args=(1 - alpha,), xtol=1e-9))
        low = t * found
    if too_small(0.0, 0.5) and too_small(1.0, alpha) and above(quantile(_WIDEST, alpha), 0.0, scale=found):
        high = float(optimize.brentq(quantile, 1.0, _WIDEST, args=(alpha,), xtol=1e-9)) * found
    else:  # no larger than noise alone makes it: up to what noise alone could make
        high = max(found, found + quantile(0.0, 1 - alpha))
    if estimate is None:
        return Interval(found, low, high, _METHOD)
    scale = estimate / found if found > 0 else 1.0
    return Interval(estimate, min(low * scale, estimate), max(high * scale, estimate), _METHOD)
