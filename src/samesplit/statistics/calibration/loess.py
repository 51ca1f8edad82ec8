"""Local regression (loess) of one variable on another, fitted to many weighted samples at once.

The surface is that of Cleveland and Grosse (1991), as R's `loess` has it by default: parabolas are fitted round a
few knots and joined by cubic polynomials with the same values and slopes. With weights of 1 the curve is that of R
to the last digits. What a library would fit sample by sample, a bootstrap of a thousand samples gets here from two
matrix products, since the knots and the neighbourhoods stay those of the whole sample.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray

__all__ = ["Loess"]

_CELL = 0.2
"""A cell between two knots holds at most this share of a neighbourhood."""
_MARGIN = 0.005
"""The outermost knots stand this share of the range beyond the data."""
_SINGULAR = 1e-12
"""Directions of a local fit with less than this share of the largest eigenvalue carry nothing."""


class Loess:
    """Local quadratic regression on `x`, ready to be fitted to any `y` and any weights.

    Args:
        x: Shape (n,), the predictor.
        span: The share of the sample in each neighbourhood.

    Attributes:
        knots: Shape (k,), where parabolas are fitted, rising.

    Raises:
        StatisticsError: A neighbourhood holds fewer than three distinct values, so that no parabola is defined.

    References:
        Cleveland WS, Devlin SJ. Locally weighted regression. J Am Stat Assoc 1988;83:596-610.
        doi:10.1080/01621459.1988.10478639. Cleveland WS, Grosse E. Computational methods for local regression.
        Stat Comput 1991;1:47-62. doi:10.1007/BF01890836.

    Example:
        >>> x = np.linspace(0, 1, 30)
        >>> curve = Loess(x).curve(x**2, at=[0.25, 0.5])  # a parabola is found as it is
        >>> np.round(curve[0], 6).tolist()
        [0.0625, 0.25]
    """

    def __init__(self, x: npt.ArrayLike, *, span: float = 0.75) -> None:
        self._x = np.asarray(x, dtype=np.float64)
        n = self._x.size
        near = min(n, int(np.floor(n * span + 1e-5)))
        self.knots = _knots(np.sort(self._x), int(np.floor(n * span * _CELL)))
        distance = np.abs(self._x - self.knots[:, np.newaxis])
        radius = np.sort(distance, axis=1)[:, max(near, 1) - 1]
        if any(
            np.unique(self._x[inside]).size < 3 for inside in distance < radius[:, np.newaxis] * (1 - 1e-9)
        ):
            raise StatisticsError(
                "too few distinct values for a local regression: a neighbourhood holds fewer than three",
                remedy="use bins instead",
            )
        self._radius = radius
        offset = (self._x - self.knots[:, np.newaxis]) / radius[:, np.newaxis]
        nearness = np.clip(1 - np.abs(offset) ** 3, 0, None) ** 3
        powers = nearness[:, np.newaxis, :] * offset[:, np.newaxis, :] ** np.arange(5)[:, np.newaxis]
        self._moments = powers.reshape(-1, n).T  # shape (n, 5 knots): what weights are summed up with

    def curve(
        self, y: npt.ArrayLike, *, at: npt.ArrayLike | None = None, weights: npt.ArrayLike | None = None
    ) -> FloatArray:
        """Fit and evaluate the curve of every weighted sample.

        Args:
            y: Shape (n,), the response.
            at: Shape (m,), where; within the range of `x`. None evaluates at `x`.
            weights: Shape (b, n), one sample a row, whole numbers for samples with repeated rows; None for one
                sample of weights 1. Where a sample leaves too little to a local parabola, that with the
                smallest coefficients is taken.

        Returns:
            Shape (b, m).

        Raises:
            StatisticsError: A place outside the range of `x`.
        """
        places = self._x if at is None else np.asarray(at, dtype=np.float64)
        if places.size and (places.min() < self.knots[0] or places.max() > self.knots[-1]):
            raise StatisticsError(
                f"a local regression does not reach from {places.min():g} to {places.max():g}",
                remedy=f"evaluate it between {self._x.min():g} and {self._x.max():g}",
            )
        response = np.asarray(y, dtype=np.float64)
        w = np.ones((1, self._x.size)) if weights is None else np.asarray(weights, dtype=np.float64)
        sums = (w @ self._moments).reshape(len(w), -1, 5)
        right = ((w * response) @ self._moments).reshape(len(w), -1, 5)[:, :, :3]
        squares = sums[:, :, np.add.outer(np.arange(3), np.arange(3))]
        inverse = np.linalg.pinv(squares, rcond=_SINGULAR, hermitian=True)
        fitted = (inverse @ right[..., np.newaxis])[..., 0]
        to_values, to_slopes = self._joining(places)
        result: FloatArray = fitted[:, :, 0] @ to_values + (fitted[:, :, 1] / self._radius) @ to_slopes
        return result

    def _joining(self, places: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what the values and slopes at the knots add to the curve at each place, shape (k, m) each."""
        right = np.clip(np.searchsorted(self.knots, places, side="left"), 1, self.knots.size - 1)
        left, columns = right - 1, np.arange(places.size)
        width = self.knots[right] - self.knots[left]
        h = (places - self.knots[left]) / width
        values, slopes = np.zeros((2, self.knots.size, places.size))
        values[left, columns] = (1 - h) ** 2 * (1 + 2 * h)
        values[right, columns] = h**2 * (3 - 2 * h)
        slopes[left, columns] = h * (1 - h) ** 2 * width
        slopes[right, columns] = h**2 * (h - 1) * width
        return values, slopes


def _knots(x: FloatArray, most: int) -> FloatArray:
    """Cut the range at medians until no cell holds more than `most` of the sorted values."""
    low, high = float(x[0]), float(x[-1])
    margin = _MARGIN * max(high - low, 1e-10 * max(abs(low), abs(high)) + 1e-30)
    found = [low - margin, high + margin]
    cells = [(0, x.size - 1, found[0], found[1])]
    while cells:
        first, last, left, right = cells.pop()
        if last - first + 1 <= most:
            continue
        middle = _last_of_its_value(x, first, last)
        knot = float(x[middle])
        if knot in (left, right):
            continue
        found.append(knot)
        cells += [(first, middle, left, knot), (middle + 1, last, knot, right)]
    return np.array(sorted(found))


def _last_of_its_value(x: FloatArray, first: int, last: int) -> int:
    """Find the place nearest to the middle after which the value changes; the middle where there is none."""
    middle = (first + last + 2) // 2 - 1  # the middle as counted from 1
    offset = 0
    while first <= middle + offset < last:
        if x[middle + offset] != x[middle + offset + 1]:
            return middle + offset
        offset = -offset if offset > 0 else 1 - offset
    return middle
