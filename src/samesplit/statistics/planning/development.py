"""How many patients and events it takes to develop a prediction model: the criteria of Riley and colleagues.

A model with p candidate parameters that explains a share R2 of what can be explained (Cox and Snell's R2,
adjusted for optimism) needs so many patients that (1) the expected shrinkage of its coefficients is no worse
than S, (2) its apparent R2 is no further than 0.05 above the adjusted one, and (3) the overall risk (or mean)
is estimated precisely. The largest of the numbers counts. "Ten events per variable" is no criterion: the
number depends on R2 and prevalence.

Parameters are counted before any selection: of a radiomics model they are the features that selection chose
from, so these criteria ask for more patients than any radiomics study has. They do not apply to penalised
models as they stand, but say how far unpenalised ones would overfit.

References:
    Riley RD, et al. Minimum sample size for developing a multivariable prediction model: part I, continuous
    outcomes. Stat Med 2019;38:1262-1275. doi:10.1002/sim.7993. Riley RD, et al. Part II, binary and
    time-to-event outcomes. Stat Med 2019;38:1276-1296. doi:10.1002/sim.7992. Riley RD, et al. Calculating the
    sample size required for developing a clinical prediction model. BMJ 2020;368:m441. doi:10.1136/bmj.m441.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from samesplit.errors import StatisticsError
from samesplit.ordering import RELATIVE
from samesplit.statistics.planning.linear_predictor import LinearPredictor

__all__ = [
    "Criterion",
    "DevelopmentSize",
    "develop_binary",
    "develop_continuous",
    "develop_survival",
    "maximum_r2_binary",
    "maximum_r2_survival",
    "r2_from_c_statistic",
    "smallest_size",
]

_OPTIMISM = 0.05
"""By how much apparent (Nagelkerke) R2 may exceed the adjusted one."""
_RISK_MARGIN = 0.05
"""How precisely the overall risk is to be known."""
_MOST = 2**31


@dataclass(frozen=True)
class Criterion:
    """One criterion and the size it asks for.

    Attributes:
        name: What it is about.
        target: What is to be reached, in words.
        n: The smallest number of patients that reaches it.
    """

    name: str
    target: str
    n: int


@dataclass(frozen=True)
class DevelopmentSize:
    """How many patients the development of a model needs.

    Attributes:
        criteria: Each with its number.
        n: The largest of them.
        events: Expected events among them; NaN for a continuous outcome.
        parameters: Candidate parameters.
        events_per_parameter: NaN for a continuous outcome.
        r2: Cox and Snell's R2 that is expected (of a continuous outcome R2).
        r2_maximum: The largest that Cox and Snell's R2 can be; 1 for a continuous outcome.
        shrinkage: What is expected with `n` patients.
    """

    criteria: tuple[Criterion, ...]
    n: int
    events: float
    parameters: int
    events_per_parameter: float
    r2: float
    r2_maximum: float
    shrinkage: float


def develop_binary(
    *, prevalence: float, parameters: int, r2: float, shrinkage: float = 0.9, confidence: float = 0.95
) -> DevelopmentSize:
    """Compute the size for a logistic model.

    Args:
        prevalence: The share of patients with the outcome.
        parameters: Candidate parameters, before any selection.
        r2: Cox and Snell's R2 that is expected, adjusted for optimism; see `r2_from_c_statistic`.
        shrinkage: The smallest acceptable.
        confidence: Of the interval of the overall risk.

    Raises:
        StatisticsError: A number outside its range, or an R2 above what the prevalence allows.

    Example:
        >>> found = develop_binary(prevalence=0.174, parameters=24, r2=0.288)
        >>> [criterion.n for criterion in found.criteria], found.n
        ([623, 662, 221], 662)
    """
    check_between("a prevalence", prevalence)
    maximum = maximum_r2_binary(prevalence)
    z = float(stats.norm.isf((1 - confidence) / 2))
    risk = whole((z / _RISK_MARGIN) ** 2 * prevalence * (1 - prevalence))
    third = Criterion("Overall risk", f"within {_RISK_MARGIN:g} of the truth", risk)
    return _likelihood_size(parameters, r2, maximum, shrinkage, third, events_each=prevalence)


def develop_survival(
    *,
    rate: float,
    mean_follow_up: float,
    time: float,
    parameters: int,
    r2: float,
    shrinkage: float = 0.9,
    confidence: float = 0.95,
) -> DevelopmentSize:
    """Compute the size for a Cox model.

    The precision of the risk at a time is that of an exponential model. `pmsampsize` only shows it at the
    size that the other criteria ask for; here it is a criterion like the others.

    Args:
        rate: Events per patient and unit of time.
        mean_follow_up: In the same unit.
        time: For which the risk is predicted, in the same unit.
        parameters: Candidate parameters, before any selection.
        r2: Cox and Snell's R2 that is expected, adjusted for optimism.
        shrinkage: The smallest acceptable.
        confidence: Of the interval of the risk at the time.

    Raises:
        StatisticsError: A number outside its range, or an R2 above what the events allow.

    Example:
        >>> found = develop_survival(rate=0.065, mean_follow_up=2.07, time=2, parameters=25, r2=0.051)
        >>> found.n, round(found.events), round(found.events_per_parameter, 2)
        (4286, 577, 23.07)
    """
    for name, value in (("a rate", rate), ("a mean follow-up", mean_follow_up), ("a time", time)):
        _positive(name, value)
    maximum = maximum_r2_survival(rate * mean_follow_up)
    z = float(stats.norm.isf((1 - confidence) / 2))

    def is_precise(n: int) -> bool:
        error = math.sqrt(rate / (n * mean_follow_up))
        low, risk, high = (-math.expm1(-time * (rate + s * error)) for s in (-z, 0.0, z))
        return max(high - risk, risk - low) <= _RISK_MARGIN

    risk = smallest_size(is_precise)
    third = Criterion(f"Risk at {time:g}", f"within {_RISK_MARGIN:g} of the truth", risk)
    return _likelihood_size(parameters, r2, maximum, shrinkage, third, events_each=rate * mean_follow_up)


def develop_continuous(
    *,
    mean: float,
    standard_deviation: float,
    parameters: int,
    r2: float,
    shrinkage: float = 0.9,
    error_factor: float = 1.1,
    confidence: float = 0.95,
) -> DevelopmentSize:
    """Compute the size for a linear model.

    Args:
        mean: Of the outcome.
        standard_deviation: Of the outcome.
        parameters: Candidate parameters, before any selection.
        r2: Expected, adjusted for optimism.
        shrinkage: The smallest acceptable.
        error_factor: By which the bounds of the residual standard deviation, and of the mean, may differ from
            the estimate.
        confidence: Of both intervals.

    Raises:
        StatisticsError: A number outside its range.

    Example:
        >>> found = develop_continuous(mean=1.9, standard_deviation=0.6, parameters=25, r2=0.2)
        >>> [criterion.n for criterion in found.criteria]
        [918, 401, 259, 38]
    """
    _positive("a size of the mean", abs(mean))
    _positive("a standard deviation", standard_deviation)
    _check_model(parameters, r2, shrinkage, maximum=1.0)
    p, tail = parameters, (1 - confidence) / 2

    def shrinks(n: int) -> float:
        return 1 + (p - 2) / (n * math.log((1 - r2) * (n - p - 1) / (n - 1)))

    def knows_residual(n: int) -> bool:
        df = n - p - 1
        low, high = stats.chi2.isf(1 - tail, df), stats.chi2.isf(tail, df)
        return bool(math.sqrt(max(high / df, df / low)) <= error_factor)

    def knows_mean(n: int) -> bool:
        half = float(stats.t.isf(tail, n - p - 1)) * standard_deviation * math.sqrt((1 - r2) / n)
        return 1 + half / abs(mean) <= error_factor

    least = p + 2
    criteria = (
        Criterion(
            "Shrinkage",
            f"{shrinkage:g} or closer to 1",
            smallest_size(lambda n: shrinks(n) >= shrinkage, least),
        ),
        Criterion("Optimism of R2", f"{_OPTIMISM:g} or less", whole(1 + p * (1 - r2) / _OPTIMISM)),
        Criterion(
            "Residual standard deviation",
            f"within a factor of {error_factor:g}",
            smallest_size(knows_residual, least),
        ),
        Criterion("Mean", f"within a factor of {error_factor:g}", smallest_size(knows_mean, least)),
    )
    n = max(criterion.n for criterion in criteria)
    return DevelopmentSize(criteria, n, math.nan, p, math.nan, r2, 1.0, shrinks(n))


def maximum_r2_binary(prevalence: float) -> float:
    """Return the largest Cox and Snell R2 of a binary outcome: that of perfect predictions.

    Example:
        >>> round(maximum_r2_binary(0.174), 3)
        0.603
    """
    log_likelihood = prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)
    return -math.expm1(2 * log_likelihood)


def maximum_r2_survival(events_each: float) -> float:
    """Return the largest Cox and Snell R2 of a time to event, from the expected events of a patient.

    Example:
        >>> round(maximum_r2_survival(0.13455), 3)
        0.555
    """
    return -math.expm1(2 * events_each * (math.log(events_each) - 1))


def r2_from_c_statistic(c_statistic: float, prevalence: float) -> float:
    """Compute the Cox and Snell R2 of a calibrated logistic model that has a given C statistic.

    The linear predictor is taken to be normal with the same variance in both classes. `pmsampsize` draws a
    million patients for the same number; here it is an integral.

    Args:
        c_statistic: Above 0.5; the AUC that is expected of new patients.
        prevalence: The share of patients with the outcome.

    References:
        Riley RD, Van Calster B, Collins GS. A note on estimating the Cox-Snell R2 from a reported C
        statistic. Stat Med 2021;40:859-864. doi:10.1002/sim.8806.

    Example:
        >>> round(r2_from_c_statistic(0.8, 0.174), 3)
        0.167
    """
    predictor = LinearPredictor.from_c_statistic(c_statistic, prevalence)
    p = predictor.risks
    fitted = float(predictor.weights @ (p * np.log(p) + (1 - p) * np.log1p(-p)))
    null = prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)
    return -math.expm1(-2 * (fitted - null))


def smallest_size(is_enough: Callable[[int], bool], least: int = 2) -> int:
    """Return the smallest whole number from `least` on that is enough, where every larger one is, too.

    Raises:
        StatisticsError: Two thousand million are not enough.
    """
    high = least
    while not is_enough(high):
        high *= 2
        if high > _MOST:
            raise StatisticsError(
                "no number of patients reaches what was asked for", remedy="ask for less precision"
            )
    low = max(least, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    return low


def _likelihood_size(
    parameters: int, r2: float, maximum: float, shrinkage: float, third: Criterion, *, events_each: float
) -> DevelopmentSize:
    _check_model(parameters, r2, shrinkage, maximum=maximum)
    if not r2 < shrinkage:
        raise StatisticsError(f"an R2 of {r2:g} leaves nothing to shrink to {shrinkage:g}")

    def size(target: float) -> int:
        return whole(parameters / ((target - 1) * math.log(1 - r2 / target)))

    optimism = r2 / (r2 + _OPTIMISM * maximum)
    criteria = (
        Criterion("Shrinkage", f"{shrinkage:g} or closer to 1", size(shrinkage)),
        Criterion("Optimism of Nagelkerke's R2", f"{_OPTIMISM:g} or less", size(optimism)),
        third,
    )
    n = max(criterion.n for criterion in criteria)
    expected = _expected_shrinkage(n, parameters, r2)
    events = n * events_each
    return DevelopmentSize(criteria, n, events, parameters, events / parameters, r2, maximum, expected)


def _expected_shrinkage(n: int, parameters: int, r2: float) -> float:
    """Solve n (S - 1) log(1 - R2 / S) = p for the shrinkage S of a size."""

    def lacking(s: float) -> float:
        return n * (s - 1) * math.log(1 - r2 / s) - parameters

    return float(optimize.brentq(lacking, r2 * (1 + 1e-12), 1.0))


def whole(size: float) -> int:
    """Round a size up, but not for its last digits.

    Example:
        >>> whole(400.00000000001), whole(400.1)
        (400, 401)
    """
    return math.ceil(size * (1 - RELATIVE))


def check_between(name: str, value: float, low: float = 0.0, high: float = 1.0) -> float:
    """Return a number that lies strictly between two others.

    Raises:
        StatisticsError: It does not.
    """
    if not low < value < high:
        raise StatisticsError(f"{name} of {value:g} is not between {low:g} and {high:g}")
    return value


def _check_model(parameters: int, r2: float, shrinkage: float, *, maximum: float) -> None:
    if parameters < 1:
        raise StatisticsError(
            f"{parameters} candidate parameters make no model", remedy="count them before any selection"
        )
    check_between("a shrinkage", shrinkage)
    if not 0 < r2 < maximum:
        raise StatisticsError(
            f"an R2 of {r2:g} is not between 0 and {maximum:.3f}, the largest that these outcomes allow",
            remedy="give Cox and Snell's R2; that of Nagelkerke is the share of the largest",
        )


def _positive(name: str, value: float) -> None:
    check_between(name, value, 0.0, math.inf)
