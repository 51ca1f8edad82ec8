"""What printed summary numbers say: means with SDs, a ratio with its interval, an ICC, survival at one time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.ordering import at_least
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.interval import Interval

__all__ = [
    "hazard_ratio_of_survival",
    "icc_interval_of_summary",
    "overall_mean_and_sd",
    "ratio_interval",
    "ratio_p_value",
    "smallest_n_of_correlation",
]


def overall_mean_and_sd(
    means: Sequence[float], sds: Sequence[float], sizes: Sequence[int]
) -> tuple[float, float]:
    """Combine means and SDs of groups into those of all their members.

    Args:
        means: Of each group.
        sds: Of each group, with n - 1.
        sizes: Members of each group.

    Returns:
        The mean and the SD (with n - 1) of all members.

    Raises:
        StatisticsError: The three differ in length, a group is empty, an SD is negative, or there are fewer than
            two members.

    References:
        Cochrane Handbook for Systematic Reviews of Interventions, section 6.5.2.10,
        doi:10.1002/9781119536604.ch6.

    Example:
        >>> mean, sd = overall_mean_and_sd([2.9, 2.8], [0.72, 0.75], [78, 25])
        >>> round(mean, 2), round(sd, 3)
        (2.88, 0.725)
    """
    total = sum(sizes)
    if not len(means) == len(sds) == len(sizes) or min(sizes, default=0) < 1 or total < 2 or min(sds) < 0:
        raise StatisticsError(
            f"means {list(means)}, SDs {list(sds)} and sizes {list(sizes)} are no groups",
            remedy="give one mean, one SD and one size of at least 1 for every group",
        )
    mean = math.fsum(n * m for n, m in zip(sizes, means, strict=True)) / total
    squares = [(n - 1) * s**2 + n * (m - mean) ** 2 for n, m, s in zip(sizes, means, sds, strict=True)]
    return mean, math.sqrt(math.fsum(squares) / (total - 1))


def ratio_p_value(ci_low: float, ci_high: float, *, confidence: float = 0.95) -> float:
    """Read the two-sided P value of a ratio (odds, hazard, risk) off its interval.

    The interval is taken to be symmetric on the log scale, as Wald's is: its middle there is the ratio.

    Args:
        ci_low: Lower bound, above 0.
        ci_high: Upper bound.
        confidence: Two-sided coverage of the interval.

    Returns:
        The P value of Wald's test that the ratio is 1.

    Raises:
        StatisticsError: Bounds that are not 0 < low < high, or a confidence outside (0, 1).

    References:
        Altman DG, Bland JM. How to obtain the P value from a confidence interval. BMJ 2011;343:d2304.
        doi:10.1136/bmj.d2304.

    Example:
        >>> round(ratio_p_value(2.148, 129.772), 4)
        0.0071
    """
    if not 0 < ci_low < ci_high:
        raise StatisticsError(f"{ci_low!r} to {ci_high!r} is no interval of a ratio")
    z = float(stats.norm.isf((1 - check_confidence(confidence)) / 2))
    error = (math.log(ci_high) - math.log(ci_low)) / (2 * z)
    middle = (math.log(ci_high) + math.log(ci_low)) / 2
    return float(2 * stats.norm.sf(abs(middle) / error))


def ratio_interval(ratio: float, p_value: float, *, confidence: float = 0.95) -> Interval:
    """Read the interval of a ratio (odds, hazard, risk) off its P value.

    Args:
        ratio: Above 0, and not 1.
        p_value: Two-sided, of Wald's test that the ratio is 1; in (0, 1).
        confidence: Two-sided coverage.

    Returns:
        The ratio with the Wald interval on the log scale. Where the P value is only known to be smaller than a
        bound, the interval for the bound holds the true one.

    Raises:
        StatisticsError: A ratio that is not above 0 or is 1, a P value or a confidence outside (0, 1).

    References:
        Altman DG, Bland JM. How to obtain the confidence interval from a P value. BMJ 2011;343:d2090.
        doi:10.1136/bmj.d2090.

    Example:
        >>> found = ratio_interval(2.66, 0.005)
        >>> round(found.ci_low, 2), round(found.ci_high, 2)
        (1.34, 5.27)
    """
    if not (ratio > 0 and ratio != 1 and 0 < p_value < 1):
        raise StatisticsError(f"a ratio of {ratio!r} with P = {p_value!r} has no interval")
    z = float(stats.norm.isf((1 - check_confidence(confidence)) / 2))
    error = abs(math.log(ratio)) / float(stats.norm.isf(p_value / 2))
    low, high = (math.exp(math.log(ratio) + sign * z * error) for sign in (-1, 1))
    return Interval(ratio, low, high, "Wald on the log scale, from the P value", p_value=p_value)


def smallest_n_of_correlation(correlation: float, *, alpha: float = 0.05) -> int:
    """Count the cases that a Pearson correlation needs to differ from 0, two-sided, at a level.

    Args:
        correlation: In (-1, 1), not 0.
        alpha: The level, in (0, 1).

    Returns:
        The smallest number of cases at which the P value of the t test is below `alpha`.

    Raises:
        StatisticsError: A correlation of 0 or outside (-1, 1), or a level outside (0, 1).

    References:
        Student. Probable error of a correlation coefficient. Biometrika 1908;6:302-310.
        doi:10.1093/biomet/6.2-3.302.

    Example:
        >>> smallest_n_of_correlation(0.209)
        89
    """
    if not 0 < abs(correlation) < 1:
        raise StatisticsError(f"a correlation of {correlation!r} needs no number of cases")
    check_confidence(1 - alpha)
    shape = correlation**2 / (1 - correlation**2)
    z = float(stats.norm.isf(alpha / 2))  # the quantile of every t is larger, so fewer cases cannot do
    n = max(3, math.floor(z**2 / shape) + 2)
    while bool(at_least(float(2 * stats.t.sf(math.sqrt(shape * (n - 2)), n - 2)), alpha)):
        n += 1
    return n


def icc_interval_of_summary(
    estimate: float, n_subjects: int, n_raters: int, *, confidence: float = 0.95
) -> Interval:
    """Compute the interval of a consistency ICC of single measures from its estimate alone.

    Args:
        estimate: ICC(C,1), also called ICC(3,1), in [0, 1).
        n_subjects: Subjects.
        n_raters: Raters, each of whom measured every subject.
        confidence: Two-sided coverage.

    Returns:
        The exact F-based interval, the same that `samesplit.statistics.icc` gives from the measurements.

    Raises:
        StatisticsError: An estimate outside [0, 1), fewer than two subjects or raters, or a confidence outside
            (0, 1).

    References:
        Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428. doi:10.1037/0033-2909.86.2.420.

    Example:
        >>> found = icc_interval_of_summary(0.964, 103, 2)
        >>> round(found.ci_low, 3), round(found.ci_high, 4)
        (0.947, 0.9755)
    """
    if not 0 <= estimate < 1 or n_subjects < 2 or n_raters < 2:
        raise StatisticsError(f"an ICC of {estimate!r} of {n_subjects} subjects and {n_raters} raters")
    tail = (1 - check_confidence(confidence)) / 2
    ratio = (1 + (n_raters - 1) * estimate) / (1 - estimate)
    df1, df2 = n_subjects - 1, (n_subjects - 1) * (n_raters - 1)
    low = ratio / float(stats.f.isf(tail, df1, df2))
    high = ratio * float(stats.f.isf(tail, df2, df1))
    bounds = [(each - 1) / (each + n_raters - 1) for each in (low, high)]
    return Interval(estimate, bounds[0], bounds[1], "F, ICC(C,1)")


def hazard_ratio_of_survival(survival: float, reference: float) -> float:
    """Compute the hazard ratio that two survival rates at one time stand for, if hazards are proportional.

    Args:
        survival: Share of one group without the event, in (0, 1).
        reference: That of the reference group, in (0, 1), at the same time.

    Returns:
        ln(survival) / ln(reference). A Cox regression over the whole follow-up gives another number where
        hazards are not proportional or the rates rest on few events.

    Raises:
        StatisticsError: A rate outside (0, 1).

    References:
        Parmar MKB, Torri V, Stewart L. Stat Med 1998;17:2815-2834.
        doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8.

    Example:
        >>> round(hazard_ratio_of_survival(0.86, 0.979), 1)
        7.1
    """
    if not (0 < survival < 1 and 0 < reference < 1):
        raise StatisticsError(f"survival of {survival!r} against {reference!r} has no hazard ratio")
    return math.log(survival) / math.log(reference)
