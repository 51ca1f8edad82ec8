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
    "just_above",
    "merge_columns",
    "merge_equals",
    "merge_probabilities",
    "nearly_equal",
    "probability_at_least",
    "ranked",
]

RELATIVE = 1e-9
"""The share of the larger one by which two numbers may differ and still be equal."""

_NEAR_ONE = 1e-5
"""Distances from 1 below this are compared as if they were as large: they have lost their last digits."""

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
    lines = np.moveaxis(given.reshape(-1, 1) if given.ndim == 1 else given, axis, 0)
    scales = np.broadcast_to(np.asarray(scale, dtype="float64"), lines.shape[1:])
    ordered = np.sort(lines, axis=0)
    _merge(lines, ordered, nearly_equal(ordered[1:], ordered[:-1], scale=scales))
    return given + 0.0  # -0.0 becomes 0.0


def merge_columns(X: npt.ArrayLike) -> Floats:
    """Give values of a column that differ by no more than 1e-9 of its range one and the same value.

    For features before they are ranked: standardised or not, they merge the same.

    Args:
        X: Shape (n_rows, n_columns), finite.

    Returns:
        A new array of the same shape.

    Example:
        >>> merge_columns([[1e9, 0.3], [1e9 + 1, 0.1 + 0.2], [1e9 + 2, 0.4]])[:, 1].tolist()
        [0.3, 0.3, 0.4]
    """
    given = np.array(X, dtype="float64")
    if len(given):
        ordered = np.sort(given, axis=0)
        _merge(given, ordered, ordered[1:] - ordered[:-1] <= RELATIVE * (ordered[-1] - ordered[0]))
    return given + 0.0


def merge_probabilities(values: npt.ArrayLike) -> Floats:
    """Give equal probabilities one and the same value, the smallest of theirs.

    A probability near 1 says by its distance from 1 what one near 0 says by its distance from 0: above 0.5 it is
    that distance to which the rule applies, down to the 1e-14 that rounding makes of it.

    Args:
        values: Between 0 and 1, shape (n,); NaN stays NaN.

    Returns:
        A new array of the same shape.

    Example:
        >>> merge_probabilities([0.5, np.nextafter(0.5, 0), 1 - 1e-12, 1 - 2e-12, 1e-12]).tolist()
        [0.49999999999999994, 0.49999999999999994, 0.999999999999, 0.999999999998, 1e-12]
    """
    given = np.array(values, dtype="float64")
    lines = given.reshape(-1, 1)
    ordered = np.sort(lines, axis=0)
    _merge(lines, ordered, ordered[1:] - ordered[:-1] <= _reach(ordered[:-1], ordered[1:]))
    return given


def probability_at_least(p: npt.ArrayLike, threshold: npt.ArrayLike) -> Truths:
    """Tell where p >= threshold or the two are equal as in `merge_probabilities`; never where one is NaN.

    Args:
        p: Any shape, between 0 and 1.
        threshold: A shape that goes with it.

    Example:
        >>> probability_at_least([0.1 + 0.2, 0.3, 0.29], 0.1 + 0.2).tolist()
        [True, True, False]
    """
    p, threshold = np.asarray(p, dtype="float64"), np.asarray(threshold, dtype="float64")
    return p >= threshold - _reach(p, threshold)


def just_above(p: float) -> float:
    """Find a threshold that a probability, and what is equal to it, does not reach.

    Example:
        >>> bool(probability_at_least(0.7, just_above(0.7))), bool(probability_at_least(1.0, just_above(1.0)))
        (False, False)
    """
    return float(max(p + 10 * _reach(p, p), np.nextafter(0.0, 1.0)))


def _reach(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """By how much two probabilities may differ and still be equal."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    return np.asarray(RELATIVE * np.where(high > 0.5, np.maximum(1 - low, _NEAR_ONE), high))


def _merge(lines: Floats, ordered: Floats, joined: Truths) -> None:
    """Replace, in place, each value of a column by the first of its group.

    Args:
        lines: Shape (n, n_columns).
        ordered: The same with each column sorted.
        joined: Which of `ordered` go with the one before, shape (n - 1, n_columns).
    """
    touched = np.flatnonzero((joined & (ordered[1:] != ordered[:-1])).any(axis=0))
    if not touched.size:
        return
    order = np.argsort(lines[:, touched], axis=0, kind="stable")
    places = np.arange(1, len(lines))[:, np.newaxis]
    starts = np.where(joined[:, touched], 0, places)
    first = np.maximum.accumulate(np.vstack([np.zeros((1, touched.size), dtype=np.intp), starts]), axis=0)
    merged = np.empty_like(lines[:, touched])
    np.put_along_axis(merged, order, np.take_along_axis(ordered[:, touched], first, axis=0), axis=0)
    lines[:, touched] = merged


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
