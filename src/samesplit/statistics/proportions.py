"""Sensitivity, specificity, predictive values and accuracy with their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, check_confidence, check_labels
from samesplit.statistics.influence import Influence
from samesplit.statistics.interval import Interval

__all__ = [
    "RATES",
    "Confusion",
    "confusion",
    "proportion_influence",
    "proportion_interval",
    "rate_parts",
]

ProportionMethod = Literal["Agresti-Coull", "Clopper-Pearson", "Wilson"]

RATES = ("sensitivity", "specificity", "ppv", "npv", "accuracy")
"""The proportions of a two-by-two table, in the order in which they are reported."""

_STATSMODELS: dict[str, str] = {
    "Agresti-Coull": "agresti_coull",
    "Clopper-Pearson": "beta",
    "Wilson": "wilson",
}


@dataclass(frozen=True)
class Confusion:
    """The two-by-two table of calls against truth.

    Attributes:
        tp: Positive lesions called positive.
        fn: Positive lesions called negative.
        tn: Negative lesions called negative.
        fp: Negative lesions called positive.
    """

    tp: int
    fn: int
    tn: int
    fp: int

    @property
    def n(self) -> int:
        """All calls."""
        return self.tp + self.fn + self.tn + self.fp

    @property
    def f1(self) -> float:
        """The harmonic mean of sensitivity and positive predictive value; NaN without any positive."""
        below = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / below if below else math.nan

    def counts(self, rate: str) -> tuple[int, int]:
        """Return how many of how many make up a rate.

        Args:
            rate: One of `RATES`.

        Raises:
            StatisticsError: Another name.

        Example:
            >>> Confusion(tp=58, fn=5, tn=20, fp=29).counts("accuracy")
            (78, 112)
        """
        found = {
            "sensitivity": (self.tp, self.tp + self.fn),
            "specificity": (self.tn, self.tn + self.fp),
            "ppv": (self.tp, self.tp + self.fp),
            "npv": (self.tn, self.tn + self.fn),
            "accuracy": (self.tp + self.tn, self.n),
        }
        if rate not in found:
            raise StatisticsError(f"unknown rate {rate!r}", remedy=f"use one of {', '.join(RATES)}")
        return found[rate]


def confusion(labels: npt.ArrayLike, decisions: npt.ArrayLike) -> Confusion:
    """Count calls against truth.

    Args:
        labels: Shape (n,), 0 or 1.
        decisions: Shape (n,), 0 or 1; leave missing calls out before, they are no benign calls.

    Raises:
        StatisticsError: Values other than 0 and 1, or lengths that differ.

    Example:
        >>> confusion([1, 1, 0, 0, 0], [1, 0, 0, 0, 1])
        Confusion(tp=1, fn=1, tn=2, fp=1)
    """
    truth = check_labels(labels, both_classes=False)
    calls = check_labels(decisions, both_classes=False)
    if truth.shape != calls.shape:
        raise StatisticsError(f"{truth.size} labels do not fit {calls.size} decisions")
    tp, fp = int((truth & calls).sum()), int(((1 - truth) & calls).sum())
    return Confusion(tp, int(truth.sum()) - tp, int((1 - truth).sum()) - fp, fp)


def proportion_interval(
    count: float, n: float, *, confidence: float = 0.95, method: ProportionMethod = "Agresti-Coull"
) -> Interval:
    """Estimate a proportion of independent calls with its interval.

    Args:
        count: How many.
        n: Of how many.
        confidence: Two-sided coverage.
        method: `Agresti-Coull` is the adjusted Wald interval around (count + z^2/2) / (n + z^2);
            `Clopper-Pearson` is exact and conservative; `Wilson` inverts the score test.

    Returns:
        The proportion with bounds in [0, 1]; NaN with a note when n is 0.

    Raises:
        StatisticsError: A count outside 0 to n, an unknown method, or a confidence outside (0, 1).

    References:
        Agresti A, Coull BA. Am Stat 1998;52:119-126. doi:10.1080/00031305.1998.10480550.

    Example:
        >>> found = proportion_interval(78, 112)
        >>> round(found.estimate, 2), round(found.ci_low, 2), round(found.ci_high, 2)
        (0.7, 0.61, 0.77)
    """
    if method not in _STATSMODELS:
        raise StatisticsError(f"unknown interval {method!r}", remedy=f"use one of {', '.join(_STATSMODELS)}")
    if not 0 <= count <= n:
        raise StatisticsError(f"{count!r} of {n!r} is not a proportion")
    alpha = 1 - check_confidence(confidence)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, method, "nothing to count: not defined")
    low, high = proportion_confint(count, n, alpha=alpha, method=_STATSMODELS[method])
    share = count / n  # Wilson's upper bound of 10 of 10 comes out one digit below 1
    return Interval(share, max(0.0, min(float(low), share)), min(1.0, max(float(high), share)), method)


def rate_parts(labels: npt.ArrayLike, decisions: npt.ArrayLike, rate: str) -> tuple[FloatArray, FloatArray]:
    """Write a rate as a ratio of sums over calls.

    Args:
        labels: Shape (n,), 0 or 1.
        decisions: Shape (n,), 0 or 1.
        rate: One of `RATES`, or `f1`.

    Returns:
        What each call adds above and below the line, two arrays of shape (n,).

    Raises:
        StatisticsError: Another rate.
    """
    y, d = np.asarray(labels, dtype=np.float64), np.asarray(decisions, dtype=np.float64)
    found = {
        "sensitivity": (y * d, y),
        "specificity": ((1 - y) * (1 - d), 1 - y),
        "ppv": (y * d, d),
        "npv": ((1 - y) * (1 - d), 1 - d),
        "accuracy": (y * d + (1 - y) * (1 - d), np.ones_like(y)),
        "f1": (2 * y * d, y + d),
    }
    if rate not in found:
        raise StatisticsError(f"unknown rate {rate!r}", remedy=f"use one of {', '.join(found)}")
    return found[rate]


def proportion_influence(
    numerator: npt.ArrayLike, denominator: npt.ArrayLike, patients: npt.ArrayLike
) -> Influence:
    """Estimate a ratio of sums with the influence of every patient.

    Calls of one patient (several lesions, repeats or seeds) may be correlated in any way. The variance is
    that of a ratio of cluster totals.

    Args:
        numerator: Shape (n,), what each call adds above the line.
        denominator: Shape (n,), what each call adds below the line.
        patients: Shape (n,), the patient of each call.

    Returns:
        The ratio; its variance is NaN when fewer than two patients count below the line.

    Raises:
        StatisticsError: Nothing counts below the line.

    References:
        Obuchowski NA. On the comparison of correlated proportions for clustered data. Stat Med
        1998;17:1495-1507. doi:10.1002/(SICI)1097-0258(19980715)17:13<1495::AID-SIM863>3.0.CO;2-I.
    """
    above, below = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    total = float(below.sum())
    if total == 0:
        raise StatisticsError("nothing to count: the proportion is not defined")
    names, codes = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    ratio = float(above.sum()) / total
    values = np.bincount(codes, weights=(above - ratio * below) / total, minlength=names.size)
    carriers = int(np.unique(codes[below > 0]).size)
    parts = np.zeros((4, names.size))
    parts[0] = values * math.sqrt(carriers / (carriers - 1)) if carriers > 1 else np.nan
    return Influence(ratio, pd.Index(names, dtype=str), parts)
