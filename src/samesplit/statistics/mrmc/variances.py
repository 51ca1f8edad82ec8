"""Variance and degrees of freedom of a figure averaged over random readers and random cases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc.moments import Moments

__all__ = [
    "DegreesRule",
    "PairMoments",
    "ReaderVariance",
    "VarianceRule",
    "degrees_for_t",
    "difference_variance",
    "mean_variance",
]

VarianceRule = Literal["unbiased", "centred", "mle"]
"""`unbiased` is the U-statistic (iMRMC's). `centred` is the same of kernels less their mean: equal where
every reader read every case, and far less scattered where not. `mle` is the V-statistic, or ideal bootstrap,
which is too large."""
DegreesRule = Literal["exact", "imrmc"]
"""What a t distribution is given: the degrees of freedom as they are, or as iMRMC does their whole part below
50 and a normal distribution from 50 on."""

_ROUNDING = 1e-13
_INSTEAD = {
    "centred": "that of centred kernels is used",
    "mle": "the larger, biased one of the V-statistic (ideal bootstrap) is used",
}


def degrees_for_t(df: float, rule: DegreesRule) -> float:
    """Return the degrees of freedom that t is given by a rule.

    Args:
        df: As estimated.
        rule: See `DegreesRule`.

    Example:
        >>> degrees_for_t(12.8, "imrmc"), degrees_for_t(51.0, "imrmc")
        (12.0, inf)
    """
    if rule == "exact" or math.isnan(df):
        return df
    return math.inf if df >= 50 else float(math.floor(df))


@dataclass(frozen=True)
class ReaderVariance:
    """Three estimates of a variance, and the one that is used.

    Attributes:
        unbiased: The U-statistic estimate; may come out negative.
        centred: The same of centred kernels; may come out negative, less often.
        mle: The estimate with biased moments (V-statistic, maximum likelihood, ideal bootstrap), which is too
            large.
        df_floor: The smallest number of readers, negatives or positives, less 1: degrees of freedom do not
            fall below it (Gaylor and Hopper, Technometrics 1969;11:691-706).
        value: The variance that is used; 0 where there is none, NaN where it is negative.
        df: Its degrees of freedom by Gallas' rule (BDG); NaN without a variance.
        used: Which one that is.
        note: What a reader must know; empty when the one asked for is used.
    """

    unbiased: float
    centred: float
    mle: float
    df_floor: float
    value: float
    df: float
    used: VarianceRule
    note: str = ""


@dataclass(frozen=True, eq=False)
class PairMoments:
    """Moments of a pair of averages, as they are and of centred kernels (the same where that changes nothing)."""

    plain: Moments
    centred: Moments

    @classmethod
    def of_crossed(cls, moments: Moments) -> PairMoments:
        """Return the moments of a crossed study, where centred kernels change nothing.

        Args:
            moments: As they are.
        """
        return cls(moments, moments)


def mean_variance(moments: PairMoments, rule: VarianceRule, n_units: int | None = None) -> ReaderVariance:
    """Estimate the variance of one average.

    Args:
        moments: Of the average with itself.
        rule: Which estimate is asked for.
        n_units: Number of patients where a patient may stand on both axes.
    """
    found = {
        "unbiased": moments.plain.covariance,
        "centred": moments.centred.covariance,
        "mle": moments.plain.mle_covariance,
    }

    def parts(which: Moments) -> _Squares:
        own = _Parts.of(which, n_units)
        return _Squares([(own.share, own.df)], own.df)

    used = _used(found, _noise(moments.plain), rule)
    return _with_degrees(found, used, parts(moments.centred if used.rule == "centred" else moments.plain))


def difference_variance(
    first: PairMoments,
    second: PairMoments,
    cross: PairMoments,
    rule: VarianceRule,
    n_units: int | None = None,
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
    plain = [pair.plain for pair in (first, second, cross)]
    centred = [pair.centred for pair in (first, second, cross)]
    found = {
        "unbiased": _of_difference([one.covariance for one in plain]),
        "centred": _of_difference([one.covariance for one in centred]),
        "mle": _of_difference([one.mle_covariance for one in plain]),
    }
    used = _used(found, max(_noise(first.plain), _noise(second.plain)), rule)
    return _with_degrees(
        found, used, _difference_squares(centred if used.rule == "centred" else plain, n_units)
    )


def _of_difference(found: list[float]) -> float:
    return found[0] + found[1] - 2 * found[2]


def _difference_squares(moments: list[Moments], n_units: int | None) -> _Squares:
    first, second, cross = moments
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
    return _Squares(contributions, df)


@dataclass(frozen=True, eq=False)
class _Squares:
    """What goes into Satterthwaite's formula: shares of the variance with their degrees of freedom."""

    contributions: list[tuple[FloatArray, FloatArray]]
    df: FloatArray


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


@dataclass(frozen=True)
class _Used:
    rule: VarianceRule
    value: float
    note: str


def _used(found: dict[str, float], noise: float, rule: VarianceRule) -> _Used:
    """Take the estimate that was asked for, or the next one where it is not positive."""
    order: tuple[VarianceRule, ...] = ("unbiased", "centred", "mle")
    for one in order[order.index(rule) :]:
        if found[one] > noise:
            note = (
                ""
                if one == rule
                else f"the {rule} variance is not positive ({found[rule]:.3g}): {_INSTEAD[one]}"
            )
            return _Used(one, found[one], note)
    return _Used(rule, 0.0 if abs(found[rule]) <= noise else math.nan, "")


def _with_degrees(found: dict[str, float], used: _Used, squares: _Squares) -> ReaderVariance:
    floor = float(squares.df.min())
    below = float(sum(np.sum(share**2 / dof) for share, dof in squares.contributions))
    df = math.nan
    if used.value > 0:
        df = max(used.value**2 / below, floor) if below > 0 else math.inf
    return ReaderVariance(
        found["unbiased"], found["centred"], found["mle"], floor, used.value, df, used.rule, used.note
    )
