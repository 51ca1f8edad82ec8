"""Compiled: counting pairs of grey levels, and the co-occurrence features of a matrix."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["count_pairs", "count_pairs_of_13", "features_of_each"]


@numba.njit(cache=True, nogil=True)
def count_pairs(levels: Any, bounds: Any, offsets: Any, tables: Any, width: Any) -> None:
    """Count (level, level at offset) into one flat table for each offset.

    Args:
        levels: uint8 or uint16, flat, 0 outside the lesion.
        bounds: int64 (n, 2), stretches of lesion voxels.
        offsets: uint64, steps in the flat volume (all ahead).
        tables: uint32 (len(offsets), width * width); row and column 0 take what lies outside.
        width: Levels and one more, np.uintp.
    """
    for k in range(offsets.shape[0]):
        table = tables[k]
        offset = np.uintp(offsets[k])
        for j in range(bounds.shape[0]):
            for p in range(np.uintp(bounds[j, 0]), np.uintp(bounds[j, 1])):
                table[np.uintp(levels[p]) * width + np.uintp(levels[p + offset])] += np.uint32(1)


@numba.njit(cache=True, nogil=True)
def count_pairs_of_13(levels: Any, bounds: Any, offsets: Any, tables: Any, width: Any) -> None:
    """Count the pairs of all 13 directions together, without a branch.

    Neighbouring pairs go to four tables in turn: the same cell is then hardly ever written twice in a row, and
    the processor need not wait. Unsigned positions spare the test for negative ones.

    Args:
        levels: uint8 or uint16, flat, 0 outside the lesion.
        bounds: int64 (n, 2), stretches of lesion voxels.
        offsets: uint64 (13,).
        tables: uint32 (4, width * width), to be added up by the caller.
        width: Levels and one more, np.uintp.
    """
    one = np.uint32(1)
    t0, t1, t2, t3 = tables[0], tables[1], tables[2], tables[3]
    o0, o1, o2, o3 = offsets[0], offsets[1], offsets[2], offsets[3]
    o4, o5, o6, o7 = offsets[4], offsets[5], offsets[6], offsets[7]
    o8, o9, o10, o11, o12 = offsets[8], offsets[9], offsets[10], offsets[11], offsets[12]
    for j in range(bounds.shape[0]):
        for p in range(np.uintp(bounds[j, 0]), np.uintp(bounds[j, 1])):
            row = np.uintp(levels[p]) * width
            t0[row + np.uintp(levels[p + o0])] += one
            t1[row + np.uintp(levels[p + o1])] += one
            t2[row + np.uintp(levels[p + o2])] += one
            t3[row + np.uintp(levels[p + o3])] += one
            t0[row + np.uintp(levels[p + o4])] += one
            t1[row + np.uintp(levels[p + o5])] += one
            t2[row + np.uintp(levels[p + o6])] += one
            t3[row + np.uintp(levels[p + o7])] += one
            t0[row + np.uintp(levels[p + o8])] += one
            t1[row + np.uintp(levels[p + o9])] += one
            t2[row + np.uintp(levels[p + o10])] += one
            t3[row + np.uintp(levels[p + o11])] += one
            t0[row + np.uintp(levels[p + o12])] += one


@numba.njit(cache=True, nogil=True)
def _features(
    counts: Any, greys: Any, n_grey: float, marginal: Any, differences: Any, sums: Any, out: Any
) -> None:
    """Compute the 25 features of one symmetric matrix; all NaN when it is empty."""
    n = counts.shape[0]
    total = 0.0
    for i in range(n):
        for j in range(n):
            total += np.float64(counts[i, j])
    if total == 0.0:
        for i in range(out.shape[0]):
            out[i] = np.nan
        return
    low = greys[0]
    for i in range(n):
        marginal[i] = 0.0
    for k in range(differences.shape[0]):
        differences[k] = 0.0
    for k in range(sums.shape[0]):
        sums[k] = 0.0
    joint_max = 0.0
    energy = 0.0
    entropy = 0.0
    for i in range(n):
        for j in range(i, n):
            if counts[i, j] == 0:
                continue
            p = counts[i, j] / total
            times = 1.0 if i == j else 2.0
            joint_max = max(joint_max, p)
            energy += times * p * p
            entropy -= times * p * np.log2(p)
            differences[greys[j] - greys[i]] += times * p
            sums[greys[i] + greys[j] - 2 * low] += times * p
            marginal[i] += p
            if i != j:
                marginal[j] += p
    mean = 0.0
    marginal_entropy = 0.0
    for i in range(n):
        if marginal[i] > 0.0:
            mean += greys[i] * marginal[i]
            marginal_entropy -= marginal[i] * np.log2(marginal[i])
    variance = 0.0
    for i in range(n):
        variance += (greys[i] - mean) ** 2 * marginal[i]
    out[0] = joint_max
    out[1] = mean
    out[2] = variance
    out[3] = entropy
    _difference_features(differences, n_grey, out)
    _sum_features(sums, 2.0 * low, mean, out)
    out[10] = energy
    # covariance and product moment from (i + j - 2m)^2 and (i - j)^2, of which they are the difference
    covariance = 0.25 * (out[20] - out[11])
    out[18] = covariance / variance if variance > 0.0 else np.nan
    out[19] = covariance + mean * mean
    _information(entropy, marginal_entropy, out)


@numba.njit(cache=True, nogil=True)
def _difference_features(p: Any, n_grey: float, out: Any) -> None:
    average = 0.0
    contrast = 0.0
    entropy = 0.0
    inverse0 = inverse1 = inverse2 = inverse3 = inverse4 = 0.0
    for k in range(p.shape[0]):
        if p[k] == 0.0:
            continue
        average += k * p[k]
        contrast += k * k * p[k]
        entropy -= p[k] * np.log2(p[k])
        inverse0 += p[k] / (1.0 + k)
        inverse1 += p[k] / (1.0 + k / n_grey)
        inverse2 += p[k] / (1.0 + k * k)
        inverse3 += p[k] / (1.0 + (k / n_grey) ** 2)
        if k > 0:
            inverse4 += p[k] / (k * k)
    variance = 0.0
    for k in range(p.shape[0]):
        variance += (k - average) ** 2 * p[k]
    out[4] = average
    out[5] = variance
    out[6] = entropy
    out[11] = contrast
    out[12] = average
    out[13] = inverse0
    out[14] = inverse1
    out[15] = inverse2
    out[16] = inverse3
    out[17] = inverse4


@numba.njit(cache=True, nogil=True)
def _sum_features(p: Any, lowest: float, mean: float, out: Any) -> None:
    average = 0.0
    entropy = 0.0
    tendency = 0.0
    shade = 0.0
    prominence = 0.0
    for k in range(p.shape[0]):
        if p[k] == 0.0:
            continue
        average += (lowest + k) * p[k]
        entropy -= p[k] * np.log2(p[k])
        away = lowest + k - 2.0 * mean
        square = away * away
        tendency += square * p[k]
        shade += square * away * p[k]
        prominence += square * square * p[k]
    out[7] = average
    out[8] = tendency  # the mean of i + j is twice the mean of i, so this is its variance too
    out[9] = entropy
    out[20] = tendency
    out[21] = shade
    out[22] = prominence


@numba.njit(cache=True, nogil=True)
def _information(joint: float, marginal: float, out: Any) -> None:
    """Both information correlations; in a symmetric matrix HXY1 and HXY2 are twice the marginal entropy."""
    out[23] = (joint - 2.0 * marginal) / marginal if marginal > 0.0 else np.nan
    out[24] = np.sqrt(1.0 - np.exp(-2.0 * max(2.0 * marginal - joint, 0.0)))


@numba.njit(cache=True, nogil=True)
def _each(
    stack: Any, greys: Any, n_grey: float, marginal: Any, differences: Any, sums: Any, values: Any
) -> None:
    for k in range(stack.shape[0]):
        _features(stack[k], greys, n_grey, marginal, differences, sums, values[k])


def features_of_each(
    stack: npt.NDArray[np.uint32], greys: npt.NDArray[np.int64], n_grey: float
) -> npt.NDArray[np.float64]:
    """Return the features of each of several symmetric matrices.

    Args:
        stack: Counts, shape (k, n, n).
        greys: The level of each row, ascending, shape (n,).
        n_grey: The number of grey levels that normalised features divide by.

    Returns:
        Shape (k, 25); a row of NaN for an empty matrix.
    """
    reach = int(greys[-1] - greys[0])
    values = np.empty((len(stack), 25))
    marginal = np.empty(len(greys))
    differences = np.empty(reach + 1)  # p of |i - j|
    sums = np.empty(2 * reach + 1)  # p of i + j less twice the lowest level
    _each(stack, greys, n_grey, marginal, differences, sums, values)
    return values
