"""Means, medians and ratios of lesions whose intervals come from drawing whole patients.

Lesions of a patient are alike, so patients are what is drawn, or what the variance is of.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.ordering import at_least, nearly_equal
from samesplit.statistics.bootstrap import PatientBootstrap, Statistic
from samesplit.statistics.checks import FloatArray, IntArray, check_confidence, codes_of
from samesplit.statistics.interval import Interval, is_degenerate
from samesplit.statistics.proportions import proportion_interval

__all__ = [
    "TOO_FEW",
    "correlation",
    "paired_mean",
    "ratio_of_counts",
    "summary_of_lesions",
    "weighted_summary",
]

TOO_FEW = "too few patients for an interval"
_FEWEST_PATIENTS = 2


def summary_of_lesions(
    values: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    statistic: Literal["mean", "median"] = "mean",
    n_resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Estimate the mean or the median over lesions, with the interval of a bootstrap over patients.

    Args:
        values: Shape (n,), one a lesion; NaN is left out.
        patients: Shape (n,), the patient of each lesion.
        statistic: Which; the median is the smallest value that at least half of the lesions do not exceed.
        n_resamples: Bootstrap samples; 0 for no interval.
        seed: Of the bootstrap.
        confidence: Two-sided coverage.

    Example:
        >>> found = summary_of_lesions([0.8, 0.6, 0.9, 0.7], ["a", "b", "c", "d"])
        >>> round(found.estimate, 3), found.ci_low < 0.75 < found.ci_high
        (0.75, True)
    """
    known = np.asarray(values, dtype=np.float64)
    owners = np.asarray(patients, dtype=object)[~np.isnan(known)]
    known = known[~np.isnan(known)]
    if known.size == 0:
        return Interval(math.nan, math.nan, math.nan, statistic, "no lesion has a value")
    codes = codes_of(owners, n=known.size)
    n = int(codes.max()) + 1
    found = weighted_summary(known, codes, n, statistic)
    return _interval(found, n, statistic, n_resamples=n_resamples, seed=seed, confidence=confidence)


