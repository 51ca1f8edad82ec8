"""Residuals of a Cox model with Efron's treatment of ties: of score, for robust variances, and of Schoenfeld."""

from __future__ import annotations

import numpy as np

from samesplit.statistics.checks import FloatArray, IntArray

__all__ = ["cox_residuals"]


def cox_residuals(
    times: FloatArray,
    events: IntArray,
    design: FloatArray,
    coefficients: FloatArray,
    strata: IntArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Compute score and Schoenfeld residuals.

    Where d events share a time, Efron lets them leave one after the other in every order at once: for the
    l-th of them the share l / d of all d has left. A Schoenfeld residual is what the event's covariates
    exceed the mean of those at risk by; a score residual is what a lesion adds to the derivative of the
    partial likelihood.

    Args:
        times: Shape (n,).
        events: Shape (n,), 0 or 1.
        design: Shape (n, k).
        coefficients: Shape (k,).
        strata: Shape (n,), codes; None for one.

    Returns:
        Both of shape (n, k); Schoenfeld residuals are NaN where no event was seen.

    References:
        Therneau TM, Grambsch PM. Modeling survival data: extending the Cox model. Springer 2000.
        doi:10.1007/978-1-4757-3294-8.
    """
    score = np.zeros_like(design)
    schoenfeld = np.full(design.shape, np.nan)
    hazard = np.exp(design @ coefficients)
    codes = np.zeros(times.size, np.int64) if strata is None else strata
    for code in np.unique(codes):
        inside = codes == code
        for time in np.unique(times[inside & (events == 1)]):
            at_risk = np.flatnonzero(inside & (times >= time))
            dying = at_risk[(times[at_risk] == time) & (events[at_risk] == 1)]
            left = np.arange(dying.size) / dying.size
            own, gone = hazard[at_risk], hazard[dying]
            total = own.sum() - left * gone.sum()
            weighted = own @ design[at_risk] - left[:, np.newaxis] * (gone @ design[dying])
            means = weighted / total[:, np.newaxis]
            schoenfeld[dying] = design[dying] - means.mean(axis=0)
            score[dying] += schoenfeld[dying]
            # Of those who die a share has left, so that they are at risk for less.
            share = np.ones((at_risk.size, dying.size))
            share[np.isin(at_risk, dying)] = 1 - left
            step = own[:, np.newaxis] * share / total
            score[at_risk] -= step.sum(axis=1)[:, np.newaxis] * design[at_risk] - step @ means
    return score, schoenfeld
