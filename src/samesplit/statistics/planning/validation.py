"""How many patients it takes to validate a prediction model: each estimate with an interval narrow enough.

For a binary outcome Riley and colleagues ask for precise estimates of the ratio of observed to expected
events, the calibration slope, the C statistic and, at a threshold, the net benefit; and of sensitivity,
specificity and predictive values where the model is used at a threshold. The largest number of patients
counts. (For a time to event their procedure is a simulation, which is not offered here.)

References:
    Riley RD, et al. Minimum sample size for external validation of a clinical prediction model with a binary
    outcome. Stat Med 2021;40:4230-4251. doi:10.1002/sim.9025. Riley RD, et al. Evaluation of clinical
    prediction models (part 3): calculating the sample size required for an external validation study. BMJ
    2024;384:e074821. doi:10.1136/bmj-2023-074821. Newcombe RG. Stat Med 2006;25:559-573. doi:10.1002/sim.2324
    (variance of the C statistic).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.ordering import at_most
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.planning.development import check_between, smallest_size
from samesplit.statistics.planning.linear_predictor import LinearPredictor

__all__ = ["WIDTHS", "Precision", "ValidationSize", "validate_binary"]

WIDTHS: Mapping[str, float] = {
    "observed / expected": 0.2,
    "calibration slope": 0.2,
    "c statistic": 0.1,
    "standardised net benefit": 0.2,
    "sensitivity": 0.1,
    "specificity": 0.1,
    "ppv": 0.1,
    "npv": 0.1,
    "accuracy": 0.1,
}
"""The widths of intervals that are asked for, by the name of the estimate: the defaults of `pmvalsampsize`."""


@dataclass(frozen=True)
class Precision:
    """One estimate and the size that makes it precise.

    Attributes:
        name: See `WIDTHS`.
        expected: The value that is expected.
        width: Of the interval that is asked for.
        n: The smallest number of patients whose interval is no wider.
        width_at_n: The width with `ValidationSize.n` patients.
    """

    name: str
    expected: float
    width: float
    n: int
    width_at_n: float


@dataclass(frozen=True)
class ValidationSize:
    """How many patients the validation of a model needs.

    Attributes:
        criteria: One an estimate.
        n: The largest of their numbers.
        events: Expected among them.
        prevalence: The share of patients with the outcome.
        predictor: How the predictions are distributed.
    """

    criteria: tuple[Precision, ...]
    n: int
    events: float
    prevalence: float
    predictor: LinearPredictor


def validate_binary(
    *,
    prevalence: float,
    c_statistic: float,
    predictor: LinearPredictor | None = None,
    slope: float = 1.0,
    observed_to_expected: float = 1.0,
    threshold: float | None = None,
    sensitivity: float | None = None,
    specificity: float | None = None,
    widths: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> ValidationSize:
    """Compute the size for the external validation of a model of a binary outcome.

    Args:
        prevalence: The share of patients with the outcome.
        c_statistic: Expected.
        predictor: How the log odds are distributed in the patients of the validation; None for normal log
            odds of equal variance in both classes, from the C statistic and the prevalence.
        slope: The calibration slope that is expected.
        observed_to_expected: The ratio that is expected.
        threshold: Of the probability from which on the model calls positive; None for no estimates at a
            threshold.
        sensitivity: Expected at the threshold; None takes it from the distribution.
        specificity: Expected at the threshold; None takes it from the distribution.
        widths: Of the intervals, where other than `WIDTHS`.
        confidence: Of the intervals.

    Raises:
        StatisticsError: A number outside its range, or an estimate in `widths` that does not exist.

    Example:
        >>> found = validate_binary(
        ...     prevalence=0.018, c_statistic=0.8, predictor=LinearPredictor.normal(-5, 2.5),
        ...     widths={"observed / expected": 1.0},
        ... )
        >>> {criterion.name: criterion.n for criterion in found.criteria}
        {'observed / expected': 906, 'calibration slope': 4554, 'c statistic': 4252}
    """
    check_between("a prevalence", prevalence)
    check_between("a C statistic", c_statistic, 0.5)
    check_between("a ratio of observed to expected events", observed_to_expected, 0.0, math.inf)
    asked = dict(WIDTHS)
    for name, width in (widths or {}).items():
        if name not in asked:
            raise StatisticsError(
                f"there is no estimate {name!r} to be precise about", remedy=f"use {', '.join(WIDTHS)}"
            )
        asked[name] = check_between(f"a width of the interval of {name}", width, 0.0, math.inf)
    z = float(stats.norm.isf((1 - check_confidence(confidence)) / 2))
    given = predictor or LinearPredictor.from_c_statistic(c_statistic, prevalence)
    found: dict[str, tuple[float, Callable[[int], float]]] = {
        "observed / expected": (
            observed_to_expected,
            lambda n: (
                observed_to_expected * 2 * math.sinh(z * math.sqrt((1 - prevalence) / (prevalence * n)))
            ),
        ),
        "calibration slope": (slope, _root(2 * z, _slope_variance(given, slope))),
        "c statistic": (c_statistic, lambda n: 2 * z * _c_error(c_statistic, prevalence, n)),
    }
    if threshold is not None:
        check_between("a threshold", threshold)
        derived = given.at_threshold(threshold)
        sens = derived[0] if sensitivity is None else check_between("a sensitivity", sensitivity)
        spec = derived[1] if specificity is None else check_between("a specificity", specificity)
        found |= {
            name: (value, _root(2 * z, variance))
            for name, (value, variance) in _at_threshold(prevalence, sens, spec, threshold).items()
        }
    elif sensitivity is not None or specificity is not None:
        raise StatisticsError(
            "a sensitivity or specificity without a threshold says nothing of net benefit",
            remedy="give the threshold as well",
        )
    sizes = {name: smallest_size(_enough(width, asked[name])) for name, (_, width) in found.items()}
    n = max(sizes.values())
    criteria = tuple(
        Precision(name, value, asked[name], sizes[name], width(n)) for name, (value, width) in found.items()
    )
    return ValidationSize(criteria, n, n * prevalence, prevalence, given)


def _enough(width: Callable[[int], float], asked: float) -> Callable[[int], bool]:
    return lambda n: bool(at_most(width(n), asked))


def _root(factor: float, variance: float) -> Callable[[int], float]:
    """Return the width of an interval whose variance falls with the number of patients."""
    return lambda n: factor * math.sqrt(variance / n)


def _slope_variance(predictor: LinearPredictor, slope: float) -> float:
    """Return the variance of the calibration slope with one patient, from the information of a logistic model."""
    x = predictor.values
    scaled = LinearPredictor(slope * x, predictor.weights, predictor.description)
    information = predictor.weights * scaled.risks * (1 - scaled.risks)
    intercept, between, own = (float(information @ x**power) for power in (0, 1, 2))
    return intercept / (intercept * own - between**2)


def _c_error(c: float, prevalence: float, n: int) -> float:
    half = n / 2 - 1
    factor = 1 + half * (1 - c) / (2 - c) + half * c / (1 + c)
    return math.sqrt(c * (1 - c) * factor / (n**2 * prevalence * (1 - prevalence)))


def _at_threshold(
    prevalence: float, sensitivity: float, specificity: float, threshold: float
) -> dict[str, tuple[float, float]]:
    """Return what is expected at a threshold, and its variance with one patient."""
    p, q = prevalence, 1 - prevalence
    false_alarm = 1 - specificity
    weight = q / p * threshold / (1 - threshold)
    benefit = (
        sensitivity * (1 - sensitivity) / p
        + weight**2 * specificity * false_alarm / q
        + weight**2 * false_alarm**2 / (p * q)
    )
    called = p * sensitivity + q * false_alarm
    ppv, npv = p * sensitivity / called, q * specificity / (1 - called)
    accuracy = p * sensitivity + q * specificity
    return {
        "standardised net benefit": (sensitivity - weight * false_alarm, benefit),
        "sensitivity": (sensitivity, sensitivity * (1 - sensitivity) / p),
        "specificity": (specificity, specificity * false_alarm / q),
        "ppv": (ppv, ppv * (1 - ppv) / called),
        "npv": (npv, npv * (1 - npv) / (1 - called)),
        "accuracy": (accuracy, accuracy * (1 - accuracy)),
    }
