"""Whether a recomputed number would be printed as the printed one."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from samesplit.ordering import at_least, at_most
from samesplit.reproduction.numbers import PrintedNumber, parse

__all__ = ["agrees", "is_double_rounded", "rounded"]

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
