"""The area under the ROC curve, its variance, and the test between two of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.boundary import Sizes, apart, newcombe_interval
from samesplit.statistics.checks import FloatArray, IntArray, check_labels, check_scores
from samesplit.statistics.influence import Influence, covariance
from samesplit.statistics.interval import Interval, Scale, is_degenerate, normal_interval, z_test

__all__ = [
    "Placements",
    "Pooling",
    "Strata",
    "area_interval",
    "auc_covariance",
    "auc_influence",
    "auc_interval",
    "auc_test",
    "delong_covariance",
    "empirical_auc",
    "placements",
]


@dataclass(frozen=True)
class Placements:
    """Where each lesion stands among the lesions of the other class.

    Attributes:
        auc: The area under the empirical ROC curve.
        positive: Shape (m,): for each positive lesion the share of negatives that it exceeds, ties as half.
        negative: Shape (n,): for each negative lesion the share of positives that exceed it.
    """

    auc: float
    positive: FloatArray
    negative: FloatArray


def placements(labels: npt.ArrayLike, scores: npt.ArrayLike) -> Placements:
    """Compute the placement values of DeLong's method by midranks, in O(n log n).

    Args:
        labels: Shape (n,), 0 or 1, both present.
        scores: Shape (n,), more means more likely positive. The direction is never guessed: an AUC below 0.5
            is reported as such.

    Returns:
        The AUC and the placement values, in the order of the lesions within their class.

    Raises:
        StatisticsError: A class is missing, or a score is not finite.

    References:
        Sun X, Xu W. Fast implementation of DeLong's algorithm. doi:10.1109/LSP.2014.2337313.
    """
    truth = check_labels(labels)
    values = check_scores(scores, n=truth.size)
    if values.ndim != 1:
        raise StatisticsError(f"one score a lesion is needed, not scores of shape {values.shape}")
    above, below = values[truth == 1], values[truth == 0]
    m, n = above.size, below.size
    ranks = stats.rankdata(np.concatenate([above, below]))
    positive = (ranks[:m] - stats.rankdata(above)) / n
    negative = 1.0 - (ranks[m:] - stats.rankdata(below)) / m
    auc = (float(ranks[:m].sum()) - m * (m + 1) / 2) / (m * n)
    return Placements(auc, positive, negative)


def empirical_auc(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Compute the area under the empirical ROC curve (the Mann-Whitney statistic, ties as half).

    Args:
        labels: Shape (n,), 0 or 1, both present.
        scores: Shape (n,), more means more likely positive.

    Returns:
        The area, between 0 and 1.

    Raises:
        StatisticsError: A class is missing, or a score is not finite.

    Example:
        >>> empirical_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.75
    """
    return placements(labels, scores).auc


