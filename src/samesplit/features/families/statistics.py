"""Intensity-based statistics (UHIW): 18 numbers about the intensities inside the intensity mask.

Source: IBSI reference manual, section 3.3, arXiv:1612.07003.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.ordering import RELATIVE

__all__ = ["TAGS", "statistics", "statistics_of_ordered"]

TAGS = (
    "stat_mean",
    "stat_var",
    "stat_skew",
    "stat_kurt",
    "stat_median",
    "stat_min",
    "stat_p10",
    "stat_p90",
    "stat_max",
    "stat_iqr",
    "stat_range",
    "stat_mad",
    "stat_rmad",
    "stat_medad",
    "stat_cov",
    "stat_qcod",
    "stat_energy",
    "stat_rms",
)


def statistics(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the 18 statistics of a set of intensities, in the order of `TAGS`.

    Percentiles are linear between ranks (numpy's default, Hyndman and Fan's type 7); the IBSI references do not
    decide between methods. The median absolute deviation is, as IBSI has it, the mean distance from the median.
    Skewness and kurtosis of equal values are 0, as IBSI says; the coefficients of variation and dispersion are
    NaN where they would divide by zero, and the robust mean absolute deviation is NaN where no value lies between
    the percentiles (of two values). What differs by no more than 1e-9 of the largest value is equal.

    Args:
        values: Intensities of the voxels of the intensity mask, shape (n,), n >= 1, finite.

    Raises:
        LesionError: There is no value.

    Example:
        >>> found = statistics(np.array([1.0, 2.0, 3.0, 4.0]))
        >>> dict(zip(TAGS, found.tolist()))["stat_iqr"]
        1.5
    """
    return statistics_of_ordered(np.sort(values.astype(np.float64, copy=False), axis=None))


def statistics_of_ordered(ordered: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the same of values in ascending order.

    Raises:
        LesionError: There is no value.
    """
    if ordered.size == 0:
        raise LesionError("there is no voxel to take statistics of", remedy="check the mask")
    low, high = float(ordered[0]), float(ordered[-1])
    rounding = RELATIVE * max(abs(low), abs(high))
    mean = low if low == high else float(ordered.mean())
    p10, p25, median, p75, p90 = (_percentile(ordered, percent) for percent in (10, 25, 50, 75, 90))
    variance, skewness, kurtosis, deviation = _moments(ordered - mean)
    if high - low <= rounding:
        skewness = kurtosis = 0.0
    first, last = np.searchsorted(ordered, p10 - rounding), np.searchsorted(ordered, p90 + rounding, "right")
    middle = ordered[first:last]
    energy = float((ordered * ordered).sum())
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
            p75 - p25,
            high - low,
            deviation,
            _mean_deviation(middle),
            float(np.abs(ordered - median).mean()),
            math.sqrt(variance) / mean if abs(mean) > rounding else math.nan,
            (p75 - p25) / (p75 + p25) if abs(p75 + p25) > rounding else math.nan,
            energy,
            math.sqrt(energy / ordered.size),
        ]
    )


def _percentile(ordered: npt.NDArray[np.float64], percent: int) -> float:
    """Linear between ranks; the rank is exact, so that a rank without fraction gives a value that occurs."""
    rank, rest = divmod(percent * (ordered.size - 1), 100)
    value = float(ordered[rank])
    return value + (float(ordered[rank + 1]) - value) * rest / 100 if rest else value


def _mean_deviation(ordered: npt.NDArray[np.float64]) -> float:
    if ordered.size == 0:
        return math.nan
    return 0.0 if ordered[0] == ordered[-1] else float(np.abs(ordered - ordered.mean()).mean())


def _moments(difference: npt.NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Variance, skewness, excess kurtosis and mean absolute deviation; uses up the differences to the mean."""
    power = np.abs(difference)
    deviation = float(power.mean())
    np.multiply(difference, difference, out=power)
    variance = float(power.mean())
    if variance * variance == 0:  # equal values, or differences too small to square twice
        return variance, 0.0, 0.0, deviation
    difference *= power
    power *= power
    skewness = float(difference.mean()) / variance**1.5
    return variance, skewness, float(power.mean()) / variance**2 - 3, deviation
