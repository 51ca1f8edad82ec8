"""Any number of scores of the same lesions: their AUCs, all differences, and the test that they are the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import auc_covariance, auc_interval, delong_covariance
from samesplit.statistics.checks import FloatArray, check_labels, check_scores
from samesplit.statistics.interval import Interval, Scale
from samesplit.statistics.mrmc.global_test import GlobalTest
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = ["CorrelatedAUCs", "correlated_aucs"]

_RANK = 1e-10  # directions of less variance, as a share of the largest, are none


@dataclass(frozen=True, eq=False)
class CorrelatedAUCs:
    """The AUCs of several scores of the same lesions.

    Attributes:
        names: Of the scores.
        aucs: Shape (k,).
        covariance: Shape (k, k).
        intervals: By name: each AUC with its own interval.
        differences: By pair of names, in their order: first minus second with interval and two-sided p-value, not
            adjusted for their number. `p_above(-margin)` is the one-sided test of non-inferiority.
        global_test: Chi-square test that all AUCs are the same; None for a single score.
        method: `DeLong`, or `Obuchowski` where patients have several lesions.
    """

    names: tuple[str, ...]
    aucs: FloatArray
    covariance: FloatArray
    intervals: dict[str, Interval]
    differences: dict[tuple[str, str], StudentInterval]
    global_test: GlobalTest | None
    method: str


def correlated_aucs(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    names: Sequence[str] | None = None,
    *,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    scale: Scale = "logit",
) -> CorrelatedAUCs:
    """Compare the AUCs of any number of scores of the same lesions.

    Args:
        labels: Shape (n,), 0 or 1, at least two of each.
        scores: Shape (n, k), more means more likely positive.
        names: Of the k scores; None numbers them from 1.
        patients: Shape (n,), the patient of each lesion; None for one lesion a patient.
        confidence: Two-sided coverage of all intervals.
        scale: Of the intervals of single AUCs, see `auc_interval`.

    Returns:
        AUCs, covariance, differences and the global test. Scores that rank the lesions alike make the covariance
        singular: the global test then has as many degrees of freedom as there are directions that vary.

    Raises:
        StatisticsError: A class is missing, a score is not finite, or names that do not fit.

    References:
        DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845, doi:10.2307/2531595. Obuchowski NA.
        Biometrics 1997;53:567-578, doi:10.2307/2533958.

    Example:
        >>> truth = [0, 0, 0, 0, 1, 1, 1, 1]
        >>> scores = np.array([[1, 2, 3, 5, 4, 6, 7, 8], [3, 1, 5, 2, 4, 8, 2, 7], [2, 5, 1, 6, 3, 4, 8, 7]]).T
        >>> found = correlated_aucs(truth, scores, ["a", "b", "c"])
        >>> found.aucs.round(3).tolist(), round(found.differences["a", "b"].estimate, 3)
        ([0.938, 0.781, 0.75], 0.156)
    """
    truth = check_labels(labels)
    table = check_scores(scores, n=truth.size)
    table = table[:, np.newaxis] if table.ndim == 1 else table
    k = table.shape[1]
    called = tuple(f"score {place + 1}" for place in range(k)) if names is None else tuple(names)
    if len(called) != k or len(set(called)) != k:
        raise StatisticsError(
            f"{len(called)} names, {len(set(called))} of them different, do not fit {k} scores",
            remedy="give every column a name of its own",
        )
    clustered = patients is not None and np.unique(np.asarray(patients)).size < truth.size
    if clustered:
        aucs, matrix = auc_covariance(truth, table, np.asarray(patients))
    else:
        aucs, matrix = delong_covariance(truth, table)
    method = "Obuchowski" if clustered else "DeLong"
    intervals = {
        name: auc_interval(truth, column, patients=patients, confidence=confidence, scale=scale)
        for name, column in zip(called, table.T, strict=True)
    }
    differences = {
        (called[a], called[b]): student_interval(
            float(aucs[a] - aucs[b]),
            float(matrix[a, a] + matrix[b, b] - 2 * matrix[a, b]),
            math.inf,
            method=method,
            confidence=confidence,
            null=0.0,
        )
        for a, b in combinations(range(k), 2)
    }
    tested = _global_test(aucs, matrix) if k > 1 else None
    return CorrelatedAUCs(called, aucs, matrix, intervals, differences, tested, method)


def _global_test(aucs: FloatArray, matrix: FloatArray) -> GlobalTest:
    """Test that all AUCs are the same, in the directions of contrast that vary."""
    contrasts = np.eye(aucs.size)[:-1] - np.eye(aucs.size)[-1]
    between, spread = contrasts @ aucs, contrasts @ matrix @ contrasts.T
    undefined = GlobalTest("chi-square", math.nan, math.nan, math.inf, math.nan, math.nan)
    if np.isnan(spread).any():
        return undefined
    values, vectors = np.linalg.eigh(spread)
    kept = values > _RANK * max(float(np.trace(matrix)), 0.0)
    rank = int(kept.sum())
    if not rank:
        same = bool(np.abs(between).max() < 1e-12)
        note = "no difference and no variance" if same else "the variance is zero: no test"
        return GlobalTest("chi-square", math.nan, 0.0, math.inf, 1.0 if same else math.nan, math.nan, note)
    projected = vectors[:, kept].T @ between
    statistic = float((projected**2 / values[kept]).sum())
    note = "" if rank == aucs.size - 1 else f"{aucs.size - 1 - rank} of the differences do not vary"
    p = float(stats.chi2.sf(statistic, rank))
    return GlobalTest("chi-square", statistic, float(rank), math.inf, p, math.nan, note)
