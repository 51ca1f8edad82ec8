"""Convolution with separable kernels: one-dimensional passes that terms, rotations and subbands share.

A filter is a set of terms, each the product of three one-dimensional kernels. Passes along z are made once for
each kernel; those along y and x row by row, on rows that stay in the processor's first cache. All in float32,
whose rounding is some 1e-6 of a response's range where the IBSI allows 1e-2. Every response is summed in one fixed
order, so that it is the same on every processor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["ONE", "FirstPasses", "Pool", "Separable", "Taps", "Term", "respond_separably"]

Pool = Literal["sum", "max", "min"]
_POOLS: dict[Pool, int] = {"sum": 0, "max": 1, "min": 2}
Volume = npt.NDArray[np.float32]

_PIECE = 2048
"""Voxels of a plane that a pass along z works on at a time."""


@dataclass(frozen=True)
class Taps:
    """A one-dimensional kernel: the response at i is the sum over t of weights[t] * values[i + first + t].

    Attributes:
        weights: The weights of the voxels looked at, in the order of the axis.
        first: Where the first of them lies, seen from the voxel of the response.
    """

    weights: tuple[float, ...]
    first: int

    @property
    def last(self) -> int:
        """Where the last voxel looked at lies, seen from the voxel of the response."""
        return self.first + len(self.weights) - 1

    @property
    def reach(self) -> int:
        """How far the kernel looks to either side."""
        return max(-self.first, self.last)

    @classmethod
    def of_convolution(cls, kernel: Iterable[float], origin: int) -> Taps:
        """Return the taps of a convolution, which turns its kernel over.

        Args:
            kernel: The kernel as it is printed in tables.
            origin: The place in it of the voxel of the response.

        Example:
            >>> Taps.of_convolution([-1.0, 0.0, 2.0], 1)
            Taps(weights=(2.0, 0.0, -1.0), first=-1)
        """
        weights = tuple(float(weight) for weight in kernel)[::-1]
        return cls(weights, origin + 1 - len(weights))

    def flipped(self) -> Taps:
        """Return the kernel that does the same to the mirrored axis."""
        return Taps(self.weights[::-1], -self.last)

    def scaled(self, factor: float) -> Taps:
        """Return the kernel with all weights multiplied by a factor."""
        return Taps(tuple(factor * weight for weight in self.weights), self.first)

    def after(self, other: Taps) -> Taps:
        """Return the one kernel that does what `other` and then this one do.

        Example:
            >>> Taps((1.0, 1.0), 0).after(Taps((1.0, -1.0), -1))
            Taps(weights=(1.0, 0.0, -1.0), first=-1)
        """
        both = np.convolve(self.weights, other.weights)
        return Taps(tuple(both.tolist()), self.first + other.first)

    def mean_with_flipped(self) -> Taps:
        """Return the mean of the kernel and its mirror image."""
        reach = self.reach
        weights = np.zeros(2 * reach + 1)
        for one in (self, self.flipped()):
            weights[one.first + reach : one.last + reach + 1] += 0.5 * np.array(one.weights)
        return Taps(tuple(weights.tolist()), -reach)


ONE = Taps((1.0,), 0)
"""The kernel that changes nothing."""


@dataclass(frozen=True)
class Term:
    """A product of kernels along z, y and x, with a weight, or with the signs it is pooled with.

    Attributes:
        taps: The kernels along z, y, x.
        weight: What the response is multiplied by before pooling.
        both_signs: Whether the response and its negative are pooled (of kernels that turn into their negatives).
    """

    taps: tuple[Taps, Taps, Taps]
    weight: float = 1.0
    both_signs: bool = False


@dataclass(frozen=True)
class Separable:
    """A filter whose response is the sum, the largest or the smallest of separable terms.

    Attributes:
        terms: At least one.
        pool: How their responses become one.
    """

    terms: tuple[Term, ...]
    pool: Pool = "sum"

    @property
    def reach(self) -> tuple[int, int, int]:
        """How far the response looks along z, y, x."""
        z, y, x = (max(term.taps[axis].reach for term in self.terms) for axis in range(3))
        return z, y, x

    @property
    def first_taps(self) -> tuple[Taps, ...]:
        """The kernels along z, each once."""
        return tuple(dict.fromkeys(term.taps[0] for term in self.terms))


def respond_separably(
    window: Volume, one: Separable, reach: Sequence[int], shared: FirstPasses | None = None
) -> Volume:
    """Return the response of a separable filter.

    Args:
        window: The image where the response is wanted, and around it as far as `reach`.
        one: The filter.
        reach: What the window has more on every side along z, y, x; at least the filter's own reach.
        shared: Passes along z over the same window that other filters need, too.

    Example:
        >>> difference = Separable((Term((ONE, ONE, Taps((-0.5, 0.0, 0.5), -1))),))
        >>> window = np.array([[[1, 2, 4, 8]]], dtype=np.float32)
        >>> respond_separably(window, difference, (0, 0, 1)).tolist()
        [[[1.5, 3.0]]]
    """
    passes = FirstPasses(one.first_taps) if shared is None else shared
    first = passes.of(window, reach[0])
    along_y, along_x = _plan(one, passes.taps)
    count_y, count_x = (size - 2 * far for size, far in zip(window.shape[1:], reach[1:], strict=True))
    response = np.zeros((first.shape[1], count_y, count_x), dtype=np.float32)
    room = np.empty((along_y.results, window.shape[2]), dtype=np.float32), np.empty(count_x, dtype=np.float32)
    pool = _POOLS[one.pool]
    tables = *along_y.tables(reach[1]), *along_x.tables(reach[2])
    _rows(first.reshape(-1), len(first), *tables, pool, *room, response)
    return response


class FirstPasses:
    """Passes along z over one window, made when they are first asked for.

    Attributes:
        taps: Their kernels, each once.
    """

    def __init__(self, taps: Iterable[Taps]) -> None:
        self.taps = tuple(dict.fromkeys(taps))
        self._made: Volume | None = None

    def of(self, window: Volume, reach: int) -> Volume:
        """Return the passes over a window, shape (kernels, z, y, x); the window must be the same every time."""
        if self.taps == (ONE,):
            return window[None, reach : window.shape[0] - reach]
        if self._made is None:
            planes, rows, width = window.shape
            self._made = np.zeros((len(self.taps), planes - 2 * reach, rows, width), dtype=np.float32)
            for taps, out in zip(self.taps, self._made, strict=True):
                weights = np.array(taps.weights, dtype=np.float32)
                _along_z(window.reshape(-1), weights, reach + taps.first, out.reshape(len(out), -1))
        return self._made


class _Passes:
    """Passes whose results are added or pooled, as tables that kernels read."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, int]] = []
        self._taps: list[Taps] = []

    def add(self, result: int, source: int, taps: Taps, *, both_signs: bool = False) -> None:
        """Add a pass: the number of its result, that of the array it reads, and its kernel."""
        self._rows.append((result, source, int(both_signs)))
        self._taps.append(taps)

    @property
    def results(self) -> int:
        """How many results there are."""
        return 1 + max(result for result, _, _ in self._rows)

    def tables(self, reach: int) -> tuple[npt.NDArray[np.int64], Volume]:
        """Return result, source, flag, offset and length of each pass, and the weights of each."""
        lengths = [len(taps.weights) for taps in self._taps]
        weights = np.zeros((len(lengths), max(lengths)), dtype=np.float32)
        for row, taps in zip(weights, self._taps, strict=True):
            row[: len(taps.weights)] = taps.weights
        offsets = [reach + taps.first for taps in self._taps]
        table = [
            (*row, offset, length) for row, offset, length in zip(self._rows, offsets, lengths, strict=True)
        ]
        return np.array(table, dtype=np.int64), weights


