"""The error among the lesions that a model keeps when it defers the share that it is least sure of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from samesplit.statistics.checks import FloatArray, IntArray

__all__ = ["KeptError"]


@dataclass(frozen=True)
class KeptError:
    """The share of wrong calls among those kept; the lesion at the border counts in part.

    It knows its value without each patient (`samesplit.statistics.bootstrap.WithoutEach`).

    Attributes:
        patients: Shape (n,), the number of the patient of each call, the surest call first.
        wrong: Shape (n,), 1 for a wrong call, else 0.
        deferred: The share that is deferred, from 0 to below 1.
        n_patients: How many patients have weights.

    Example:
        >>> half = KeptError(np.array([0, 1, 2, 2]), np.array([0.0, 1.0, 0.0, 1.0]), 0.5, 3)
        >>> half(np.ones((1, 3))).tolist(), half.without_each().round(3).tolist()
        ([0.5], [0.667, 0.0, 0.0])
    """

    patients: IntArray
    wrong: FloatArray
    deferred: float
    n_patients: int

    def __call__(self, weights: FloatArray) -> FloatArray:
        """Compute the statistic of samples; weights of patients have shape (b, n patients)."""
        w = weights[:, self.patients]
        total = w.cumsum(axis=1)
        room = (1 - self.deferred) * total[:, -1:]
        kept = np.clip(room - (total - w), 0, w)
        return np.asarray((kept @ self.wrong) / kept.sum(axis=1), dtype=np.float64)

    def without_each(self) -> FloatArray:
        """Compute the statistic without each patient in turn, shape (n patients,)."""
        n = self.patients.size
        order = np.argsort(self.patients, kind="stable")
        owner = self.patients[order]
        counts = np.bincount(owner, minlength=self.n_patients)
        rank = np.arange(n) - np.searchsorted(owner, owner)
        room = (1 - self.deferred) * (n - counts)
        whole = np.floor(room).astype(np.int64)
        # Where the first call that is not kept whole stands among all, the patient's own before it included.
        border = whole.copy()
        own_wrong = np.zeros(self.n_patients)
        for k in range(int(counts.max(initial=0))):
            places = order[rank == k]
            theirs = self.patients[places]
            before = places <= border[theirs]
            border[theirs] += before
            own_wrong[theirs] += before * self.wrong[places]
        above = np.concatenate([[0.0], np.cumsum(self.wrong)])
        at_border = np.append(self.wrong, 0.0)
        found = above[border] - own_wrong + (room - whole) * at_border[border]
        result: FloatArray = np.full(self.n_patients, np.nan)
        np.divide(found, room, out=result, where=room > 0)
        return result
