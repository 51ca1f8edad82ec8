"""Fourier transforms of many columns at once, in place and unordered: fast where only sums over spectra matter.

A decimation in frequency (Gentleman and Sande) leaves the frequencies in an order of their own, which `order`
tells. Sorting them is a waste when each is only to be weighted and summed. The columns lie side by side, so
that every step works on whole rows and the processor's vector units are busy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["Plan", "add_products", "plan", "transform_columns", "transform_rows"]

Plan = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]
"""Radices, cosines and sines of all multiples of the base angle, and the frequency at each place."""

_RADICES = (4, 2, 3, 5)
_TOGETHER = 64
"""Rows of voxels that are transformed together: few enough to stay in the processor's cache."""


def plan(length: int) -> Plan:
    """How to transform columns of a length that has no prime factors but 2, 3 and 5.

    Example:
        >>> plan(6)[3].tolist()  # the frequencies, in the order in which the transform leaves them
        [0, 2, 4, 1, 3, 5]
    """
    radices = []
    rest = length
    for radix in _RADICES:
        while rest % radix == 0:
            radices.append(radix)
            rest //= radix
    order = np.zeros(1, dtype=np.int64)
    for radix in reversed(radices):
        order = np.concatenate([order * radix + q for q in range(radix)])
    angles = 2 * np.pi * np.arange(length) / length
    return np.array(radices, dtype=np.int64), np.cos(angles), np.sin(angles), order


