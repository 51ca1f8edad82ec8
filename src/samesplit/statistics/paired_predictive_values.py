"""Predictive values and likelihood ratios of two raters of the same cases, compared.

Two raters call different cases positive, so their predictive values have different cases below the line, and
McNemar's test does not apply.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, IntArray, check_confidence, check_labels, codes_of
from samesplit.statistics.interval import Interval, is_degenerate, z_test

__all__ = [
    "LikelihoodRatio",
    "PairedRatio",
    "PredictiveValue",
    "ScoreTest",
    "paired_likelihood_ratios",
    "paired_predictive_values",
    "predictive_value_ratio",
]

PredictiveValue = Literal["ppv", "npv"]
LikelihoodRatio = Literal["positive", "negative"]
ScoreTest = Literal["weighted generalised score", "generalised score"]
"""Of Kosinski (2013), which rejects as often as it should in small samples, or of Leisenring, Alonzo and Pepe
(2000)."""


@dataclass(frozen=True)
class PairedRatio(Interval):
    """The ratio of two raters' values.

    Attributes:
        first: The value of the first.
        second: The value of the second.
        log_standard_error: Of the logarithm of the ratio.
    """

    first: float = math.nan
    second: float = math.nan
    log_standard_error: float = math.nan


def paired_predictive_values(
    labels: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    value: PredictiveValue = "ppv",
    test: ScoreTest = "weighted generalised score",
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Compare the positive or negative predictive values of two raters of the same cases.

    Args:
        labels: Shape (n,), 0 or 1.
        first: Shape (n,), calls of one rater, 0 or 1.
        second: Shape (n,), calls of the other.
        value: `ppv` or `npv`.
        test: See `ScoreTest`. With several cases a patient it must be `generalised score`, which sums within
            patients.
        patients: Shape (n,), the patient of each case; None for one case a patient.
        confidence: Two-sided coverage.

    Returns:
        First minus second, with the score test's p-value and the Wald interval of the difference by linearisation.
        The two are made of different variances and can disagree by a little at the edge.

    Raises:
        StatisticsError: A rater without a positive (for NPV negative) call, calls other than 0 and 1, or the
            weighted test with several cases a patient.

    References:
        Kosinski AS. Stat Med 2013;32:964-977, doi:10.1002/sim.5587. Leisenring W, Alonzo T, Pepe MS. Biometrics
        2000;56:345-351, doi:10.1111/j.0006-341X.2000.00345.x.

    Example:
        >>> truth, one, two = [1] * 5 + [0] * 5, [1, 1, 1, 1, 0, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0, 0, 0, 1]
        >>> found = paired_predictive_values(truth, one, two)
        >>> round(found.estimate, 3), round(found.p_value, 3)
        (-0.083, 0.744)
    """
    cases = _Cases.of(labels, first, second, patients)
    if test not in get_args(ScoreTest):
        raise StatisticsError(f"unknown test {test!r}", remedy=f"use one of {', '.join(get_args(ScoreTest))}")
    weighted = test == "weighted generalised score"
    if weighted and cases.is_clustered:
        raise StatisticsError(
            "the weighted test assumes one case a patient", remedy="use the test 'generalised score'"
        )
    right, counted = cases.counted(value)
    (p1, p2), moved = _shares(right, counted)
    difference = p1 - p2
    variance = float((cases.summed(moved[0] - moved[1]) ** 2).sum())
    wald = z_test(difference, variance, method="", confidence=confidence)
    pooled = float((right * counted).sum() / counted.sum())
    if weighted:
        both = counted[0] * counted[1]
        shared = float((both * (right[0] - pooled) ** 2).sum()) / float(counted.sum())
        spread = (pooled * (1 - pooled) - 2 * shared) * float((1 / counted.sum(axis=1)).sum())
        statistic = difference**2 / spread if not is_degenerate(spread) else math.nan
    else:
        share = float(counted[1].sum() / counted.sum())
        scores = (counted * (right - pooled) * (np.array([[0.0], [1.0]]) - share)).sum(axis=0)
        squares = float((cases.summed(scores) ** 2).sum())
        statistic = float(scores.sum()) ** 2 / squares if not is_degenerate(squares) else math.nan
    p = float(stats.chi2.sf(statistic, 1)) if not math.isnan(statistic) else wald.p_value
    return Interval(difference, wald.ci_low, wald.ci_high, f"{test}; Wald interval", wald.note, p_value=p)


