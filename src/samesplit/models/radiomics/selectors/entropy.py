"""What columns say about the label and about one another, in nats, from counts of levels.

Everything is a sum of c ln c over the cells of a contingency table, c a count of rows. There are two ways to
count. Columns of few levels are kept as bits, one bit a row and level, so that a cell's count is the number of
ones in the AND of two rows of bits, 64 rows of the table at a time. Columns of any number of levels are counted
row by row.

Sources: Cover and Thomas, Elements of Information Theory (doi:10.1002/047174882X), chapter 2, for the identities;
the plug-in estimates are those of Brown et al., J Mach Learn Res 2012;13:27
(https://jmlr.org/papers/v13/brown12a.html).
"""

from __future__ import annotations

from typing import Any, Protocol, Self

import numba
import numpy as np
import numpy.typing as npt
from numba.extending import intrinsic

__all__ = ["Information", "equal_frequency_codes", "level_codes"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_CHUNK = 256
"""Columns that are sorted at a time, so that the sorting needs little memory."""


def equal_frequency_codes(X: Floats, bins: int) -> npt.NDArray[np.uint8]:
    """Return the bin of each value in its own column, bins being as equally filled as ties allow.

    The bin is floor(bins x r), r the share of rows below the value plus half the share of those equal to it: equal
    values share a bin, every increasing map of a column gives the same bins, and a column of two values or more
    never ends up in one bin. A column of at most `bins` distinct values keeps them as they are.

    Args:
        X: Shape (n_rows, n_columns), finite.
        bins: From 2 to 255.

    Returns:
        Numbers from 0, shape (n_columns, n_rows).

    Example:
        >>> X = np.array([[0.1, 5.0], [0.2, 5.0], [0.3, 5.0], [40.0, 5.0], [50.0, 5.0], [60.0, 7.0]])
        >>> equal_frequency_codes(X, 3)
        array([[0, 0, 1, 1, 2, 2],
               [0, 0, 0, 0, 0, 1]], dtype=uint8)
    """
    n_rows, n_columns = X.shape
    codes = np.empty((n_columns, n_rows), dtype=np.uint8)
    place = np.arange(n_rows)
    for start in range(0, n_columns, _CHUNK):
        order, first = _sorted(X[:, start : start + _CHUNK])
        below = np.maximum.accumulate(np.where(first, place, 0), axis=1)
        last = np.concatenate((first[:, 1:], np.ones((len(first), 1), dtype=bool)), axis=1)
        up_to = np.minimum.accumulate(np.where(last, place + 1, n_rows)[:, ::-1], axis=1)[:, ::-1]
        levels = first.cumsum(axis=1) - 1
        binned = np.where(levels[:, -1:] < bins, levels, bins * (below + up_to) // (2 * n_rows))
        np.put_along_axis(codes[start : start + _CHUNK], order, binned.astype(np.uint8), axis=1)
    return codes


def level_codes(X: Floats) -> npt.NDArray[np.int32]:
    """Each distinct value of a column as a level of its own, numbered from 0 upwards.

    Args:
        X: Shape (n_rows, n_columns), finite.

    Returns:
        Shape (n_columns, n_rows).

    Example:
        >>> level_codes(np.array([[0.5, 1.0], [-2.0, 1.0], [0.5, 3.0]]))
        array([[1, 0, 1],
               [0, 0, 1]], dtype=int32)
    """
    codes = np.empty((X.shape[1], X.shape[0]), dtype=np.int32)
    for start in range(0, X.shape[1], _CHUNK):
        order, first = _sorted(X[:, start : start + _CHUNK])
        levels = (first.cumsum(axis=1) - 1).astype(np.int32)
        np.put_along_axis(codes[start : start + _CHUNK], order, levels, axis=1)
    return codes


def _sorted(block: Floats) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Return the order of each column's rows, and where in it a new value begins, both (n_columns, n_rows)."""
    columns = np.ascontiguousarray(block.T)
    order = columns.argsort(axis=1)
    values = np.take_along_axis(columns, order, axis=1)
    first = np.ones(values.shape, dtype=bool)
    first[:, 1:] = values[:, 1:] != values[:, :-1]
    return order, first


class _Counts(Protocol):
    """Sums of c ln c over the cells of tables."""

    def alone(self) -> Floats:
        """Over each column's levels."""

    def with_label(self) -> Floats:
        """Over each column's levels and the classes."""

    def with_column(self, column: int) -> tuple[Floats, Floats]:
        """Over the levels of each column and of the one given; and over those and the classes."""


class Information:
    """Entropies and mutual informations (nats) of columns and a label of two classes or more.

    What is asked about a column is kept, so that selectors that share this object share the work. Numbers that are
    equal but for the order of summation differ by some 1e-14 nats.

    Attributes:
        relevance: I(f;Y) of each column f with the label, shape (n_columns,).

    Example:
        >>> y = np.array([0, 0, 0, 1, 1, 1])
        >>> X = np.column_stack((y, [0, 1, 0, 1, 0, 1], 1 - y)).astype(float)
        >>> information = Information.of_bins(X, y, bins=2)
        >>> information.relevance.round(3)
        array([0.693, 0.057, 0.693])
        >>> information.between(0).round(3)
        array([0.693, 0.057, 0.693])
        >>> information.between_given_label(0).round(3)
        array([0., 0., 0.])
    """

    def __init__(self, counts: _Counts, y: Integers) -> None:
        self._counts = counts
        self._n = len(y)
        self._alone, self._with_label = counts.alone(), counts.with_label()
        self._label = float(_c_ln_c(self._n)[np.bincount(y)].sum())
        self._kept: dict[int, tuple[Floats, Floats]] = {}
        whole = self._n * np.log(self._n)
        self.relevance = self._nats(whole + self._with_label - self._alone - self._label)

    @classmethod
    def of_bins(cls, X: Floats, y: Integers, *, bins: int) -> Self:
        """Of columns cut into bins of equal frequency (`equal_frequency_codes`).

        Args:
            X: Shape (n_rows, n_columns), finite.
            y: Class numbers from 0, shape (n_rows,).
            bins: From 2 to 255.
        """
        codes = equal_frequency_codes(X, bins)
        if y.max(initial=0) > 1:
            return cls(_LevelCounts(codes.astype(np.int32), y), y)
        return cls(_BitCounts(codes, y, bins), y)

    @classmethod
    def of_values(cls, X: Floats, y: Integers) -> Self:
        """Of columns as they are, every distinct value a level of its own.

        Args:
            X: Shape (n_rows, n_columns), finite.
            y: Class numbers from 0, shape (n_rows,).
        """
        return cls(_LevelCounts(level_codes(X), y), y)

    def between(self, column: int) -> Floats:
        """I(f;g) of each column f with g, the column given."""
        return self._about(column)[0]

    def between_given_label(self, column: int) -> Floats:
        """I(f;g|Y) of each column f with g, the column given."""
        return self._about(column)[1]

    def joint_relevance(self, column: int) -> Floats:
        """I(f,g;Y) = I(g;Y) + I(f;Y) - I(f;g) + I(f;g|Y), of each column f with g."""
        between, given_label = self._about(column)
        return np.asarray(self.relevance[column] + self.relevance - between + given_label)

    def joint_entropy(self, column: int) -> Floats:
        """H(f,g,Y) = H(f,Y) + H(g,Y) - H(Y) - I(f;g|Y), of each column f with g."""
        whole = self._n * np.log(self._n)
        sums = whole + self._label - self._with_label - self._with_label[column]
        return self._nats(sums) - self.between_given_label(column)

    def _about(self, column: int) -> tuple[Floats, Floats]:
        found = self._kept.get(column)
        if found is None:
            pairs, pairs_with_label = self._counts.with_column(column)
            between = self._n * np.log(self._n) + pairs - self._alone - self._alone[column]
            given_label = self._label + pairs_with_label - self._with_label - self._with_label[column]
            found = self._kept[column] = self._nats(between), self._nats(given_label)
        return found

    def _nats(self, sums: Floats) -> Floats:
        return np.asarray(sums / self._n)


class _BitCounts:
    """Columns of few levels, two classes, as bits: rows of the first class fill whole words, then the second's."""

    def __init__(self, codes: npt.NDArray[np.uint8], y: Integers, bins: int) -> None:
        self._c_ln_c = _c_ln_c(len(y))
        parts = [codes[:, y == label] for label in (0, 1)]
        self._counts = np.empty((len(codes), 2, bins), dtype=np.int64)
        n_words = [-(-part.shape[1] // 64) for part in parts]
        self._split = n_words[0]
        self._bits = np.zeros((len(codes), bins, sum(n_words)), dtype=np.uint64)
        for start in range(0, len(codes), _CHUNK):
            for label, part in enumerate(parts):
                block = part[start : start + _CHUNK]
                ones = np.zeros((len(block), bins, 64 * n_words[label]), dtype=bool)
                ones[..., : block.shape[1]] = block[:, None] == np.arange(bins)[:, None]
                words = slice(0, self._split) if label == 0 else slice(self._split, None)
                self._bits[start : start + _CHUNK, :, words] = np.packbits(ones, axis=-1).view(np.uint64)
                self._counts[start : start + _CHUNK, label] = ones.sum(axis=-1)

    def alone(self) -> Floats:
        """Over each column's levels."""
        return np.asarray(self._c_ln_c[self._counts.sum(axis=1)].sum(axis=1))

    def with_label(self) -> Floats:
        """Over each column's levels and the classes."""
        return np.asarray(self._c_ln_c[self._counts].sum(axis=(1, 2)))

    def with_column(self, column: int) -> tuple[Floats, Floats]:
        """Over the levels of each column and of the one given; and over those and the classes."""
        sums = np.empty((2, len(self._bits)))
        _sums_from_bits(self._bits, self._split, self._counts, column, self._c_ln_c, sums)
        return sums[0], sums[1]


class _LevelCounts:
    """Columns of any number of levels, and any number of classes."""

    def __init__(self, codes: npt.NDArray[np.int32], y: Integers) -> None:
        self._c_ln_c = _c_ln_c(len(y))
        self._codes, self._y = codes, y
        self._n_classes = int(y.max(initial=0)) + 1
        self._repeats = codes.max(axis=1) < codes.shape[1] - 1

    def alone(self) -> Floats:
        """Over each column's levels."""
        return self._sums(np.zeros_like(self._y))

    def with_label(self) -> Floats:
        """Over each column's levels and the classes."""
        return self._sums(self._y)

    def with_column(self, column: int) -> tuple[Floats, Floats]:
        """Over the levels of each column and of the one given; and over those and the classes."""
        levels = self._codes[column].astype(np.int64)
        return self._sums(levels), self._sums(self._n_classes * levels + self._y)

    def _sums(self, groups: Integers) -> Floats:
        order = groups.argsort(kind="stable")
        borders = np.concatenate(([0], np.flatnonzero(np.diff(groups[order])) + 1, [len(groups)]))
        several = np.diff(borders) > 1  # a cell of one row adds 1 ln 1 = 0
        ranges = np.column_stack((borders[:-1], borders[1:]))[several]
        sums = np.empty(len(self._codes))
        _sums_in_groups(self._codes, self._repeats, order, ranges, self._c_ln_c, sums)
        return sums


def _c_ln_c(n: int) -> Floats:
    """C ln c of every count from 0 to n."""
    counts = np.arange(n + 1, dtype=np.float64)
    return np.asarray(counts * np.log(np.maximum(counts, 1.0)))


def _count_ones(typing_context: Any, word: Any) -> Any:
    """How many bits of a 64-bit word are set: an instruction of the processor that numba itself does not offer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return numba.types.uint64(numba.types.uint64), generate


_ones: Any = intrinsic(_count_ones)


@numba.njit(cache=True, nogil=True)
def _sums_from_bits(
    bits: npt.NDArray[np.uint64],
    split: int,
    counts: Integers,
    column: int,
    c_ln_c: Floats,
    sums: Floats,
) -> None:
    """Sum c ln c over (column, each column), and over (column, each column, class), into `sums`.

    The last level's counts are what the others leave of the levels' totals.

    Args:
        bits: Shape (n_columns, bins, words): one bit a row; the first `split` words hold class 0's rows.
        split: Words of class 0.
        counts: Rows of each level, shape (n_columns, 2, bins).
        column: The column that is paired with every column.
        c_ln_c: By count.
        sums: Shape (2, n_columns), filled.
    """
    n_columns, bins, words = bits.shape
    last = bins - 1
    given = bits[column].copy()
    left_0, left_1 = np.empty(bins, np.int64), np.empty(bins, np.int64)
    for f in range(n_columns):
        pairs = both_0 = both_1 = 0.0
        for b in range(bins):
            left_0[b], left_1[b] = counts[column, 0, b], counts[column, 1, b]
        for a in range(last):
            rest_0, rest_1 = counts[f, 0, a], counts[f, 1, a]
            for b in range(last):
                cell_0 = np.int64(0)
                for w in range(split):
                    cell_0 += np.int64(_ones(bits[f, a, w] & given[b, w]))
                cell_1 = np.int64(0)
                for w in range(split, words):
                    cell_1 += np.int64(_ones(bits[f, a, w] & given[b, w]))
                pairs += c_ln_c[cell_0 + cell_1]
                both_0 += c_ln_c[cell_0]
                both_1 += c_ln_c[cell_1]
                rest_0, rest_1 = rest_0 - cell_0, rest_1 - cell_1
                left_0[b] -= cell_0
                left_1[b] -= cell_1
            pairs += c_ln_c[rest_0 + rest_1]
            both_0 += c_ln_c[rest_0]
            both_1 += c_ln_c[rest_1]
            left_0[last] -= rest_0
            left_1[last] -= rest_1
        for b in range(bins):
            pairs += c_ln_c[left_0[b] + left_1[b]]
            both_0 += c_ln_c[left_0[b]]
            both_1 += c_ln_c[left_1[b]]
        sums[0, f], sums[1, f] = pairs, both_0 + both_1


@numba.njit(cache=True, nogil=True)
def _sums_in_groups(
    codes: npt.NDArray[np.int32],
    repeats: npt.NDArray[np.bool_],
    order: Integers,
    ranges: Integers,
    c_ln_c: Floats,
    sums: Floats,
) -> None:
    """Sum of c ln c over (each column's levels, groups of rows), into `sums`.

    Args:
        codes: Levels from 0, fewer than rows, shape (n_columns, n_rows).
        repeats: Columns in which a level has several rows, shape (n_columns,).
        order: Rows, group after group.
        ranges: Where in `order` each group of several rows begins and ends, shape (n_groups, 2).
        c_ln_c: By count.
        sums: Shape (n_columns,), filled.
    """
    n_columns, n_rows = codes.shape
    counts = np.zeros(n_rows, np.int64)
    for f in range(n_columns):
        sums[f] = 0.0
        for group in range(len(ranges) if repeats[f] else 0):
            start, end = ranges[group]
            for i in range(start, end):
                counts[codes[f, order[i]]] += 1
            for i in range(start, end):
                level = codes[f, order[i]]
                sums[f] += c_ln_c[counts[level]]
                counts[level] = 0
