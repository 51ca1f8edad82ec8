"""How many patients it takes to compare two models, or to know one AUC or one proportion with some precision.

Two models on the same patients are correlated, and what correlation saves is large: with a correlation of 0.8
of the two estimated AUCs a fifth of the patients suffice. It can be taken from a run of this benchmark, or of
another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.ordering import at_least, nearly_equal
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.hanley_mcneil import hanley_mcneil_variance
from samesplit.statistics.planning.development import check_between, smallest_size
from samesplit.statistics.planning.power import check_power, detectable_difference, power_of_difference
from samesplit.statistics.proportions import ProportionMethod, proportion_interval

__all__ = [
    "AucVariance",
    "ComparisonSize",
    "auc_comparison",
    "auc_comparison_size",
    "auc_precision_size",
    "auc_variance",
    "paired_proportions_size",
    "proportion_precision_size",
]

AucVariance = Literal["binormal", "exponential"]
"""Obuchowski's variance for normal scores, or that of Hanley and McNeil for exponential ones."""


@dataclass(frozen=True)
class ComparisonSize:
    """A planned comparison of two models on the same patients.

    Attributes:
        n: Patients.
        positives: Of them with the outcome.
        difference: That is to be found.
        standard_error: Of the estimated difference.
        power: The probability of finding it.
        detectable: The smallest difference found with a power of 80 %.
    """

    n: int
    positives: int
    difference: float
    standard_error: float
    power: float
    detectable: float


def auc_variance(
    auc: float, positives: float, negatives: float, *, method: AucVariance = "binormal"
) -> float:
    """Compute the variance that an estimated AUC is expected to have.

    Args:
        auc: Expected, from 0.5 on and below 1.
        positives: How many patients with the outcome.
        negatives: How many without.
        method: What the scores are taken to be distributed like.

    Raises:
        StatisticsError: An AUC outside [0.5, 1), or fewer than one patient of a class.

    References:
        Obuchowski NA. Computing sample size for receiver operating characteristic studies. Invest Radiol
        1994;29:238-243. doi:10.1097/00004424-199402000-00020.
        Hanley JA, McNeil BJ. Radiology 1982;143:29-36. doi:10.1148/radiology.143.1.7063747.

    Example:
        >>> round(math.sqrt(auc_variance(0.893, 51, 58, method="exponential")), 4)
        0.0325
    """
    if not 0.5 <= auc < 1:
        raise StatisticsError(f"an expected AUC of {auc:g} is not between 0.5 and 1")
    if positives < 1 or negatives < 1:
        raise StatisticsError(
            f"{positives:g} patients with the outcome and {negatives:g} without have no AUC"
        )
    if method == "binormal":
        a = math.sqrt(2) * float(stats.norm.ppf(auc))
        ratio = negatives / positives
        return 0.0099 * math.exp(-(a**2) / 2) * (5 * a**2 + 8 + (a**2 + 8) / ratio) / positives
    if method != "exponential":
        raise StatisticsError(f"unknown variance {method!r}", remedy="use 'binormal' or 'exponential'")
    return hanley_mcneil_variance(auc, positives, negatives)


def auc_comparison(
    first: float,
    second: float,
    *,
    n: int,
    prevalence: float,
    correlation: float,
    margin: float | None = None,
    confidence: float = 0.95,
    method: AucVariance = "binormal",
) -> ComparisonSize:
    """Compute the power of a comparison of two AUCs on the same patients.

    Args:
        first: The AUC of one model.
        second: That of the other; the difference is second - first.
        n: Patients.
        prevalence: The share of them with the outcome.
        correlation: Of the two estimated AUCs, from 0 (other patients) to below 1.
        margin: Of non-inferiority of the second; None for a two-sided test against no difference.
        confidence: Of the two-sided interval.
        method: Of the variance of an AUC.

    Raises:
        StatisticsError: A number outside its range.

    Example:
        >>> found = auc_comparison(0.80, 0.85, n=400, prevalence=0.3, correlation=0.5)
        >>> round(found.power, 2), round(found.detectable, 3)
        (0.46, 0.075)
    """
    check_between("a prevalence", prevalence)
    if not -1 < correlation < 1:
        raise StatisticsError(f"a correlation of {correlation:g} is not between -1 and 1")
    positives = n * prevalence
    one, two = (auc_variance(auc, positives, n - positives, method=method) for auc in (first, second))
    error = math.sqrt(one + two - 2 * correlation * math.sqrt(one * two))
    difference = second - first
    return ComparisonSize(
        n=n,
        positives=round(positives),
        difference=difference,
        standard_error=error,
        power=power_of_difference(difference, error, margin=margin, confidence=confidence),
        detectable=detectable_difference(error, margin=margin, confidence=confidence),
    )


