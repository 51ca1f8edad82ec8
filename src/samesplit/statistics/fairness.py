"""Fairness between groups of patients: the worst group, and how far error rates lie apart.

The measures are those of fairlearn (`equal_opportunity_difference`, `equalized_odds_difference` with the worst
case of both rates; Hardt, Price and Srebro 2016, arXiv 1610.02413), refused where a group has too few events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.ordering import first_best
from samesplit.statistics.checks import check_labels

__all__ = [
    "FEWEST_EVENTS",
    "GroupRates",
    "equal_opportunity_difference",
    "equalized_odds_difference",
    "group_rates",
]

FEWEST_EVENTS = 10
"""A rate of fewer lesions than this is not judged."""


@dataclass(frozen=True)
class GroupRates:
    """The rates of one group.

    Attributes:
        group: Its name.
        n_positive: Lesions of the positive class with a call.
        n_negative: Of the negative class.
        sensitivity: True-positive rate; NaN without positives.
        false_positive_rate: NaN without negatives.
    """

    group: str
    n_positive: int
    n_negative: int
    sensitivity: float
    false_positive_rate: float


def group_rates(labels: npt.ArrayLike, decisions: npt.ArrayLike, groups: npt.ArrayLike) -> list[GroupRates]:
    """Count the true- and false-positive rates of each group.

    Args:
        labels: Shape (n,), 0 or 1.
        decisions: Shape (n,), 0 or 1.
        groups: Shape (n,), the group of each lesion; a lesion whose group is missing counts nowhere.

    Returns:
        One a group, sorted by name.

    Raises:
        StatisticsError: Other values, or shapes that do not fit.

    Example:
        >>> rates = group_rates([1, 1, 1, 0], [1, 0, 1, 0], ["f", "f", "m", "m"])
        >>> [(rate.group, rate.sensitivity) for rate in rates]
        [('f', 0.5), ('m', 1.0)]
    """
    truth = check_labels(labels, both_classes=False)
    calls = check_labels(decisions, both_classes=False)
    given = np.asarray(groups, dtype=object)
    names = np.array(
        ["" if missing else str(name) for name, missing in zip(given, pd.isna(given), strict=True)]
    )
    if not truth.size == calls.size == names.size:
        raise StatisticsError(
            f"{truth.size} labels, {calls.size} decisions and {names.size} groups do not fit",
            remedy="give one of each a lesion",
        )
    found = []
    for name in sorted(set(names[~pd.isna(given)].tolist())):
        mine = (names == name) & ~pd.isna(given)
        positive, negative = calls[mine & (truth == 1)], calls[mine & (truth == 0)]
        found.append(
            GroupRates(
                group=name,
                n_positive=positive.size,
                n_negative=negative.size,
                sensitivity=float(positive.mean()) if positive.size else float("nan"),
                false_positive_rate=float(negative.mean()) if negative.size else float("nan"),
            )
        )
    return found


def equal_opportunity_difference(rates: list[GroupRates]) -> tuple[float, str, str]:
    """Return the largest difference of sensitivity between two groups.

    Args:
        rates: As `group_rates` returns them, with at least `FEWEST_EVENTS` positives each.

    Returns:
        The difference, the group with the highest and the group with the lowest sensitivity.

    Raises:
        StatisticsError: Fewer than two groups, or one with too few positive lesions.

    Example:
        >>> rates = group_rates([1] * 20 + [0] * 20, ([1] * 9 + [0] + [1] * 6 + [0] * 4) + [0] * 20,
        ...                     (["a"] * 10 + ["b"] * 10) * 2)
        >>> difference, best, worst = equal_opportunity_difference(rates)
        >>> round(difference, 3), best, worst
        (0.3, 'a', 'b')
    """
    _refuse_small(rates, "n_positive", "positive")
    return _apart(rates, [rate.sensitivity for rate in rates])


def equalized_odds_difference(rates: list[GroupRates]) -> float:
    """Return the larger of the largest differences of sensitivity and of false-positive rate between two groups.

    Args:
        rates: As `group_rates` returns them, with at least `FEWEST_EVENTS` lesions of each class.

    Raises:
        StatisticsError: Fewer than two groups, or one with too few lesions of a class.
    """
    _refuse_small(rates, "n_positive", "positive")
    _refuse_small(rates, "n_negative", "negative")
    false = _apart(rates, [rate.false_positive_rate for rate in rates])[0]
    return max(_apart(rates, [rate.sensitivity for rate in rates])[0], false)


def _refuse_small(rates: list[GroupRates], count: str, which: str) -> None:
    if len(rates) < 2:
        raise StatisticsError(
            "fairness is between two or more groups", remedy="declare a column with several values"
        )
    for rate in rates:
        if getattr(rate, count) < FEWEST_EVENTS:
            raise StatisticsError(
                f"group {rate.group!r} has {getattr(rate, count)} {which} lesions, fewer than {FEWEST_EVENTS}: "
                "it cannot be judged",
                remedy="join small groups, or test on more patients",
            )


def _apart(rates: list[GroupRates], values: list[float]) -> tuple[float, str, str]:
    best, worst = first_best(values), first_best(values, largest=False)
    return values[best] - values[worst], rates[best].group, rates[worst].group
