"""Shares and means over readings, where readings of one reader and readings of one patient are alike.

A reading belongs to a reader and to a patient, and both were drawn: other readers, or other patients, would
have given other readings. The variance is the two-way cluster-robust one of Cameron, Gelbach and Miller.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.boundary import exact_interval
from samesplit.statistics.checks import FloatArray, IntArray, check_confidence, codes_of
from samesplit.statistics.interval import Interval, cut_off, is_degenerate

__all__ = ["crossed_mean", "crossed_share"]

_METHOD = "readers and patients as clusters (t)"
_ONE_READER = "patients as clusters (t)"


def crossed_mean(
    values: npt.ArrayLike,
    readers: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """Estimate a mean over readings, for readers and patients like these.

    Args:
        values: Shape (n,), one a reading.
        readers: Shape (n,), who read; with a single reader the mean is about that reader.
        patients: Shape (n,), the patient of each reading.
        weights: Shape (n,), how much each reading counts; None for all alike.
        confidence: Two-sided coverage.
        bounds: The smallest and the largest mean that can be, where the interval is cut off.

    Returns:
        The mean with interval and p-value against 0 by Student's t, whose degrees of freedom are one less than
        there are readers (or patients, if they are fewer or there is one reader). The variance is never taken
        to be less than that with patients alone or readers alone as clusters: the two-way estimate can fall
        below both, even below 0.

    Raises:
        StatisticsError: No readings, or values that are not finite.

    References:
        Cameron AC, Gelbach JB, Miller DL. J Bus Econ Stat 2011;29:238-249, doi:10.1198/jbes.2010.07136.

    Example:
        >>> found = crossed_mean([0.2, 0.4, 0.1, 0.5, 0.3, 0.6], list("aabbcc"), list("xyxyxy"))
        >>> round(found.estimate, 2), round(found.p_value, 3)
        (0.35, 0.258)
    """
    check_confidence(confidence)
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1 or given.size == 0 or not np.isfinite(given).all():
        raise StatisticsError(
            "a mean over readings needs one finite value a reading",
            remedy="leave out readings without a value",
        )
    weight = np.ones(given.size) if weights is None else np.asarray(weights, dtype=np.float64)
    weight = weight / weight.sum()
    estimate = float(weight @ given)
    by_reader, by_patient = codes_of(readers, n=given.size), codes_of(patients, n=given.size)
    variance, n_least, method = _variance(weight * (given - estimate), by_reader, by_patient)
    if is_degenerate(variance):
        return Interval(estimate, math.nan, math.nan, method, "no variance: no interval, no test")
    error = math.sqrt(variance)
    half = float(stats.t.isf((1 - confidence) / 2, n_least - 1)) * error
    made = cut_off(estimate, half, method=method, bounds=bounds)
    p = 2 * float(stats.t.sf(abs(estimate) / error, n_least - 1))
    return Interval(estimate, made.ci_low, made.ci_high, method, made.note, p)


def crossed_share(
    hits: npt.ArrayLike, readers: npt.ArrayLike, patients: npt.ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Estimate a share of readings, for readers and patients like these.

    Args:
        hits: Shape (n,), 0 or 1, one a reading.
        readers: Shape (n,), who read.
        patients: Shape (n,), the patient of each reading.
        confidence: Two-sided coverage.

    Returns:
        The share with its interval, see `crossed_mean`, cut off at 0 and 1. A share of 0 or 1 has the exact
        interval with every patient counted once; no readings give NaN with a note.

    Example:
        >>> found = crossed_share([1, 1, 0, 1, 1, 0], list("aabbcc"), list("xyxyxy"))
        >>> round(found.estimate, 2), crossed_share([], [], []).note
        (0.67, 'nothing to count: not defined')
    """
    given = np.asarray(hits, dtype=np.float64)
    if given.size == 0:
        return Interval(math.nan, math.nan, math.nan, _METHOD, "nothing to count: not defined")
    share = float(given.mean())
    if share in (0.0, 1.0):
        return exact_interval(share, np.unique(np.asarray(patients)).size, confidence=confidence)
    found = crossed_mean(given, readers, patients, confidence=confidence, bounds=(0.0, 1.0))
    return Interval(found.estimate, found.ci_low, found.ci_high, found.method, found.note)


def _variance(moved: FloatArray, readers: IntArray, patients: IntArray) -> tuple[float, int, str]:
    """Return the two-way clustered variance of a sum, the smaller number of clusters, and the method's name."""
    n_readers, n_patients = int(readers.max()) + 1, int(patients.max()) + 1
    of_patients = _one_way(moved, patients, n_patients)
    if n_readers == 1:
        return of_patients, n_patients, _ONE_READER
    of_readers = _one_way(moved, readers, n_readers)
    cells = np.unique(readers * n_patients + patients, return_inverse=True)[1]
    of_cells = _one_way(moved, cells, int(cells.max()) + 1)
    both = of_readers + of_patients - of_cells
    return max(both, of_readers, of_patients), min(n_readers, n_patients), _METHOD


def _one_way(moved: FloatArray, codes: IntArray, n: int) -> float:
    """Return the variance of a sum with one kind of cluster; NaN for a single cluster."""
    if n < 2:
        return math.nan
    return float((np.bincount(codes, weights=moved) ** 2).sum()) * n / (n - 1)