def _plan(one: Separable, first: Sequence[Taps]) -> tuple[_Passes, _Passes]:
    """Return the passes along y, and those along x.

    Of a sum, what is passed along x with the same kernel is added before; of a pool, terms share what they have in
    common along z and y.
    """
    groups: dict[object, list[Term]] = {}
    for term in one.terms:
        groups.setdefault(term.taps[2] if one.pool == "sum" else term.taps[:2], []).append(term)
    along_y, along_x = _Passes(), _Passes()
    for node, terms in enumerate(groups.values()):
        if one.pool == "sum":
            for term in terms:
                along_y.add(node, first.index(term.taps[0]), term.taps[1].scaled(term.weight))
            along_x.add(0, node, terms[0].taps[2])
        else:
            along_y.add(node, first.index(terms[0].taps[0]), terms[0].taps[1])
            for term in terms:
                along_x.add(0, node, term.taps[2].scaled(term.weight), both_signs=term.both_signs)
    return along_y, along_x


@njit(cache=True, nogil=True)
def _add_pass(target: Any, source: Any, start: int, stride: int, weights: Any, length: int) -> None:
    """target[j] += sum over t of weights[t] * source[start + t * stride + j], five taps at a time."""
    n = target.size
    t = 0
    while t + 5 <= length:
        s = start + t * stride
        a, b, c = (
            source[s : s + n],
            source[s + stride : s + stride + n],
            source[s + 2 * stride : s + 2 * stride + n],
        )
        d, e = source[s + 3 * stride : s + 3 * stride + n], source[s + 4 * stride : s + 4 * stride + n]
        wa, wb, wc, wd, we = weights[t], weights[t + 1], weights[t + 2], weights[t + 3], weights[t + 4]
        for j in range(n):
            target[j] += ((wa * a[j] + wb * b[j]) + (wc * c[j] + wd * d[j])) + we * e[j]
        t += 5
    while t < length:
        s = start + t * stride
        a, wa = source[s : s + n], weights[t]
        for j in range(n):
            target[j] += wa * a[j]
        t += 1


