"""Odds, hazard and risk ratios with interval and P value: whether the printed numbers fit each other."""

from __future__ import annotations

import math

import pandas as pd

from samesplit.reproduction.numbers import PARTS, PrintedNumber, Recomputed, cell_text, parse
from samesplit.reproduction.relations import judge, rounding_range
from samesplit.statistics.from_summaries import ratio_p_value

__all__ = ["is_ratio", "ratios_fit"]

_RATIOS = ("OR", "HR", "RR")


def is_ratio(metric: str) -> bool:
    """Tell whether a metric is an odds, hazard or risk ratio: "OR_univariate", "HR", "HR_DSS_multivariate".

    Args:
        metric: As in `published.csv`.
    """
    return metric.split("_")[0].split(" ")[0] in _RATIOS


def ratios_fit(published: pd.DataFrame) -> list[Recomputed]:
    """Check ratios, intervals and P values of Wald's test against each other.

    On the log scale the ratio is the middle of its interval, and the width of the interval gives the P value. Each
    number is computed from the others of its row; any two of the four that are wrong show themselves.

    Args:
        published: Rows of one study, as `samesplit.reproduction.numbers.read_printed` gives them.

    Returns:
        One entry for each printed number of every ratio with an interval.
    """
    found: list[Recomputed] = []
    for row, record in published.iterrows():
        if not is_ratio(str(record["metric"])):
            continue
        value, low, high, p = (parse(cell_text(record, part), row=int(str(row)), part=part) for part in PARTS)
        if all(each.number is not None and each.number > 0 for each in (value, low, high)):
            found += _one(value, low, high, p)
    return found


def _one(value: PrintedNumber, low: PrintedNumber, high: PrintedNumber, p: PrintedNumber) -> list[Recomputed]:
    ratio, below, above = (float(each.number or 0) for each in (value, low, high))

    def other_bound(middle: float, bound: float) -> float:
        return middle**2 / bound

    def p_value(lower: float, upper: float) -> float:
        return ratio_p_value(max(lower, 1e-300), upper)

    found = [
        judge(
            value,
            math.sqrt(below * above),
            "square root of low x high",
            between=rounding_range(lambda a, b: math.sqrt(max(a, 0.0) * b), [low, high]),
        ),
        judge(low, ratio**2 / above, "ratio^2 / high", between=rounding_range(other_bound, [value, high])),
        judge(high, ratio**2 / below, "ratio^2 / low", between=rounding_range(other_bound, [value, low])),
    ]
    if p.text:
        between = rounding_range(p_value, [low, high])
        formula = "Wald, from the width of the interval"
        found.append(judge(p, ratio_p_value(below, above), formula, between=between))
    return found
