"""Areas under the ROC curve for more than two classes, with their variance.

Two definitions, both means of AUCs of two sets of lesions:

- One-versus-rest, macro average: for each class the AUC of its probability for the lesions of the class against
  all others; the mean over the classes, each with the same weight.
- Hand and Till (2001): for each two classes i and j the AUC of the probability of i for the lesions of i against
  those of j, and of the probability of j the other way round; the mean over all pairs. It does not depend on how
  common the classes are.

Each of these AUCs is estimated as `cross_validated_auc` does it (the mean over the test folds, influence values of
the patients, a part for the training patients), with the influence kept by the class of the lesion through which
it goes. So they can be averaged with their correlation, compared between models on the same patients, and for two
classes come out as the binary AUC with the variance of DeLong (1988) or Obuchowski (1997).

A fold whose test part lacks a class says nothing of that class and still counts for the others: the macro average
is the mean of the classes' AUCs, each over the folds in which it is defined.

References:
    Hand DJ, Till RJ. A simple generalisation of the area under the ROC curve for multiple class classification
    problems. Mach Learn 2001;45:171-186. doi:10.1023/A:1010920819831.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.auc import Strata, empirical_auc
from samesplit.statistics.checks import (
    AnyArray,
    FloatArray,
    IntArray,
    check_class_probabilities,
    check_classes,
    codes_of,
)
from samesplit.statistics.cross_validated import cross_validated_auc
from samesplit.statistics.influence import Influence, mean_influence

__all__ = ["Average", "fold_multiclass_aucs", "multiclass_auc", "multiclass_auc_influence"]

Average = Literal["one-versus-rest", "hand-till"]


def multiclass_auc(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, *, average: Average = "one-versus-rest"
) -> float:
    """Compute the AUC of several classes on one test set.

    Args:
        labels: Shape (n,), class numbers from 0; every class must have a lesion.
        probabilities: Shape (n, n classes), rows that sum to 1.
        average: `one-versus-rest` (macro average) or `hand-till`.

    Returns:
        Between 0 and 1; 0.5 for probabilities that tell nothing.

    Raises:
        StatisticsError: Labels or probabilities are not such, or a class has no lesion.

    Example:
        >>> p = [[0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.2, 0.5, 0.3], [0.5, 0.4, 0.1], [0.1, 0.2, 0.7]]
        >>> y = [0, 0, 1, 1, 2]
        >>> round(multiclass_auc(y, p), 4), round(multiclass_auc(y, p, average="hand-till"), 4)
        (0.9167, 0.9375)
    """
    values = np.asarray(probabilities, dtype=np.float64)
    truth = check_classes(labels, n_classes=_columns(values))
    values = check_class_probabilities(values, n=truth.size)
    missing = sorted(set(range(values.shape[1])) - set(truth.tolist()))
    if missing:
        raise StatisticsError(
            f"none of the {truth.size} lesions is of class number {missing[0]}: the AUC is not defined",
            remedy="evaluate on lesions of every class",
        )
    parts = _parts(truth, values.shape[1], average)
    return float(np.mean([empirical_auc(is_class, values[rows, column]) for rows, is_class, column in parts]))


def multiclass_auc_influence(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    patients: npt.ArrayLike,
    cells: npt.ArrayLike,
    *,
    repeats: npt.ArrayLike | None = None,
    seeds: npt.ArrayLike | None = None,
    average: Average = "one-versus-rest",
) -> Influence:
    """Estimate the AUC of several classes, the mean over folds, with the influence of every patient.

    Args:
        labels: Shape (n,), class numbers from 0, one for each prediction.
        probabilities: Shape (n, n classes), rows that sum to 1.
        patients: Shape (n,), the patient of each prediction's lesion.
        cells: Shape (n,), the fold (of a seed and repeat) of each prediction; all the same for one test set.
        repeats: Shape (n,), the repeat of each prediction; None for a single one.
        seeds: Shape (n,), the seed of each prediction; None for a single one.
        average: `one-versus-rest` (macro average) or `hand-till`.

    Returns:
        The mean with influence values, and the training part where folds have different test patients. Folds that
        lack a class do not count for it and are told in the notes.

    Raises:
        StatisticsError: No fold holds one of the classes and another one, so that an AUC of it is not defined.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    truth = check_classes(labels, n_classes=_columns(values))
    values = check_class_probabilities(values, n=truth.size)
    strata = Strata(truth, values.shape[1])
    owners = np.asarray(patients, dtype=str)
    folds = codes_of(cells, n=truth.size)
    repeat_of = np.zeros(truth.size, np.int64) if repeats is None else codes_of(repeats, n=truth.size)
    seed_of = np.zeros(truth.size, np.int64) if seeds is None else codes_of(seeds, n=truth.size)
    found = [
        cross_validated_auc(
            is_class,
            values[rows, column],
            owners[rows],
            folds[rows],
            repeats=repeat_of[rows],
            seeds=seed_of[rows],
            strata=strata.of(rows),
        )
        for rows, is_class, column in _parts(truth, values.shape[1], average)
    ]
    return mean_influence(found)


def fold_multiclass_aucs(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    cells: npt.ArrayLike,
    *,
    average: Average = "one-versus-rest",
) -> pd.Series[float]:
    """Compute the AUC of several classes inside each fold.

    Args:
        labels: Shape (n,), class numbers from 0, one for each prediction.
        probabilities: Shape (n, n classes), rows that sum to 1.
        cells: Shape (n,), the fold (of a seed and repeat) of each prediction.
        average: `one-versus-rest` (macro average) or `hand-till`.

    Returns:
        One AUC a fold, indexed 0, 1, ... in sorted order of the cells: the mean over the classes (or pairs of
        classes) of which the fold has an AUC, NaN where it has none.

    Raises:
        StatisticsError: Labels or probabilities are not such.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    truth = check_classes(labels, n_classes=_columns(values))
    values = check_class_probabilities(values, n=truth.size)
    codes = codes_of(cells, n=truth.size)
    found = {}
    for cell in range(int(codes.max()) + 1):
        inside = np.flatnonzero(codes == cell)
        aucs = [
            empirical_auc(is_class, values[inside[rows], column])
            for rows, is_class, column in _parts(truth[inside], values.shape[1], average)
            if is_class.size and is_class.min() < is_class.max()
        ]
        found[cell] = float(np.mean(aucs)) if aucs else math.nan
    return pd.Series(found, dtype="float64")


def _columns(values: FloatArray) -> int:
    """How many classes the table of probabilities has; what is no table is told later."""
    return int(values.shape[1]) if values.ndim == 2 else 2


def _parts(truth: IntArray, n_classes: int, average: Average) -> Iterator[tuple[IntArray, IntArray, int]]:
    """Yield the rows of each AUC, whether their lesions are of its class, and the column of its score."""
    ways: dict[str, Callable[[], Iterator[tuple[AnyArray, int]]]] = {
        "one-versus-rest": lambda: ((np.ones(truth.size, bool), k) for k in range(n_classes)),
        "hand-till": lambda: (
            (np.isin(truth, (i, j)), i) for i, j in itertools.permutations(range(n_classes), 2)
        ),
    }
    if average not in ways:
        raise StatisticsError(f"unknown average {average!r}", remedy="use 'one-versus-rest' or 'hand-till'")
    for inside, column in ways[average]():
        rows = np.flatnonzero(inside).astype(np.int64)
        yield rows, (truth[rows] == column).astype(np.int64), column