def predictive_value_ratio(
    labels: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    value: PredictiveValue = "ppv",
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> PairedRatio:
    """Compare the predictive values of two raters of the same cases by their ratio.

    Args:
        labels: Shape (n,), 0 or 1.
        first: Shape (n,), calls of one rater, 0 or 1.
        second: Shape (n,), calls of the other.
        value: `ppv` or `npv`.
        patients: Shape (n,), the patient of each case; None for one case a patient.
        confidence: Two-sided coverage.

    Returns:
        First over second, with the interval of its logarithm and the p-value of a ratio of 1.

    Raises:
        StatisticsError: A rater without a positive (for NPV negative) call, or calls other than 0 and 1.

    References:
        Moskowitz CS, Pepe MS. Clin Trials 2006;3:272-279, doi:10.1191/1740774506cn147oa.

    Example:
        >>> truth, one, two = [1] * 5 + [0] * 5, [1, 1, 1, 1, 0, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0, 0, 0, 1]
        >>> round(predictive_value_ratio(truth, one, two).estimate, 3)
        0.889
    """
    cases = _Cases.of(labels, first, second, patients)
    right, counted = cases.counted(value)
    shares, moved = _shares(right, counted)
    return _ratio(cases, shares, [(shares[0], moved[0])], [(shares[1], moved[1])], "log ratio", confidence)


def paired_likelihood_ratios(
    labels: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    ratio: LikelihoodRatio = "positive",
    patients: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> PairedRatio:
    """Compare the diagnostic likelihood ratios of two raters of the same cases.

    The positive one is sensitivity / (1 - specificity), the negative one (1 - sensitivity) / specificity; unlike
    predictive values they do not depend on the prevalence.

    Args:
        labels: Shape (n,), 0 or 1, both present.
        first: Shape (n,), calls of one rater, 0 or 1.
        second: Shape (n,), calls of the other.
        ratio: `positive` or `negative`.
        patients: Shape (n,), the patient of each case; None for one case a patient.
        confidence: Two-sided coverage.

    Returns:
        The likelihood ratio of the first over that of the second, with the interval of its logarithm and the
        p-value of a ratio of 1; NaN with a note where one of the shares is 0.

    Raises:
        StatisticsError: A class is missing, or calls other than 0 and 1.

    References:
        Gu W, Pepe MS. Biostatistics 2009;10:172-186, doi:10.1093/biostatistics/kxn025.

    Example:
        >>> truth, one, two = [1] * 5 + [0] * 5, [1, 1, 1, 1, 0, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0, 0, 0, 1]
        >>> found = paired_likelihood_ratios(truth, one, two)
        >>> round(found.first, 2), round(found.second, 2), round(found.estimate, 2)
        (2.0, 3.0, 0.67)
    """
    if ratio not in get_args(LikelihoodRatio):
        raise StatisticsError(
            f"unknown ratio {ratio!r}", remedy=f"use one of {', '.join(get_args(LikelihoodRatio))}"
        )
    cases = _Cases.of(labels, first, second, patients)
    check_labels(labels)
    called = cases.calls if ratio == "positive" else 1 - cases.calls
    among = {}
    for truth in (1, 0):
        counted = np.tile(cases.truth == truth, (2, 1)).astype(np.float64)
        among[truth] = _shares(called.astype(np.float64), counted)
    tops, bottoms = among[1][0], among[0][0]
    values = (_over(tops[0], bottoms[0]), _over(tops[1], bottoms[1]))
    parts = [
        [(among[truth][0][rater], among[truth][1][rater]) for truth, rater in pairs]
        for pairs in (((1, 0), (0, 1)), ((0, 0), (1, 1)))
    ]
    return _ratio(cases, values, parts[0], parts[1], "log likelihood ratios", confidence)


@dataclass(frozen=True)
class _Cases:
    """Truth, calls of two raters in shape (2, n), and the patient of each case."""

    truth: IntArray
    calls: IntArray
    owners: IntArray

    @classmethod
    def of(
        cls,
        labels: npt.ArrayLike,
        first: npt.ArrayLike,
        second: npt.ArrayLike,
        patients: npt.ArrayLike | None,
    ) -> _Cases:
        truth = check_labels(labels, both_classes=False)
        calls = [check_labels(each, both_classes=False) for each in (first, second)]
        if any(each.shape != truth.shape for each in calls):
            raise StatisticsError(f"{truth.size} labels do not fit {calls[0].size} and {calls[1].size} calls")
        owners = codes_of(np.arange(truth.size) if patients is None else patients, n=truth.size)
        return cls(truth, np.stack(calls), owners)

    @property
    def is_clustered(self) -> bool:
        return int(self.owners.max()) + 1 < self.owners.size

    def summed(self, values: FloatArray) -> FloatArray:
        """Sum values of cases within patients."""
        return np.bincount(self.owners, weights=values).astype(np.float64)

    def counted(self, value: PredictiveValue) -> tuple[FloatArray, FloatArray]:
        """Return, for both raters, whether a call of the kind would be right, and whether it was made."""
        if value not in get_args(PredictiveValue):
            raise StatisticsError(f"unknown predictive value {value!r}", remedy="use 'ppv' or 'npv'")
        kind = 1 if value == "ppv" else 0
        counted = (self.calls == kind).astype(np.float64)
        if (counted.sum(axis=1) == 0).any():
            which = "first" if counted[0].sum() == 0 else "second"
            raise StatisticsError(
                f"the {which} rater has no {'positive' if kind else 'negative'} call: its {value} is not defined",
                remedy="compare sensitivity and specificity instead",
            )
        return np.tile(self.truth == kind, (2, 1)).astype(np.float64), counted


def _shares(right: FloatArray, counted: FloatArray) -> tuple[tuple[float, float], FloatArray]:
    """Return two shares among the cases that count, and how much each case moves them."""
    totals = counted.sum(axis=1, keepdims=True)
    shares = (right * counted).sum(axis=1, keepdims=True) / totals
    moved = counted * (right - shares) / totals
    return (float(shares[0, 0]), float(shares[1, 0])), moved


def _over(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else math.nan


def _ratio(
    cases: _Cases,
    values: tuple[float, float],
    above: list[tuple[float, FloatArray]],
    below: list[tuple[float, FloatArray]],
    method: str,
    confidence: float,
) -> PairedRatio:
    """Return the ratio of two values with the interval of its logarithm, from shares and what moves them."""
    z = float(stats.norm.isf((1 - check_confidence(confidence)) / 2))
    if any(share <= 0 for share, _ in (*above, *below)):
        nan = math.nan
        note = "a share is 0: no ratio"
        return PairedRatio(nan, nan, nan, method, note, first=values[0], second=values[1])
    log_ratio = math.log(values[0]) - math.log(values[1])
    moved = sum((each / share for share, each in above), start=np.zeros(cases.truth.size))
    moved = moved - sum((each / share for share, each in below), start=np.zeros(cases.truth.size))
    variance = float((cases.summed(moved) ** 2).sum())
    error = math.sqrt(variance)
    tested = z_test(log_ratio, variance, method=method, confidence=confidence)
    return PairedRatio(
        math.exp(log_ratio),
        math.exp(log_ratio - z * error) if error > 0 else math.nan,
        math.exp(log_ratio + z * error) if error > 0 else math.nan,
        method,
        tested.note,
        tested.p_value,
        values[0],
        values[1],
        error,
    )