@njit(cache=True, nogil=True)
def _along_z(window: Any, weights: Any, offset: int, out: Any) -> None:
    """Add the pass along z of a flat window to `out`, flat planes; pieces of all planes fit the cache."""
    planes, size = out.shape
    for start in range(0, size, _PIECE):
        stop = min(start + _PIECE, size)
        for z in range(planes):
            _add_pass(out[z, start:stop], window, (z + offset) * size + start, size, weights, weights.size)


@njit(cache=True, nogil=True)
def _rows(
    first: Any,
    passes: int,
    along_y: Any,
    weights_y: Any,
    along_x: Any,
    weights_x: Any,
    pool: int,
    nodes: Any,
    one: Any,
    out: Any,
) -> None:
    """Do the passes along y and x of every row of `out`, and add or pool them; see `_Passes`.

    `first` holds a number of passes along z, flat; `nodes` (results along y, width of the window) and `one` (width
    of `out`) are room to work in.
    """
    planes, rows, _ = out.shape
    stride = nodes.shape[1]
    plane_size = first.size // (planes * passes)
    for z in range(planes):
        for y in range(rows):
            for i in range(along_y.shape[0]):
                start = (along_y[i, 1] * planes + z) * plane_size + (y + along_y[i, 3]) * stride
                row = nodes[along_y[i, 0]]
                if i == 0 or along_y[i, 0] != along_y[i - 1, 0]:
                    _clear(row)
                _add_pass(row, first, start, stride, weights_y[i], along_y[i, 4])
            for i in range(along_x.shape[0]):
                row = out[z, y] if pool == 0 or i == 0 else one
                if pool != 0 and i != 0:
                    _clear(row)
                _add_pass(row, nodes[along_x[i, 1]], along_x[i, 3], 1, weights_x[i], along_x[i, 4])
                if along_x[i, 2] == 1:
                    _fold(row, pool == 1)
                if pool != 0 and i != 0:
                    _pool_row(out[z, y], row, pool == 1)


@njit(cache=True, nogil=True)
def _clear(row: Any) -> None:
    for j in range(row.size):
        row[j] = 0


@njit(cache=True, nogil=True)
def _fold(row: Any, up: bool) -> None:
    """Replace each value by the larger (or smaller) of itself and its negative."""
    for j in range(row.size):
        row[j] = abs(row[j]) if up else -abs(row[j])


@njit(cache=True, nogil=True)
def _pool_row(target: Any, one: Any, up: bool) -> None:
    """Keep the larger (or smaller) of two values at every place."""
    if up:
        for j in range(one.size):
            target[j] = max(target[j], one[j])
    else:
        for j in range(one.size):
            target[j] = min(target[j], one[j])
