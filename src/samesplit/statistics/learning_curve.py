"""Learning curves: the AUC of models against the number of training lesions, and where two of them cross.

A point of a curve is the mean of the AUCs of all models fitted to subsets of that size. Its interval is a
bootstrap of two kinds of chance at once: test patients are drawn with replacement, all lesions of a patient
together and the same for all curves, and so are the draws of subsets. Of d draws d - 1 are drawn, since d would
make the variance of their mean too small by the factor (d - 1) / d (Rao and Wu 1988). With one draw the subsets
are taken as they are.

References:
    Rao JNK, Wu CFJ. Resampling inference with complex survey data. J Am Stat Assoc 1988;83:231-241.
    doi:10.1080/01621459.1988.10478591.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.ordering import at_least
from samesplit.statistics.bootstrap import PatientBootstrap, bootstrap_interval, draw_patients
from samesplit.statistics.checks import FloatArray, IntArray, check_confidence
from samesplit.statistics.interval import Interval
from samesplit.statistics.weighted import weighted_auc, weighted_multiclass_auc

__all__ = ["CurveFit", "CurveSamples", "crossing_sizes", "sample_curves"]

METHOD = "bootstrap of test patients and of draws, percentile"


@dataclass(frozen=True)
class CurveFit:
    """What one fitted model said of its test lesions.

    Attributes:
        curve: The number of its curve (its kind of model), from 0.
        size: The number of its size, from 0.
        draws: The numbers of the draws of subsets that it stands for, from 0; all of them where it was fitted
            to the whole training part.
        labels: Shape (n,), class numbers from 0.
        scores: Shape (n,) for two classes, the score of class 1; else (n, n classes).
        patients: Shape (n,), the patient of each lesion.
    """

    curve: int
    size: int
    draws: tuple[int, ...]
    labels: IntArray
    scores: FloatArray
    patients: npt.NDArray[np.str_]


@dataclass(frozen=True)
class CurveSamples:
    """Curves with their bootstrap replicates; NaN where a size has no AUC.

    Attributes:
        estimates: Shape (n curves, n sizes).
        replicates: Shape (n resamples, n curves, n sizes).
        by_draw: Shape (n curves, n sizes, n draws), the estimate of each draw.
    """

    estimates: FloatArray
    replicates: FloatArray
    by_draw: FloatArray

    def point(self, curve: int, size: int, *, confidence: float = 0.95) -> Interval:
        """Estimate one point of a curve.

        Args:
            curve: Its number.
            size: The number of the size.
            confidence: Two-sided coverage.
        """
        return _named(
            bootstrap_interval(
                float(self.estimates[curve, size]), self.replicates[:, curve, size], confidence=confidence
            )
        )

    def difference(self, first: int, second: int, size: int, *, confidence: float = 0.95) -> Interval:
        """Estimate by how much the second curve lies above the first at one size, on the same test patients.

        Args:
            first: The number of a curve.
            second: The number of another.
            size: The number of the size.
            confidence: Two-sided coverage.
        """
        return _named(
            bootstrap_interval(
                float(self.estimates[second, size] - self.estimates[first, size]),
                self.replicates[:, second, size] - self.replicates[:, first, size],
                confidence=confidence,
            )
        )

    def crossing(
        self, first: int, second: int, sizes: npt.ArrayLike, *, confidence: float = 0.95
    ) -> Interval:
        """Estimate the size from which on the second curve is no longer below the first.

        Args:
            first: The number of the curve that leads at first.
            second: The number of the curve that may overtake it.
            sizes: Shape (n sizes,), rising.
            confidence: Two-sided coverage.

        Returns:
            See `crossing_sizes` for the numbers. 0 stands for below the smallest size and infinity for above the
            largest: where a bound is one of these, the sizes do not reach far enough to tell.
        """
        known = ~np.isnan(self.estimates[[first, second]]).any(axis=0)
        steps = np.asarray(sizes, dtype=np.float64)[known]
        if steps.size == 0:
            return Interval(math.nan, math.nan, math.nan, METHOD, "no size has an AUC of both")
        gaps = (self.replicates[:, second] - self.replicates[:, first])[:, known]
        gaps = gaps[~np.isnan(gaps).any(axis=1)]
        estimate = float(
            crossing_sizes(steps, (self.estimates[second] - self.estimates[first])[None, known])[0]
        )
        found = np.sort(crossing_sizes(steps, gaps))
        if found.size == 0:
            return Interval(estimate, math.nan, math.nan, METHOD, "no sample has an AUC of both at all sizes")
        tail = (1 - check_confidence(confidence)) / 2
        low = float(found[math.floor(tail * (found.size - 1))])
        high = float(found[math.ceil((1 - tail) * (found.size - 1))])
        inside = float(np.mean((found > 0) & np.isfinite(found)))
        note = f"in {100 * inside:.0f} % of the samples the curves cross between the sizes"
        return Interval(estimate, min(low, estimate), max(high, estimate), METHOD, note)


def crossing_sizes(sizes: npt.ArrayLike, differences: npt.ArrayLike) -> FloatArray:
    """Find the size from which on a curve is at least as high as another, at this and at every larger size.

    Between sizes the difference is drawn as a straight line over the logarithm of the size.

    Args:
        sizes: Shape (n,), rising, above 0.
        differences: Shape (b, n), the curve that may overtake minus the other, of each of b samples.

    Returns:
        Shape (b,): 0 where it is at least as high at every size, infinity where it is lower at the largest.

    Raises:
        StatisticsError: The sizes do not rise from above 0, or do not fit the differences.

    Example:
        >>> gaps = [[-0.1, 0.1, 0.2], [0.1, 0.1, 0.1], [0.1, 0.1, -0.1]]
        >>> crossing_sizes([10, 100, 1000], gaps).round(2).tolist()
        [31.62, 0.0, inf]
    """
    steps = np.asarray(sizes, dtype=np.float64)
    gaps = np.asarray(differences, dtype=np.float64)
    if steps.ndim != 1 or steps.size == 0 or steps[0] <= 0 or (np.diff(steps) <= 0).any():
        raise StatisticsError(f"the sizes {steps.tolist()} do not rise from above 0")
    if gaps.ndim != 2 or gaps.shape[1] != steps.size:
        raise StatisticsError(f"{steps.size} sizes do not fit differences of shape {gaps.shape}")
    there = np.asarray(at_least(gaps, 0.0, scale=1.0))
    # The last size at which it is lower; -1 where there is none.
    last = np.where(there.all(axis=1), -1, steps.size - 1 - np.argmax(~there[:, ::-1], axis=1))
    found = np.where(last < 0, 0.0, np.inf)
    rows = np.flatnonzero((last >= 0) & (last < steps.size - 1))
    before, after = last[rows], last[rows] + 1
    low, high = gaps[rows, before], np.maximum(gaps[rows, after], 0.0)
    share = -low / (high - low)
    found[rows] = np.exp(np.log(steps[before]) + share * np.log(steps[after] / steps[before]))
    return found


def sample_curves(
    fits: Sequence[CurveFit],
    *,
    n_curves: int,
    n_sizes: int,
    n_draws: int,
    n_classes: int = 2,
    n_resamples: int = 1000,
    seed: int = 0,
) -> CurveSamples:
    """Estimate learning curves and their bootstrap replicates.

    Args:
        fits: All fitted models; several of one curve, size and draw (folds, seeds) are averaged.
        n_curves: How many curves there are.
        n_sizes: How many sizes.
        n_draws: How many draws of subsets.
        n_classes: Of the task; of more than two the AUC is the mean of one class against the others.
        n_resamples: Bootstrap samples.
        seed: Of the bootstrap.

    Returns:
        The estimates and replicates. A class that a fold's test part lacks does not count there.

    Raises:
        StatisticsError: There is no fit, or a class has no test lesion.
    """
    if not fits:
        raise StatisticsError("there is no fitted model, so there is no learning curve")
    labels = np.concatenate([fit.labels for fit in fits])
    owners = np.concatenate([fit.patients for fit in fits])
    drawn = draw_patients(labels, owners, n_resamples=n_resamples, seed=seed, n_classes=n_classes)
    names = np.unique(owners)
    sums = np.zeros((1 + n_resamples, n_curves, n_sizes, n_draws))
    counts = np.zeros_like(sums)
    for fit in fits:
        values = _aucs(fit, np.searchsorted(names, fit.patients), drawn, n_classes)
        known = ~np.isnan(values)
        for draw in fit.draws:
            sums[:, fit.curve, fit.size, draw] += np.where(known, values, 0.0)
            counts[:, fit.curve, fit.size, draw] += known
    each = np.full_like(sums, np.nan)
    np.divide(sums, counts, out=each, where=counts > 0)
    shares = _draw_shares(n_draws, n_resamples, seed)
    return CurveSamples(
        estimates=_weighted_mean(each[:1], np.ones((1, n_draws)))[0],
        replicates=_weighted_mean(each[1:], shares),
        by_draw=each[0],
    )


def _aucs(fit: CurveFit, codes: IntArray, drawn: PatientBootstrap, n_classes: int) -> FloatArray:
    """Return the AUC of a fitted model, and that in each sample; NaN where no class has one."""
    weights = np.vstack([np.ones((1, fit.labels.size)), drawn.weights[:, codes]])
    if n_classes == 2:
        return weighted_auc(weights, fit.labels, fit.scores)
    return weighted_multiclass_auc(weights, fit.labels, fit.scores)


def _draw_shares(n_draws: int, n_resamples: int, seed: int) -> FloatArray:
    """How often each draw counts in each sample."""
    if n_draws == 1:
        return np.ones((n_resamples, 1))
    generator = np.random.default_rng([seed, n_draws])
    even = np.full(n_draws, 1 / n_draws)
    return generator.multinomial(n_draws - 1, even, size=n_resamples).astype(np.float64)


def _weighted_mean(values: FloatArray, shares: FloatArray) -> FloatArray:
    """Average over the draws those that are there, shape (b, curves, sizes, draws) to (b, curves, sizes)."""
    weights = np.where(np.isnan(values), 0.0, shares[:, None, None, :])
    total = weights.sum(axis=-1)
    mean = np.full(total.shape, np.nan)
    np.divide((np.nan_to_num(values) * weights).sum(axis=-1), total, out=mean, where=total > 0)
    return mean


def _named(found: Interval) -> Interval:
    method = METHOD if not found.method.endswith("estimate") else f"{METHOD}, widened to the estimate"
    return Interval(found.estimate, found.ci_low, found.ci_high, method, found.note)
