"""Whether a recomputed number would be printed as the printed one."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import numpy.typing as npt

from samesplit.ordering import RELATIVE, at_least, at_most
from samesplit.reproduction.numbers import PrintedNumber, parse

__all__ = ["agreeing", "agrees", "agrees_within", "is_double_rounded", "rounded", "span"]

_DIGITS = 12
"""Significant digits of a computed number that are believed: 0.765 computed as 0.7649999999999999 is a tie."""


def rounded(value: float, decimals: int) -> set[Decimal]:
    """Round as papers do: ties away from zero, or to the even digit.

    Args:
        value: Any finite number.
        decimals: Digits after the decimal point.

    Returns:
        One number, or two where the value is a tie and the two ways differ.

    Example:
        >>> sorted(map(str, rounded(0.125, 2))), sorted(map(str, rounded(0.6964, 2)))
        (['0.12', '0.13'], ['0.70'])
    """
    exact = Decimal(f"{value:.{_DIGITS}g}")
    step = Decimal(1).scaleb(-decimals)
    return {exact.quantize(step, rounding=way) for way in (ROUND_HALF_UP, ROUND_HALF_EVEN)}


def agrees(printed: PrintedNumber | str, value: float) -> bool:
    """Tell whether a recomputed number prints as the printed one, at the digits printed.

    Args:
        printed: A printed number. Where it is a bound ("<0.001"), the recomputed number must keep it.
        value: The recomputed number.

    Returns:
        False where the printed text is no number or the value is not finite.

    Example:
        >>> agrees("0.70", 78 / 112), agrees("0.7", 0.66), agrees("<0.001", 0.0002), agrees("0.70", 0.69)
        (True, True, True, False)
    """
    found = parse(printed) if isinstance(printed, str) else printed
    if found.number is None or not math.isfinite(value):
        return False
    if found.bound in ("<", "<="):
        return bool(at_most(value, found.number))
    if found.bound in (">", ">="):
        return bool(at_least(value, found.number))
    wanted = Decimal(f"{found.number:.{found.decimals}f}")
    return wanted in rounded(value, found.decimals)


def is_double_rounded(printed: PrintedNumber | str, value: float) -> bool:
    """Tell whether a printed number came from rounding twice: first to one digit more, and then again.

    Args:
        printed: A printed number.
        value: The recomputed number.

    Returns:
        False also where the number agrees with a single rounding.

    Example:
        >>> is_double_rounded("0.77", 0.7649), is_double_rounded("0.76", 0.7649), is_double_rounded("0.78", 0.7649)
        (True, False, False)
    """
    found = parse(printed) if isinstance(printed, str) else printed
    if found.number is None or not math.isfinite(value) or agrees(found, value):
        return False
    return any(agrees(found, float(once)) for once in rounded(value, found.decimals + 1))


def span(printed: PrintedNumber | str) -> tuple[float, float]:
    """Return the smallest and the largest number that prints as the printed one; ties belong to it.

    Args:
        printed: A printed number without a bound.

    Returns:
        NaN twice where the text is no number.

    Example:
        >>> span("0.70")
        (0.695, 0.705)
    """
    found = parse(printed) if isinstance(printed, str) else printed
    if found.number is None:
        return math.nan, math.nan
    exact, half = Decimal(f"{found.number:.{found.decimals}f}"), Decimal(5).scaleb(-found.decimals - 1)
    return float(exact - half), float(exact + half)


def agreeing(printed: PrintedNumber | str, values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell of many recomputed numbers, 0 or larger, which print as the printed one.

    Args:
        printed: A printed number without a bound.
        values: Any shape; NaN agrees with nothing.

    Returns:
        As `agrees` for each, the same shape.

    Example:
        >>> agreeing("0.70", [0.6949, 0.695, 0.70, 0.706]).tolist()
        [False, True, True, False]
    """
    found = parse(printed) if isinstance(printed, str) else printed
    low, high = span(found)
    numbers = np.asarray(values, dtype=np.float64)
    if found.number is None:
        return np.zeros(numbers.shape, dtype=np.bool_)
    is_even = round(found.number * 10**found.decimals) % 2 == 0  # a tie above rounds to the even digit
    slack = RELATIVE * max(abs(low), abs(high))
    upper = numbers <= high + slack if is_even else numbers < high - slack
    return np.asarray((numbers >= low - slack) & upper)


def agrees_within(printed: PrintedNumber | str, low: float, high: float) -> bool:
    """Tell whether some number between two bounds prints as the printed one.

    What is computed from rounded numbers is known within bounds only.

    Args:
        printed: A printed number, or a bound ("<0.001").
        low: The smallest that it can be.
        high: The largest that it can be.

    Example:
        >>> agrees_within("0.81", 0.789, 0.799), agrees_within("0.80", 0.789, 0.799)
        (False, True)
    """
    found = parse(printed) if isinstance(printed, str) else printed
    if found.number is None or not math.isfinite(low) or not math.isfinite(high):
        return False
    if found.bound in ("<", "<=", ">", ">="):
        return agrees(found, low if found.bound[0] == "<" else high)
    least, most = span(found)
    return bool(at_most(low, most)) and bool(at_least(high, least))
