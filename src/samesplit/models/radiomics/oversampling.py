"""Synthetic lesions of the rarer classes for the rows that are fitted on, never before a split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from samesplit.declarations import Declaration
from samesplit.ordering import merge_equals

__all__ = ["OversampleSettings", "nothing_added", "oversample"]


class OversampleSettings(Declaration):
    """`oversample:` of a radiomics model: as many lesions of each class as of the commonest, in training only."""

    method: Literal["smote"] = "smote"
    """Points between a lesion of a rarer class and one of its nearest neighbours of the same class."""
    neighbours: Annotated[int, Field(ge=1)] = 5
    """Of how many neighbours one is drawn; fewer where the class has fewer lesions."""


class _FirstNearest(NearestNeighbors):  # type: ignore[misc]
    """scikit-learn leaves it to the last digits in which order equally distant rows come."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Keep the rows."""
        self.rows_ = np.asarray(X, dtype="float64")
        return super().fit(X)  # type: ignore[no-any-return]

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Return the numbers of the nearest rows, and how far they are."""
        distances = cdist(self.rows_ if X is None else np.asarray(X, dtype="float64"), self.rows_)
        distances = merge_equals(distances, scale=distances.max(axis=1), axis=1)
        near = np.argsort(distances, axis=1, kind="stable")[:, : n_neighbors or self.n_neighbors]
        return (np.take_along_axis(distances, near, axis=1), near) if return_distance else near


def oversample(
    X: npt.NDArray[np.float64], y: npt.NDArray[np.int64], *, neighbours: int = 5, seed: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Add points of the rarer classes until all are as common (SMOTE).

    Of equally near lesions those that stand first are its nearest.

    Each new point lies on the line between a lesion of a rarer class and one of its nearest neighbours in that
    class, so the columns should be on one scale. Neighbours are those of the rows given: give training rows alone.

    Args:
        X: Prepared features without gaps, shape (n_lesions, n_features).
        y: Class numbers from 0, shape (n_lesions,).
        neighbours: Of how many neighbours one is drawn; fewer where the class has fewer lesions.
        seed: Of the draws.

    Returns:
        The given rows in their order, then the new ones, class by class; and their labels. Where a class has a
        single lesion or none there is no line to lie on, and nothing is added to it.

    References:
        N. V. Chawla et al., SMOTE: synthetic minority over-sampling technique, J. Artif. Intell. Res. 16:321-357
        (2002), https://doi.org/10.1613/jair.953. Made by imbalanced-learn.

    Example:
        >>> X, y = np.array([[0.0], [1.0], [7.0], [8.0], [9.0]]), np.array([1, 1, 0, 0, 0])
        >>> more, labels = oversample(X, y, seed=0)
        >>> labels.tolist(), bool(0 <= more[5, 0] <= 1)
        ([1, 1, 0, 0, 0, 1], True)
    """
    counts = np.bincount(y, minlength=2)
    rarer = np.flatnonzero((counts > 1) & (counts < counts.max()))
    if not len(rarer):
        return X, y
    # Imported here: it takes a second that grids without oversampling need not spend.
    from imblearn.over_sampling import SMOTE

    rows, labels = [np.asarray(X, dtype="float64")], [np.asarray(y, dtype=np.int64)]
    for label in rarer:
        nearest = _FirstNearest(n_neighbors=min(neighbours, int(counts[label]) - 1) + 1)
        wanted = {int(label): int(counts.max())}
        smote = SMOTE(sampling_strategy=wanted, k_neighbors=nearest, random_state=seed)
        more, of_class = smote.fit_resample(X, y)
        rows.append(np.asarray(more, dtype="float64")[len(X) :])
        labels.append(np.asarray(of_class, dtype=np.int64)[len(X) :])
    return np.concatenate(rows), np.concatenate(labels)


def nothing_added(fits: Sequence[npt.NDArray[np.int64]]) -> str:
    """Say in how many fits `oversample` added nothing to a class, because it had a single lesion.

    Args:
        fits: The labels (class numbers from 0) of the rows of each fit.

    Returns:
        A note; empty where it added what was asked for in all fits.

    Example:
        >>> nothing_added([np.array([0, 0, 1]), np.array([0, 0, 1, 1, 0])])
        'SMOTE added nothing in 1 of 2 inner fits, where the rarer class has a single lesion; classes stay unequal'
        >>> nothing_added([np.array([0, 0, 1, 1])])
        ''
    """
    counts = [np.bincount(y, minlength=2) for y in fits]
    alone = sum(int((count == 1).any() and count.max() > 1) for count in counts)
    if not alone:
        return ""
    several = max(len(count) for count in counts) > 2
    return (
        f"SMOTE added nothing {'to a class ' if several else ''}in {alone} of {len(fits)} inner fits, where "
        f"{'it' if several else 'the rarer class'} has a single lesion; classes stay unequal"
    )
