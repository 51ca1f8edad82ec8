"""Intensity histogram (ZVCW): 23 numbers about discretised intensities, all from the counts of the levels.

Source: IBSI reference manual, section 3.4, arXiv:1612.07003.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError

__all__ = ["TAGS", "histogram", "histogram_of_counts"]

TAGS = (
    "ih_mean",
    "ih_var",
    "ih_skew",
    "ih_kurt",
    "ih_median",
    "ih_min",
    "ih_p10",
    "ih_p90",
    "ih_max",
    "ih_mode",
    "ih_iqr",
    "ih_range",
    "ih_mad",
    "ih_rmad",
    "ih_medad",
    "ih_cov",
    "ih_qcod",
    "ih_entropy",
    "ih_uniformity",
    "ih_max_grad",
    "ih_max_grad_g",
    "ih_min_grad",
    "ih_min_grad_g",
)


def histogram(levels: npt.NDArray[np.integer], n_levels: int | None = None) -> npt.NDArray[np.float64]:
    """Return the 23 histogram features of a set of grey levels, in the order of `TAGS`.

    Args:
        levels: Level of each voxel of the intensity mask, 1 to n_levels, shape (n,), n >= 1.
        n_levels: How many levels there are; the largest that occurs, when None.

    Raises:
        LesionError: There is no voxel.

    Example:
        >>> found = histogram(np.array([1, 1, 2, 4]))
        >>> dict(zip(TAGS, found.tolist()))["ih_mode"]
        1.0
    """
    counts = np.bincount(levels, minlength=0 if n_levels is None else n_levels + 1)
    return histogram_of_counts(counts[1:])


def histogram_of_counts(counts: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Return the same from the number of voxels of each level, level 1 first.

    Percentiles are linear between ranks, as in `statistics`, and so need not be whole numbers. Gradients reach
    from level 1 to the last level that occurs: IBSI's number of levels is the largest level that occurs; of
    several levels with the same extreme gradient the lowest is taken. Gradients of a single level are NaN;
    skewness and kurtosis of a histogram with one occupied level are 0, as IBSI says. The robust mean absolute
    deviation is NaN where no voxel lies between the percentiles (of two voxels).

    Args:
        counts: Voxels of level 1, 2, ..., shape (n_levels,), levels that do not occur included.

    Raises:
        LesionError: There is no voxel.

    Example:
        >>> bool(np.array_equal(histogram_of_counts(np.array([2, 1, 0, 1])), histogram(np.array([1, 1, 2, 4]))))
        True
    """
    occupied = np.flatnonzero(counts)
    if occupied.size == 0:
        raise LesionError("there is no voxel to take a histogram of", remedy="check the mask")
    counts = counts[: occupied[-1] + 1]
    cumulative = np.cumsum(counts)
    n = int(cumulative[-1])
    level = np.arange(1, counts.size + 1, dtype=np.float64)
    share = counts / n
    mean = int((np.arange(1, counts.size + 1) * counts).sum()) / n
    variance, skewness, kurtosis = _moments(level - mean, share)
    p10, p25, median, p75, p90 = (_percentile(cumulative, percent) for percent in (10, 25, 50, 75, 90))
    inside = np.where((level >= p10) & (level <= p90), counts, 0)
    low, high = float(occupied[0] + 1), float(occupied[-1] + 1)
    present = share[share > 0]
    entropy = -float((present * np.log2(present)).sum()) if present.size > 1 else 0.0
    return np.array(
        [
            mean,
            variance,
            skewness,
            kurtosis,
            median,
            low,
            p10,
            p90,
            high,
            _mode(counts, mean),
            p75 - p25,
            high - low,
            float((np.abs(level - mean) * share).sum()),
            _mean_deviation(level, inside),
            float((np.abs(level - median) * share).sum()),
            math.sqrt(variance) / mean,
            (p75 - p25) / (p75 + p25),
            entropy,
            float((share * share).sum()),
            *_gradient(counts),
        ]
    )


def _moments(
    difference: npt.NDArray[np.float64], share: npt.NDArray[np.float64]
) -> tuple[float, float, float]:
    if np.count_nonzero(share) == 1:
        return 0.0, 0.0, 0.0
    weighted = difference * difference * share
    variance = float(weighted.sum())
    skewness = float((weighted * difference).sum()) / variance**1.5
    kurtosis = float((weighted * difference * difference).sum()) / variance**2 - 3
    return variance, skewness, kurtosis


def _mean_deviation(level: npt.NDArray[np.float64], counts: npt.NDArray[np.integer]) -> float:
    n = int(counts.sum())
    if n == 0:
        return math.nan
    return float((np.abs(level - float((level * counts).sum()) / n) * counts).sum()) / n


def _percentile(cumulative: npt.NDArray[np.integer], percent: int) -> float:
    """Linear between ranks; the levels of the two ranks around it follow from the cumulated counts."""
    rank, rest = divmod(percent * (int(cumulative[-1]) - 1), 100)
    below = int(np.searchsorted(cumulative, rank, "right")) + 1
    if rest == 0:
        return float(below)
    above = int(np.searchsorted(cumulative, rank + 1, "right")) + 1
    return below + (above - below) * rest / 100


def _mode(counts: npt.NDArray[np.integer], mean: float) -> float:
    """Return the most frequent level; of several the nearest to the mean, then the lower."""
    levels = np.flatnonzero(counts == counts.max()) + 1
    return float(levels[np.argmin(np.abs(levels - mean))])


def _gradient(counts: npt.NDArray[np.integer]) -> tuple[float, float, float, float]:
    """Largest gradient and its level, smallest gradient and its level."""
    if counts.size < 2:
        return math.nan, math.nan, math.nan, math.nan
    slope = np.gradient(counts.astype(np.float64))
    up, down = int(np.argmax(slope)), int(np.argmin(slope))
    return float(slope[up]), up + 1.0, float(slope[down]), down + 1.0
