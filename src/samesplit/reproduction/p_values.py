"""By which test printed P values were made, and what other tests can say from printed margins alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from samesplit.statistics.mcnemar import mcnemar_p_value

__all__ = [
    "McNemarRange",
    "mcnemar_range",
    "one_sample_binomial",
    "unpaired_p_values",
]


def one_sample_binomial(count: int, n: int, rate: float) -> float:
    """Test a rate against a constant: exact binomial test, two-sided by minimum likelihood.

    It takes the comparator for known without error, and says nothing of a comparison of two sets of calls.

    Args:
        count: How many.
        n: Of how many.
        rate: The constant.

    Example:
        >>> round(one_sample_binomial(78, 112, 63 / 112), 4)
        0.0042
    """
    return float(stats.binomtest(count, n, rate).pvalue)


def unpaired_p_values(first: tuple[int, int], second: tuple[int, int]) -> dict[str, float]:
    """Compute the tests of two rates as if of different lesions.

    Args:
        first: How many of how many.
        second: The same for the other.

    Returns:
        By test: Fisher's exact test, chi-square with and without continuity correction (two-sided).

    Example:
        >>> {name: round(p, 3) for name, p in unpaired_p_values((78, 112), (69, 112)).items()}
        {'Fisher': 0.26, 'chi-square': 0.205, 'chi-square, corrected': 0.26}
    """
    table = np.array([[count, n - count] for count, n in (first, second)])
    found = {"Fisher": float(stats.fisher_exact(table).pvalue)}
    for name, corrected in (("chi-square", False), ("chi-square, corrected", True)):
        is_empty = bool((table.sum(axis=0) == 0).any())
        found[name] = (
            math.nan if is_empty else float(stats.chi2_contingency(table, correction=corrected).pvalue)
        )
    return found


@dataclass(frozen=True)
class McNemarRange:
    """What the exact McNemar test can give when only margins are known.

    Attributes:
        low: The smallest possible P value.
        high: The largest.
        only_first: At the smallest P value, lesions that only the first has right.
        only_second: And only the second.
    """

    low: float
    high: float
    only_first: int
    only_second: int


def mcnemar_range(strata: Sequence[tuple[int, int, int]]) -> McNemarRange:
    """Compute the feasible range of the exact McNemar P value from how many each of two raters has right.

    Which lesions both have right is not printed; every overlap that the margins allow is tried.

    Args:
        strata: For each class (or one for all): right by the first, right by the second, lesions.

    Example:
        >>> found = mcnemar_range([(58, 50, 63)])
        >>> round(found.low, 4), round(found.high, 3)
        (0.0078, 0.096)
    """
    only_first = sum(max(first - second, 0) for first, second, _ in strata)
    only_second = sum(max(second - first, 0) for first, second, _ in strata)
    swaps = sum(min(min(first, second), n - max(first, second)) for first, second, n in strata)
    tried = [(only_first + k, only_second + k) for k in range(swaps + 1)]
    values = [mcnemar_p_value(*pair) for pair in tried]
    best = int(np.argmin(values))
    return McNemarRange(min(values), max(values), *tried[best])