def delong_covariance(labels: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Estimate the AUCs of several scores of the same lesions and their covariance matrix.

    Assumes independent lesions, one a patient; for several lesions a patient use `auc_covariance`.

    Args:
        labels: Shape (n,), 0 or 1, at least two of each.
        scores: Shape (n,) or (n, k): k scores of the same lesions.

    Returns:
        The AUCs, shape (k,), and their covariance, shape (k, k); NaN where a class has a single lesion.

    Raises:
        StatisticsError: A class is missing, or a score is not finite.

    References:
        DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845. doi:10.2307/2531595.
    """
    truth = check_labels(labels)
    values = check_scores(scores, n=truth.size)
    found = [placements(truth, column) for column in np.atleast_2d(values.T)]
    aucs = np.array([item.auc for item in found])
    m, n = found[0].positive.size, found[0].negative.size
    if min(m, n) < 2:
        return aucs, np.full((aucs.size, aucs.size), np.nan)
    through_positive = np.cov(np.stack([item.positive for item in found]))
    through_negative = np.cov(np.stack([item.negative for item in found]))
    return aucs, np.atleast_2d(through_positive / m + through_negative / n)


@dataclass(frozen=True)
class Strata:
    """The classes of lesions, where influence is kept by class.

    Attributes:
        codes: Shape (n,), the class of each lesion by number.
        n_classes: How many classes there are.
    """

    codes: IntArray
    n_classes: int

    def of(self, rows: IntArray) -> Strata:
        """Return the classes of some of the lesions."""
        return Strata(self.codes[rows], self.n_classes)


@dataclass(frozen=True)
class Pooling:
    """What a fold takes from all folds of its run where it has too few patients of a class of its own.

    Attributes:
        centre: The mean AUC of the folds.
        pooled: For the negative and the positive class, whether its placements are centred on all folds.
        carriers: For both classes, patients of the whole run with such a lesion.
        n_patients: Patients of the whole run.
    """

    centre: float
    pooled: tuple[bool, bool]
    carriers: tuple[int, int]
    n_patients: int


def auc_influence(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    pooling: Pooling | None = None,
    strata: Strata | None = None,
) -> Influence:
    """Compute an AUC with the influence value of every patient.

    The variance of the result is Obuchowski's for clustered data, which is DeLong's when each patient has one
    lesion.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        scores: Shape (n,), more means more likely positive.
        patients: Shape (n,), the patient of each lesion.
        pooling: Of a fold: what it takes from the other folds of its run; None where it stands by itself.
        strata: The classes by which the influence is kept, where the labels are one class against others; None
            for the two labels themselves. It changes the variance of one AUC by no more than the small-sample
            factors of patients with lesions of several classes.

    Returns:
        The AUC; its variance is NaN when all lesions of a class are of one patient.

    Raises:
        StatisticsError: A class is missing, or a score is not finite.

    References:
        Obuchowski NA. Nonparametric analysis of clustered ROC curve data. Biometrics 1997;53:567-578.
        doi:10.2307/2533958.
    """
    truth = check_labels(labels)
    found = placements(truth, scores)
    names, codes = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    if codes.shape != truth.shape:
        raise StatisticsError(f"{truth.size} labels do not fit {codes.size} patients")
    n_rows = 2 if strata is None else strata.n_classes
    sums, carriers = [], []
    for value, placed in ((1, found.positive), (0, found.negative)):
        owners = codes[truth == value]
        shared = pooling is not None and pooling.pooled[value]
        centre = pooling.centre if pooling is not None and shared else found.auc
        weights = (placed - centre) / placed.size
        if strata is None:
            sums.append(np.bincount(owners, weights=weights, minlength=names.size).astype(np.float64))
        else:
            by_class = np.zeros((n_rows, names.size))
            np.add.at(by_class, (strata.codes[truth == value], owners), weights)
            sums.append(by_class)
        carriers.append(pooling.carriers[value] if pooling is not None and shared else np.unique(owners).size)
    if min(carriers) < 2:
        notes = ("all lesions of one class are of one patient: no variance",)
        return Influence(
            found.auc, pd.Index(names, dtype=str), np.full((2 * n_rows, names.size), np.nan), notes
        )
    n_patients = pooling.n_patients if pooling is not None else names.size
    each = [np.sqrt(i / (i - 1)) for i in (*carriers, n_patients)]
    if strata is None:
        parts = np.stack([sums[0] * each[0], sums[1] * each[1], sums[0] * each[2], sums[1] * each[2]])
    else:
        parts = np.vstack([sums[0] * each[0] + sums[1] * each[1], (sums[0] + sums[1]) * each[2]])
    return Influence(found.auc, pd.Index(names, dtype=str), parts)


def auc_covariance(
    labels: npt.ArrayLike, scores: npt.ArrayLike, patients: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Estimate several AUCs and their covariance when patients may have several lesions.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        scores: Shape (n,) or (n, k): k scores of the same lesions.
        patients: Shape (n,), the patient of each lesion.

    Returns:
        The AUCs, shape (k,), and their covariance, shape (k, k), by Obuchowski (1997).

    Raises:
        StatisticsError: A class is missing, or a score is not finite.
    """
    truth = check_labels(labels)
    values = check_scores(scores, n=truth.size)
    found = [auc_influence(truth, column, patients) for column in np.atleast_2d(values.T)]
    matrix = np.array([[covariance(a, b) for b in found] for a in found])
    return np.array([item.estimate for item in found]), matrix


def _one_lesion_each(patients: npt.ArrayLike | None) -> bool:
    return patients is None or np.unique(np.asarray(patients)).size == np.asarray(patients).size


def auc_interval(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    scale: Scale = "logit",
) -> Interval:
    """Estimate an AUC with its interval.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        scores: Shape (n,), more means more likely positive.
        patients: Shape (n,), the patient of each lesion; without it every lesion is a patient of its own.
        confidence: Two-sided coverage.
        scale: `logit`, which stays inside (0, 1) and keeps its coverage near 1 (docs/intervals.md), or `plain`
            as pROC does by default, cut off at 0 and 1.

    Returns:
        The AUC with DeLong's interval, or Obuchowski's when a patient has several lesions. Where these have no
        variance (an AUC of 0 or 1, ties throughout, one patient of a class) it is Newcombe's method 5.

    Raises:
        StatisticsError: A class is missing, or a score is not finite.

    Example:
        >>> found = auc_interval([0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.6, 0.4, 0.7, 0.9])
        >>> round(found.estimate, 3), round(found.ci_low, 3), round(found.ci_high, 3)
        (0.889, 0.261, 0.995)
    """
    truth = check_labels(labels)
    owners = np.arange(truth.size) if patients is None else np.asarray(patients)
    found = auc_influence(truth, scores, owners)
    sizes = [[(np.unique(owners[truth == 1]).size, np.unique(owners[truth == 0]).size)]]
    method = "DeLong" if _one_lesion_each(patients) else "Obuchowski"
    return area_interval(found, sizes, method=method, confidence=confidence, scale=scale)


def area_interval(
    found: Influence, sizes: Sizes, *, method: str, confidence: float = 0.95, scale: Scale = "logit"
) -> Interval:
    """Make the interval of an AUC that comes with influence values.

    Args:
        found: The AUC.
        sizes: The numbers of patients, for where it has no variance; see `boundary.Sizes`.
        method: The name of the variance.
        confidence: Two-sided coverage.
        scale: See `auc_interval`.

    Returns:
        The interval with the notes of the estimate; Newcombe's method 5 where there is no variance.
    """
    if is_degenerate(found.variance):
        made = newcombe_interval(found.estimate, sizes, confidence=confidence)
    else:
        bounds = (0.0, 1.0)
        made = normal_interval(
            found.estimate, found.variance, method=method, confidence=confidence, scale=scale, bounds=bounds
        )
    note = "; ".join(part for part in (*found.notes, made.note) if part)
    return Interval(made.estimate, made.ci_low, made.ci_high, made.method, note)


def auc_test(
    labels: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Test the difference between two AUCs of the same lesions, two-sided.

    Only for one prediction a lesion on one test set; for folds, repeats and seeds see `cross_validated`.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        first: Shape (n,), the scores of one model or reader.
        second: Shape (n,), the scores of the other.
        patients: Shape (n,), the patient of each lesion; without it every lesion is a patient of its own.
        confidence: Two-sided coverage of the interval of the difference.

    Returns:
        AUC of `first` minus AUC of `second` with interval and p-value. Scores that rank the lesions alike
        have p = 1 and no interval; where one stands at its bound and nothing varies, the difference is made from
        the two intervals (`boundary.apart`).

    Raises:
        StatisticsError: A class is missing, or a score is not finite.

    Example:
        >>> labels = [0, 0, 0, 0, 1, 1, 1, 1]
        >>> found = auc_test(labels, [1, 2, 3, 5, 4, 6, 7, 8], [3, 1, 5, 2, 4, 8, 2, 7])
        >>> round(found.estimate, 3), round(found.p_value, 3)
        (0.156, 0.454)
    """
    truth = check_labels(labels)
    both = np.column_stack([check_scores(first, n=truth.size), check_scores(second, n=truth.size)])
    owners = np.arange(truth.size) if patients is None else np.asarray(patients)
    one, other = (auc_influence(truth, scores, owners) for scores in both.T)
    difference = one - other
    if is_degenerate(difference.variance) and (is_degenerate(one.variance) or is_degenerate(other.variance)):
        made = [auc_interval(truth, scores, patients=owners, confidence=confidence) for scores in both.T]
        return apart(*made, confidence=confidence)
    method = "DeLong" if _one_lesion_each(patients) else "Obuchowski"
    return z_test(difference.estimate, difference.variance, method=method, confidence=confidence)