@njit(cache=True, nogil=True)
def transform_columns(re: Any, im: Any, radices: Any, cos: Any, sin: Any) -> None:
    """Transform every column of re + i im, shape (length, columns), in place; frequencies end up unordered."""
    n = re.shape[0]
    size = n
    for radix in radices:
        m = size // radix
        for start in range(0, n, size):
            for j in range(m):
                i = start + j
                k = j * (n // size)
                if radix == 4:
                    _four(re, im, i, m, cos[k], sin[k], cos[2 * k], sin[2 * k], cos[3 * k], sin[3 * k])
                elif radix == 2:
                    _two(re[i], im[i], re[i + m], im[i + m], cos[k], sin[k])
                elif radix == 3:
                    _three(re, im, i, m, cos[k], sin[k], cos[2 * k], sin[2 * k])
                else:
                    _five(re, im, i, m, k, cos, sin)
        size = m


@njit(cache=True, nogil=True, inline="always")
def _two(ar: Any, ai: Any, br: Any, bi: Any, c: float, s: float) -> None:
    for x in range(ar.shape[0]):
        ur, ui = ar[x] - br[x], ai[x] - bi[x]
        ar[x] += br[x]
        ai[x] += bi[x]
        br[x], bi[x] = ur * c + ui * s, ui * c - ur * s


@njit(cache=True, nogil=True, inline="always")
def _three(re: Any, im: Any, i: int, m: int, c1: float, s1: float, c2: float, s2: float) -> None:
    ar, br, cr = re[i], re[i + m], re[i + 2 * m]
    ai, bi, ci = im[i], im[i + m], im[i + 2 * m]
    h = np.sqrt(0.75)
    for x in range(ar.shape[0]):
        pr, pi = br[x] + cr[x], bi[x] + ci[x]
        qr, qi = h * (bi[x] - ci[x]), h * (cr[x] - br[x])
        tr, ti = ar[x] - 0.5 * pr, ai[x] - 0.5 * pi
        ar[x] += pr
        ai[x] += pi
        ur, ui = tr + qr, ti + qi
        br[x], bi[x] = ur * c1 + ui * s1, ui * c1 - ur * s1
        ur, ui = tr - qr, ti - qi
        cr[x], ci[x] = ur * c2 + ui * s2, ui * c2 - ur * s2


@njit(cache=True, nogil=True, inline="always")
def _four(
    re: Any, im: Any, i: int, m: int, c1: float, s1: float, c2: float, s2: float, c3: float, s3: float
) -> None:
    ar, br, cr, dr = re[i], re[i + m], re[i + 2 * m], re[i + 3 * m]
    ai, bi, ci, di = im[i], im[i + m], im[i + 2 * m], im[i + 3 * m]
    for x in range(ar.shape[0]):
        pr, pi = ar[x] + cr[x], ai[x] + ci[x]
        qr, qi = ar[x] - cr[x], ai[x] - ci[x]
        rr, ri = br[x] + dr[x], bi[x] + di[x]
        tr, ti = bi[x] - di[x], dr[x] - br[x]
        ar[x], ai[x] = pr + rr, pi + ri
        ur, ui = qr + tr, qi + ti
        br[x], bi[x] = ur * c1 + ui * s1, ui * c1 - ur * s1
        ur, ui = pr - rr, pi - ri
        cr[x], ci[x] = ur * c2 + ui * s2, ui * c2 - ur * s2
        ur, ui = qr - tr, qi - ti
        dr[x], di[x] = ur * c3 + ui * s3, ui * c3 - ur * s3


@njit(cache=True, nogil=True, inline="always")
def _five(re: Any, im: Any, i: int, m: int, k: int, cos: Any, sin: Any) -> None:
    ar, br, cr, dr, er = re[i], re[i + m], re[i + 2 * m], re[i + 3 * m], re[i + 4 * m]
    ai, bi, ci, di, ei = im[i], im[i + m], im[i + 2 * m], im[i + 3 * m], im[i + 4 * m]
    c1, s1, c2, s2 = cos[k], sin[k], cos[2 * k], sin[2 * k]
    c3, s3, c4, s4 = cos[3 * k], sin[3 * k], cos[4 * k], sin[4 * k]
    g1, g2 = np.cos(0.4 * np.pi), np.cos(0.8 * np.pi)
    h1, h2 = np.sin(0.4 * np.pi), np.sin(0.8 * np.pi)
    for x in range(ar.shape[0]):
        pr, pi, qr, qi = br[x] + er[x], bi[x] + ei[x], cr[x] + dr[x], ci[x] + di[x]
        sr, si, tr, ti = br[x] - er[x], bi[x] - ei[x], cr[x] - dr[x], ci[x] - di[x]
        ur, ui = ar[x] + g1 * pr + g2 * qr, ai[x] + g1 * pi + g2 * qi
        vr, vi = ar[x] + g2 * pr + g1 * qr, ai[x] + g2 * pi + g1 * qi
        wr, wi = h1 * si + h2 * ti, -h1 * sr - h2 * tr
        yr, yi = h2 * si - h1 * ti, -h2 * sr + h1 * tr
        ar[x] += pr + qr
        ai[x] += pi + qi
        br[x], bi[x] = (ur + wr) * c1 + (ui + wi) * s1, (ui + wi) * c1 - (ur + wr) * s1
        cr[x], ci[x] = (vr + yr) * c2 + (vi + yi) * s2, (vi + yi) * c2 - (vr + yr) * s2
        dr[x], di[x] = (vr - yr) * c3 + (vi - yi) * s3, (vi - yi) * c3 - (vr - yr) * s3
        er[x], ei[x] = (ur - wr) * c4 + (ui - wi) * s4, (ui - wi) * c4 - (ur - wr) * s4


def transform_rows(
    image: npt.NDArray[np.float64],
    mask: npt.NDArray[np.uint8],
    rows: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    moments: tuple[float, float],
    plan_x: Plan,
    *,
    odd: bool | None = None,
) -> npt.NDArray[np.float64]:
    """Transform rows of voxels along x: the mask m, the deviations x from the mean in units of the SD, and x^2.

    m and x are transformed together as the real and the imaginary part of one column, x^2 of two rows likewise.

    Args:
        image: Shape (z, y, x).
        mask: 1 where intensities count.
        rows: The places of the rows: z and y of each.
        moments: Mean and standard deviation of the intensities.
        plan_x: Of a length of at least twice the rows'; half of it where `odd` is not None.
        odd: Only the even or the odd frequencies of twice the plan's length; a transform of half the length gives
            each of the two.

    Returns:
        Twice the spectra at frequencies 0 to n / 2, shape (3, 2, frequencies, rows): of m, x and x^2, real and
        imaginary part.
    """
    n = len(plan_x[3])
    spectra = np.empty((3, 2, (n + 1) // 2 if odd else n // 2 + 1, len(rows[0])))
    together, alone = np.zeros((2, n, _TOGETHER)), np.zeros((2, n, _TOGETHER // 2))
    angles = np.pi / n * np.arange(mask.shape[2]) * (1 if odd else 0)
    _transform_rows(
        image, mask, *rows, moments[0], 1 / moments[1], plan_x, np.argsort(plan_x[3]), np.cos(angles),
        np.sin(angles), 1 if odd else 0, together[0], together[1], alone[0], alone[1], spectra,
    )  # fmt: skip
    return spectra


@njit(cache=True, nogil=True)
def _transform_rows(
    image: Any, mask: Any, z: Any, y: Any, mean: float, scale: float, plan_x: Any, places: Any, cos: Any,
    sin: Any, shift: int, re: Any, im: Any, upper: Any, lower: Any, spectra: Any,
) -> None:  # fmt: skip
    n, width, half = re.shape[0], mask.shape[2], upper.shape[1]
    for start in range(0, len(z), _TOGETHER):
        count = min(_TOGETHER, len(z) - start)
        for r in range(half):
            for x in range(n):
                upper[x, r] = lower[x, r] = 0.0
        for x in range(width, n):
            for r in range(_TOGETHER):
                re[x, r] = im[x, r] = 0.0
        for r in range(count):
            inside, values = mask[z[start + r], y[start + r]], image[z[start + r], y[start + r]]
            for x in range(width):
                m = 1.0 if inside[x] else 0.0
                value = (values[x] - mean) * scale if inside[x] else 0.0
                square = value * value
                re[x, r] = m * cos[x] + value * sin[x]
                im[x, r] = value * cos[x] - m * sin[x]
                if r < half:
                    upper[x, r] = square * cos[x]
                    lower[x, r] = -square * sin[x]
                else:
                    upper[x, r - half] += square * sin[x]
                    lower[x, r - half] += square * cos[x]
        transform_columns(re, im, plan_x[0], plan_x[1], plan_x[2])
        transform_columns(upper, lower, plan_x[0], plan_x[1], plan_x[2])
        first = min(count, half)
        for k in range(spectra.shape[2]):
            back = n - shift - k if k + shift > 0 else 0
            a, b, of_k = places[k], places[back], spectra[:, :, k, start : start + count]
            for r in range(count):
                of_k[0, 0, r], of_k[0, 1, r] = re[a, r] + re[b, r], im[a, r] - im[b, r]
                of_k[1, 0, r], of_k[1, 1, r] = im[a, r] + im[b, r], re[b, r] - re[a, r]
            for r in range(first):
                of_k[2, 0, r], of_k[2, 1, r] = upper[a, r] + upper[b, r], lower[a, r] - lower[b, r]
            for r in range(count - first):
                of_k[2, 0, first + r] = lower[a, r] + lower[b, r]
                of_k[2, 1, first + r] = upper[b, r] - upper[a, r]


def add_products(
    spectra: npt.NDArray[np.float64],
    z: npt.NDArray[np.intp],
    y: npt.NDArray[np.intp],
    depth: int,
    frequencies: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    plan_z: Plan,
    plan_y: Plan,
    sums: npt.NDArray[np.float64],
) -> None:
    """Of three real images m, x and y: add up weight times m m*, x x* and Re(y m*) over frequencies.

    Args:
        spectra: Of m, x and y, transformed along x, shape (3, 2, frequencies, rows of voxels): real and imaginary
            part.
        z: The slice of each row.
        y: The place of each row in its slice.
        depth: The number of slices.
        frequencies: The frequencies along x that the spectra are of; each from 0 to n / 2 once, in several calls.
        weights: The spectrum of the weights at frequencies 0 to n / 2 along x, z and y.
        plan_z: How to transform along z.
        plan_y: How to transform along y.
        sums: To be added to, for each frequency along y, shape (3, frequencies).
    """
    n_z, n_y = len(plan_z[3]), len(plan_y[3])
    across, spectrum = np.empty((2, n_y, depth)), np.empty((2, 3, n_z, n_y))
    _add_products(
        spectra, z, y, frequencies, weights, plan_z, plan_y, across[0], across[1], spectrum[0], spectrum[1],
        np.empty(n_y), sums,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _add_products(
    spectra: Any, z: Any, y: Any, frequencies: Any, weights: Any, plan_z: Any, plan_y: Any,
    across_re: Any, across_im: Any, re: Any, im: Any, w: Any, sums: Any,
) -> None:  # fmt: skip
    order_z, order_y = plan_z[3], plan_y[3]
    n_z, n_y, depth = len(order_z), len(order_y), across_re.shape[1]
    for k in range(spectra.shape[2]):
        for f in range(3):
            for j in range(n_y):
                for i in range(depth):
                    across_re[j, i] = across_im[j, i] = 0.0
            for r in range(len(z)):
                across_re[y[r], z[r]] = spectra[f, 0, k, r]
                across_im[y[r], z[r]] = spectra[f, 1, k, r]
            transform_columns(across_re, across_im, plan_y[0], plan_y[1], plan_y[2])
            for i in range(depth):
                for j in range(n_y):
                    re[f, i, j] = across_re[j, i]
                    im[f, i, j] = across_im[j, i]
            for i in range(depth, n_z):
                for j in range(n_y):
                    re[f, i, j] = im[f, i, j] = 0.0
            transform_columns(re[f], im[f], plan_z[0], plan_z[1], plan_z[2])
        # Frequencies of x between the first and the last stand for their mirror images as well.
        of_x = weights[frequencies[k]]
        times = 1.0 if frequencies[k] == 0 or frequencies[k] == weights.shape[0] - 1 else 2.0
        for i in range(n_z):
            of_z = of_x[min(order_z[i], n_z - order_z[i])]
            for j in range(n_y):
                w[j] = times * of_z[min(order_y[j], n_y - order_y[j])]
            for j in range(n_y):
                sums[0, j] += w[j] * (re[0, i, j] * re[0, i, j] + im[0, i, j] * im[0, i, j])
                sums[1, j] += w[j] * (re[1, i, j] * re[1, i, j] + im[1, i, j] * im[1, i, j])
                sums[2, j] += w[j] * (re[0, i, j] * re[2, i, j] + im[0, i, j] * im[2, i, j])
