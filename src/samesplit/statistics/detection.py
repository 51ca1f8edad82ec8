"""Which predicted components are which lesion: found, missed and false positives of one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from samesplit.errors import StatisticsError
from samesplit.ordering import at_least
from samesplit.statistics.checks import IntArray

__all__ = ["Matches", "match_components"]


@dataclass(frozen=True)
class Matches:
    """The predicted components of an image and the lesions that they are.

    Attributes:
        labels: Shape of the image: the number of the component of each voxel, from 1 on; 0 outside.
        owners: Shape (n components,): the number of the lesion that a component is, 0 for a false positive.
        nearest: Shape (n components,): the number of the lesion that a component shares most voxels with, whether
            that is enough or not; 0 where it touches none.
        overlaps: By number of the lesion: intersection over union of the lesion and the components that are
            nearest to it.
        lesions: Shape of the image: the lesions that were looked for.
    """

    labels: IntArray
    owners: IntArray
    nearest: IntArray
    overlaps: dict[int, float]
    lesions: IntArray

    def found(self, lesion: int) -> bool:
        """Whether a lesion was found."""
        return bool((self.owners == lesion).any())

    def of(self, lesion: int, *, whether_found_or_not: bool = False) -> npt.NDArray[np.bool_]:
        """Return the predicted voxels of a lesion: its components, without what lies in another lesion.

        Args:
            lesion: Its number.
            whether_found_or_not: Also the components of a lesion that does not count as found.
        """
        owners = self.nearest if whether_found_or_not else self.owners
        own = np.concatenate([[False], owners == lesion])[self.labels]
        return np.asarray(own & ((self.lesions == lesion) | (self.lesions == 0)))


def match_components(
    predicted: npt.NDArray[Any], lesions: npt.NDArray[Any], *, least_overlap: float = 0.1
) -> Matches:
    """Tell which connected components of a predicted mask are which lesion.

    Voxels that touch by a face, an edge or a corner are of one component. A component belongs to the lesion with
    which it shares most voxels (of equals the one with the smaller number). A lesion is found when the
    intersection over union with all components that belong to it reaches `least_overlap`; otherwise it is missed,
    and they are false positives like those that touch no lesion.

    Args:
        predicted: Voxels inside are not 0.
        lesions: The number of the lesion of each voxel, 0 outside; the same shape.
        least_overlap: The intersection over union from which on a lesion is found; above 0, at most 1.

    Returns:
        The components and whose they are.

    Raises:
        StatisticsError: The shapes differ, or the overlap lies outside (0, 1].

    References:
        Maier-Hein L et al. Metrics reloaded. Nat Methods 2024;21:195-212, doi 10.1038/s41592-023-02151-z
        (localisation by intersection over union with a low threshold).

    Example:
        >>> import numpy as np
        >>> lesions = np.array([1, 1, 0, 0, 2, 2, 0, 0, 0])
        >>> found = match_components(np.array([1, 1, 1, 0, 0, 0, 0, 1, 1]), lesions)
        >>> found.owners.tolist(), found.found(2), round(found.overlaps[1], 3)
        ([1, 0], False, 0.667)
    """
    if predicted.shape != lesions.shape:
        raise StatisticsError(
            f"the predicted mask has the shape {predicted.shape}, the lesions {lesions.shape}",
            where="detection",
        )
    if not 0 < least_overlap <= 1:
        raise StatisticsError(
            f"the overlap of a found lesion is {least_overlap!r}", remedy="give 0.1, for example"
        )
    truth = lesions.astype(np.int64)
    labels, count = ndimage.label(predicted != 0, structure=np.ones((3,) * predicted.ndim))
    numbers = [int(number) for number in np.unique(truth) if number != 0]
    shared = np.zeros((count + 1, max(numbers, default=0) + 1), dtype=np.int64)
    np.add.at(shared, (labels[truth != 0], truth[truth != 0]), 1)
    most = shared[1:].argmax(axis=1)
    nearest = np.where(shared[1:].max(axis=1, initial=0) > 0, most, 0)
    matches = Matches(labels, nearest.astype(np.int64), nearest.astype(np.int64), {}, truth)
    overlaps = {number: _overlap(matches.of(number), truth == number) for number in numbers}
    enough = [number for number in numbers if at_least(overlaps[number], least_overlap)]
    owners = np.where(np.isin(nearest, enough), nearest, 0).astype(np.int64)
    return Matches(labels, owners, nearest.astype(np.int64), overlaps, truth)


def _overlap(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> float:
    """Return the intersection over the union; the second mask is not empty."""
    return int((first & second).sum()) / int((first | second).sum())
