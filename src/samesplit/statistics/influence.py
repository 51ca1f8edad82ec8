"""Estimates that know how much each patient moved them, so that any two can be compared.

A statistic of many patients is, to first order, a sum of one influence value a patient. Two statistics of
the same patients, of whatever kind (the AUC of a model over folds, the AUC of a reader, a sensitivity), then
have the covariance of their influence values, and their difference has the difference of the values.

The AUC keeps the influence through the patient's positive lesions apart from that through the negative
ones, because the estimators of DeLong (1988) and Obuchowski (1997) correct each for its own number of
patients; kept that way, they come out exactly.

Models that were trained in folds add a second part: other training patients would have given other models. It
is carried beside the first as influence values of the same patients, one set a repeat of the split, and adds
the mean of the repeats' variances (see `cross_validated`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray

__all__ = ["Influence", "covariance", "covariance_matrix", "mean_influence"]


@dataclass(frozen=True)
class Influence:
    """An estimate with the influence values of its patients.

    Attributes:
        estimate: The point estimate.
        patients: The patients, one for each column of `parts`.
        parts: Shape (4, n patients): influence through positive lesions, through negative lesions, and the
            same two scaled for the product between them. A statistic without classes fills the first row. Of K
            classes shape (2 K, n patients): influence through the lesions of each class, and the same scaled.
        notes: What a reader must know besides.
        trained: Shape (n repeats, rows of `parts`, n patients), the same values once more for the training part,
            scaled to its size; None where no model was trained in folds.
    """

    estimate: float
    patients: pd.Index[str]
    parts: FloatArray
    notes: tuple[str, ...] = ()
    trained: FloatArray | None = None

    @property
    def variance(self) -> float:
        """The estimated variance, of test and of training patients; NaN when it cannot be estimated."""
        return covariance(self, self) + self.training_variance

    @property
    def training_variance(self) -> float:
        """The part of the variance that is due to the training patients; 0 where nothing was trained in folds."""
        if self.trained is None:
            return 0.0
        return float(np.mean([_product(each, each) for each in self.trained]))

    def as_fitted(self) -> Influence:
        """Return the same estimate with the fitted models taken as given: without the training part."""
        return replace(self, trained=None)

    def __sub__(self, other: Influence) -> Influence:
        """Return the difference of two estimates on the same or overlapping patients."""
        patients = self.patients.union(other.patients)
        parts = _on(self, patients) - _on(other, patients)
        first, second = _aligned([self, other], patients)
        trained = None if self.trained is None and other.trained is None else first - second
        notes = tuple(dict.fromkeys(self.notes + other.notes))
        return Influence(self.estimate - other.estimate, patients, parts, notes, trained)


def covariance(first: Influence, second: Influence) -> float:
    """Estimate the covariance of two estimates from the test patients they share.

    A patient who is missing from one of them has no influence on it.

    Args:
        first: One estimate.
        second: Another, or the same for its variance.

    Returns:
        The covariance; NaN when either variance cannot be estimated.
    """
    patients = first.patients.union(second.patients)
    a, b = _on(first, patients), _on(second, patients)
    return _product(a, b)


def covariance_matrix(items: Sequence[Influence]) -> FloatArray:
    """Estimate the covariance of several estimates, the part due to training patients included.

    Args:
        items: At least one estimate with influence through the lesions of two classes.

    Returns:
        Shape (n, n); its diagonal holds the variances. NaN where one cannot be estimated.

    Raises:
        StatisticsError: There is no estimate.
    """
    if not items:
        raise StatisticsError("there is no estimate whose covariance could be computed")
    everyone = np.unique(np.concatenate([item.patients.to_numpy(dtype=object) for item in items]))
    patients = pd.Index(everyone, dtype=str)
    matrix = _gram(np.stack([_on(item, patients) for item in items]))
    if any(item.trained is not None for item in items):
        trained = np.stack(_aligned(items, patients))
        matrix = matrix + np.mean([_gram(trained[:, repeat]) for repeat in range(trained.shape[1])], axis=0)
    return matrix


def _gram(parts: FloatArray) -> FloatArray:
    """Multiply all pairs of estimates as `_product` does; shape (n, 4, n patients) in, (n, n) out."""
    one, other, scaled, turned = parts.transpose(1, 0, 2)
    between = scaled @ turned.T
    return np.asarray(one @ one.T + other @ other.T + between + between.T, dtype=np.float64)


def _product(a: FloatArray, b: FloatArray) -> float:
    if len(a) == 4:
        return float(a[0] @ b[0] + a[1] @ b[1] + a[2] @ b[3] + a[3] @ b[2])
    k = len(a) // 2
    within = float((a[:k] * b[:k]).sum())
    between = float(a[k:].sum(axis=0) @ b[k:].sum(axis=0)) - float((a[k:] * b[k:]).sum())
    return within + between


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
    untrained = all(item.trained is None for item in items)
    trained = None if untrained else np.mean(_aligned(items, patients), axis=0)
    return Influence(float(np.mean([item.estimate for item in items])), patients, parts, notes, trained)


def _aligned(items: Sequence[Influence], patients: pd.Index[str]) -> list[FloatArray]:
    """Put training parts on the same patients and repeats; different numbers of repeats are averaged."""
    rows = len(items[0].parts)
    given = [
        np.zeros((1, rows, len(item.patients))) if item.trained is None else item.trained for item in items
    ]
    if len({len(each) for each in given if len(each) > 1}) > 1:
        given = [each.mean(axis=0, keepdims=True) for each in given]
    n_repeats = max(len(each) for each in given)
    found = []
    for item, each in zip(items, given, strict=True):
        spread = np.zeros((n_repeats, rows, len(patients)))
        spread[:, :, patients.get_indexer(item.patients)] = each
        found.append(spread)
    return found


def _on(item: Influence, patients: pd.Index[str]) -> FloatArray:
    """Spread the values over more patients; the added ones have no influence."""
    if item.patients.equals(patients):
        return item.parts
    spread = np.zeros((len(item.parts), len(patients)))
    spread[:, patients.get_indexer(item.patients)] = item.parts
    return spread
