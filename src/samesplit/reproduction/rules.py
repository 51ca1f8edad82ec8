"""What follows from what: the protocol of a rule, and the rules that any `published.csv` can use."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import pandas as pd

from samesplit.ordering import above, below
from samesplit.reproduction.finding import Finding
from samesplit.reproduction.generic.cited import cited_numbers
from samesplit.reproduction.generic.comparisons import p_values_of_rates
from samesplit.reproduction.generic.counts import class_sizes, counts_add_up, shares_of_counts
from samesplit.reproduction.generic.intervals import (
    intervals_of_aucs,
    intervals_of_rates,
    missing_intervals,
    which_method,
)
from samesplit.reproduction.generic.rates import f1_of_precision_and_recall, rates_of_tables
from samesplit.reproduction.numbers import Recomputed, cell_text, parse
from samesplit.reproduction.ratios import ratios_fit

__all__ = ["GENERIC_FINDINGS", "GENERIC_RULES", "FindingRule", "Rule", "outside_own_interval"]

FindingRule = Callable[[pd.DataFrame], list[Finding]]
"""Computes what no single number says from the rows of the study; nothing where a row that it needs is missing."""


class Rule(Protocol):
    """Computes printed numbers of a study from other printed numbers of it."""

    def __call__(self, published: pd.DataFrame) -> list[Recomputed]:
        """Say what can be said; numbers that the rule knows nothing of are left out.

        Args:
            published: Rows of one study, as `samesplit.reproduction.numbers.read_printed` gives them.

        Returns:
            One entry a printed number at most. Of several rules that speak of one number the first is heard.
        """
        ...


def outside_own_interval(published: pd.DataFrame) -> list[Recomputed]:
    """Find values that lie outside the interval printed beside them, and intervals that are turned around.

    Args:
        published: See `Rule`.
    """
    found = []
    for row, record in published.iterrows():
        printed = parse(cell_text(record, "value"))
        number = math.nan if printed.number is None or printed.bound else printed.number
        low, high = float(record["ci_low"]), float(record["ci_high"])
        if bool(above(low, high)):
            for part in ("ci_low", "ci_high"):
                formula = (
                    f"the lower bound, {record['ci_low_text']}, is above the upper, {record['ci_high_text']}"
                )
                found.append(Recomputed(int(str(row)), part, None, formula, "inconsistent"))
        elif bool(below(number, low)) or bool(above(number, high)):
            found.append(
                Recomputed(
                    int(str(row)),
                    "value",
                    f"between {record['ci_low_text']} and {record['ci_high_text']}",
                    "a value lies inside its own interval",
                    "inconsistent",
                )
            )
    return found


GENERIC_RULES: tuple[Rule, ...] = (
    cited_numbers,
    outside_own_interval,
    counts_add_up,
    shares_of_counts,
    rates_of_tables,
    f1_of_precision_and_recall,
    intervals_of_rates,
    intervals_of_aucs,
    ratios_fit,
    p_values_of_rates,
)
"""In the order in which they are heard, after those of the study."""

GENERIC_FINDINGS: tuple[FindingRule, ...] = (class_sizes, which_method, missing_intervals)
"""Said of every study, after its own findings."""