def auc_comparison_size(
    first: float,
    second: float,
    *,
    prevalence: float,
    correlation: float,
    power: float = 0.8,
    margin: float | None = None,
    confidence: float = 0.95,
    method: AucVariance = "binormal",
) -> ComparisonSize:
    """Find the smallest number of patients on whom a comparison of two AUCs has the power asked for.

    Args:
        first: The AUC of one model.
        second: That of the other.
        prevalence: The share of patients with the outcome.
        correlation: Of the two estimated AUCs.
        power: To be reached.
        margin: Of non-inferiority of the second; None for a two-sided test.
        confidence: Of the two-sided interval.
        method: Of the variance of an AUC.

    Raises:
        StatisticsError: No number of patients is enough (equal AUCs without a margin), or a number outside
            its range.

    Example:
        >>> auc_comparison_size(0.80, 0.85, prevalence=0.3, correlation=0.5).n
        900
    """
    check_power(power, above=(1 - check_confidence(confidence)) / (1 if margin is None else 2))
    least = math.ceil(1 / min(check_between("a prevalence", prevalence), 1 - prevalence))

    def planned(n: int) -> ComparisonSize:
        return auc_comparison(
            first,
            second,
            n=n,
            prevalence=prevalence,
            correlation=correlation,
            margin=margin,
            confidence=confidence,
            method=method,
        )

    if not second - first + (margin or 0.0) > 0 and (margin is not None or nearly_equal(first, second)):
        raise StatisticsError(
            f"AUCs of {first:g} and {second:g} have no difference to find"
            if margin is None
            else f"an AUC of {second:g} is inferior to {first:g} by the margin of {margin:g} or more",
            remedy="expect another AUC, or give a margin of non-inferiority that is larger than the loss",
        )
    return planned(smallest_size(lambda n: bool(at_least(planned(n).power, power)), least))


def auc_precision_size(
    auc: float,
    *,
    prevalence: float,
    width: float,
    confidence: float = 0.95,
    method: AucVariance = "binormal",
) -> int:
    """Find the smallest number of patients who give an AUC an interval no wider than asked for.

    Args:
        auc: Expected.
        prevalence: The share of patients with the outcome.
        width: Of the two-sided interval.
        confidence: Of the interval.
        method: Of the variance of an AUC.

    Raises:
        StatisticsError: A number outside its range.

    Example:
        >>> auc_precision_size(0.85, prevalence=0.3, width=0.1)
        400
    """
    check_between("a width", width, 0.0, math.inf)
    z = float(stats.norm.isf((1 - check_confidence(confidence)) / 2))
    least = math.ceil(1 / min(check_between("a prevalence", prevalence), 1 - prevalence))

    def is_narrow(n: int) -> bool:
        variance = auc_variance(auc, n * prevalence, n * (1 - prevalence), method=method)
        return 2 * z * math.sqrt(variance) <= width

    return smallest_size(is_narrow, least)


def proportion_precision_size(
    proportion: float, *, width: float, confidence: float = 0.95, method: ProportionMethod = "Wilson"
) -> int:
    """Find the smallest number of cases that give a proportion an interval no wider than asked for.

    Args:
        proportion: Expected: a sensitivity (of the positive cases), a specificity (of the negative ones).
        width: Of the two-sided interval.
        confidence: Of the interval.
        method: Of the interval.

    Raises:
        StatisticsError: A number outside its range.

    Example:
        >>> proportion_precision_size(0.9, width=0.1)
        141
    """
    check_between("a proportion", proportion)
    check_between("a width", width)

    def is_narrow(n: int) -> bool:
        found = proportion_interval(n * proportion, n, confidence=confidence, method=method)
        return found.ci_high - found.ci_low <= width

    return smallest_size(is_narrow)


def paired_proportions_size(
    first_only: float, second_only: float, *, power: float = 0.8, confidence: float = 0.95
) -> int:
    """Find the smallest number of cases on which McNemar's test of two calls has the power asked for.

    Args:
        first_only: The share of cases that the first calls right and the second wrong.
        second_only: The share that the second calls right and the first wrong.
        power: To be reached.
        confidence: 1 - the level of the two-sided test.

    Raises:
        StatisticsError: Shares outside (0, 1), or the same for both.

    References:
        Connor RJ. Sample size for testing differences in proportions for the paired-sample design. Biometrics
        1987;43:207-211. doi:10.2307/2531961.

    Example:
        >>> paired_proportions_size(0.05, 0.15)
        155
    """
    check_power(power, above=1 - check_confidence(confidence))
    differ, difference = first_only + second_only, second_only - first_only
    if min(first_only, second_only) < 0 or not 0 < differ < 1 or difference == 0:
        raise StatisticsError(
            f"shares of {first_only:g} and {second_only:g} of the cases leave no difference to find",
            remedy="give how many cases only the first and only the second calls right, as shares",
        )
    beyond = float(stats.norm.isf((1 - confidence) / 2)) * math.sqrt(differ)
    reach = float(stats.norm.ppf(power)) * math.sqrt(differ - difference**2)
    return math.ceil(((beyond + reach) / difference) ** 2)
