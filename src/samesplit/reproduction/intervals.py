"""By which method printed intervals were made: candidates for rates and AUCs."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from samesplit.reproduction.names import canonical_metric
from samesplit.statistics.hanley_mcneil import hanley_mcneil

__all__ = ["AUC_METHODS", "RATE_METHODS", "auc_interval_by", "own_interval", "rate_interval", "rate_size"]

Bounds = tuple[float, float]
_Z = 1.96


def _plus_four(count: float, n: float) -> Bounds:
    share, size = (count + 2) / (n + 4), n + 4
    half = _Z * math.sqrt(share * (1 - share) / size)
    return share - half, share + half


def _of_statsmodels(name: str) -> Callable[[float, float], Bounds]:
    def bounds(count: float, n: float) -> Bounds:
        low, high = proportion_confint(count, n, alpha=0.05, method=name)
        return float(low), float(high)

    return bounds


RATE_METHODS: dict[str, Callable[[float, float], Bounds]] = {
    "Agresti-Coull": _of_statsmodels("agresti_coull"),
    "plus-4": _plus_four,
    "Wilson": _of_statsmodels("wilson"),
    "Jeffreys": _of_statsmodels("jeffreys"),
    "Clopper-Pearson": _of_statsmodels("beta"),
    "Wald": _of_statsmodels("normal"),
}
"""95 % intervals of a proportion: Agresti-Coull is the adjusted Wald interval around (x + z²/2) / (n + z²), plus-4
the same with 2 and 4; Wilson inverts the score test; Clopper-Pearson is exact. Counts need not be whole."""

AUC_METHODS = ("Hanley-McNeil", "Clopper-Pearson of AUC x n")
"""95 % intervals of an AUC without its scores; the second, "binomial exact" in MedCalc, takes it for a share."""


@lru_cache(maxsize=20_000)
def rate_interval(count: float, n: float, method: str) -> Bounds:
    """Compute the 95 % interval of a rate by one of the candidates.

    Args:
        count: How many; need not be whole.
        n: Of how many.
        method: A name of `RATE_METHODS`.

    Returns:
        The bounds, cut off at 0 and 1.

    Example:
        >>> low, high = rate_interval(78, 112, "Agresti-Coull")
        >>> round(low, 3), round(high, 3)
        (0.606, 0.774)
    """
    low, high = RATE_METHODS[method](count, n)
    return max(0.0, low), min(1.0, high)


def auc_interval_by(auc: float, n_pos: float, n_neg: float, method: str) -> Bounds:
    """Compute the 95 % interval of an AUC by one of the candidates.

    Args:
        auc: Its value.
        n_pos: Lesions of the positive class.
        n_neg: Lesions of the negative class.
        method: A name of `AUC_METHODS`.

    Example:
        >>> low, high = auc_interval_by(0.692, 78, 25, "Clopper-Pearson of AUC x n")
        >>> round(low, 3), round(high, 3)
        (0.593, 0.779)
    """
    if method == AUC_METHODS[0]:
        found = hanley_mcneil(auc, n_pos, n_neg)
        return found.ci_low, found.ci_high
    n = n_pos + n_neg
    count = auc * n
    low = float(stats.beta.ppf(0.025, count, n - count + 1)) if count > 0 else 0.0
    high = float(stats.beta.ppf(0.975, count + 1, n - count)) if count < n else 1.0
    return low, high


def rate_size(record: pd.Series[Any], metric: str) -> float:
    """Return of how many lesions a rate is, NaN where it is not printed.

    Args:
        record: A row of `read_printed`.
        metric: As `canonical_metric` names it.
    """
    if metric in ("sensitivity", "fnr"):
        return float(record["n_pos"])
    if metric in ("specificity", "fpr"):
        return float(record["n_neg"])
    if metric == "accuracy":
        both = float(record["n_pos"]) + float(record["n_neg"])
        return float(record["n"]) if math.isnan(both) else both
    return math.nan


def own_interval(record: pd.Series[Any]) -> tuple[float, float, str] | None:
    """Compute a 95 % interval for a number that was published without one, where its row says enough.

    Args:
        record: A row of `samesplit.reproduction.numbers.read_printed` or `load_published`.

    Returns:
        Low, high and the method: Hanley-McNeil for an AUC, Agresti-Coull for sensitivity, specificity and
        accuracy; None where the class sizes are not printed, the value is no number, or the metric is another.
    """
    metric, value = canonical_metric(str(record["metric"])), float(record["number"])
    n_pos, n_neg = float(record["n_pos"]), float(record["n_neg"])
    if math.isnan(value) or not 0 <= value <= 1:
        return None
    if metric == "auc":
        if math.isnan(n_pos + n_neg) or not 0 < value < 1 or min(n_pos, n_neg) < 1:
            return None
        return *auc_interval_by(value, n_pos, n_neg, "Hanley-McNeil"), "Hanley-McNeil"
    n = rate_size(record, metric)
    if math.isnan(n) or n < 1:
        return None
    return *rate_interval(round(value * n), n, "Agresti-Coull"), "Agresti-Coull"
