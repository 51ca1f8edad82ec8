"""The AUC of predictions from folds, repeats and seeds.

The estimate is the mean over (seed, repeat, fold) of the AUC inside the fold. Scores of different folds come
from different models and are not on one scale: pooling them before ranking is biased, so it is not done. On one
test set with one seed this is the plain AUC, and its variance is DeLong's (or Obuchowski's).

The interval is for the AUC that this way of training reaches on average, over cohorts of this size: what a
reader takes a cross-validated AUC for. Its variance has two parts.

- Test patients: that of the patients' influence values, averaged over the repeats and seeds in which a patient
  was scored; it follows LeDell et al. (2015) with patients as clusters, and takes the fitted models as given.
- Training patients: other patients would have given other models, and the folds share most of theirs, so their
  AUCs rise and fall together. No estimator from one cross-validation is unbiased for this (Bengio and
  Grandvalet 2004). Nadeau and Bengio (2003) add the variance of a fold's AUC times n_test / n_train, which is
  the test part of one repeat times n_all / n_train; where features are selected on few lesions the folds are
  tied together about twice as tightly as that assumes, so `TRAINING_WEIGHT` is 2. docs/intervals.md has the
  coverage that was measured: 0.94 and more where models are unstable, and close to 1 where the training
  patients hardly matter, where the interval is wider than it had to be.

DeLong's estimator is biased upwards by (v - v10 - v01) / (m n) with m positive and n negative lesions, where v
is the variance of one comparison and v10, v01 its parts due to the positive and the negative lesion. With folds
as small as 4 to 6 lesions a class this widens the interval by about 5 %; it never narrows it.

A fold with one patient of a class tells nothing about that class's variance by itself. Where a run (a seed's
repeat) has such a fold, the placements of that class are centred on the mean AUC of the run's folds instead of
on their own fold's: five positives in five folds then carry the variance of five positives.

References:
    LeDell E, Petersen M, van der Laan M. Electron J Stat 2015;9:1583-1607. doi:10.1214/15-EJS1035.
    Bengio Y, Grandvalet Y. No unbiased estimator of the variance of k-fold cross-validation. J Mach Learn Res
    2004;5:1089-1105.
    Nadeau C, Bengio Y. Inference for the generalization error. Mach Learn 2003;52:239-281.
    doi:10.1023/A:1024068626366.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import Pooling, Strata, auc_influence, empirical_auc
from samesplit.statistics.checks import (
    AnyArray,
    FloatArray,
    IntArray,
    check_confidence,
    check_labels,
    check_scores,
    codes_of,
)
from samesplit.statistics.influence import Influence, mean_influence
from samesplit.statistics.interval import Interval

__all__ = ["TRAINING_WEIGHT", "corrected_resampled_t", "cross_validated_auc", "fold_aucs", "training_factor"]

TRAINING_WEIGHT = 2.0
"""How often the training part of Nadeau and Bengio counts, chosen by the coverage in docs/intervals.md."""


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
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    patients: npt.ArrayLike,
    cells: npt.ArrayLike,
    *,
    repeats: npt.ArrayLike | None = None,
    seeds: npt.ArrayLike | None = None,
    strata: Strata | None = None,
) -> Influence:
    """Estimate the mean of the fold AUCs with the influence of every patient.

    Args:
        labels: Shape (n,), 0 or 1, one for each prediction.
        scores: Shape (n,), more means more likely positive.
        patients: Shape (n,), the patient of each prediction's lesion.
        cells: Shape (n,), the fold (of a seed and repeat) of each prediction.
        repeats: Shape (n,), the repeat of each prediction; None for a single one.
        seeds: Shape (n,), the seed of each prediction; None for a single one.
        strata: See `auc_influence`.

    Returns:
        The mean with influence values, and the training part where folds have different test patients. Folds
        without both classes in their test part are left out and counted in the notes.

    Raises:
        StatisticsError: No fold has both classes.
    """
    truth = check_labels(labels, both_classes=False)
    values = check_scores(scores, n=truth.size)
    owners = np.asarray(patients, dtype=str)
    codes = codes_of(cells, n=truth.size)
    repeat_of = np.zeros(truth.size, np.int64) if repeats is None else codes_of(repeats, n=truth.size)
    seed_of = np.zeros(truth.size, np.int64) if seeds is None else codes_of(seeds, n=truth.size)
    n_cells = int(codes.max()) + 1
    places = [np.flatnonzero(codes == cell) for cell in range(n_cells)]
    places = [i for i in places if truth[i].min() < truth[i].max()]
    if not places:
        raise StatisticsError(
            f"none of the {n_cells} test folds holds both classes: no fold has an AUC",
            remedy="use fewer, stratified folds",
        )
    left_out = n_cells - len(places)
    notes = (
        [f"{left_out} of {n_cells} folds lack a class in their test part and are left out"]
        if left_out
        else []
    )
    runs: dict[tuple[int, int], list[IntArray]] = {}
    for i in places:
        runs.setdefault((int(repeat_of[i[0]]), int(seed_of[i[0]])), []).append(i)
    found: dict[int, list[Influence]] = {}
    for (repeat, _), folds in runs.items():
        found.setdefault(repeat, []).extend(_run_influences(truth, values, owners, folds, notes, strata))
    mean = mean_influence([item for items in found.values() for item in items])
    whole = np.concatenate(places)
    runs_of = None if repeats is None else (repeat_of * (int(seed_of.max()) + 1) + seed_of)[whole]
    factor = training_factor(owners[whole], codes[whole], runs_of)
    trained = None
    if factor > 0:
        each = [mean_influence(items) for items in found.values()]
        trained = np.zeros((len(each), len(mean.parts), len(mean.patients)))
        for row, item in zip(trained, each, strict=True):
            row[:, mean.patients.get_indexer(item.patients)] = math.sqrt(factor) * item.parts
    return Influence(mean.estimate, mean.patients, mean.parts, tuple(dict.fromkeys(notes)), trained)


def _run_influences(
    truth: IntArray,
    values: FloatArray,
    owners: AnyArray,
    folds: list[IntArray],
    notes: list[str],
    strata: Strata | None,
) -> list[Influence]:
    """Compute the influence values of the folds of a run; those that lack a class borrow from the others."""
    carriers = np.array([[np.unique(owners[i][truth[i] == c]).size for c in (0, 1)] for i in folds])
    pooled = [bool(carriers[:, c].min() < 2) for c in (0, 1)]
    classes = [None if strata is None else strata.of(i) for i in folds]
    if len(folds) == 1 or not any(pooled):
        return [
            auc_influence(truth[i], values[i], owners[i], strata=one)
            for i, one in zip(folds, classes, strict=True)
        ]
    whole = np.concatenate(folds)
    pooling = Pooling(
        centre=float(np.mean([empirical_auc(truth[i], values[i]) for i in folds])),
        pooled=(pooled[0], pooled[1]),
        carriers=tuple(np.unique(owners[whole][truth[whole] == c]).size for c in (0, 1)),  # type: ignore[arg-type]
        n_patients=np.unique(owners[whole]).size,
    )
    n_blind = int((carriers < 2).any(axis=1).sum())
    notes.append(
        f"in {n_blind} of {len(folds)} folds a class has one patient: variance pooled over the folds"
    )
    return [
        auc_influence(truth[i], values[i], owners[i], pooling=pooling, strata=one)
        for i, one in zip(folds, classes, strict=True)
    ]


def training_factor(
    patients: npt.ArrayLike, cells: npt.ArrayLike, runs: npt.ArrayLike | None = None
) -> float:
    """Say how large the training part of a variance is, as a multiple of the test part of one repeat.

    Patients whom several folds of one run test (an external test set beside a cross-validation) never train. They
    say nothing of how many patients the folds share, so they are not counted; where there are no others, the
    fitted models are taken as given.

    Args:
        patients: Shape (n,), the patient of each prediction.
        cells: Shape (n,), the fold (of a seed and repeat) of each prediction.
        runs: Shape (n,), the seed's repeat of each prediction; None for a single one a cell.

    Returns:
        `TRAINING_WEIGHT` times n_all / n_train, the mean over the folds; 0 on a single test set. A fold that tests
        more than nine in ten of all patients counts as such: it says nothing of who was trained on.

    Example:
        >>> training_factor(["a", "b", "c", "d"], [0, 1, 2, 3])
        2.6666666666666665

        a and b are dealt to two folds, x is external:

        >>> training_factor(["a", "b", "x", "x"], [0, 1, 0, 1], [0, 0, 0, 0])
        4.0
    """
    codes, names = pd.factorize(np.asarray(cells), sort=True)
    if len(names) == 1:
        return 0.0
    owners, everyone = pd.factorize(np.asarray(patients))
    met = np.unique(codes * len(everyone) + owners)  # each patient once a fold
    fold, patient = met // len(everyone), met % len(everyone)
    if runs is not None:
        run_of_fold = np.zeros(len(names), dtype=np.int64)
        run_of_fold[codes] = pd.factorize(np.asarray(runs))[0]
        together = run_of_fold[fold] * len(everyone) + patient
        external = patient[np.bincount(together)[together] > 1]
        dealt = ~np.isin(patient, external)
        fold, patient = fold[dealt], patient[dealt]
    n_all = np.unique(patient).size
    trained_on = n_all - pd.Series(np.bincount(fold, minlength=len(names)))
    share = n_all / trained_on.where((10 * trained_on >= n_all) & (trained_on > 0))
    return TRAINING_WEIGHT * float(share.fillna(0.0).mean())


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
