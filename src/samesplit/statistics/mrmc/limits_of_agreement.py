"""Limits of agreement of readings of several readers and cases, within and between readers and modalities.

Bland and Altman's limits take differences as independent; those of one reader or one case are not. Here the
variance of one difference, and of the mean difference, come from the moments of all readings, with readers
and cases random.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, check_confidence
from samesplit.statistics.interval import Interval
from samesplit.statistics.mrmc.conditional_moments import conditional_moments

__all__ = ["Agreement", "LimitsOfAgreement", "limits_of_agreement"]

Agreement = Literal["WRBM", "BRBM", "BRWM", "WRWM"]
"""Within (W) or between (B) readers (R) and modalities (M)."""

_WORDS = {
    "WRBM": "within reader, between modalities",
    "BRBM": "between readers, between modalities",
    "BRWM": "between readers, within modality",
    "WRWM": "within reader, within modality",
}


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Between which values most differences of two readings of a case lie.

    Attributes:
        kind: Which two readings.
        mean_difference: With its interval over new readers and new cases; 0 where the two readings are
            exchangeable.
        variance_of_mean: Of the mean difference.
        variance_of_one: Of one difference; where its estimate is negative there are no limits (NaN).
        low: The lower limit.
        high: The upper limit.
        method: In words.
    """

    kind: Agreement
    mean_difference: Interval
    variance_of_mean: float
    variance_of_one: float
    low: float
    high: float
    method: str


def limits_of_agreement(
    first: FloatArray,
    second: FloatArray | None = None,
    *,
    kind: Agreement,
    share: float = 0.95,
    confidence: float = 0.95,
) -> LimitsOfAgreement:
    """Estimate the limits of agreement of readings, readers and cases random, any design.

    Args:
        first: Shape (n readers, n cases), readings under one modality; NaN where not read.
        second: Under another modality, or a second time under the same one for `WRWM`; None for `BRWM`.
        kind: `WRBM`: a reader's readings of a case under two modalities. `BRBM`: two readers, each under one
            of them. `BRWM`: two readers under one modality. `WRWM`: a reader's two readings under the same
            modality, in no order.
        share: Of the differences, normally distributed, that lie between the limits; 0.95 takes 1.96 standard
            deviations of one difference.
        confidence: Of the interval of the mean difference.

    Raises:
        StatisticsError: An unknown kind, a second modality too many or missing, arrays that do not fit.

    References:
        Wen S, Gallas BD. Three-way mixed effect ANOVA to estimate MRMC limits of agreement.
        doi:10.1080/19466315.2022.2063169.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> cases = rng.normal(size=50)
        >>> a, b = (cases + rng.normal(0, 0.5, (4, 50)) for _ in range(2))
        >>> found = limits_of_agreement(a, b, kind="WRBM")
        >>> round(found.low, 2), round(found.high, 2)
        (-1.32, 1.23)
    """
    if kind not in get_args(Agreement):
        raise StatisticsError(f"unknown kind {kind!r}", remedy=f"use one of: {', '.join(_WORDS)}")
    if (second is None) != (kind == "BRWM"):
        raise StatisticsError(
            f"{kind} ({_WORDS[kind]}) takes {'one array' if kind == 'BRWM' else 'two arrays'} of readings"
        )
    if second is not None and second.shape != first.shape:
        raise StatisticsError(f"readings of shapes {first.shape} and {second.shape} do not go together")
    if kind == "BRWM":
        own = conditional_moments(first, first)
        mean, of_mean, of_one = 0.0, 0.0, 2 * float(own.moments[0] - own.moments[2])
    elif kind == "BRBM":
        mean, of_mean, of_one = _between(first, _known(second))
    else:
        difference = first - _known(second)
        moments = conditional_moments(difference, difference)
        mean, of_mean, of_one = moments.means[0], moments.covariance, moments.one_reading
        if kind == "WRWM":
            mean, of_mean = 0.0, 0.0
    half, width = (
        float(stats.norm.isf((1 - check_confidence(part)) / 2)) * _root(variance)
        for part, variance in ((confidence, of_mean), (share, of_one))
    )
    method = f"limits of agreement {_WORDS[kind]}, readers and cases random"
    note = "the variance of the mean difference is negative: no interval" if math.isnan(half) else ""
    interval = Interval(mean, mean - half, mean + half, method, note)
    return LimitsOfAgreement(kind, interval, of_mean, of_one, mean - width, mean + width, method)


def _known(second: FloatArray | None) -> FloatArray:
    assert second is not None  # checked by the caller
    return second


def _between(first: FloatArray, second: FloatArray) -> tuple[float, float, float]:
    own = [conditional_moments(x, x) for x in (first, second)]
    cross = conditional_moments(first, second)
    of_mean = own[0].covariance + own[1].covariance - 2 * cross.covariance
    other_reader = float(cross.moments[2] - cross.moments[3])
    of_one = own[0].one_reading + own[1].one_reading - 2 * other_reader
    return own[0].means[0] - own[1].means[0], of_mean, of_one


def _root(variance: float) -> float:
    return math.sqrt(variance) if variance >= 0 else math.nan
