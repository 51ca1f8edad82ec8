"""Limits of agreement of two measurements of the same cases (Bland and Altman)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.ordering import at_most, nearly_equal
from samesplit.statistics.checks import FloatArray, check_confidence, check_numbers
from samesplit.statistics.interval import Interval

__all__ = ["BlandAltman", "LimitsMethod", "bland_altman"]

LimitsMethod = Literal["exact", "Bland-Altman"]
"""How the limits get their intervals: exactly, by the noncentral t distribution (Carkeet 2015), or by the
approximate standard error of Bland and Altman (1999)."""


@dataclass(frozen=True)
class BlandAltman:
    """How far two measurements of a case lie apart.

    Attributes:
        means: Shape (n,), the mean of the two measurements of each case.
        differences: Shape (n,), first minus second.
        bias: The mean difference with interval, and the p-value of the t test against 0.
        standard_deviation: Of the differences.
        lower: The lower limit of agreement with interval.
        upper: The upper limit of agreement with interval.
        slope: Of the difference on the mean, with interval and p-value: other than 0 where the difference grows
            with what is measured, and one pair of limits does not describe all cases.
        coverage: Share of differences between the limits if they are normally distributed.
    """

    means: FloatArray
    differences: FloatArray
    bias: Interval
    standard_deviation: float
    lower: Interval
    upper: Interval
    slope: Interval
    coverage: float


def bland_altman(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    coverage: float = 0.95,
    confidence: float = 0.95,
    method: LimitsMethod = "exact",
) -> BlandAltman:
    """Estimate the limits between which most differences of two measurements lie.

    Assumes independent cases and normally distributed differences. For several readers and modalities take
    `mrmc.limits_of_agreement`.

    Args:
        first: Shape (n,), measurements or scores of one reader; NaN for none.
        second: Shape (n,), of the other. Cases with a missing one are left out.
        coverage: Share of differences that the limits shall hold.
        confidence: Two-sided coverage of all intervals.
        method: See `LimitsMethod`; they agree from about 100 cases on.

    Returns:
        Bias, limits and slope with intervals.

    Raises:
        StatisticsError: Different lengths, fewer than three complete cases, or an unknown method.

    References:
        Bland JM, Altman DG. Stat Methods Med Res 1999;8:135-160, doi:10.1177/096228029900800204. Carkeet A. Optom
        Vis Sci 2015;92:e71-e80, doi:10.1097/OPX.0000000000000513.

    Example:
        >>> found = bland_altman([10, 12, 15, 20, 22], [11, 12, 14, 18, 23])
        >>> round(found.bias.estimate, 2), round(found.lower.estimate, 2), round(found.upper.estimate, 2)
        (0.2, -2.36, 2.76)
    """
    if method not in get_args(LimitsMethod):
        raise StatisticsError(
            f"unknown method {method!r}", remedy=f"use one of {', '.join(get_args(LimitsMethod))}"
        )
    for share in (coverage, confidence):
        check_confidence(share)
    one, other = (check_numbers(column, what="measurements") for column in (first, second))
    if one.shape != other.shape or one.ndim != 1:
        raise StatisticsError(f"measurements of shape {one.shape} cannot be paired with {other.shape}")
    complete = np.isfinite(one) & np.isfinite(other)
    one, other = one[complete], other[complete]
    n = one.size
    if n < 3:
        raise StatisticsError(
            f"{n} cases with both measurements are too few for limits of agreement",
            remedy="give three cases or more",
        )
    differences, means = one - other, (one + other) / 2
    bias, spread = float(differences.mean()), float(differences.std(ddof=1))
    if at_most(spread, 0.0, scale=float(np.abs([one, other]).max())):
        spread = 0.0  # what is left is rounding
    error = spread / math.sqrt(n)
    tail = (1 - confidence) / 2
    half = float(stats.t.isf(tail, n - 1)) * error
    p = 2 * float(stats.t.sf(abs(bias) / error, n - 1)) if error > 0 else math.nan
    z = float(stats.norm.isf((1 - coverage) / 2))
    if method == "exact":
        factors = stats.nct.ppf([tail, 1 - tail], n - 1, z * math.sqrt(n)) / math.sqrt(n)
    else:
        step = float(stats.t.isf(tail, n - 1)) * math.sqrt(1 / n + z**2 / (2 * (n - 1)))
        factors = np.array([z - step, z + step])
    near, far = (float(factor) * spread for factor in factors)
    limit = z * spread
    return BlandAltman(
        means,
        differences,
        Interval(bias, bias - half, bias + half, "paired t", p_value=p),
        spread,
        Interval(bias - limit, bias - far, bias - near, method),
        Interval(bias + limit, bias + near, bias + far, method),
        _slope(means, differences, confidence),
        coverage,
    )


def _slope(means: FloatArray, differences: FloatArray, confidence: float) -> Interval:
    name = "least squares (t)"
    if nearly_equal(means.min(), means.max()):
        return Interval(math.nan, math.nan, math.nan, name, "all means are the same: no slope")
    line = stats.linregress(means, differences)
    slope, error = float(line.slope), float(line.stderr)
    if at_most(error, 0.0, scale=max(abs(slope), 1.0)):
        return Interval(
            slope, slope, slope, name, "no variance: the interval is a point, and there is no test"
        )
    half = float(stats.t.isf((1 - confidence) / 2, means.size - 2)) * error
    return Interval(slope, slope - half, slope + half, name, p_value=float(line.pvalue))
