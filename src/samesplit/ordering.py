"""Order and compare numbers so that no decision hangs on the last digits of a float.

A sum comes out differently in its last digits on another processor: the vector instructions decide in which order
its parts are added. Whoever ranks, chooses or compares numbers that were computed therefore does it here, by one
rule:

- Two numbers are equal when they differ by no more than `RELATIVE` of the larger one. Near 0 that is strict:
  1e-300 and 2e-300 are as far apart as 1 and 2, as P values need it. Numbers that come from a difference (a
  criterion, a correlation) carry rounding noise of the size of what was subtracted; their caller says that size
  with `scale`, and what differs by no more than `RELATIVE` of it is equal as well.
- "Equal" has to hold among many, and closeness of pairs does not (a is close to b and b to c, but a not to c). So
  numbers are sorted and cut into groups wherever two neighbours are not close; all of a group are equal, even the
  ends of a long chain. The groups do not depend on the direction or the order in which the numbers came.
- Equals keep the order in which they were given: columns as in the table, cells as listed.
- -0.0 is 0.0, an infinity is equal to itself alone, and NaN is equal to nothing and comes last.

Changing every number by a relative 1e-13 changes no decision, unless a gap happens to be 1e-9 to four digits. Two
numbers that mean the same never have such a gap, and two that do not hardly ever.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "RELATIVE",
    "above",
    "at_least",
    "at_most",
    "below",
    "first_best",
    "merge_equals",
    "nearly_equal",
    "ranked",
]

RELATIVE = 1e-9
"""The share of the larger one by which two numbers may differ and still be equal."""

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]


def nearly_equal(a: npt.ArrayLike, b: npt.ArrayLike, *, scale: npt.ArrayLike = 0.0) -> Truths:
    """Tell which pairs are equal by the rule.

    Args:
        a: Any shape.
        b: A shape that goes with it.
        scale: The size of what the numbers were subtracted from; 0 compares them by their own size alone.

    Returns:
        The common shape; a numpy bool for two numbers.

    Example:
        >>> nearly_equal([0.1 + 0.2, 1e-300, np.inf, np.nan], [0.3, 2e-300, np.inf, np.nan]).tolist()
        [True, False, True, False]
        >>> bool(nearly_equal(0.3 - 0.2 - 0.1, 0.0)), bool(nearly_equal(0.3 - 0.2 - 0.1, 0.0, scale=0.3))
        (False, True)
    """
    a, b = np.asarray(a, dtype="float64"), np.asarray(b, dtype="float64")
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.maximum(np.maximum(np.abs(a), np.abs(b)), np.asarray(scale, dtype="float64"))
        close = np.abs(a - b) <= RELATIVE * size
    return np.asarray((a == b) | (close & np.isfinite(a) & np.isfinite(b)))[()]


def at_least(a: npt.ArrayLike, b: npt.ArrayLike, *, scale: npt.ArrayLike = 0.0) -> Truths:
    """Tell where a >= b or the two are equal by the rule; never where one is NaN.

    Args:
        a: Any shape.
        b: A shape that goes with it.
        scale: As in `nearly_equal`.

    Example:
        >>> bool(at_least(0.3, 0.1 + 0.2)), bool(at_least(0.29, 0.3))
        (True, False)
    """
    return (np.asarray(a) >= np.asarray(b)) | nearly_equal(a, b, scale=scale)


def at_most(a: npt.ArrayLike, b: npt.ArrayLike, *, scale: npt.ArrayLike = 0.0) -> Truths:
    """Tell where a <= b or the two are equal by the rule; never where one is NaN.

    Args:
        a: Any shape.
        b: A shape that goes with it.
        scale: As in `nearly_equal`.

    Example:
        >>> bool(at_most(0.1 + 0.2, 0.3)), bool(at_most(0.31, 0.3))
        (True, False)
    """
    return at_least(b, a, scale=scale)


def above(a: npt.ArrayLike, b: npt.ArrayLike, *, scale: npt.ArrayLike = 0.0) -> Truths:
    """Tell where a > b and the two are not equal by the rule; never where one is NaN.

    Args:
        a: Any shape.
        b: A shape that goes with it.
        scale: As in `nearly_equal`.

    Example:
        >>> bool(above(0.1 + 0.2, 0.3)), bool(above(0.31, 0.3))
        (False, True)
    """
    return (np.asarray(a) > np.asarray(b)) & ~nearly_equal(a, b, scale=scale)


def below(a: npt.ArrayLike, b: npt.ArrayLike, *, scale: npt.ArrayLike = 0.0) -> Truths:
    """Tell where a < b and the two are not equal by the rule; never where one is NaN.

    Args:
        a: Any shape.
        b: A shape that goes with it.
        scale: As in `nearly_equal`.

    Example:
        >>> bool(below(0.3, 0.1 + 0.2)), bool(below(0.29, 0.3))
        (False, True)
    """
    return above(b, a, scale=scale)


def merge_equals(values: npt.ArrayLike, *, scale: npt.ArrayLike = 0.0, axis: int = 0) -> Floats:
    """Give equal numbers one and the same value, the smallest of theirs.

    Whatever sorts, ranks, counts or compares the result exactly (`lexsort` with several keys, `rankdata`,
    `unique`, `==`) keeps the rule.

    Args:
        values: One or two dimensions; NaN stays NaN.
        scale: As in `nearly_equal`; for two dimensions one number for all, or one for each line along `axis`.
        axis: Numbers are compared along it; of two dimensions, 0 takes each column by itself.

    Returns:
        A new array of the same shape.

    Example:
        >>> merge_equals([0.1 + 0.2, 0.3, 0.5]).tolist()
        [0.3, 0.3, 0.5]
        >>> found = merge_equals([[1.0, 5.0], [1.0 + 1e-12, 6.0]])
        >>> (found[0] == found[1]).tolist()
        [True, False]
    """
    given = np.array(values, dtype="float64")
    if not given.size:
        return given
    lines = np.moveaxis(given.reshape(-1, 1) if given.ndim == 1 else given, axis, 0)
    scales = np.broadcast_to(np.asarray(scale, dtype="float64"), lines.shape[1:])
    ordered = np.sort(lines, axis=0)
    joined = nearly_equal(ordered[1:], ordered[:-1], scale=scales)
    touched = np.flatnonzero((joined & (ordered[1:] != ordered[:-1])).any(axis=0))
    if touched.size:
        lines[:, touched] = _merged(lines[:, touched], joined[:, touched])
    return given + 0.0  # -0.0 becomes 0.0


def _merged(lines: Floats, joined: Truths) -> Floats:
    """Each value replaced by the first of its group; `joined`: which sorted ones go with the one before."""
    order = np.argsort(lines, axis=0, kind="stable")
    ordered = np.take_along_axis(lines, order, axis=0)
    places = np.arange(len(lines))[:, np.newaxis]
    starts = np.where(np.vstack([np.zeros((1, lines.shape[1]), dtype=bool), joined]), 0, places)
    first = np.maximum.accumulate(starts, axis=0)
    merged = np.empty_like(lines)
    np.put_along_axis(merged, order, np.take_along_axis(ordered, first, axis=0), axis=0)
    return merged


def ranked(values: npt.ArrayLike, *, descending: bool = False, scale: float = 0.0) -> npt.NDArray[np.intp]:
    """Order numbers; equals keep the order in which they were given, NaN comes last.

    Args:
        values: Shape (n,).
        descending: Whether the largest comes first.
        scale: As in `nearly_equal`.

    Returns:
        Places of the values, shape (n,).

    Example:
        >>> ranked([0.3, 0.1 + 0.2, np.nan, 0.2]).tolist()
        [3, 0, 1, 2]
        >>> ranked([0.3, 0.1 + 0.2, np.nan, 0.2], descending=True).tolist()
        [0, 1, 3, 2]
    """
    merged = merge_equals(values, scale=scale)
    return np.argsort(-merged if descending else merged, kind="stable")


def first_best(values: npt.ArrayLike, *, largest: bool = True, scale: float = 0.0) -> int:
    """Find the best number; of equals the first that was given. It is the first of `ranked`.

    Args:
        values: Shape (n,); NaN is never the best.
        largest: Whether the largest is the best, or the smallest.
        scale: As in `nearly_equal`.

    Returns:
        The place of the best.

    Raises:
        ValueError: There is no number but NaN.

    Example:
        >>> first_best([0.3, 0.1 + 0.2, np.nan, 0.2]), first_best([0.3, np.nan, 0.2], largest=False)
        (0, 2)
    """
    given: Any = np.asarray(values, dtype="float64")
    given = given if largest else -given
    known = given[~np.isnan(given)]
    if not known.size:
        raise ValueError("there is no number to choose from")
    least, seen = known.max(), np.inf
    while least < seen:  # down the chain of neighbours that are close
        seen = least
        least = known[at_least(known, seen, scale=scale)].min()
    return int(np.flatnonzero(given >= least)[0])