def ratio_of_counts(
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    *,
    share: bool = True,
    n_resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Estimate a ratio of two sums over patients: a recall, a precision, false positives per patient.

    Where all patients say the same and a bootstrap has no spread, the interval is exact: Clopper-Pearson's for the
    patients that are counted, or Poisson's for a count of 0.

    Args:
        numerator: Shape (n patients,).
        denominator: Shape (n patients,), at least 0.
        share: Whether the ratio lies between 0 and 1.
        n_resamples: Bootstrap samples; 0 for no interval.
        seed: Of the bootstrap.
        confidence: Two-sided coverage.

    Example:
        >>> recall = ratio_of_counts([2, 1, 0, 1], [2, 1, 1, 2])
        >>> round(recall.estimate, 3)
        0.667
    """
    above, below = (np.asarray(counts, dtype=np.float64) for counts in (numerator, denominator))
    counted = below > 0
    n = int(counted.sum())
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, "ratio", "nothing to count: not defined")
    above, below = above[counted], below[counted]
    estimate = float(above.sum() / below.sum())
    if share and bool(nearly_equal(estimate, 0.0, scale=1.0) or nearly_equal(estimate, 1.0)):
        exact = proportion_interval(
            n if estimate > 0.5 else 0, n, confidence=confidence, method="Clopper-Pearson"
        )
        return Interval(estimate, exact.ci_low, exact.ci_high, "Clopper-Pearson, patients")
    if estimate == 0:
        high = -math.log((1 - check_confidence(confidence)) / 2) / float(below.sum())
        return Interval(0.0, 0.0, high, "Poisson, exact")

    def ratio(weights: FloatArray) -> FloatArray:
        return np.asarray((weights @ above) / (weights @ below), dtype=np.float64)

    return _interval(ratio, n, "ratio", n_resamples=n_resamples, seed=seed, confidence=confidence)


def paired_mean(
    differences: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    largest: float = math.inf,
) -> Interval:
    """Test the mean of paired differences of lesions, with patients as clusters.

    The variance is that of the sums of the patients' deviations (the sandwich estimator of a mean), the test
    Student's t with one degree of freedom less than there are patients.

    Args:
        differences: Shape (n,), one a lesion.
        patients: Shape (n,), the patient of each lesion.
        confidence: Two-sided coverage.
        largest: No difference can be larger, either way, so that the interval ends there: 1 of shares.

    Returns:
        The mean with interval and p-value; without variance p is 1 where there is no difference, NaN otherwise.

    Example:
        >>> found = paired_mean([0.1, 0.2, 0.0, 0.1], ["a", "b", "c", "d"])
        >>> round(found.estimate, 3), round(found.p_value, 3)
        (0.1, 0.092)
    """
    values = np.asarray(differences, dtype=np.float64)
    codes = codes_of(patients, n=values.size)
    method = "paired, patients as clusters (t)"
    n = int(codes.max()) + 1
    mean = float(values.mean())
    alpha = 1 - check_confidence(confidence)
    if n < _FEWEST_PATIENTS:
        return Interval(mean, math.nan, math.nan, method, TOO_FEW)
    sums = np.bincount(codes, weights=values - mean, minlength=n) / values.size
    variance = float(sums @ sums) * n / (n - 1)
    if is_degenerate(variance):
        same = abs(mean) < 1e-12
        note = "no difference in any lesion" if same else "the differences have no variance: no interval"
        return Interval(mean, math.nan, math.nan, method, note, 1.0 if same else math.nan)
    error = math.sqrt(variance)
    half = float(stats.t.isf(alpha / 2, n - 1)) * error
    low, high = max(mean - half, -largest), min(mean + half, largest)
    return Interval(mean, low, high, method, "", 2 * float(stats.t.sf(abs(mean) / error, n - 1)))


def correlation(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Estimate Pearson's correlation of two values of each lesion, with a bootstrap over patients.

    Args:
        first: Shape (n,).
        second: Shape (n,).
        patients: Shape (n,), the patient of each lesion.
        n_resamples: Bootstrap samples; 0 for no interval.
        seed: Of the bootstrap.
        confidence: Two-sided coverage.

    Example:
        >>> round(correlation([1, 2, 3, 4], [0, 0, 1, 1], list("abcd"), n_resamples=0).estimate, 3)
        0.894
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (first, second))
    codes = codes_of(patients, n=x.size)
    if _constant(x) or _constant(y):
        note = "one of the two is the same in all lesions: not defined"
        return Interval(math.nan, math.nan, math.nan, "Pearson", note)
    x, y = (x - x.mean()) / np.ptp(x), (y - y.mean()) / np.ptp(y)

    def pearson(weights: FloatArray) -> FloatArray:
        each = weights[:, codes]
        total = each.sum(axis=1)
        mean_x, mean_y = each @ x / total, each @ y / total
        var_x, var_y = each @ x**2 / total - mean_x**2, each @ y**2 / total - mean_y**2
        flat = (var_x < 1e-12) | (var_y < 1e-12)
        spread = np.sqrt(np.where(flat, 1.0, var_x * var_y))
        return np.where(flat, math.nan, np.clip((each @ (x * y) / total - mean_x * mean_y) / spread, -1, 1))

    n = int(codes.max()) + 1
    return _interval(pearson, n, "Pearson", n_resamples=n_resamples, seed=seed, confidence=confidence)


def _constant(values: FloatArray) -> bool:
    return bool(nearly_equal(values.min(), values.max()))


def weighted_summary(
    values: FloatArray, codes: IntArray, n_patients: int, statistic: Literal["mean", "median"]
) -> Statistic:
    """Return the mean or the median of lesions as a function of how often each patient was drawn.

    Args:
        values: Shape (n,), one a lesion.
        codes: Shape (n,), the number of each lesion's patient, from 0.
        n_patients: How many patients are drawn from.
        statistic: Which; the median is the smallest value that at least half of the lesions do not exceed.

    Example:
        >>> median = weighted_summary(np.array([0.2, 0.4, 0.9]), np.array([0, 1, 2]), 3, "median")
        >>> median(np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 3.0]])).tolist()
        [0.4, 0.9]
    """
    return _mean(values, codes, n_patients) if statistic == "mean" else _median(values, codes)


def _mean(values: FloatArray, codes: IntArray, n: int) -> Statistic:
    total, count = np.bincount(codes, weights=values, minlength=n), np.bincount(codes, minlength=n)

    def mean(weights: FloatArray) -> FloatArray:
        return np.asarray((weights @ total) / (weights @ count), dtype=np.float64)

    return mean


def _median(values: FloatArray, codes: IntArray) -> Statistic:
    order = np.argsort(values, kind="stable")
    ordered, owners = values[order], codes[order]

    def median(weights: FloatArray) -> FloatArray:
        reached = np.cumsum(weights[:, owners], axis=1)
        half = reached[:, -1:] / 2
        return np.asarray(ordered[at_least(reached, half).argmax(axis=1)], dtype=np.float64)

    return median


def _interval(
    statistic: Callable[[FloatArray], FloatArray],
    n_patients: int,
    name: str,
    *,
    n_resamples: int,
    seed: int,
    confidence: float,
) -> Interval:
    """Return the estimate with the interval of drawn patients, where there are enough."""
    check_confidence(confidence)
    if n_patients < _FEWEST_PATIENTS or n_resamples == 0:
        estimate = float(statistic(np.ones((1, n_patients)))[0])
        note = TOO_FEW if n_patients < _FEWEST_PATIENTS else ""
        return Interval(estimate, math.nan, math.nan, name, note)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n_patients, np.full(n_patients, 1 / n_patients), size=n_resamples)
    return PatientBootstrap(drawn.astype(np.float64), 0).interval(statistic, confidence=confidence)
