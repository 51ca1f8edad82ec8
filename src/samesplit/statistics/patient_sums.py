"""Statistics whose value without each patient in turn is found at once, for the acceleration of BCa intervals.

The jackknife of any statistic takes as many samples as there are patients, each as long as there are predictions.
What depends on the data through sums alone needs the sums of each patient; a precision-recall curve changes by
known steps where a patient's lesions leave it. Both give what the long way gives, in time that grows with the
number of predictions and not with its square.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.statistics.calibration.scoring import PROBABILITY_FLOOR
from samesplit.statistics.checks import FloatArray, IntArray
from samesplit.statistics.weighted import mean_over, weighted_average_precision

__all__ = ["MeanOf", "MeanPrecision", "OfSums", "ratio", "ratio_of_sums", "scoring_rules", "sums_of"]


@dataclass(frozen=True)
class OfSums:
    """A statistic that depends on the data through sums over all rows alone; see `bootstrap.WithoutEach`.

    Attributes:
        sums: Shape (n patients, k): what each patient adds to each of the sums.
        judge: Turns sums, shape (b, k), into b values.

    Example:
        >>> share = ratio_of_sums([0, 0, 1], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0], n_patients=2)
        >>> share(np.array([[1.0, 1.0], [2.0, 0.0]])).round(3).tolist(), share.without_each().tolist()
        ([0.667, 0.5], [1.0, 0.5])
    """

    sums: FloatArray
    judge: Callable[[FloatArray], FloatArray]

    def __call__(self, weights: FloatArray) -> FloatArray:
        """Compute the statistic of samples; weights of patients have shape (b, n patients)."""
        return self.judge(weights @ self.sums)

    def without_each(self) -> FloatArray:
        """Compute the statistic without each patient in turn, shape (n patients,)."""
        return self.judge(self.sums.sum(axis=0) - self.sums)


def ratio(sums: FloatArray) -> FloatArray:
    """Divide the first of two sums by the second; NaN where that is not above 0.

    Args:
        sums: Shape (b, 2).
    """
    found: FloatArray = np.full(len(sums), np.nan)
    np.divide(sums[:, 0], sums[:, 1], out=found, where=sums[:, 1] > 0)
    return found


def ratio_of_sums(
    patients: npt.ArrayLike, numerator: npt.ArrayLike, denominator: npt.ArrayLike, *, n_patients: int
) -> OfSums:
    """Make the statistic sum(w numerator) / sum(w denominator) over rows that share the weights of their patients.

    Args:
        patients: Shape (n,), the number of the patient of each row.
        numerator: Shape (n,).
        denominator: Shape (n,).
        n_patients: How many patients have weights.
    """
    return OfSums(sums_of(patients, [numerator, denominator], n_patients=n_patients), ratio)


def sums_of(patients: npt.ArrayLike, columns: Sequence[npt.ArrayLike], *, n_patients: int) -> FloatArray:
    """Add up columns over the rows of each patient, shape (n patients, k).

    Args:
        patients: Shape (n,), the number of the patient of each row.
        columns: Each of shape (n,).
        n_patients: How many patients there are.
    """
    codes = np.asarray(patients, dtype=np.int64)
    added = [np.bincount(codes, np.asarray(one, dtype=np.float64), minlength=n_patients) for one in columns]
    return np.stack(added, axis=1)


def scoring_rules(
    patients: npt.ArrayLike, labels: IntArray, probabilities: FloatArray, *, n_patients: int
) -> dict[str, OfSums]:
    """Make the statistics `brier`, `brier_scaled` and `log_loss`.

    Args:
        patients: Shape (n,), the number of the patient of each row.
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), of label 1.
        n_patients: How many patients have weights.
    """
    safe = np.clip(probabilities, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    loss = -np.where(labels == 1, np.log(safe), np.log1p(-safe))
    square, ones = (probabilities - labels) ** 2, np.ones(labels.size)

    def made(columns: list[npt.ArrayLike], judge: Callable[[FloatArray], FloatArray]) -> OfSums:
        return OfSums(sums_of(patients, columns, n_patients=n_patients), judge)

    return {
        "brier": made([square, ones], ratio),
        "brier_scaled": made([square, ones, labels], _scaled),
        "log_loss": made([loss, ones], ratio),
    }


def _scaled(sums: FloatArray) -> FloatArray:
    """Return 1 minus the Brier score over that of predicting the share of positives for all."""
    share = ratio(sums[:, [2, 1]])
    return 1 - ratio(np.stack([ratio(sums), share * (1 - share)], axis=1))


@dataclass(frozen=True)
class MeanPrecision:
    """The mean over folds of the average precision, ties as one step; folds that lack a class do not count.

    See `bootstrap.WithoutEach`.

    Attributes:
        patients: Shape (n,), the number of the patient of each row.
        labels: Shape (n,), 0 or 1.
        scores: Shape (n,).
        folds: The rows of each fold.
        n_patients: How many patients have weights.
    """

    patients: IntArray
    labels: IntArray
    scores: FloatArray
    folds: Sequence[IntArray]
    n_patients: int

    def __call__(self, weights: FloatArray) -> FloatArray:
        """Compute the statistic of samples; weights of patients have shape (b, n patients)."""
        return mean_over(
            [
                weighted_average_precision(weights[:, self.patients[i]], self.labels[i], self.scores[i])
                for i in self.folds
            ]
        )

    def without_each(self) -> FloatArray:
        """Compute the statistic without each patient in turn, shape (n patients,)."""
        found = []
        for rows in self.folds:
            whole = weighted_average_precision(np.ones((1, rows.size)), self.labels[rows], self.scores[rows])
            values = np.full(self.n_patients, whole[0])
            own, left = np.unique(self.patients[rows], return_inverse=True)
            values[own] = _precision_without(left, self.labels[rows], self.scores[rows], own.size)
            found.append(values)
        return mean_over(found)


@dataclass(frozen=True)
class MeanOf:
    """The mean of several statistics of the same patients, of those that are defined.

    Attributes:
        parts: The statistics.
    """

    parts: Sequence[MeanPrecision | OfSums]

    def __call__(self, weights: FloatArray) -> FloatArray:
        """Compute the statistic of samples; weights of patients have shape (b, n patients)."""
        return mean_over([part(weights) for part in self.parts])

    def without_each(self) -> FloatArray:
        """Compute the statistic without each patient in turn, shape (n patients,)."""
        return mean_over([part.without_each() for part in self.parts])


def _precision_without(owners: IntArray, labels: IntArray, scores: FloatArray, n: int) -> FloatArray:
    """Return the average precision without each of n owners of rows.

    Past the k-th row of the patient who leaves, k rows fewer are called and the positives among them fewer found.
    So the area is put together from stretches of curves in which every point has lost the same numbers; a curve
    for each pair of numbers that occurs is added up once.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.diff(scores[order]) != 0, True)
    step_of = np.concatenate([[0], np.cumsum(ends)[:-1]])  # the step of each row, equal scores making one
    n_steps = int(step_of[-1]) + 1
    y, owner = labels[order].astype(np.int64), owners[order]
    called = np.cumsum(np.bincount(step_of, minlength=n_steps))
    gained = np.bincount(step_of, y, minlength=n_steps)
    positives = np.cumsum(gained)

    by_owner = np.lexsort((step_of, owner))
    owner, step, y = owner[by_owner], step_of[by_owner], y[by_owner]
    begins = np.searchsorted(owner, np.arange(n + 1))
    rank = np.arange(owner.size) - begins[owner]
    lost_before = np.cumsum(y) - y
    lost_before = lost_before - lost_before[begins[owner]]  # positives of the owner in earlier rows

    # Each row opens a stretch from its own step to that of the owner's next row; before the first nothing is lost.
    last = np.append(owner[1:] != owner[:-1], True)
    until = np.where(last, n_steps, np.append(step[1:], n_steps))
    first = rank == 0
    opened = np.concatenate([owner, owner[first]])
    start = np.concatenate([step, np.zeros(n, np.int64)])
    stop = np.concatenate([until, step[first]])
    gone = np.concatenate([rank + 1, np.zeros(n, np.int64)])
    lost = np.concatenate([lost_before + y, np.zeros(n, np.int64)])

    area = np.zeros(n)
    # what the owner's own positives, which leave, would have added at their steps: by the curve as it is there
    at_step = until > step  # the last row of the owner at this step, whose numbers hold there
    pairs, pair_of = np.unique(np.stack([gone, lost]), axis=1, return_inverse=True)
    own_of_step = _positives_at_same_step(owner, step, y)
    for number, (fewer, found) in enumerate(pairs.T):
        left = called - fewer
        precision = np.divide(positives - found, left, out=np.zeros(n_steps), where=left > 0)
        sums = np.concatenate([[0.0], np.cumsum(gained * precision)])
        mine = pair_of == number
        np.add.at(area, opened[mine], sums[stop[mine]] - sums[start[mine]])
        rows = np.flatnonzero(mine[: owner.size] & at_step)
        np.add.at(area, owner[rows], -own_of_step[rows] * precision[step[rows]])
    remaining = positives[-1] - np.bincount(owner, y, minlength=n)
    others = called[-1] - positives[-1] - np.bincount(owner, 1 - y, minlength=n)
    result: FloatArray = np.full(n, np.nan)
    np.divide(area, remaining, out=result, where=(remaining > 0) & (others > 0))
    return result


def _positives_at_same_step(owner: IntArray, step: IntArray, y: IntArray) -> IntArray:
    """Return for each row, sorted by owner and step, how many positives its owner has at its step."""
    new = np.concatenate([[True], (owner[1:] != owner[:-1]) | (step[1:] != step[:-1])])
    block = np.cumsum(new) - 1
    found: IntArray = np.bincount(block, y).astype(np.int64)[block]
    return found
