"""Variance and degrees of freedom of a figure averaged over random readers and random cases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc.moments import Moments

__all__ = ["ReaderVariance", "VarianceRule", "difference_variance", "mean_variance"]

VarianceRule = Literal["unbiased", "mle"]

_ROUNDING = 1e-13


@dataclass(frozen=True)
class ReaderVariance:
    """Two estimates of a variance, and the one that is used.

    Attributes:
        unbiased: The U-statistic estimate; may come out negative.
        mle: The estimate with biased moments (V-statistic, maximum likelihood, ideal bootstrap), which is too
            large.
        df_unbiased: Degrees of freedom by Gallas' rule (BDG) with the unbiased variance; NaN where it is
            not positive.
        df_mle: With the other.
        df_floor: The smallest number of readers, negatives or positives, less 1: degrees of freedom do not
            fall below it (Gaylor and Hopper 1969, doi:10.1080/00401706.1969.10490732).
        value: The variance that is used; 0 where there is none, NaN where it is negative.
        df: Its degrees of freedom.
        used: Which one that is.
        note: What a reader must know; empty when the one asked for is used.
    """

    unbiased: float
    mle: float
    df_unbiased: float
    df_mle: float
    df_floor: float
    value: float
    df: float
    used: VarianceRule
    note: str = ""


def mean_variance(moments: Moments, rule: VarianceRule, n_units: int | None = None) -> ReaderVariance:
    """Estimate the variance of one average.

    Args:
        moments: Of the average with itself.
        rule: Which estimate is asked for.
        n_units: Number of patients where a patient may stand on both axes.
    """
    parts = _Parts.of(moments, n_units)
    found = (moments.covariance, moments.mle_covariance)
    return _chosen(found, _noise(moments), [(parts.share, parts.df)], parts.df, rule)


def difference_variance(
    first: Moments, second: Moments, cross: Moments, rule: VarianceRule, n_units: int | None = None
) -> ReaderVariance:
    """Estimate the variance of the difference of two averages.

    Degrees of freedom: what is paired between the two (readers, negatives, positives) counts once with its
    component of the difference, what is not counts for each.

    Args:
        first: Moments of the first average with itself.
        second: Of the second.
        cross: Of the first with the second.
        rule: Which estimate is asked for.
        n_units: Number of patients where a patient may stand on both axes.
    """
    unbiased = first.covariance + second.covariance - 2 * cross.covariance
    mle = first.mle_covariance + second.mle_covariance - 2 * cross.mle_covariance
    a, b = _Parts.of(first, n_units), _Parts.of(second, n_units)
    df = np.minimum(a.df, b.df)
    between = _main_effects(cross.biased_components)
    if n_units is not None:
        between[1] *= _main_effects(cross.component_coefficients)[1] * (n_units - 1.0)
    paired = _main_effects(cross.component_coefficients) > 1e-12
    together = (a.share * a.df + b.share * b.df - 2 * between) / df
    contributions = [
        (np.where(paired, together, 0.0), df),
        (np.where(paired, 0.0, a.share), a.df),
        (np.where(paired, 0.0, b.share), b.df),
    ]
    return _chosen((unbiased, mle), max(_noise(first), _noise(second)), contributions, df, rule)


@dataclass(frozen=True, eq=False)
class _Parts:
    """What readers alone and cases alone add to a variance, and their degrees of freedom."""

    share: FloatArray
    df: FloatArray

    @classmethod
    def of(cls, moments: Moments, n_units: int | None) -> _Parts:
        components = _main_effects(moments.biased_components)
        weights = _main_effects(moments.component_coefficients)
        # Rounded half up as iMRMC does, and never below 1; the small number keeps a half that rounding error
        # cut.
        df = np.maximum(np.floor(1 / weights - 1 + 0.5 + 1e-9), 1.0)
        if n_units is None:
            return cls(components / df, df)
        df[1] = max(n_units - 1.0, 1.0)
        return cls(np.array([components[0] / df[0], components[1] * weights[1]]), df)


def _main_effects(values: FloatArray) -> FloatArray:
    """Pick the components of one factor each: the reader first, then the axes of cases."""
    size = values.size
    bits = int(math.log2(size))
    return values[[size - 1 - (1 << bit) for bit in range(bits - 1, -1, -1)]]


def _noise(moments: Moments) -> float:
    """Return what rounding error may leave of a variance that is 0: moments are sums of squared kernels."""
    return _ROUNDING * float(moments.biased[0])


def _chosen(
    found: tuple[float, float],
    noise: float,
    contributions: list[tuple[FloatArray, FloatArray]],
    df: FloatArray,
    rule: VarianceRule,
) -> ReaderVariance:
    unbiased, mle = found
    floor = float(df.min())
    below = float(sum(np.sum(share**2 / dof) for share, dof in contributions))

    def degrees(variance: float) -> float:
        if variance <= noise:
            return math.nan
        return max(variance**2 / below, floor) if below > 0 else math.inf

    used, note = rule, ""
    value = unbiased if rule == "unbiased" else mle
    if value <= noise and rule == "unbiased" and mle > noise:
        used, value = "mle", mle
        note = (
            f"the unbiased variance is not positive ({unbiased:.3g}): the larger, biased one of the "
            "V-statistic (ideal bootstrap) is used"
        )
    elif value <= noise:
        value = 0.0 if abs(value) <= noise else math.nan
        note = "no variance estimate is positive: no interval, no test"
    return ReaderVariance(
        unbiased, mle, degrees(unbiased), degrees(mle), floor, value, degrees(value), used, note
    )
