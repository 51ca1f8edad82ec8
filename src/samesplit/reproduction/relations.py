"""Relations between printed numbers: find them, compute one from others, and judge it by what was rounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Literal

import pandas as pd

from samesplit.reproduction.agrees import agrees, agrees_within, span
from samesplit.reproduction.numbers import Part, PrintedNumber, Recomputed, cell_text, parse

if TYPE_CHECKING:
    from samesplit.reproduction.rules import Rule

__all__ = [
    "Share",
    "Sum",
    "Where",
    "judge",
    "locate",
    "mean_and_sd",
    "rounding_range",
    "shares",
    "sums",
    "to_whole_percents",
]

Where = Mapping[str, str]
"""Columns of `published.csv` and what must stand in them."""

_WITHIN = "within the rounding of the numbers that it is computed from"


@dataclass(frozen=True)
class Sum:
    """A printed count that is the sum of other printed counts.

    Attributes:
        total: Where the sum stands.
        parts: Where its parts stand.
        judged: Whether the total is judged by its parts, the parts by the total, or both.
    """

    total: Where
    parts: tuple[Where, ...]
    judged: Literal["total", "parts", "both"] = "both"


@dataclass(frozen=True)
class Share:
    """A printed percentage of a printed count.

    Attributes:
        percent: Where the percentage stands, 63 for 63 %.
        count: Where the count stands.
        total: Of how many, or where that stands.
    """

    percent: Where
    count: Where
    total: int | Where


def locate(published: pd.DataFrame, where: Where, part: Part = "value") -> PrintedNumber | None:
    """Find a printed number.

    Args:
        published: As `samesplit.reproduction.numbers.read_printed` gives it.
        where: Columns and what must stand in them.
        part: The column of the number.

    Returns:
        None where no row or several fit, or the cell is empty.
    """
    fits = pd.Series(True, index=published.index)
    for column, wanted in where.items():
        fits &= published[column] == wanted
    if int(fits.sum()) != 1:
        return None
    row = published.index[fits][0]
    text = cell_text(published.loc[row], part)
    return parse(text, row=int(str(row)), part=part) if text else None


def mean_and_sd(printed: PrintedNumber | None) -> tuple[PrintedNumber, PrintedNumber] | None:
    """Read the mean and the SD printed as "54.2±11.0".

    Args:
        printed: A printed number, or None.

    Returns:
        None where it is no such pair.

    Example:
        >>> mean, sd = mean_and_sd(parse("54.2±11.0"))
        >>> mean.number, sd.number, sd.decimals
        (54.2, 11.0, 1)
    """
    if printed is None:
        return None
    halves = [parse(half, row=printed.row, part=printed.part) for half in printed.text.split("±")]
    if len(halves) != 2 or any(half.number is None for half in halves):
        return None
    return halves[0], halves[1]


def to_whole_percents(printed: PrintedNumber) -> PrintedNumber:
    """Take a share for printed to two digits at least: files of numbers lose zeros at the end ("1.0", "0.7").

    Args:
        printed: A share between 0 and 1.

    Example:
        >>> to_whole_percents(parse("1.0")).decimals, to_whole_percents(parse("0.4744")).decimals
        (2, 4)
    """
    return replace(printed, decimals=max(printed.decimals, 2))


def rounding_range(function: Callable[..., float], inputs: Sequence[PrintedNumber]) -> tuple[float, float]:
    """Find what a function can be if its inputs were rounded to what is printed.

    Args:
        function: Of as many numbers as there are inputs, monotone in each of them.
        inputs: Printed numbers, no bounds.

    Returns:
        The smallest and the largest value at the corners of the rounding intervals.

    Example:
        >>> low, high = rounding_range(lambda a, b: a - b, [parse("2.9"), parse("2.8")])
        >>> round(low, 2), round(high, 2)
        (0.0, 0.2)
    """
    values = [function(*corner) for corner in product(*(span(each) for each in inputs))]
    return min(values), max(values)


def judge(
    printed: PrintedNumber,
    value: float,
    formula: str,
    *,
    note: str = "",
    between: tuple[float, float] | None = None,
) -> Recomputed:
    """Compare a printed number with a recomputed one.

    Args:
        printed: The printed number.
        value: The recomputed one.
        formula: How, in words and numbers.
        note: What a reader must know besides.
        between: What the recomputed number can be if its inputs were rounded; None where they were not.

    Returns:
        `reproduced` where the recomputed number, or one within the range, prints as the printed one; else
        `inconsistent`.

    Example:
        >>> judge(parse("65"), 63.0, "55 + 8").verdict
        'inconsistent'
        >>> judge(parse("0.007"), 0.0076, "t test", between=(0.0065, 0.0088)).verdict
        'reproduced'
    """
    if agrees(printed, value):
        return Recomputed(printed.row, printed.part, value, formula, "reproduced", note)
    if between is not None and agrees_within(printed, *between):
        note = "; ".join(filter(None, (_WITHIN, note)))
        return Recomputed(printed.row, printed.part, value, formula, "reproduced", note)
    return Recomputed(printed.row, printed.part, value, formula, "inconsistent", note)


def sums(relations: Sequence[Sum]) -> Rule:
    """Make the rule of counts that must add up.

    Args:
        relations: In the order in which they are heard.

    Returns:
        A rule; a relation of which a number is missing says nothing.
    """

    def rule(published: pd.DataFrame) -> list[Recomputed]:
        found: list[Recomputed] = []
        for relation in relations:
            total = locate(published, relation.total)
            parts = [locate(published, part) for part in relation.parts]
            if total is None or total.number is None:
                continue
            known = [part for part in parts if part is not None and part.number is not None]
            if len(known) < len(parts):
                continue
            if relation.judged != "parts":
                value = sum(float(part.number or 0) for part in known)
                found.append(judge(total, value, " + ".join(part.text for part in known)))
            if relation.judged == "total":
                continue
            for part in known:
                others = [other for other in known if other is not part]
                value = total.number - sum(float(other.number or 0) for other in others)
                formula = " - ".join([total.text, *(other.text for other in others)])
                found.append(judge(part, value, formula))
        return found

    return rule


def shares(relations: Sequence[Share]) -> Rule:
    """Make the rule of percentages that must fit their counts.

    Args:
        relations: In the order in which they are heard.

    Returns:
        A rule; a relation of which a number is missing says nothing.
    """

    def rule(published: pd.DataFrame) -> list[Recomputed]:
        found: list[Recomputed] = []
        for relation in relations:
            percent, count = locate(published, relation.percent), locate(published, relation.count)
            total: float | None
            if isinstance(relation.total, int):
                total = relation.total
            else:
                whole = locate(published, relation.total)
                total = whole.number if whole is not None else None
            if percent is None or count is None or count.number is None or not total:
                continue
            value = 100 * count.number / total
            found.append(judge(percent, value, f"100 x {count.text} / {total:.0f}"))
        return found

    return rule
