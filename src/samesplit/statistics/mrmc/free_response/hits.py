"""Which mark is which lesion: the hit rule of location-specific readings, in mm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.ordering import at_most, merge_equals
from samesplit.statistics.checks import FloatArray, IntArray

__all__ = ["HitRule", "match_marks"]


@dataclass(frozen=True)
class HitRule:
    """When a mark counts as a lesion. Declare it before the marks are seen.

    Attributes:
        radius_mm: How far from the position of a lesion a mark may lie, at most.
        takes: Which of several marks within the radius a lesion takes: the `nearest` or the `highest` rated.
        further_marks: What becomes of a mark within the radius of a lesion that has taken another: `ignored`,
            as in the usual analysis of free response, or `false`, a mark of no lesion.
    """

    radius_mm: float
    takes: Literal["nearest", "highest"] = "nearest"
    further_marks: Literal["ignored", "false"] = "ignored"

    def __post_init__(self) -> None:
        if not self.radius_mm > 0:
            raise StatisticsError(
                f"a radius of {self.radius_mm!r} mm holds no mark", remedy="give the radius of a hit in mm"
            )
        for what, known in (("takes", ("nearest", "highest")), ("further_marks", ("ignored", "false"))):
            if getattr(self, what) not in known:
                raise StatisticsError(
                    f"unknown rule {what}={getattr(self, what)!r}", remedy=f"use one of {', '.join(known)}"
                )

    @property
    def sentence(self) -> str:
        """The rule in words."""
        further = "is ignored" if self.further_marks == "ignored" else "counts as a mark of no lesion"
        chosen = "nearest" if self.takes == "nearest" else "highest rated"
        return (
            f"a lesion is hit by the {chosen} mark within {self.radius_mm:g} mm of it, one mark by one lesion; "
            f"a further mark within that distance {further}"
        )


def match_marks(
    marks: npt.ArrayLike, ratings: npt.ArrayLike, lesions: npt.ArrayLike, rule: HitRule
) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Tell which mark of one reading is which lesion.

    Pairs of a mark and a lesion within the radius are taken in order, the nearest (or highest rated) first, and
    each mark and lesion once. Of pairs that are equally near, the lesion that was declared first comes first,
    then the mark.

    Args:
        marks: Shape (n marks, 2 or 3), positions in mm.
        ratings: Shape (n marks,).
        lesions: Shape (n lesions, 2 or 3), positions in the same coordinates.
        rule: The hit rule.

    Returns:
        For each lesion the place of its mark, -1 for none, shape (n lesions,); and whether each mark is of no
        lesion, shape (n marks,).

    Raises:
        StatisticsError: Positions of different dimensions, or missing.

    Example:
        >>> hits, false = match_marks([[1, 0], [2, 0], [40, 0]], [3, 5, 4], [[0, 0]], HitRule(5))
        >>> hits.tolist(), false.tolist()
        ([0], [False, False, True])
    """
    at, of = _positions(marks), _positions(lesions)
    scores = np.asarray(ratings, dtype=np.float64)
    if at.size and of.size and at.shape[1] != of.shape[1]:
        raise StatisticsError(
            f"marks have {at.shape[1]} coordinates and lesions {of.shape[1]}",
            remedy="give x_mm and y_mm for all, or x_mm, y_mm and z_mm for all",
        )
    hits = np.full(len(of), -1, dtype=np.int64)
    if not len(at) or not len(of):
        return hits, np.ones(len(at), dtype=bool)
    distances = np.linalg.norm(of[:, np.newaxis] - at[np.newaxis], axis=2)
    near = at_most(distances, rule.radius_mm)
    lesion, mark = np.nonzero(near)
    apart = merge_equals(distances[lesion, mark], scale=rule.radius_mm)
    keys = (mark, lesion, apart) if rule.takes == "nearest" else (mark, lesion, apart, -scores[mark])
    taken = np.zeros(len(at), dtype=bool)
    for place in np.lexsort(keys):
        if hits[lesion[place]] < 0 and not taken[mark[place]]:
            hits[lesion[place]] = mark[place]
            taken[mark[place]] = True
    beside = near.any(axis=0) & ~taken
    false = ~taken & ~beside if rule.further_marks == "ignored" else ~taken
    return hits, np.asarray(false)


def _positions(values: npt.ArrayLike) -> FloatArray:
    found = np.asarray(values, dtype=np.float64)
    if found.size == 0:
        return np.zeros((0, 0))
    if found.ndim != 2 or found.shape[1] not in (2, 3) or not np.isfinite(found).all():
        raise StatisticsError(
            f"positions of shape {found.shape} are not two or three finite coordinates each",
            remedy="give x_mm, y_mm and, for volumes, z_mm of every mark and lesion",
        )
    return found
