"""How well scores tell the classes of held-out lesions apart, as one number: what cells of a grid are compared by.

Of two classes it is the AUC. Of more it is the mean over classes of the AUC of one class against all others, each
class counting alike (macro average, one versus rest), which is what the report's main result is too. A class that
has no held-out lesion, or all of them, has no AUC and is left out of the mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from samesplit.statistics.auc import auc_influence
from samesplit.statistics.influence import covariance
from samesplit.statistics.multiclass_auc import multiclass_auc_influence

__all__ = ["auc_error", "mean_auc"]

Floats = npt.NDArray[np.float64]


def mean_auc(labels: npt.NDArray[np.int64], scores: Floats) -> float:
    """Return the AUC, or the mean of those of each class against the others.

    It is without checks, which take as long as a small fit.

    Args:
        labels: Class numbers from 0, shape (n_lesions,).
        scores: Shape (n_lesions,) for the class 1 of two, or (n_lesions, n_classes); equal ones are the same
            number.

    Returns:
        NaN where all lesions are of one class.

    Example:
        >>> mean_auc(np.array([0, 1, 1]), np.array([0.2, 0.1, 0.7]))
        0.5
        >>> mean_auc(np.array([0, 1, 2]), np.array([[0.8, 0.1, 0.1], [0.3, 0.3, 0.4], [0.2, 0.4, 0.4]]))
        0.75
    """
    if scores.ndim == 1:
        return _auc(labels == 1, scores)
    found = [_auc(labels == place, column) for place, column in enumerate(scores.T)]
    known = [auc for auc in found if not np.isnan(auc)]
    return float(np.mean(known)) if known else float("nan")


def auc_error(labels: npt.NDArray[np.int64], scores: Floats, patients: npt.NDArray[Any]) -> float:
    """Return the standard error of `mean_auc`; lesions of a patient are not taken for independent.

    Args:
        labels: As there, each class being there.
        scores: As there.
        patients: The patient of each lesion.
    """
    if scores.ndim == 1:
        influence = auc_influence(labels, scores, patients)
    else:
        influence = multiclass_auc_influence(labels, scores, patients, np.zeros(len(labels), dtype=np.int64))
    return float(np.sqrt(covariance(influence, influence)))


def _auc(positive: npt.NDArray[np.bool_], scores: Floats) -> float:
    m = int(positive.sum())
    if not 0 < m < len(positive):
        return float("nan")
    above = float(rankdata(scores)[positive].sum()) - m * (m + 1) / 2
    return above / (m * (len(positive) - m))
