"""The probability that a claim of outperformance is false, given the data that it rests on.

Follows Christodoulou et al., "False Promises in Medical Imaging AI? Assessing Validity of Outperformance Claims"
(2025, arXiv 2505.04720): under a prior that favours neither method, the posterior probability that the method
called better is in truth no better. They estimate from published summaries how alike two methods are ("model
congruence"); here both methods were judged on the same lesions, so that it is known.
"""

from __future__ import annotations

import math
from typing import TypeVar

import pandas as pd
from scipy import stats

from samesplit.errors import StatisticsError

P = TypeVar("P", float, "pd.Series[float]")

__all__ = ["false_claim_from_counts", "false_claim_from_p", "false_claim_probability"]


def false_claim_probability(
    difference: float, standard_error: float, *, degrees_of_freedom: float = math.inf
) -> float:
    """Compute the probability that the true difference does not have the sign of the estimated one.

    With a flat prior the posterior of a mean difference is Student's t about the estimate (Christodoulou et al.
    2025, their formula for segmentation); without degrees of freedom it is normal.

    Args:
        difference: The estimated paired difference.
        standard_error: Its standard error, with all that varies in it: patients, training, seeds.
        degrees_of_freedom: Of the standard error; infinite for a normal posterior.

    Returns:
        Between 0 and 0.5; 0.5 for a difference of 0; NaN where there is no standard error.

    Raises:
        StatisticsError: A negative standard error, or degrees of freedom that are not above 0.

    Example:
        >>> round(false_claim_probability(0.05, 0.03), 4)
        0.0478
    """
    if standard_error < 0 or not degrees_of_freedom > 0:
        raise StatisticsError(
            f"a standard error of {standard_error:g} with {degrees_of_freedom:g} degrees of freedom is none",
            remedy="give a standard error of 0 or more and degrees of freedom above 0",
        )
    if math.isnan(difference) or math.isnan(standard_error) or standard_error == 0:
        return math.nan
    return float(stats.t.sf(abs(difference) / standard_error, degrees_of_freedom))


def false_claim_from_p(p_value: P) -> P:
    """Compute the probability of a false claim from the two-sided P value of a symmetric test.

    A normal or t test of a difference and the posterior under a flat prior are two readings of the same curve: the
    probability is half the P value.

    Args:
        p_value: Two-sided; one or a column of them.

    Example:
        >>> false_claim_from_p(0.08)
        0.04
    """
    return p_value / 2


def false_claim_from_counts(only_first: int, only_second: int) -> float:
    """Compute the probability that a classifier with more right calls is in truth no better than the other.

    Christodoulou et al. (2025) put a uniform Dirichlet prior on the shares of lesions that only the first, only
    the second, or both or none of two classifiers call right. What matters is then the share of the first among
    the lesions that they call differently, whose posterior is Beta(only_first + 1, only_second + 1).

    Args:
        only_first: Lesions that only the classifier claimed to be better calls right.
        only_second: Lesions that only the other calls right.

    Returns:
        The probability that the first is right no more often than the second.

    Raises:
        StatisticsError: A negative count.

    Example:
        >>> round(false_claim_from_counts(12, 4), 4)
        0.0245
    """
    if only_first < 0 or only_second < 0:
        raise StatisticsError(
            f"counts of lesions cannot be negative, found {only_first} and {only_second}",
            remedy="count the lesions that one classifier calls right and the other wrong",
        )
    return float(stats.beta.cdf(0.5, only_first + 1, only_second + 1))
