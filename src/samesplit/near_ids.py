"""Ids that do not match, and why: zeros lost in a spreadsheet, another case, a slip of the hand."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Collection, Iterable

__all__ = ["alike_ids", "which_id_is_meant"]


def which_id_is_meant(value: str, known: Collection[str], *, table: str = "lesions.csv") -> str:
    """Suggest what is meant by an id that is not known, as the beginning of a remedy; "" when nothing is near.

    Args:
        value: The id that is not known.
        known: The ids that are.
        table: Where the known ids stand.

    Example:
        >>> which_id_is_meant("7", ["007", "L8"])
        "'7' is '007' of lesions.csv without its zeros, as a spreadsheet writes it: format the column as text. "
        >>> which_id_is_meant("007", ["7"])
        "'7' of lesions.csv is '007' without its zeros, as a spreadsheet writes it: format the column as text. "
        >>> which_id_is_meant("l8", ["007", "L8"])
        "did you mean 'L8'? Small and capital letters count. "
        >>> which_id_is_meant("L77", ["L7", "007"]), which_id_is_meant("x", ["L7"])
        ("did you mean 'L7'? ", '')
    """
    bare = _bare(value)
    same = sorted(other for other in known if _bare(other) == bare) if bare else []
    if same:
        fewer, more = sorted([value, same[0]], key=len)
        shown = {value: f"'{value}'", same[0]: f"'{same[0]}' of {table}"}
        return (
            f"{shown[fewer]} is {shown[more]} without its zeros, as a spreadsheet writes it: format the column as "
            "text. "
        )
    cased = sorted(other for other in known if other.casefold() == value.casefold())
    if cased:
        return f"did you mean '{cased[0]}'? Small and capital letters count. "
    near = difflib.get_close_matches(value, sorted(known), n=1)
    return f"did you mean '{near[0]}'? " if near else ""


def alike_ids(ids: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of ids that are the same but for zeros in front of digits, or for small and capital letters.

    Example:
        >>> alike_ids(["007", "7", "L1", "l1", "L01", "L2"])
        [('007', '7'), ('L01', 'L1'), ('L1', 'l1')]
    """
    groups: dict[str, list[str]] = {}
    for one in sorted(set(ids)):
        groups.setdefault(_bare(one.casefold()), []).append(one)
    return [(first, other) for group in groups.values() for first, other in itertools.pairwise(group)]


def _bare(value: str) -> str:
    """Strip from an id what a spreadsheet changes in it: zeros before digits, `.0` behind whole numbers."""
    whole = value.removesuffix(".0") if value.removesuffix(".0").isdigit() else value
    digits = whole.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")
    if not digits.isdigit():
        return whole
    return whole[: len(whole) - len(digits)] + (digits.lstrip("0") or "0")
