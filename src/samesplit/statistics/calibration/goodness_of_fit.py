"""Tests of calibration: Spiegelhalter's z and the chi-squared of Hosmer and Lemeshow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.ordering import RELATIVE
from samesplit.statistics.checks import check_labels, check_scores, codes_of
from samesplit.statistics.interval import Interval

__all__ = ["HosmerLemeshow", "hosmer_lemeshow", "spiegelhalter"]


def spiegelhalter(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, *, patients: npt.ArrayLike | None = None
) -> Interval:
    """Test by Spiegelhalter's z whether the Brier score is that of calibrated probabilities.

    z = sum (y - p)(1 - 2p) / sqrt(sum (1 - 2p)^2 p (1 - p)) is standard normal when every lesion is positive
    with the probability that it was given. Above 0 the Brier score is larger than that, as with probabilities
    that are too extreme. A probability that is too extreme on one side and not extreme enough on the other may
    go unseen.

    Args:
        labels: Shape (n,), 0 or 1.
        probabilities: Shape (n,), in [0, 1].
        patients: Shape (n,), the patient of each prediction; when one has several, the variance is that of the
            patients' sums, which may be correlated within a patient in any way.

    Returns:
        z without an interval, and its two-sided p-value; NaN with a note where all probabilities are 0, 1/2 or 1,
        which leaves no variance.

    Raises:
        StatisticsError: Probabilities outside [0, 1], or labels other than 0 and 1.

    References:
        Spiegelhalter DJ. Probabilistic prediction in patient management and clinical trials. Stat Med
        1986;5:421-433. doi:10.1002/sim.4780050506.

    Example:
        >>> found = spiegelhalter([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
        >>> round(found.estimate, 3), round(found.p_value, 3)
        (-0.833, 0.405)
    """
    truth = check_labels(labels, both_classes=False)
    p = check_scores(probabilities, n=truth.size, probabilities=True)
    codes = np.arange(truth.size) if patients is None else codes_of(patients, n=truth.size)
    terms = (truth - p) * (1 - 2 * p)
    method, variance = "Spiegelhalter", float(((1 - 2 * p) ** 2 * p * (1 - p)).sum())
    if codes.max() + 1 < truth.size:
        method, variance = (
            "Spiegelhalter, clustered by patient",
            float((np.bincount(codes, terms) ** 2).sum()),
        )
    if not variance > 0:
        note = "the probabilities leave no variance to test against"
        return Interval(math.nan, math.nan, math.nan, method, note)
    z = float(terms.sum()) / math.sqrt(variance)
    return Interval(z, math.nan, math.nan, method, "", 2 * float(stats.norm.sf(abs(z))))


@dataclass(frozen=True)
class HosmerLemeshow:
    """The result of the Hosmer-Lemeshow test.

    Attributes:
        chi2: The statistic.
        df: Its degrees of freedom.
        p_value: From the survival function of chi-squared.
        n_groups: Groups that hold a prediction.
    """

    chi2: float
    df: int
    p_value: float
    n_groups: int


def hosmer_lemeshow(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, *, n_groups: int = 10, fitted_here: bool = False
) -> HosmerLemeshow:
    """Compare the positives in groups of rising probability with those expected, by chi-squared.

    The groups end at quantiles of the probabilities (R's type 7), each with its upper end. The result moves with
    the number of groups and with ties, and the test sees little in small samples: it stands here because papers
    report it, and nothing is decided by it.

    Args:
        labels: Shape (n,), 0 or 1, one independent prediction each.
        probabilities: Shape (n,), in [0, 1].
        n_groups: How many groups; ties can leave fewer.
        fitted_here: Whether the model was fitted to these very lesions, which takes 2 degrees of freedom off. On
            lesions of a test part there are as many as groups.

    Raises:
        StatisticsError: Probabilities outside [0, 1], labels other than 0 and 1, or fewer than three groups.

    References:
        Hosmer DW, Lemeshow S. Goodness of fit tests for the multiple logistic regression model. Commun Stat
        1980;9:1043-1069. doi:10.1080/03610928008827941.

    Example:
        >>> p = np.arange(1, 20) / 20
        >>> found = hosmer_lemeshow((p > 0.5).astype(int), p, n_groups=5)
        >>> round(found.chi2, 2), found.df
        (5.33, 5)
    """
    truth = check_labels(labels, both_classes=False)
    p = check_scores(probabilities, n=truth.size, probabilities=True)
    edges = np.unique(np.quantile(p, np.arange(1, n_groups) / n_groups)) if n_groups > 1 else np.empty(0)
    codes = np.unique(np.searchsorted(edges * (1 + RELATIVE), p, side="left"), return_inverse=True)[1]
    counts = np.bincount(codes)
    if counts.size < 3:
        raise StatisticsError(
            f"the probabilities fall into {counts.size} groups: too few for the Hosmer-Lemeshow test",
            remedy="ask for more groups, or use Spiegelhalter's test, which needs none",
        )
    seen, told = np.bincount(codes, weights=truth), np.bincount(codes, weights=p)
    spread = told * (1 - told / counts)
    varies = spread > 0
    certain = np.any(~varies & (np.abs(seen - told) > 0.5))  # told surely 0 or 1, and wrong
    chi2 = math.inf if certain else float(((seen - told)[varies] ** 2 / spread[varies]).sum())
    df = int(counts.size) - (2 if fitted_here else 0)
    return HosmerLemeshow(chi2, df, float(stats.chi2.sf(chi2, df)), int(counts.size))
