"""The AUC of predictions from folds, repeats and seeds.

The quantity is the mean over (seed, repeat, fold) of the AUC inside the fold. Scores of different folds come
from different models and are not on one scale: pooling them before ranking is biased, so it is not done. On
one test set with one seed this is the plain AUC, and its variance is DeLong's (or Obuchowski's).

The variance is that of the patients' influence values, averaged over the repeats and seeds in which a patient
was scored; it follows LeDell et al. (2015) with patients as clusters. It treats the fitted models as given:
it says how the estimate moves with other test patients, not with other training patients. The corrected
resampled t-test looks at the latter.

DeLong's estimator is biased upwards by (v - v10 - v01) / (m n) with m positive and n negative lesions, where
v is the variance of one comparison and v10, v01 its parts due to the positive and the negative lesion. With
folds as small as 4 to 6 lesions a class this widens the interval by about 5 %; it never narrows it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import auc_influence, empirical_auc
from samesplit.statistics.checks import FloatArray, check_confidence, check_labels, check_scores, codes_of
from samesplit.statistics.influence import Influence, mean_influence
from samesplit.statistics.interval import Interval

__all__ = ["corrected_resampled_t", "cross_validated_auc", "fold_aucs"]


def fold_aucs(labels: npt.ArrayLike, scores: npt.ArrayLike, cells: npt.ArrayLike) -> pd.Series[float]:
    """Compute the AUC inside each fold.

    Args:
        labels: Shape (n,), 0 or 1, one for each prediction.
        scores: Shape (n,), more means more likely positive.
        cells: Shape (n,), the fold (of a seed and repeat) of each prediction.

    Returns:
        One AUC a fold, indexed 0, 1, ... in sorted order of the cells; NaN where a class is missing.

    Raises:
        StatisticsError: Labels other than 0 and 1, or a score that is not finite.
    """
    truth = check_labels(labels, both_classes=False)
    values = check_scores(scores, n=truth.size)
    codes = codes_of(cells, n=truth.size)
    found = {}
    for cell in range(codes.max() + 1):
        inside = codes == cell
        one_class = truth[inside].min() == truth[inside].max()
        found[cell] = math.nan if one_class else empirical_auc(truth[inside], values[inside])
    return pd.Series(found, dtype="float64")


def cross_validated_auc(
    labels: npt.ArrayLike, scores: npt.ArrayLike, patients: npt.ArrayLike, cells: npt.ArrayLike
) -> Influence:
    """Estimate the mean of the fold AUCs with the influence of every patient.

    Args:
        labels: Shape (n,), 0 or 1, one for each prediction.
        scores: Shape (n,), more means more likely positive.
        patients: Shape (n,), the patient of each prediction's lesion.
        cells: Shape (n,), the fold (of a seed and repeat) of each prediction.

    Returns:
        The mean with influence values. Folds without both classes in their test part are left out and
        counted in the notes. Folds in which a class has a single patient count in the mean, but tell nothing
        about that class's variance; they are noted, and when all folds are such there is no variance.

    Raises:
        StatisticsError: No fold has both classes.

    References:
        LeDell E, Petersen M, van der Laan M. Electron J Stat 2015;9:1583-1607. doi:10.1214/15-EJS1035.
    """
    truth = check_labels(labels, both_classes=False)
    values = check_scores(scores, n=truth.size)
    owners = np.asarray(patients, dtype=str)
    codes = codes_of(cells, n=truth.size)
    n_cells = int(codes.max()) + 1
    found = []
    for cell in range(n_cells):
        inside = codes == cell
        if truth[inside].min() < truth[inside].max():
            found.append(auc_influence(truth[inside], values[inside], owners[inside]))
    if not found:
        raise StatisticsError(
            f"none of the {n_cells} test folds holds both classes: no fold has an AUC",
            remedy="use fewer, stratified folds",
        )
    return _average(found, n_left_out=n_cells - len(found), n_cells=n_cells)


def _average(found: list[Influence], *, n_left_out: int, n_cells: int) -> Influence:
    """Average over folds; a fold without variance keeps its estimate and passes on no influence."""
    blind = [item for item in found if np.isnan(item.parts).any()]
    notes = []
    if n_left_out:
        notes.append(f"{n_left_out} of {n_cells} folds lack a class in their test part and are left out")
    if blind and len(found) > 1:
        notes.append(f"in {len(blind)} of {n_cells} folds a class has one patient: interval too narrow")
    if len(blind) == len(found):
        notes.append("no fold has two patients of each class: no variance")
    else:
        found = [
            Influence(item.estimate, item.patients, np.nan_to_num(item.parts, nan=0.0)) for item in found
        ]
    mean = mean_influence(found)
    return Influence(mean.estimate, mean.patients, mean.parts, tuple(notes))


def corrected_resampled_t(
    differences: npt.ArrayLike, *, test_train_ratio: float, confidence: float = 0.95
) -> Interval:
    """Test the mean of fold-wise differences with the variance corrected for overlapping training sets.

    The variance of the mean is s^2 (1/J + n_test / n_train) with J - 1 degrees of freedom, J being the number
    of folds over all repeats.

    Args:
        differences: Shape (J,), difference of the fold scores; NaN for a fold without a score, left out.
        test_train_ratio: n_test / n_train of a fold, 1 / (K - 1) for K folds.
        confidence: Two-sided coverage.

    Returns:
        The mean difference with interval and p-value; NaN with a note for fewer than two folds or without
        variance (p = 1 when all differences are zero).

    Raises:
        StatisticsError: The ratio is not above 0.

    References:
        Nadeau C, Bengio Y. Inference for the generalization error. Mach Learn 2003;52:239-281.
        doi:10.1023/A:1024068626366.

    Example:
        >>> round(corrected_resampled_t([0.1, 0.2, 0.0, 0.1, 0.1], test_train_ratio=0.25).p_value, 4)
        0.1027
    """
    if not test_train_ratio > 0 or not math.isfinite(test_train_ratio):
        raise StatisticsError(f"the ratio of test to training lesions is {test_train_ratio!r}, not above 0")
    method = "corrected resampled t"
    values: FloatArray = np.asarray(differences, dtype=np.float64)
    values = values[~np.isnan(values)]
    mean = float(values.mean()) if values.size else math.nan
    if values.size < 2:
        return Interval(mean, math.nan, math.nan, method, "fewer than two folds: no test")
    spread = float(values.var(ddof=1)) * (1 / values.size + test_train_ratio)
    if spread <= 1e-24:
        same = abs(mean) < 1e-12
        note = "the folds do not differ: no interval"
        return Interval(mean, math.nan, math.nan, method, note, 1.0 if same else math.nan)
    error, df = math.sqrt(spread), values.size - 1
    step = float(stats.t.isf((1 - check_confidence(confidence)) / 2, df)) * error
    p = 2 * float(stats.t.sf(abs(mean) / error, df))
    return Interval(mean, mean - step, mean + step, method, "", p)
