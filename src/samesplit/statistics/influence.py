"""Estimates that know how much each patient moved them, so that any two can be compared.

A statistic of many patients is, to first order, a sum of one influence value a patient. Two statistics of
the same patients, of whatever kind (the AUC of a model over folds, the AUC of a reader, a sensitivity), then
have the covariance of their influence values, and their difference has the difference of the values.

The AUC keeps the influence through the patient's positive lesions apart from that through the negative
ones, because the estimators of DeLong (1988) and Obuchowski (1997) correct each for its own number of
patients; kept that way, they come out exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray

__all__ = ["Influence", "covariance", "mean_influence"]


@dataclass(frozen=True)
class Influence:
    """An estimate with the influence values of its patients.

    Attributes:
        estimate: The point estimate.
        patients: The patients, one for each column of `parts`.
        parts: Shape (4, n patients): influence through positive lesions, through negative lesions, and the
            same two scaled for the product between them. A statistic without classes fills the first row.
        notes: What a reader must know besides.
    """

    estimate: float
    patients: pd.Index[str]
    parts: FloatArray
    notes: tuple[str, ...] = ()

    @property
    def variance(self) -> float:
        """The estimated variance; NaN when it cannot be estimated."""
        return covariance(self, self)

    def __sub__(self, other: Influence) -> Influence:
        """The difference of two estimates on the same or overlapping patients."""
        patients = self.patients.union(other.patients)
        parts = _on(self, patients) - _on(other, patients)
        notes = tuple(dict.fromkeys(self.notes + other.notes))
        return Influence(self.estimate - other.estimate, patients, parts, notes)


def covariance(first: Influence, second: Influence) -> float:
    """Estimate the covariance of two estimates from the patients they share.

    A patient who is missing from one of them has no influence on it.

    Args:
        first: One estimate.
        second: Another, or the same for its variance.

    Returns:
        The covariance; NaN when either variance cannot be estimated.
    """
    patients = first.patients.union(second.patients)
    a, b = _on(first, patients), _on(second, patients)
    return float(a[0] @ b[0] + a[1] @ b[1] + a[2] @ b[3] + a[3] @ b[2])


def mean_influence(items: Sequence[Influence]) -> Influence:
    """Average several estimates, each with the same weight, keeping their correlation.

    Args:
        items: At least one estimate, for instance one a reader.

    Returns:
        The mean with its influence values.

    Raises:
        StatisticsError: There is nothing to average.
    """
    if not items:
        raise StatisticsError("there is no estimate to average")
    everyone = np.unique(np.concatenate([item.patients.to_numpy(dtype=object) for item in items]))
    patients = pd.Index(everyone, dtype=str)
    parts = np.mean([_on(item, patients) for item in items], axis=0)
    notes = tuple(dict.fromkeys(note for item in items for note in item.notes))
    return Influence(float(np.mean([item.estimate for item in items])), patients, parts, notes)


def _on(item: Influence, patients: pd.Index[str]) -> FloatArray:
    """Spread the values over more patients; the added ones have no influence."""
    if item.patients.equals(patients):
        return item.parts
    spread = np.zeros((4, len(patients)))
    spread[:, patients.get_indexer(item.patients)] = item.parts
    return spread
